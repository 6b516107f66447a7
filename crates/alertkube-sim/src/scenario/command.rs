//! The commands above the line.

use std::time::Duration;

use alertkube_core::KindId;
use alertkube_lang::parse_duration;

use super::object::{Said, Target, ago, kind_words, named, number, read_kind, shared, target};
use super::words::{Line, Word};
use super::{clock, pod, workload};

/// One thing that happens.
#[derive(Clone, Debug)]
pub(crate) enum Command {
    /// Objects are as it says.
    Apply(Target, Said),
    /// A container ends once more and waits in `CrashLoopBackOff`.
    Crash { target: Target, container: Option<String>, exit: i64 },
    /// A Warning event about pods, seen so many more times.
    Event {
        target: Target,
        reason: String,
        message: String,
        count: i64,
        container: Option<String>,
        ago: Duration,
    },
    /// Objects are healthy again.
    Fix { target: Target, container: Option<String> },
    /// Objects are deleted, and gone at once.
    Delete(Target),
    /// A sink answers differently.
    Sink { name: String, answer: Answer },
    /// The API server accepts connections, or does not.
    Api { up: bool },
    /// Something is wrong with the watch of a kind, or of all.
    Watch { kind: Option<KindId>, fault: WatchFault },
    /// The replica stops in good order.
    Stop,
    /// A new replica starts.
    Start { forgetting: bool },
    /// Nothing is sent from the step's time on for so long.
    Quiet(Duration),
}

/// How a sink answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Up,
    Down,
    Throttled { after: Option<Duration> },
    Slow,
    Refusing,
}

/// What is wrong with a watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WatchFault {
    Cut,
    Expire,
    Silent,
    Forbidden,
    Restored,
}

/// What a line of the script is.
pub(super) enum Spoken {
    Command(Command),
    /// Two commands at once.
    Both(Command, Command),
    Advance(Duration),
    At(Duration),
}

const COMMANDS: &[&str] = &[
    "apply", "crash", "event", "fix", "delete", "sink", "api", "watch", "stop", "start", "restart",
    "advance", "at", "quiet", "config:",
];

/// Reads one line; none when it makes no sense, which is then noted.
pub(super) fn read(mut line: Line<'_>) -> Option<Spoken> {
    let word = line.word("a command")?;
    let spoken = match word.value.as_str() {
        "apply" => apply(&mut line).map(Spoken::Command),
        "crash" => crash(&mut line).map(Spoken::Command),
        "event" => event(&mut line).map(Spoken::Command),
        "fix" => fix(&mut line).map(Spoken::Command),
        "delete" => delete(&mut line).map(Spoken::Command),
        "sink" => sink(&mut line).map(Spoken::Command),
        "api" => choose(&mut line, "state", &[("up", true), ("down", false)])
            .map(|up| Spoken::Command(Command::Api { up })),
        "watch" => watch(&mut line).map(Spoken::Command),
        "stop" => Some(Spoken::Command(Command::Stop)),
        "start" => forgetting(&mut line).map(Spoken::Command),
        "restart" => forgetting(&mut line).map(|start| Spoken::Both(Command::Stop, start)),
        "advance" => duration(&mut line).map(Spoken::Advance),
        "quiet" => duration(&mut line).map(|span| Spoken::Command(Command::Quiet(span))),
        "at" => at(&mut line).map(Spoken::At),
        _ => {
            line.unknown(&word, "command", COMMANDS);
            return None;
        }
    };
    if spoken.is_some() {
        line.close();
    }
    spoken
}

fn apply(line: &mut Line<'_>) -> Option<Command> {
    let mut target = target(line)?;
    let said = match target.kind {
        KindId::Pod => Said::Pod(Box::new(pod::read(line, &mut target))),
        KindId::Node => Said::Node(workload::read_node(line, &mut target)),
        _ => Said::Workload(Box::new(workload::read_workload(line, &mut target))),
    };
    Some(Command::Apply(target, said))
}

fn crash(line: &mut Line<'_>) -> Option<Command> {
    let mut target = named(line, KindId::Pod)?;
    let (mut container, mut exit) = (None, 1);
    while let Some(word) = line.next() {
        let Some(word) = shared(line, &mut target, word) else { continue };
        match word.key.as_deref() {
            Some("container") => container = Some(word.value),
            Some("exit") => exit = number(line, &word),
            _ => line.unknown(&word, "attribute of a crash", &["container", "exit", "count"]),
        }
    }
    Some(Command::Crash { target, container, exit })
}

