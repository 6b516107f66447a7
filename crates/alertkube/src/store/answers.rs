//! What an answer of the API server that is no success means to a ledger.

use alertkube_core::{Refusal, StoreTrouble};
use serde::Deserialize;

use crate::store::limits::WORDS_MAX;

/// What was asked of a state object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Read,
    Create,
    Replace,
}

/// The parts of a `metav1.Status` that matter here.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    kind: String,
    message: String,
    reason: String,
    details: Details,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Details {
    name: String,
}

/// Whether a 404 says that this very object is not there. A path that somebody in between does not serve is answered
/// with 404 too, and to take that for an empty store would be a first start on top of a full one.
pub(super) fn is_absent(code: u16, body: &[u8], name: &str) -> bool {
    let status = status(body);
    code == 404 && status.reason == "NotFound" && status.details.name == name
}

/// What an answer with an error code means; `about` names the object.
pub(super) fn trouble(asked: Asked, about: &str, code: u16, body: &[u8]) -> StoreTrouble {
    let words = status(body).message;
    let text = match words.is_empty() {
        true => format!("{about}: {code}"),
        false => format!("{about}: {code}: {}", shortened(&words)),
    };
    match code {
        409 => StoreTrouble::Conflict,
        // It was deleted since it was seen.
        404 if asked == Asked::Replace => StoreTrouble::Conflict,
        401 | 408 | 429 => StoreTrouble::Unknown(text),
        400..=499 => StoreTrouble::Refused { why: refusal(code, &words), text },
        _ => match refused_inside(&words) {
            Some(why) => StoreTrouble::Refused { why, text },
            None => StoreTrouble::Unknown(text),
        },
    }
}

fn refusal(code: u16, words: &str) -> Refusal {
    let says = |phrase| words.contains(phrase);
    let denied = says("denied the request") || says("denied request");
    // The authorizer repeats who asked, and an account may be called anything.
    let unauthorised = says(" cannot ") && says(" resource \"");
    match code {
        413 => Refusal::TooLarge,
        422 if says("Too long") || says("too long") => Refusal::TooLarge,
        403 if says("exceeded quota") => Refusal::Quota,
        _ if denied => Refusal::Admission,
        403 if unauthorised => Refusal::Forbidden,
        _ if says("admission") => Refusal::Admission,
        403 => Refusal::Forbidden,
        _ => Refusal::Other,
    }
}

/// Refusals that come as a 500: they are final for this request, nothing was written.
fn refused_inside(words: &str) -> Option<Refusal> {
    let says = |phrase| words.contains(phrase);
    // etcd's own limit, and that of the connection to it.
    if says("etcdserver: request is too large") || says("trying to send message larger than max") {
        return Some(Refusal::TooLarge);
    }
    // A webhook that must be asked and does not answer.
    says("failed calling webhook").then_some(Refusal::Admission)
}

/// A body that is no Status counts as an empty one; whoever stands in between may have written anything.
fn status(body: &[u8]) -> Status {
    let read: Option<Status> = serde_json::from_slice(body).ok();
    read.filter(|status| status.kind == "Status").unwrap_or_default()
}

