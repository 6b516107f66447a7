//! What Slack's answers mean. Its web API answers 200 also to what it refuses, and says so in the body; its webhooks
//! answer one word.

use std::fmt;

use alertkube_core::{Verdict, Why};
use serde::Deserializer as _;
use serde::de::{IgnoredAny, MapAccess, Visitor};

use crate::reply::Reply;

/// Words for a credential that does not hold, or does not suffice: another one may.
const CREDENTIAL: &[&str] = &[
    "access_denied",
    "account_inactive",
    "ekm_access_denied",
    "enterprise_is_restricted",
    "invalid_auth",
    "invalid_token",
    "missing_scope",
    "no_active_hooks",
    "no_permission",
    "no_service",
    "no_service_id",
    "no_team",
    "not_allowed_token_type",
    "not_authed",
    "org_login_required",
    "team_access_not_granted",
    "team_disabled",
    "token_expired",
    "token_revoked",
    "two_factor_setup_required",
];

/// Words for "not now".
const THROTTLED: &[&str] = &["message_limit_exceeded", "rate_limited", "ratelimited"];

/// Words for trouble of Slack's own, and whether the message may have appeared all the same.
const TROUBLE: &[(&str, bool)] = &[
    ("external_channel_migrating", false),
    ("fatal_error", true),
    ("internal_error", true),
    ("request_timeout", false),
    ("rollup_error", false),
    ("service_unavailable", false),
    ("team_added_to_org", false),
];

/// Judges an answer; `api` is whether it is the web API's, which says `ok` to what it took.
pub(super) fn judge(reply: &Reply, api: bool) -> Verdict {
    let by_status = reply.verdict();
    let Reply::Answer { retry_after, body, .. } = reply else { return by_status };
    let said = Said::read(body);
    let taken = match said.ok {
        Some(ok) => ok,
        // A webhook's status is its word. An API that does not say `ok` is no API: something stands in between.
        None => !api,
    };
    let retry = |why, in_doubt| Verdict::Retry { why, after: *retry_after, in_doubt };
    let word = said.error.as_str();
    match by_status {
        Verdict::Done if taken => Verdict::Done,
        Verdict::Done | Verdict::Reject(_) if CREDENTIAL.contains(&word) => {
            Verdict::Reject(Why::Unauthorized)
        }
        Verdict::Done if THROTTLED.contains(&word) => retry(Why::Throttled, false),
        Verdict::Done => match TROUBLE.iter().find(|(known, _)| *known == word) {
            Some((_, in_doubt)) => retry(Why::ServerError, *in_doubt),
            None if said.ok.is_none() => retry(Why::ServerError, true),
            None => Verdict::Reject(Why::Refused),
        },
        verdict => verdict,
    }
}

/// What a body says, as far as it was read: the API repeats the whole message behind `ok`, and only the first bytes of
/// an answer are kept.
#[derive(Default)]
struct Said {
    ok: Option<bool>,
    error: String,
}

impl Said {
    fn read(body: &[u8]) -> Said {
        let mut said = Said::default();
        let text = body.trim_ascii();
        if text.first() == Some(&b'{') {
            // A body that breaks off is an error behind what was said before that.
            let _broken_off = serde_json::Deserializer::from_slice(text).deserialize_map(Reader(&mut said));
        } else {
            said.error = String::from_utf8_lossy(text).into_owned();
        }
        said
    }
}

struct Reader<'a>(&'a mut Said);

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an answer of Slack")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "ok" => self.0.ok = Some(map.next_value()?),
                "error" => self.0.error = map.next_value()?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use alertkube_core::Stamp;

    use super::*;

    fn api(status: u16, body: &str) -> Verdict {
        judge(&Reply::answer(status, None, Stamp::default(), body.as_bytes()), true)
    }

    fn webhook(status: u16, body: &str) -> Verdict {
        judge(&Reply::answer(status, None, Stamp::default(), body.as_bytes()), false)
    }

    fn error(word: &str) -> Verdict {
        api(200, &format!(r#"{{"ok":false,"error":"{word}","response_metadata":{{"messages":[]}}}}"#))
    }

    fn retry(why: Why, in_doubt: bool) -> Verdict {
        Verdict::Retry { why, after: None, in_doubt }
    }

    #[test]
    fn the_api_took_what_it_calls_ok_and_nothing_else() {
        assert_eq!(api(200, r#"{"ok":true,"channel":"C1","ts":"1.2"}"#), Verdict::Done);
        assert_eq!(api(200, r#"{"warning":"x","ok":true}"#), Verdict::Done);
        for no_answer in ["", "ok", "<html>sign in to this network</html>", "{}", "[true]", r#"{"ok":"yes"}"#]
        {
            assert_eq!(api(200, no_answer), retry(Why::ServerError, true), "{no_answer}");
        }
    }

    #[test]
    fn an_answer_that_repeats_a_long_message_is_understood_without_its_end() {
        let long = format!(r#"{{"ok":true,"message":{{"text":"{}"}}}}"#, "x".repeat(Reply::BODY_MAX));
        assert_eq!(api(200, &long), Verdict::Done);
    }

    #[test]
    fn what_the_api_refuses_is_told_apart() {
        for word in ["invalid_auth", "token_revoked", "not_authed", "missing_scope", "account_inactive"] {
            assert_eq!(error(word), Verdict::Reject(Why::Unauthorized), "{word}");
        }
        for word in ["channel_not_found", "not_in_channel", "is_archived", "invalid_blocks", "any_new_word"] {
            assert_eq!(error(word), Verdict::Reject(Why::Refused), "{word}");
        }
        assert_eq!(error("ratelimited"), retry(Why::Throttled, false));
        assert_eq!(error("service_unavailable"), retry(Why::ServerError, false));
        assert_eq!(error("fatal_error"), retry(Why::ServerError, true), "part of it may have succeeded");
    }

    #[test]
    fn a_wait_that_is_asked_for_is_kept() {
        let body = br#"{"ok":false,"error":"ratelimited"}"#;
        for status in [200, 429] {
            let reply = Reply::answer(status, Some("30"), Stamp::default(), body);
            let after = Some(Duration::from_secs(30));
            let expected = Verdict::Retry { why: Why::Throttled, after, in_doubt: false };
            assert_eq!(judge(&reply, true), expected, "{status}");
        }
    }

    #[test]
    fn a_webhook_answers_by_status_and_one_word() {
        assert_eq!(webhook(200, "ok"), Verdict::Done);
        assert_eq!(webhook(200, ""), Verdict::Done);
        assert_eq!(
            webhook(200, r#"{"ok":false,"error":"channel_not_found"}"#),
            Verdict::Reject(Why::Refused)
        );
        for (status, word) in
            [(404, "no_service"), (404, "no_team"), (403, "invalid_token"), (404, "no_active_hooks")]
        {
            assert_eq!(webhook(status, word), Verdict::Reject(Why::Unauthorized), "{word}");
        }
        for (status, word) in
            [(400, "invalid_payload"), (404, "channel_not_found"), (410, "channel_is_archived")]
        {
            assert_eq!(webhook(status, word), Verdict::Reject(Why::Refused), "{word}");
        }
        assert_eq!(webhook(403, "action_prohibited"), Verdict::Reject(Why::Unauthorized));
        assert_eq!(webhook(500, "rollup_error"), retry(Why::ServerError, false));
    }
}
