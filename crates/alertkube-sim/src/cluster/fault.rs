//! Faults on demand: everything that real API servers were seen to do to a client.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::failure::Failure;
use super::object::Name;
use super::request::{Request, Verb};
use super::resource::Resource;
use crate::limits::RULES_MAX;

/// One thing that goes wrong. What says "once" happens when it is injected; the rest lasts for as many requests
/// as its [`Scope`] says, or until the cluster is healed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Fault {
    /// etcd is too old for progress notification: a streaming list is 200, then one `ERROR` 500.
    NoProgressNotify,
    /// The WatchList gate is off: a streaming list is 422.
    NoWatchList,
    /// The server just started: a streaming list is 200, then one `ERROR` 504; a list is 504.
    VersionTooLarge,
    /// Once: every open watch gets `ERROR` 410 and ends, and history is forgotten.
    Expire,
    /// Once: history is forgotten, so that old versions and old continue tokens are 410.
    Compact,
    /// Only so many changes of a resource are remembered from now on.
    ShortHistory {
        /// Changes kept.
        changes: usize,
    },
    /// A continue token is 410, with a token for an inconsistent rest.
    StaleContinue,
    /// Open watches are cut, now and again until it happened `times` times.
    CutWatches {
        /// How often in all.
        times: u32,
        /// Milliseconds of the cluster's clock between two cuts.
        every_millis: u64,
    },
    /// Once: every open watch stays open and is never heard of again.
    HalfDead,
    /// A watch with so many unread lines is closed without a word.
    SlowReader {
        /// Unread lines that are still borne.
        lines: usize,
    },
    /// 429 with Retry-After.
    TooManyRequests {
        /// The header's seconds.
        retry_after_seconds: u32,
        /// Plain text as priority and fairness writes it, instead of a Status.
        #[serde(default)]
        plain: bool,
    },
    /// 401
    Unauthorized,
    /// 403
    Forbidden,
    /// 404: the resource is not served.
    Missing,
    /// 500
    ServerError,
    /// 409 for every replace, patch and delete: somebody else was faster.
    Conflict,
    /// Requests take so long to arrive.
    Latency {
        /// Milliseconds.
        millis: u64,
    },
    /// The named object is served with fields of the wrong types.
    Undecodable {
        /// Its name.
        name: String,
    },
    /// Once: remembers everything as it stands, for `Restore`.
    Snapshot,
    /// Once: goes back to the snapshot; versions fall, watches are cut.
    Restore,
    /// Once: no connection is accepted for so long.
    Refuse {
        /// Milliseconds.
        millis: u64,
    },
    /// 403 for every create, in the words of a ResourceQuota that is used up.
    Quota,
    /// The connection is reset, and the request is carried out so much later, in whatever world it finds then.
    Late {
        /// Milliseconds of the cluster's clock.
        millis: u64,
    },
    /// The connection is reset instead of an answer.
    Reset {
        /// Whether the request was carried out: the reply alone was lost.
        applied: bool,
    },
}

/// Which requests a lasting fault hits. The default is all of them, until the cluster is healed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Scope {
    resource: Option<String>,
    on: On,
    times: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum On {
    #[default]
    All,
    Reads,
    Watches,
    Writes,
}

impl Scope {
    /// Every request.
    pub fn all() -> Scope {
        Scope::default()
    }

    /// Only requests for one resource: `pods`, or `leases.coordination.k8s.io`.
    #[must_use]
    pub fn resource(mut self, word: &str) -> Scope {
        self.resource = Some(word.to_owned());
        self
    }

    /// Only gets and lists.
    #[must_use]
    pub fn reads(mut self) -> Scope {
        self.on = On::Reads;
        self
    }

    /// Only watches.
    #[must_use]
    pub fn watches(mut self) -> Scope {
        self.on = On::Watches;
        self
    }

    /// Only requests that change something.
    #[must_use]
    pub fn writes(mut self) -> Scope {
        self.on = On::Writes;
        self
    }

    /// Only the next so many requests.
    #[must_use]
    pub fn times(mut self, times: u32) -> Scope {
        self.times = Some(times);
        self
    }

    /// Whether a resource is meant.
    pub(crate) fn covers(&self, resource: &Resource) -> bool {
        self.resource.as_deref().is_none_or(|word| resource.is_named(word))
    }

    fn hits(&self, call: &Call) -> bool {
        let on = match self.on {
            On::All => true,
            on => on == call.on,
        };
        on && self.covers(&call.resource)
    }
}

/// What a fault needs to know of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    resource: Resource,
    on: On,
    verb: Verb,
    word: &'static str,
}

impl Call {
    pub(crate) fn of(resource: Resource, request: &Request, named: bool) -> Call {
        let (on, word) = match (request.verb, named) {
            (Verb::Get, false) if request.flag("watch") => (On::Watches, "watch"),
            (Verb::Get, false) => (On::Reads, "list"),
            (Verb::Get, true) => (On::Reads, "get"),
            (Verb::Post, _) => (On::Writes, "create"),
            (Verb::Put, _) => (On::Writes, "update"),
            (Verb::Patch, _) => (On::Writes, "patch"),
            (Verb::Delete, true) => (On::Writes, "delete"),
            (Verb::Delete, false) => (On::Writes, "deletecollection"),
        };
        Call { resource, on, verb: request.verb, word }
    }
}

/// What a fault does to a request as a whole.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Strike {
    Answer(Failure),
    Reset { applied: bool },
    Late { millis: u64 },
}

