//! The receivers' lines, read as what they say about one problem each.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use alertkube_core::Stamp;
use anyhow::{Context, Result};
use serde_json::Value;

/// Which of the two receivers wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ledger {
    /// A webhook, which folds nothing.
    Plain,
    /// Incidents, which are folded by their key.
    Keyed,
}

/// What a line says about one problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// When the receiver had read it, in milliseconds.
    pub(crate) at: i64,
    /// When its sender had decided what to say, as it says in its body; at the keyed one when it came.
    pub(crate) decided: i64,
    /// The address of its sender.
    pub(crate) from: String,
    pub(crate) ledger: Ledger,
    /// The dedup key, at the keyed one.
    pub(crate) fingerprint: String,
    pub(crate) reason: String,
    /// Which life of the problem.
    pub(crate) episode: String,
    /// Names the notification.
    pub(crate) delivery: String,
    /// Whether it says that the problem is over.
    pub(crate) over: bool,
    /// What the message is, in its own word.
    pub(crate) action: String,
}

impl Line {
    /// Whether a line is of the keyed receiver, and does this to that key.
    pub(crate) fn is_of(action: &str, key: &str) -> impl Fn(&Line) -> bool + use<> {
        let (action, key) = (action.to_owned(), key.to_owned());
        move |line| line.ledger == Ledger::Keyed && line.action == action && line.fingerprint == key
    }
}

/// The file of one receiver, read as it grows.
pub(crate) struct Book {
    ledger: Ledger,
    file: PathBuf,
    read: u64,
    /// The beginning of a line that is still being written.
    begun: Vec<u8>,
}

impl Book {
    /// Nothing is read yet.
    pub(crate) fn open(ledger: Ledger, file: &Path) -> Book {
        Book { ledger, file: file.to_owned(), read: 0, begun: Vec::new() }
    }

    /// What was added since the last look.
    pub(crate) fn added(&mut self) -> Result<Vec<Line>> {
        let mut file = match File::open(&self.file) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            opened => opened.context("open what was received")?,
        };
        file.seek(SeekFrom::Start(self.read)).context("find the place in what was received")?;
        let count = file.read_to_end(&mut self.begun).context("read what was received")?;
        self.read += u64::try_from(count).context("a file of this machine")?;
        let end = self.begun.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let whole: Vec<u8> = self.begun.drain(..end).collect();
        let mut lines = Vec::new();
        for text in whole.split(|byte| *byte == b'\n').filter(|text| !text.is_empty()) {
            lines.extend(said(self.ledger, &serde_json::from_slice(text).context("a line is no JSON")?));
        }
        Ok(lines)
    }
}

