//! The snapshot of the Go program, read once when it is replaced and never written: what it had told, so that nothing
//! is told twice and every incident that it opened is closed.
//!
//! The format is that of the reference: gzip JSON, or plain JSON in its older form, with `active`, `lastSent` and
//! `pending`. What it says of silences and escalations is not taken over; silences that still hold are counted.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::read::GzDecoder;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::alert::Fingerprint;
use crate::detect::{Condition, INHERITED, find_condition, inherited_kind};
use crate::limits::REFERENCE_SNAPSHOT_BYTES_MAX;
use crate::severity::Severity;
use crate::time::Stamp;

/// What the Go program knew when it last saved, in our own words.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ReferenceSnapshot {
    /// When it was saved, if it says so.
    pub(crate) saved: Option<Stamp>,
    /// Problems that it took for standing when it saved, and that it had told or was about to.
    pub(crate) open: BTreeMap<Fingerprint, ReferenceAlert>,
    /// When it last told of a problem, open or not: what its mute window counts from.
    pub(crate) told: BTreeMap<Fingerprint, Stamp>,
    /// What it had accepted and not seen delivered, in its order; each may have arrived or not.
    pub(crate) pending: Vec<ReferencePending>,
    /// Silences that were set at run time and still hold.
    pub(crate) silences: usize,
    /// What was left out.
    pub(crate) left_out: LeftOut,
}

/// A problem as the Go program knew it, under the name of our own condition.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ReferenceAlert {
    /// Our condition, or [`INHERITED`] if there is none.
    pub(crate) condition: &'static Condition,
    /// Kind of the object; what has no name here keeps its own in the summary.
    pub(crate) kind: &'static str,
    /// Namespace of the object, empty for cluster-scoped ones.
    pub(crate) namespace: String,
    /// Name of the object.
    pub(crate) name: String,
    /// The node it is on; empty if none.
    pub(crate) node: String,
    /// The worst that it was known with, overrides included.
    pub(crate) severity: Severity,
    /// Its one line about the problem.
    pub(crate) summary: String,
    /// Labels of the alert, which are not those of the object.
    pub(crate) labels: BTreeMap<String, String>,
    /// Since when it stood, never later than now.
    pub(crate) starts: Stamp,
    /// When the Go program would have taken it for over; `None` if it did not say. Past ones were due for a resolve.
    pub(crate) lapses: Option<Stamp>,
    /// The key under which its incident was opened: mostly our fingerprint, which is the same in both programs.
    pub(crate) key: String,
}

/// A message that the Go program still had to deliver.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ReferencePending {
    /// Of which problem.
    pub(crate) fingerprint: Fingerprint,
    /// The problem.
    pub(crate) alert: ReferenceAlert,
    /// Whether the message is its end.
    pub(crate) resolved: bool,
    /// The names of the sinks it was for; empty if that cannot be read.
    pub(crate) sinks: Vec<String>,
}

/// How many entries were left out, by cause. An incident that was opened for one of these stays open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// With a severity that does not exist.
    pub(crate) severities: usize,
    /// What merely happened: it has no end that could be told.
    pub(crate) events: usize,
    /// Times of telling that lie ahead.
    pub(crate) future: usize,
    /// Times of telling under a fingerprint that is not ours and that no standing problem has.
    pub(crate) strangers: usize,
    /// What cannot be read.
    pub(crate) unreadable: usize,
}

/// The latest version there is; the Go program refuses a later one as well.
const VERSION: u64 = 1;

/// The first bytes of every gzip stream (RFC 1952).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Reasons of the Go program that are other names of one of our conditions: kind, its reason, ours.
const ALIASES: [(&str, &str, &str); 1] = [("Pod", "ErrImagePull", "ImagePullBackOff")];