fn shortened(words: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let mut shown: String = words.chars().take(WORDS_MAX).map(plain).collect();
    if words.chars().nth(WORDS_MAX).is_some() {
        shown.push_str("...");
    }
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answered(asked: Asked, code: u16, message: &str) -> StoreTrouble {
        let body = json!({ "kind": "Status", "apiVersion": "v1", "code": code, "message": message });
        trouble(asked, "state object ops/state-head", code, body.to_string().as_bytes())
    }

    fn refused(code: u16, message: &str) -> Option<Refusal> {
        match answered(Asked::Create, code, message) {
            StoreTrouble::Refused { why, text } => {
                assert!(text.starts_with("state object ops/state-head: "), "{text}");
                Some(why)
            }
            StoreTrouble::Conflict | StoreTrouble::Unknown(_) => None,
        }
    }

    #[test]
    fn refusals_are_told_apart_by_what_servers_write() {
        let of = [
            (
                403,
                r#"configmaps "a" is forbidden: exceeded quota: small, requested: configmaps=1, used: configmaps=2, limited: configmaps=2"#,
                Refusal::Quota,
            ),
            (
                403,
                r#"configmaps "a" is forbidden: User "system:serviceaccount:ops:admission-controller" cannot create resource "configmaps" in API group "" in the namespace "ops""#,
                Refusal::Forbidden,
            ),
            (
                403,
                r#"configmaps "a" is forbidden: unable to create new content in namespace ops because it is being terminated"#,
                Refusal::Forbidden,
            ),
            (
                403,
                r#"admission webhook "guard.example.com" denied the request: no ConfigMaps on Fridays"#,
                Refusal::Admission,
            ),
            (
                400,
                r#"admission webhook "guard.example.com" denied the request without explanation"#,
                Refusal::Admission,
            ),
            (
                422,
                r#"configmaps "a" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no"#,
                Refusal::Admission,
            ),
            (
                500,
                r#"Internal error occurred: failed calling webhook "guard.example.com": connection refused"#,
                Refusal::Admission,
            ),
            (413, "Request entity too large: limit is 3145728", Refusal::TooLarge),
            (
                422,
                r#"ConfigMap "a" is invalid: []: Too long: may not be more than 1048576 bytes"#,
                Refusal::TooLarge,
            ),
            (500, "etcdserver: request is too large", Refusal::TooLarge),
            (422, r#"ConfigMap "a" is invalid: metadata.name: Invalid value"#, Refusal::Other),
            (404, r#"namespaces "ops" not found"#, Refusal::Other),
            (400, "the object provided is unrecognized", Refusal::Other),
        ];
        for (code, message, why) in of {
            assert_eq!(refused(code, message), Some(why), "{code} {message}");
        }
    }

    #[test]
    fn somebody_elses_write_is_a_conflict_and_what_may_pass_is_unknown() {
        let taken = r#"configmaps "a" already exists"#;
        assert_eq!(answered(Asked::Create, 409, taken), StoreTrouble::Conflict);
        assert_eq!(answered(Asked::Replace, 409, "modified"), StoreTrouble::Conflict);
        assert_eq!(answered(Asked::Replace, 404, r#"configmaps "a" not found"#), StoreTrouble::Conflict);
        for code in [401, 408, 429, 500, 502, 503, 504, 302] {
            let text = format!("state object ops/state-head: {code}: later");
            assert_eq!(answered(Asked::Replace, code, "later"), StoreTrouble::Unknown(text));
        }
    }

    #[test]
    fn only_a_status_is_repeated_and_never_at_length() {
        let page = trouble(Asked::Read, "state object ops/a", 502, b"<html>session=hunter2</html>");
        assert_eq!(page, StoreTrouble::Unknown("state object ops/a: 502".to_owned()));
        let StoreTrouble::Unknown(text) = answered(Asked::Read, 500, &"x".repeat(5000)) else {
            panic!("a 500 is unknown")
        };
        assert!(text.ends_with("x...") && text.len() < WORDS_MAX + 50, "{text}");
    }

    #[test]
    fn an_object_is_absent_only_when_the_server_says_so_of_itself() {
        let says = |name: &str, reason: &str| json!({ "kind": "Status", "reason": reason, "details": { "name": name, "kind": "configmaps" } });
        assert!(is_absent(404, says("a", "NotFound").to_string().as_bytes(), "a"));
        assert!(!is_absent(404, says("b", "NotFound").to_string().as_bytes(), "a"));
        assert!(!is_absent(403, says("a", "Forbidden").to_string().as_bytes(), "a"));
        assert!(!is_absent(404, b"404 page not found", "a"));
        assert!(!is_absent(404, br#"{"kind":"Status","reason":"NotFound","details":{}}"#, "a"));
    }
}