/// What one request says: a digest about many problems, everything else about one.
fn said(ledger: Ledger, line: &Value) -> Vec<Line> {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (body, headers) = (&line["body"], &line["headers"]);
    let at = line["at"].as_i64().unwrap_or(0);
    let common = Line {
        at,
        decided: body["decidedAt"].as_str().and_then(Stamp::parse).map_or(at, Stamp::millis),
        from: word(&line["from"]),
        ledger,
        fingerprint: String::new(),
        reason: String::new(),
        episode: word(&headers["x-alertkube-episode"]),
        delivery: word(&headers["x-alertkube-delivery"]),
        over: false,
        action: String::new(),
    };
    if ledger == Ledger::Keyed {
        let details = &body["payload"]["custom_details"];
        let or = |first: &str, second: &Value| if first.is_empty() { word(second) } else { first.to_owned() };
        return vec![Line {
            fingerprint: word(&body["dedup_key"]),
            reason: word(&body["payload"]["class"]),
            episode: or(&common.episode, &details["episode"]),
            delivery: or(&common.delivery, &details["delivery"]),
            over: body["event_action"] == "resolve",
            action: word(&body["event_action"]),
            ..common
        }];
    }
    // The body of the Go program, which is one alert.
    if body["Fingerprint"].is_string() {
        let over = body["Resolved"] == true;
        let action = if over { "resolved" } else { "firing" }.to_owned();
        let (fingerprint, reason) = (word(&body["Fingerprint"]), word(&body["Reason"]));
        return vec![Line { fingerprint, reason, over, action, ..common }];
    }
    let alerts = body["alerts"].as_array().into_iter().flatten();
    let alerts = alerts.map(|alert| Line {
        fingerprint: word(&alert["fingerprint"]),
        reason: word(&alert["reason"]),
        episode: word(&alert["episode"]),
        over: alert["status"] == "resolved",
        action: word(&body["action"]),
        ..common.clone()
    });
    let alerts: Vec<Line> = alerts.collect();
    // A digest names by fingerprint alone what does not fit into it.
    let rest = body["fingerprints"].as_array().into_iter().flatten().skip(alerts.len());
    let over = word(&body["action"]).ends_with("resolved");
    let rest = rest.map(|name| Line {
        fingerprint: word(name),
        over,
        action: word(&body["action"]),
        ..common.clone()
    });
    alerts.iter().cloned().chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use serde_json::json;

    use super::*;

    fn plain() -> String {
        let alert =
            |name: &str| json!({"fingerprint": name, "episode": "e", "reason": "R", "status": "firing"});
        let body = json!({"action": "digest", "alerts": [alert("a"), alert("b")]});
        json!({"at": 5, "from": "10.0.0.1", "headers": {"x-alertkube-delivery": "d"}, "body": body})
            .to_string()
    }

    #[test]
    fn a_digest_speaks_of_each_of_its_problems() {
        let lines = said(Ledger::Plain, &serde_json::from_str(&plain()).unwrap());
        assert_eq!(lines.iter().map(|line| line.fingerprint.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        let first = &lines[0];
        assert_eq!((first.at, &*first.from, &*first.delivery, first.over), (5, "10.0.0.1", "d", false));
    }

    #[test]
    fn a_digest_names_the_rest_by_fingerprint() {
        let alert = json!({"fingerprint": "a", "status": "resolved"});
        let body = json!({"action": "digest_resolved", "alerts": [alert], "fingerprints": ["a", "b", "c"]});
        let lines = said(Ledger::Plain, &json!({"at": 1, "headers": {}, "body": body}));
        let names: Vec<_> = lines.iter().map(|line| (line.fingerprint.as_str(), line.over)).collect();
        assert_eq!(names, [("a", true), ("b", true), ("c", true)]);
    }

    #[test]
    fn an_incident_is_named_by_its_key_and_its_episode_by_header_or_details() {
        let details = json!({"episode": "e1", "delivery": "d1"});
        let payload = json!({"class": "R", "custom_details": details});
        let body = json!({"event_action": "resolve", "dedup_key": "k", "payload": payload});
        let of = |headers: Value| {
            said(Ledger::Keyed, &json!({"at": 1, "headers": headers, "body": body})).remove(0)
        };
        let line = of(json!({}));
        assert_eq!((&*line.fingerprint, &*line.episode, &*line.delivery, line.over), ("k", "e1", "d1", true));
        assert_eq!(of(json!({"x-alertkube-episode": "e2"})).episode, "e2");
    }

    #[test]
    fn the_body_of_the_go_program_speaks_of_one_problem() {
        let body = json!({"Fingerprint": "k", "Reason": "R", "Resolved": true});
        let line = said(Ledger::Plain, &json!({"at": 1, "headers": {}, "body": body})).remove(0);
        assert_eq!(
            (&*line.fingerprint, &*line.reason, line.over, &*line.action),
            ("k", "R", true, "resolved")
        );
    }

    #[test]
    fn a_file_is_read_as_it_grows_and_only_whole_lines_count() {
        let path = std::env::temp_dir().join(format!("alertkube-book-{}", std::process::id()));
        let mut book = Book::open(Ledger::Plain, &path);
        assert!(book.added().unwrap().is_empty());
        let mut file = File::create(&path).unwrap();
        let line = plain();
        let (first, rest) = line.split_at(20);
        file.write_all(format!("{line}\n{first}").as_bytes()).unwrap();
        assert_eq!(book.added().unwrap().len(), 2);
        file.write_all(format!("{rest}\n").as_bytes()).unwrap();
        assert_eq!(book.added().unwrap().len(), 2);
        assert!(book.added().unwrap().is_empty());
        std::fs::remove_file(&path).unwrap();
    }
}