fn event(line: &mut Line<'_>) -> Option<Command> {
    let mut target = named(line, KindId::Pod)?;
    let reason = line.word("the reason of the event")?.value;
    let (mut count, mut container, mut since, mut message) = (1, None, Duration::ZERO, String::new());
    while let Some(word) = line.next() {
        match word.key.as_deref() {
            Some("count") => count = number(line, &word).max(1),
            Some("container") => container = Some(word.value),
            Some("since") => since = ago(line, &word),
            Some("pods") => {
                let word = Word { key: Some("count".to_owned()), ..word };
                shared(line, &mut target, word);
            }
            None if message.is_empty() => message = word.value,
            _ => line.unknown(&word, "attribute of an event", &["count", "container", "since", "pods"]),
        }
    }
    Some(Command::Event { target, reason, message, count, container, ago: since })
}

fn fix(line: &mut Line<'_>) -> Option<Command> {
    let mut target = target(line)?;
    let mut container = None;
    while let Some(word) = line.next() {
        let Some(word) = shared(line, &mut target, word) else { continue };
        match word.key.as_deref() {
            Some("container") => container = Some(word.value),
            _ => line.unknown(&word, "attribute of a fix", &["container", "count"]),
        }
    }
    Some(Command::Fix { target, container })
}

fn delete(line: &mut Line<'_>) -> Option<Command> {
    let mut target = target(line)?;
    while let Some(word) = line.next() {
        if let Some(word) = shared(line, &mut target, word) {
            line.unknown(&word, "attribute of a deletion", &["count"]);
        }
    }
    Some(Command::Delete(target))
}

fn sink(line: &mut Line<'_>) -> Option<Command> {
    let name = line.word("the name of a sink")?.value;
    let answers = [
        ("up", Answer::Up),
        ("down", Answer::Down),
        ("throttled", Answer::Throttled { after: None }),
        ("slow", Answer::Slow),
        ("refusing", Answer::Refusing),
    ];
    let mut answer = choose(line, "state of a sink", &answers)?;
    if let Answer::Throttled { after } = &mut answer
        && let Some(word) = line.next()
    {
        match (word.key.as_deref(), parse_duration(&word.value)) {
            (Some("after"), Ok(wait)) => *after = Some(wait),
            (Some("after"), Err(problem)) => line.complain(word.column, problem),
            _ => line.unknown(&word, "attribute of a throttled sink", &["after"]),
        }
    }
    Some(Command::Sink { name, answer })
}

fn watch(line: &mut Line<'_>) -> Option<Command> {
    let word = line.word("a kind, or `all`")?;
    let kind = read_kind(&word.value, |_| true);
    if kind.is_none() && word.value != "all" {
        let mut words = kind_words(|_| true);
        words.push("all".to_owned());
        line.unknown(&word, "kind", &words.iter().map(String::as_str).collect::<Vec<_>>());
        return None;
    }
    let faults = [
        ("cut", WatchFault::Cut),
        ("expire", WatchFault::Expire),
        ("silent", WatchFault::Silent),
        ("forbidden", WatchFault::Forbidden),
        ("restored", WatchFault::Restored),
    ];
    let fault = choose(line, "fault of a watch", &faults)?;
    Some(Command::Watch { kind, fault })
}

fn forgetting(line: &mut Line<'_>) -> Option<Command> {
    let Some(word) = line.next() else { return Some(Command::Start { forgetting: false }) };
    if word.value != "forgetting" {
        line.unknown(&word, "way to start", &["forgetting"]);
        return None;
    }
    Some(Command::Start { forgetting: true })
}

fn choose<T: Copy>(line: &mut Line<'_>, what: &str, known: &[(&str, T)]) -> Option<T> {
    let word = line.word(&format!("the {what}"))?;
    let found = known.iter().find(|(name, _)| word.key.is_none() && *name == word.value);
    if found.is_none() {
        line.unknown(&word, what, &known.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    }
    found.map(|(_, value)| *value)
}

fn duration(line: &mut Line<'_>) -> Option<Duration> {
    let word = line.word("a duration")?;
    match parse_duration(&word.value) {
        Ok(span) => Some(span),
        Err(problem) => {
            line.complain(word.column, problem);
            None
        }
    }
}

fn at(line: &mut Line<'_>) -> Option<Duration> {
    let word = line.word("a time")?;
    let at = clock::read(&word.value);
    if at.is_none() {
        line.unread(&word, "MM:SS or HH:MM:SS");
    }
    at
}