/// Reads a stored snapshot, compressed or not.
///
/// # Errors
/// Bytes that are no snapshot, one of a later version, or one that is larger than any the Go program can store.
pub(crate) fn read_reference(stored: &[u8], now: Stamp) -> Result<ReferenceSnapshot, String> {
    let json = plain(stored)?;
    let written: Written = serde_json::from_slice(&json)
        .map_err(|error| format!("not a snapshot of the Go program: {error}"))?;
    let version = written.version.unwrap_or(VERSION);
    if version > VERSION {
        return Err(format!("version {version} is newer than {VERSION}, the last that is known"));
    }
    let mut reading = Reading { now, snapshot: ReferenceSnapshot::default() };
    reading.snapshot.saved = written.saved_at.as_deref().and_then(time);
    reading.snapshot.silences =
        written.runtime_silences.unwrap_or_default().iter().filter(|it| in_force(it, now)).count();
    let aliases = reading.active(written.active.unwrap_or_default());
    reading.last_sent(written.last_sent.unwrap_or_default(), &aliases);
    reading.pending(written.pending.unwrap_or_default());
    Ok(reading.snapshot)
}

fn plain(stored: &[u8]) -> Result<Vec<u8>, String> {
    let too_large = || format!("larger than {REFERENCE_SNAPSHOT_BYTES_MAX} bytes");
    if !stored.starts_with(&GZIP) {
        let fits = stored.len() <= REFERENCE_SNAPSHOT_BYTES_MAX;
        return if fits { Ok(stored.to_vec()) } else { Err(too_large()) };
    }
    let mut json = Vec::new();
    let mut bounded = GzDecoder::new(stored).take(REFERENCE_SNAPSHOT_BYTES_MAX as u64 + 1);
    bounded.read_to_end(&mut json).map_err(|error| format!("not a gzip stream: {error}"))?;
    if json.len() > REFERENCE_SNAPSHOT_BYTES_MAX { Err(too_large()) } else { Ok(json) }
}

/// Go writes an unset list as null and an unset time as year 1.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    version: Option<u64>,
    saved_at: Option<String>,
    active: Option<Vec<Box<RawValue>>>,
    last_sent: Option<BTreeMap<String, Value>>,
    pending: Option<Vec<Box<RawValue>>>,
    runtime_silences: Option<Vec<Value>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct WrittenAlert {
    fingerprint: String,
    kind: String,
    namespace: String,
    name: String,
    node_name: String,
    severity: String,
    reason: String,
    summary: String,
    labels: Option<BTreeMap<String, String>>,
    starts_at: Option<String>,
    ends_at: Option<String>,
    resolved: bool,
    event: bool,
}

#[derive(Deserialize)]
struct WrittenPending {
    id: Value,
    alert: WrittenAlert,
    #[serde(default)]
    route: Value,
}

/// A time that is set and that can be read.
fn time(text: &str) -> Option<Stamp> {
    Stamp::parse(text).filter(|at| at.millis() > 0)
}

struct Reading {
    now: Stamp,
    snapshot: ReferenceSnapshot,
}

impl Reading {
    /// Gives the fingerprints that are written otherwise than ours, with ours.
    fn active(&mut self, active: Vec<Box<RawValue>>) -> BTreeMap<String, Fingerprint> {
        let mut read = Vec::new();
        for raw in active {
            let Some(alert) = self.readable::<WrittenAlert>(&raw).filter(|alert| !alert.resolved) else {
                continue;
            };
            read.extend(self.alert(alert));
        }
        // Who has our fingerprint for a key goes first: another incident of the same problem does not take its place.
        read.sort_by_key(|(fingerprint, alert)| alert.key != fingerprint.to_string());
        let mut aliases = BTreeMap::new();
        for (ours, alert) in read {
            aliases.insert(alert.key.clone(), ours);
            let place = if self.snapshot.open.contains_key(&ours) { spare(&alert) } else { ours };
            self.snapshot.open.entry(place).or_insert(alert);
        }
        aliases
    }

    fn last_sent(&mut self, sent: BTreeMap<String, Value>, aliases: &BTreeMap<String, Fingerprint>) {
        for (key, at) in sent {
            let Some(at) = at.as_str().and_then(time) else {
                self.snapshot.left_out.unreadable += 1;
                continue;
            };
            let Some(fingerprint) = aliases.get(&key).copied().or_else(|| Fingerprint::parse(&key)) else {
                self.snapshot.left_out.strangers += 1;
                continue;
            };
            if at > self.now {
                self.snapshot.left_out.future += 1;
                continue;
            }
            let told = self.snapshot.told.entry(fingerprint).or_insert(at);
            *told = at.max(*told);
        }
    }

