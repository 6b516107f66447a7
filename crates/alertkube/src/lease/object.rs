//! Between the Lease of Kubernetes and the record of the election.

use std::time::Duration;

use alertkube_core::{LeaseRecord, LeaseTrouble, Stamp};
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::core::Status;

use super::limits::WHY_BYTES_MAX;

/// Reads a Lease.
pub(super) fn record(lease: &Lease) -> LeaseRecord {
    let empty = LeaseSpec::default();
    let spec = lease.spec.as_ref().unwrap_or(&empty);
    let stamp = |time: &Option<MicroTime>| time.as_ref().map(|time| Stamp::from(time.0));
    let seconds = u64::try_from(spec.lease_duration_seconds.unwrap_or(0)).unwrap_or(0);
    LeaseRecord {
        holder: spec.holder_identity.clone().unwrap_or_default(),
        duration: Duration::from_secs(seconds),
        acquired: stamp(&spec.acquire_time),
        renewed: stamp(&spec.renew_time),
        transitions: spec.lease_transitions.unwrap_or(0),
        annotations: lease.metadata.annotations.clone().unwrap_or_default(),
        version: lease.metadata.resource_version.clone().unwrap_or_default(),
    }
}

/// The Lease to write for a record. What else `last`, the Lease as it was seen last, has (labels, owners) stays.
pub(super) fn lease(record: &LeaseRecord, last: Option<&Lease>, (namespace, name): (&str, &str)) -> Lease {
    let exists = !record.version.is_empty();
    let mut lease = last.filter(|_| exists).cloned().unwrap_or_default();
    let metadata = &mut lease.metadata;
    (metadata.namespace, metadata.name) = (Some(namespace.to_owned()), Some(name.to_owned()));
    metadata.resource_version = exists.then(|| record.version.clone());
    metadata.annotations = (!record.annotations.is_empty()).then(|| record.annotations.clone());
    metadata.managed_fields = None;
    let time = |stamp: Option<Stamp>| stamp.map(|stamp| MicroTime(stamp.timestamp()));
    let seconds = record.duration.as_secs().max(1);
    let spec = lease.spec.get_or_insert_default();
    spec.holder_identity = Some(record.holder.clone());
    spec.lease_duration_seconds = Some(i32::try_from(seconds).unwrap_or(i32::MAX));
    (spec.acquire_time, spec.renew_time) = (time(record.acquired), time(record.renewed));
    spec.lease_transitions = Some(record.transitions);
    lease
}

/// What an error means to the election. Whatever may have been applied is unreachable.
pub(super) fn trouble(error: kube::Error) -> LeaseTrouble {
    match error {
        kube::Error::Api(status) => refusal(&status),
        kube::Error::BuildRequest(_) | kube::Error::Auth(_) => LeaseTrouble::Other(words(error)),
        error => LeaseTrouble::Unreachable(words(error)),
    }
}

/// What a refusal means to the election.
pub(super) fn refusal(status: &Status) -> LeaseTrouble {
    let why = cut(format!("{} {}", status.code, status.message.trim()), WHY_BYTES_MAX);
    match status.code {
        403 => LeaseTrouble::Forbidden(why),
        404 => LeaseTrouble::Gone,
        409 => LeaseTrouble::Conflict,
        0 | 500.. => LeaseTrouble::Unreachable(why),
        _ => LeaseTrouble::Other(why),
    }
}

/// An error with its causes, in one line.
fn words(error: kube::Error) -> String {
    cut(format!("{:#}", anyhow::Error::from(error)), WHY_BYTES_MAX)
}

/// A text of at most so many bytes.
pub(super) fn cut(mut text: String, most: usize) -> String {
    text.truncate(text.floor_char_boundary(most));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_written_and_read_back() {
        let record = LeaseRecord {
            holder: "a_1".into(),
            duration: Duration::from_secs(30),
            acquired: Some(Stamp::from_millis(1_700_000_000_001)),
            renewed: Some(Stamp::from_millis(1_700_000_000_002)),
            transitions: 4,
            annotations: [("k".to_owned(), "v".to_owned())].into(),
            version: "17".into(),
        };
        let mut last = Lease::default();
        last.metadata.labels = Some([("team".to_owned(), "sre".to_owned())].into());
        let written = lease(&record, Some(&last), ("ops", "alertkube"));
        assert_eq!(super::record(&written), record);
        assert_eq!(written.metadata.labels, last.metadata.labels);
        let fresh = LeaseRecord { version: String::new(), ..record };
        let created = lease(&fresh, Some(&last), ("ops", "alertkube"));
        assert_eq!((created.metadata.labels, created.metadata.resource_version), (None, None));
    }

    #[test]
    fn refusals_are_told_apart() {
        let of = |code| refusal(&Status::failure("no", "").with_code(code));
        assert_eq!(of(409), LeaseTrouble::Conflict);
        assert_eq!(of(404), LeaseTrouble::Gone);
        assert_eq!(of(403), LeaseTrouble::Forbidden("403 no".into()));
        assert_eq!(of(422), LeaseTrouble::Other("422 no".into()));
        assert_eq!(of(503), LeaseTrouble::Unreachable("503 no".into()));
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(cut("aé".to_owned(), 2), "a");
        assert_eq!(cut("ab".to_owned(), 2), "ab");
    }
}