/// The lasting faults in force, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules(Vec<(Fault, Scope)>);

impl Rules {
    pub(crate) fn add(&mut self, fault: Fault, scope: Scope) {
        if scope.times == Some(0) {
            return;
        }
        if self.0.len() == RULES_MAX {
            self.0.remove(0);
        }
        self.0.push((fault, scope));
    }

    /// What is in force, with how many requests each will still hit.
    pub(crate) fn list(&self) -> Value {
        let rows = self.0.iter().map(|(fault, scope)| json!({ "fault": fault, "scope": scope }));
        rows.collect()
    }

    /// The first fault that hits a call and of which `pick` makes something; it is used up by one.
    fn take<T>(&mut self, call: &Call, pick: impl Fn(&Fault) -> Option<T>) -> Option<T> {
        let hit = |(fault, scope): &(Fault, Scope)| pick(fault).filter(|_| scope.hits(call));
        let (at, taken) = self.0.iter().enumerate().find_map(|(at, rule)| Some((at, hit(rule)?)))?;
        match &mut self.0[at].1.times {
            Some(1) => drop(self.0.remove(at)),
            Some(times) => *times -= 1,
            None => {}
        }
        Some(taken)
    }

    /// How long a request takes to arrive.
    pub(crate) fn latency(&mut self, call: &Call) -> Duration {
        let pick = |fault: &Fault| match fault {
            Fault::Latency { millis } => Some(Duration::from_millis(*millis)),
            _ => None,
        };
        self.take(call, pick).unwrap_or(Duration::ZERO)
    }

    /// What happens instead of carrying a request out, or instead of its answer.
    pub(crate) fn strike(&mut self, call: &Call, name: &str) -> Option<Strike> {
        let changes = matches!(call.verb, Verb::Put | Verb::Patch | Verb::Delete);
        self.take(call, |fault| {
            let failure = match fault {
                Fault::TooManyRequests { retry_after_seconds, plain } => {
                    Failure::too_many_requests(*retry_after_seconds, *plain)
                }
                Fault::Unauthorized => Failure::unauthorized(),
                Fault::Forbidden => Failure::forbidden(&call.resource, call.word),
                Fault::Missing => Failure::no_such_resource(),
                Fault::ServerError => Failure::internal("the simulated server failed as it was told"),
                Fault::Quota if call.verb == Verb::Post => Failure::over_quota(&call.resource),
                Fault::Late { millis } => return Some(Strike::Late { millis: *millis }),
                Fault::Conflict if changes => Failure::conflict(&call.resource, name),
                Fault::Reset { applied } => return Some(Strike::Reset { applied: *applied }),
                _ => return None,
            };
            Some(Strike::Answer(failure))
        })
    }

    /// Whether a fault without parameters is in force for a call; it is used up by one.
    pub(crate) fn takes(&mut self, call: &Call, wanted: &Fault) -> bool {
        self.take(call, |fault| (fault == wanted).then_some(())).is_some()
    }

    /// Spoils an object on its way out when it is told to.
    pub(crate) fn spoil(&self, resource: &Resource, key: &Name, mut object: Value) -> Value {
        let hit = self.0.iter().any(|(fault, scope)| {
            matches!(fault, Fault::Undecodable { name } if *name == key.name) && scope.covers(resource)
        });
        if hit {
            object["metadata"]["labels"] = json!(["not", "a", "map"]);
            object["metadata"]["creationTimestamp"] = json!({ "never": true });
            object["spec"] = json!("not an object");
            object["status"] = json!([7]);
        }
        object
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::resource::{EVENTS, PODS};

    fn call(resource: Resource, target: &str) -> Call {
        Call::of(resource, &Request::get(target), false)
    }

    #[test]
    fn a_fault_hits_its_scope_and_is_used_up() {
        let mut rules = Rules::default();
        rules.add(Fault::Unauthorized, Scope::all().resource("pods").watches().times(2));
        assert_eq!(rules.strike(&call(PODS, "/x"), ""), None);
        assert_eq!(rules.strike(&call(EVENTS, "/x?watch=true"), ""), None);
        for _ in 0..2 {
            assert!(rules.strike(&call(PODS, "/x?watch=true"), "").is_some());
        }
        assert_eq!(rules.strike(&call(PODS, "/x?watch=true"), ""), None);
        assert_eq!(rules.list(), json!([]));
    }

    #[test]
    fn faults_read_and_write_as_json() {
        let text = r#"{"kind":"tooManyRequests","retryAfterSeconds":3}"#;
        let fault: Fault = serde_json::from_str(text).expect("a fault");
        assert_eq!(fault, Fault::TooManyRequests { retry_after_seconds: 3, plain: false });
        let scope: Scope =
            serde_json::from_str(r#"{"resource":"pods","on":"writes","times":3}"#).expect("a scope");
        assert_eq!(scope, Scope::all().resource("pods").writes().times(3));
        assert!(serde_json::from_str::<Fault>(r#"{"kind":"earthquake"}"#).is_err());
    }

    #[test]
    fn rules_are_bounded() {
        let mut rules = Rules::default();
        for millis in 0..100 {
            rules.add(Fault::Latency { millis }, Scope::all());
        }
        assert_eq!(rules.0.len(), RULES_MAX);
        assert_eq!(rules.latency(&call(PODS, "/x")), Duration::from_millis(100 - RULES_MAX as u64));
    }
}