    fn pending(&mut self, pending: Vec<Box<RawValue>>) {
        let mut messages = Vec::new();
        for raw in pending {
            let Some(written) = self.readable::<WrittenPending>(&raw) else { continue };
            let resolved = written.alert.resolved;
            let Some((fingerprint, alert)) = self.alert(written.alert) else { continue };
            let message = ReferencePending { fingerprint, alert, resolved, sinks: sinks(&written.route) };
            messages.push((order(&written.id), message));
        }
        // A stable sort: what has no number keeps its place behind the others.
        messages.sort_by_key(|(order, _)| *order);
        self.snapshot.pending = messages.into_iter().map(|(_, message)| message).collect();
    }

    fn readable<'a, T: Deserialize<'a>>(&mut self, raw: &'a RawValue) -> Option<T> {
        let read = serde_json::from_str(raw.get()).ok();
        self.snapshot.left_out.unreadable += usize::from(read.is_none());
        read
    }

    /// The alert under our condition and fingerprint, or its place among what is left out.
    fn alert(&mut self, written: WrittenAlert) -> Option<(Fingerprint, ReferenceAlert)> {
        let left_out = &mut self.snapshot.left_out;
        let condition = condition(&written.kind, &written.reason);
        let Some(severity) = Severity::parse(&written.severity) else {
            left_out.severities += 1;
            return None;
        };
        if written.event || condition.is_some_and(|condition| condition.event.is_some()) {
            left_out.events += 1;
            return None;
        }
        let known = condition.unwrap_or(&INHERITED);
        let kind = condition.map_or_else(|| inherited_kind(&written.kind), |condition| condition.kind);
        let reason = condition.map_or(written.reason.as_str(), |condition| condition.reason);
        let fingerprint = Fingerprint::of(&written.kind, &written.namespace, &written.name, reason);
        let starts = written.starts_at.as_deref().and_then(time);
        let summary = match condition {
            Some(_) => written.summary,
            None => format!("{} {}: {}", written.kind, written.reason, written.summary),
        };
        let key = Some(written.fingerprint).filter(|key| !key.is_empty());
        let alert = ReferenceAlert {
            condition: known,
            kind,
            namespace: written.namespace,
            name: written.name,
            node: written.node_name,
            severity,
            summary,
            labels: written.labels.unwrap_or_default(),
            starts: starts.map_or(self.now, |starts| starts.min(self.now)),
            lapses: written.ends_at.as_deref().and_then(time),
            key: key.unwrap_or_else(|| fingerprint.to_string()),
        };
        Some((fingerprint, alert))
    }
}

fn condition(kind: &str, reason: &str) -> Option<&'static Condition> {
    let alias = ALIASES.iter().find(|(of, theirs, _)| *of == kind && *theirs == reason);
    find_condition(kind, alias.map_or(reason, |(_, _, ours)| ours))
}

/// The place of a second incident about one problem of ours, such as both names of a failing pull, or the keys of two
/// versions: it is nobody's finding, so it ends as soon as the picture is complete, under its own key.
fn spare(alert: &ReferenceAlert) -> Fingerprint {
    let of_its_own = || Fingerprint::of(alert.kind, &alert.namespace, &alert.name, &alert.key);
    Fingerprint::parse(&alert.key).unwrap_or_else(of_its_own)
}

/// Ids are numbers, or texts of numbers.
fn order(id: &Value) -> u64 {
    id.as_u64().or_else(|| id.as_str()?.parse().ok()).unwrap_or(u64::MAX)
}

/// Whether a silence is in force.
fn in_force(silence: &Value, now: Stamp) -> bool {
    let until = ["until", "Until"].iter().find_map(|key| silence.get(key)?.as_str());
    until.and_then(time).is_some_and(|until| until > now)
}

/// The sinks of a route: a list of names, or an object that has such a list.
fn sinks(route: &Value) -> Vec<String> {
    let list =
        route.as_array().or_else(|| ["sinks", "Sinks"].iter().find_map(|key| route.get(key)?.as_array()));
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn now() -> Stamp {
        Stamp::parse("2026-11-23T04:05:12Z").expect("a time stamp")
    }

    fn read(snapshot: &Value) -> ReferenceSnapshot {
        read_reference(snapshot.to_string().as_bytes(), now()).expect("a snapshot")
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).expect("a Vec takes all");
        encoder.finish().expect("a Vec takes all")
    }

    /// A problem as the Go program stores it, without details.
    fn crash_loop() -> Value {
        json!({
            "Fingerprint": "f0b03a99c75e3eac", "Kind": "Pod", "Namespace": "default", "Name": "web-server-xyz",
            "NodeName": "worker-3", "Severity": "critical", "Reason": "CrashLoopBackOff",
            "Summary": "container app of web-server-xyz is in CrashLoopBackOff", "Cluster": "prod-eu",
            "Details": null, "Labels": {"container": "app"}, "Annotations": {"app": "web"},
            "StartsAt": "2026-11-23T05:00:00.123456789+01:00", "EndsAt": "2026-11-23T04:14:58Z",
            "Resolved": false, "Event": false, "Correlation": null,
        })
    }

    /// The same with some fields changed.
    fn changed(change: Value) -> Value {
        let mut alert = crash_loop();
        let fields = alert.as_object_mut().expect("an object");
        fields.extend(change.as_object().expect("an object").clone());
        alert
    }

    fn web() -> Fingerprint {
        Fingerprint::parse("f0b03a99c75e3eac").expect("a fingerprint")
    }

    fn at(text: &str) -> Stamp {
        Stamp::parse(text).expect("a time stamp")
    }

    #[test]
    fn a_snapshot_says_what_is_open_what_was_told_and_what_is_on_its_way() {
        let resolve = changed(json!({"Name": "gone", "Fingerprint": "", "Resolved": true}));
        let snapshot = json!({
            "version": 1, "savedAt": "2026-11-23T04:05:00Z", "active": [crash_loop()],
            "lastSent": {"f0b03a99c75e3eac": "2026-11-23T04:00:01Z", "00000000000000aa": "2026-11-23T03:00:00Z"},
            "runtimeSilences": [
                {"id": "0123456789ab", "matchers": {"namespace": "shop"}, "until": "2026-11-23T04:05:13Z"},
                {"id": "0123456789ac", "matchers": {"namespace": "shop"}, "until": "2026-11-23T04:05:11Z"},
            ], "escalated": {"f0b03a99c75e3eac": ["k"]},
            "pending": [
                {"id": 12, "alert": resolve, "route": ["pagerduty", "slack"]},
                {"id": 3, "alert": crash_loop(), "route": {"Sinks": ["pagerduty"]}},
            ],
        });
        let found = read(&snapshot);
        let open = &found.open[&web()];
        assert_eq!((open.kind, open.condition.reason), ("Pod", "CrashLoopBackOff"));
        assert_eq!(open.severity, Severity::Critical);
        assert_eq!((open.namespace.as_str(), open.name.as_str()), ("default", "web-server-xyz"));
        assert_eq!((open.node.as_str(), open.labels["container"].as_str()), ("worker-3", "app"));
        assert!(open.summary.starts_with("container app"));
        assert_eq!(open.starts, at("2026-11-23T04:00:00.123Z"));
        assert_eq!(open.lapses, Some(at("2026-11-23T04:14:58Z")));
        assert_eq!(open.key, "f0b03a99c75e3eac");
        assert_eq!(found.saved, Some(at("2026-11-23T04:05:00Z")));
        assert_eq!((found.open.len(), found.told.len(), found.silences), (1, 2, 1));
        assert_eq!(found.told[&web()], at("2026-11-23T04:00:01Z"));
        let [first, second] = found.pending.as_slice() else { panic!("{:?}", found.pending) };
        assert_eq!(
            (first.fingerprint, first.resolved, &first.sinks[..]),
            (web(), false, &["pagerduty".to_owned()][..])
        );
        assert_eq!((second.alert.name.as_str(), second.resolved, second.sinks.len()), ("gone", true, 2));
        assert_eq!(second.alert.key, second.fingerprint.to_string());
        assert_eq!(found.left_out, LeftOut::default());
        assert_eq!(read_reference(&gzip(snapshot.to_string().as_bytes()), now()), Ok(found), "compressed");
    }

    #[test]
    fn what_cannot_be_read_or_has_no_end_is_counted_and_left_out() {
        let found = read(&json!({"version": 1, "active": [
            changed(json!({"Severity": "fatal"})),
            changed(json!({"Event": true})),
            changed(json!({"Reason": "ContainerRestart"})),
            changed(json!({"Name": 7})),
            "nonsense",
            changed(json!({"Resolved": true})),
        ], "lastSent": {
            "f0b03a99c75e3eac": "2026-11-23T04:05:13Z", "0123456789ab": "2026-11-23T04:00:00Z",
            "am-x": "2026-11-23T04:00:00Z", "00000000000000aa": "soon", "00000000000000ab": 7,
        }, "pending": [{"id": 1}]}));
        assert_eq!((found.open.len(), found.told.len(), found.pending.len()), (0, 0, 0), "{found:?}");
        let expected = LeftOut { severities: 1, events: 2, future: 1, strangers: 2, unreadable: 5 };
        assert_eq!(found.left_out, expected);
    }

    #[test]
    fn what_this_build_cannot_see_is_taken_over_all_the_same() {
        let found = read(&json!({"version": 1, "active": [
            changed(json!({"Kind": "PersistentVolumeClaim", "Reason": "PVCLost", "Fingerprint": "aaaaaaaaaaaaaaaa"})),
            changed(json!({"Kind": "External", "Reason": "HighLatency", "Fingerprint": "am-1234"})),
            changed(json!({"Kind": "EKSCluster", "Reason": "Unhealthy", "Fingerprint": "bbbbbbbbbbbbbbbb"})),
            changed(json!({"Reason": "Cosmic", "Fingerprint": "cccccccccccccccc"})),
        ]}));
        let mut known: Vec<_> =
            found.open.values().map(|it| (it.key.as_str(), it.kind, it.condition.reason)).collect();
        known.sort_unstable();
        let reason = INHERITED.reason;
        let expected = [
            ("aaaaaaaaaaaaaaaa", "PersistentVolumeClaim", reason),
            ("am-1234", "External", reason),
            ("bbbbbbbbbbbbbbbb", "Alertkube", reason),
            ("cccccccccccccccc", "Pod", reason),
        ];
        assert_eq!(known, expected);
        let summaries =
            found.open.values().filter(|it| it.summary.starts_with("External HighLatency: container"));
        assert_eq!(summaries.count(), 1);
    }

    #[test]
    fn every_reason_of_the_kinds_that_both_watch_is_ours() {
        for (kind, reasons) in [
            (
                "Pod",
                &["CrashLoopBackOff", "ImagePullBackOff", "ErrImagePull", "OOMKilled", "ContainerKilled"][..],
            ),
            (
                "Node",
                &["NodeNotReady", "NodeMemoryPressure", "NodeDiskPressure", "NodePIDPressure", "NodeCordon"],
            ),
            ("Deployment", &["DeploymentUnavailable", "ProgressDeadlineExceeded"]),
            ("StatefulSet", &["StatefulSetReplicasUnavailable"]),
            ("DaemonSet", &["DaemonSetUnavailable"]),
            ("Job", &["JobFailed"]),
        ] {
            for reason in reasons {
                assert!(condition(kind, reason).is_some(), "{kind} {reason}");
            }
        }
    }

    #[test]
    fn an_older_fingerprint_stays_the_key_of_its_incident() {
        let found = read(&json!({"version": 1, "active": [changed(json!({"Fingerprint": "0123456789ab"}))],
            "lastSent": {"0123456789ab": "2026-11-23T04:00:00Z"}}));
        assert_eq!(found.open[&web()].key, "0123456789ab");
        assert_eq!(found.told[&web()], at("2026-11-23T04:00:00Z"));
        assert_eq!(found.left_out, LeftOut::default());
    }

    #[test]
    fn two_of_their_incidents_about_one_problem_of_ours_keep_their_keys() {
        let pull = |reason: &str, key: &str| changed(json!({"Reason": reason, "Fingerprint": key}));
        let ours = Fingerprint::of("Pod", "default", "web-server-xyz", "ImagePullBackOff");
        let theirs = Fingerprint::of("Pod", "default", "web-server-xyz", "ErrImagePull");
        let [old, new] = ["0123456789ab".to_owned(), ours.to_string()];
        let found = read(&json!({"version": 1, "active": [
            pull("ErrImagePull", &theirs.to_string()), pull("ImagePullBackOff", &old), pull("ImagePullBackOff", &new),
        ], "lastSent": {old: "2026-11-23T04:01:00Z", new: "2026-11-23T04:00:00Z"}}));
        assert_eq!(found.open.len(), 3);
        assert_eq!(found.open[&ours].key, ours.to_string(), "whose key is the fingerprint goes first");
        assert_eq!(found.open[&theirs].key, theirs.to_string());
        assert!(found.open.values().any(|alert| alert.key == "0123456789ab"));
        assert!(found.open.values().all(|alert| alert.condition.reason == "ImagePullBackOff"));
        assert_eq!(found.told[&ours], at("2026-11-23T04:01:00Z"));
    }

    #[test]
    fn times_that_are_unset_or_ahead_do_no_harm() {
        let zero = "0001-01-01T00:00:00Z";
        for starts in [json!(zero), json!(null), json!("2027-01-01T00:00:00Z"), json!("soon")] {
            let alert = changed(json!({"StartsAt": starts, "EndsAt": zero}));
            let found = read(&json!({"version": 1, "savedAt": zero, "active": [alert]}));
            assert_eq!((found.open[&web()].starts, found.open[&web()].lapses), (now(), None));
            assert_eq!(found.saved, None);
        }
    }

    #[test]
    fn lists_that_go_left_unset_are_empty() {
        let found = read(&json!({"version": 1, "active": null, "lastSent": null, "pending": null}));
        assert_eq!(found, ReferenceSnapshot::default());
        assert_eq!(read(&json!({})), ReferenceSnapshot::default());
    }

    #[test]
    fn what_is_no_snapshot_is_refused_whole() {
        let refused = |bytes: &[u8]| read_reference(bytes, now()).expect_err("refused");
        assert!(refused(b"{\"version\": 2, \"active\": []}").contains("version 2 is newer than 1"));
        for nonsense in [&b""[..], b"[]", b"null", b"{\"version\": \"x\"}", b"{\"active\": {}}", b"\xff\xfe"]
        {
            assert!(refused(nonsense).contains("not a snapshot"), "{nonsense:?}");
        }
        let whole = gzip(b"{\"version\": 1}");
        assert!(refused(&whole[..whole.len() - 9]).contains("not a gzip stream"));
        assert!(refused(&gzip(b"nonsense")).contains("not a snapshot"));
    }

    #[test]
    fn a_bomb_ends_at_the_bound() {
        let bomb = gzip(&vec![b' '; REFERENCE_SNAPSHOT_BYTES_MAX + 1]);
        assert!(bomb.len() < REFERENCE_SNAPSHOT_BYTES_MAX / 100);
        assert!(read_reference(&bomb, now()).expect_err("refused").contains("larger than"));
    }

    proptest! {
        #[test]
        fn any_bytes_get_an_answer(at in 0_usize..400, byte in any::<u8>(), cut in 0_usize..400) {
            let whole = json!({"version": 1, "active": [crash_loop()]}).to_string();
            let mut bytes = whole.clone().into_bytes();
            bytes[at % whole.len()] = byte;
            bytes.truncate(whole.len() - cut % whole.len());
            for bytes in [gzip(&bytes), bytes] {
                let read = read_reference(&bytes, now());
                prop_assert!(read.is_err() || read.is_ok_and(|found| found.open.len() <= 1));
            }
        }
    }
}
