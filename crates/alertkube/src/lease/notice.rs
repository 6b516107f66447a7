//! Kubernetes Events about the Lease: for whoever looks at it with `kubectl describe`, and nothing hangs on them.

use std::collections::VecDeque;

use futures::future::BoxFuture;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Event as CoreEvent, EventSource, ObjectReference};
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta, Time};
use kube::api::PostParams;
use kube::{Api, Client};

use super::limits::{INSTANCE_BYTES_MAX, NOTE_BYTES_MAX, NOTICES_MAX};
use super::object::cut;
use super::wire::tried;
use crate::clock::Clock;
use alertkube_core::LeaseTrouble;

/// What reports the Events.
const CONTROLLER: &str = "alertkube.io/alertkube";

/// Why an Event is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// This replica holds the Lease.
    BecameLeader,
    /// This replica held the Lease and does no more.
    LostLease,
    /// Another replica sealed the state under a higher term.
    Fenced,
}

impl Reason {
    fn as_str(self) -> &'static str {
        match self {
            Reason::BecameLeader => "BecameLeader",
            Reason::LostLease => "LostLease",
            Reason::Fenced => "Fenced",
        }
    }

    fn severity(self) -> &'static str {
        match self {
            Reason::BecameLeader => "Normal",
            Reason::LostLease | Reason::Fenced => "Warning",
        }
    }
}

/// One Event to be written.
#[derive(Clone, Debug)]
struct Notice {
    reason: Reason,
    note: String,
    at: Timestamp,
}

/// How the writing of one notice ended.
enum Ended {
    Written,
    /// No such group, or no right in it.
    Refused(Notice, String),
    Failed(String),
}

/// Writes notices one after the other, each once, first to `events.k8s.io` and, where that is refused, to the core
/// group.
pub(super) struct Notices {
    clock: Clock,
    about: ObjectReference,
    instance: String,
    waiting: VecDeque<Notice>,
    writing: Option<BoxFuture<'static, Ended>>,
    core: bool,
    /// Whether a refusal was logged.
    complained: bool,
}

impl Notices {
    pub(super) fn new(clock: Clock, (namespace, name): (&str, &str), identity: &str) -> Notices {
        let about = ObjectReference {
            api_version: Some("coordination.k8s.io/v1".to_owned()),
            kind: Some("Lease".to_owned()),
            namespace: Some(namespace.to_owned()),
            name: Some(name.to_owned()),
            ..ObjectReference::default()
        };
        Notices {
            clock,
            about,
            instance: cut(identity.to_owned(), INSTANCE_BYTES_MAX),
            waiting: VecDeque::new(),
            writing: None,
            core: false,
            complained: false,
        }
    }

    /// Has a notice written when its turn comes.
    pub(super) fn announce(&mut self, reason: Reason, note: String) {
        if self.waiting.len() == NOTICES_MAX {
            self.waiting.pop_front();
        }
        let note = cut(note, NOTE_BYTES_MAX);
        self.waiting.push_back(Notice { reason, note, at: self.clock.now().wall });
    }

    /// The Lease got a uid: whoever describes it finds its Events by that.
    pub(super) fn about(&mut self, uid: Option<&String>) {
        self.about.uid = uid.cloned();
    }

    /// Goes on writing; never ends while there is nothing to write. May be dropped and called again.
    pub(super) async fn step(&mut self, client: impl Fn() -> Client) {
        if self.writing.is_none() {
            match self.waiting.pop_front() {
                Some(notice) => self.writing = Some(self.write(client(), notice)),
                None => std::future::pending().await,
            }
        }
        let Some(writing) = &mut self.writing else { return };
        let ended = writing.await;
        self.writing = None;
        match ended {
            Ended::Written => self.complained = false,
            Ended::Refused(notice, _) if !self.core => {
                self.core = true;
                self.waiting.push_front(notice);
            }
            Ended::Refused(notice, why) => {
                self.core = false;
                if !std::mem::replace(&mut self.complained, true) {
                    let reason = notice.reason.as_str();
                    tracing::warn!(reason, why, "Kubernetes Events about the Lease cannot be written");
                }
            }
            Ended::Failed(why) => tracing::debug!(why, "a Kubernetes Event about the Lease was not written"),
        }
    }

    fn write(&self, client: Client, notice: Notice) -> BoxFuture<'static, Ended> {
        let (clock, namespace) = (self.clock, self.about.namespace.clone().unwrap_or_default());
        let how = PostParams::default();
        if self.core {
            let (api, event) = (Api::<CoreEvent>::namespaced(client, &namespace), self.core_event(&notice));
            return Box::pin(async move { ended(notice, tried(clock, api.create(&how, &event)).await.0) });
        }
        let (api, event) = (Api::<Event>::namespaced(client, &namespace), self.event(&notice));
        Box::pin(async move { ended(notice, tried(clock, api.create(&how, &event)).await.0) })
    }

    fn metadata(&self) -> ObjectMeta {
        let name = self.about.name.as_deref().unwrap_or_default();
        let generate_name = Some(format!("{name}."));
        ObjectMeta { generate_name, namespace: self.about.namespace.clone(), ..ObjectMeta::default() }
    }

    fn event(&self, notice: &Notice) -> Event {
        Event {
            metadata: self.metadata(),
            action: Some("LeaderElection".to_owned()),
            event_time: Some(MicroTime(notice.at)),
            note: Some(notice.note.clone()),
            reason: Some(notice.reason.as_str().to_owned()),
            regarding: Some(self.about.clone()),
            reporting_controller: Some(CONTROLLER.to_owned()),
            reporting_instance: Some(self.instance.clone()),
            type_: Some(notice.reason.severity().to_owned()),
            ..Event::default()
        }
    }

    fn core_event(&self, notice: &Notice) -> CoreEvent {
        let source = EventSource { component: Some("alertkube".to_owned()), ..EventSource::default() };
        CoreEvent {
            metadata: self.metadata(),
            involved_object: self.about.clone(),
            reason: Some(notice.reason.as_str().to_owned()),
            message: Some(notice.note.clone()),
            type_: Some(notice.reason.severity().to_owned()),
            count: Some(1),
            first_timestamp: Some(Time(notice.at)),
            last_timestamp: Some(Time(notice.at)),
            source: Some(source),
            reporting_component: Some(CONTROLLER.to_owned()),
            reporting_instance: Some(self.instance.clone()),
            ..CoreEvent::default()
        }
    }
}

fn ended<T>(notice: Notice, answer: Result<T, LeaseTrouble>) -> Ended {
    match answer {
        Ok(_) => Ended::Written,
        Err(LeaseTrouble::Forbidden(why)) => Ended::Refused(notice, why),
        Err(LeaseTrouble::Gone) => Ended::Refused(notice, "404: no such group or namespace".to_owned()),
        Err(LeaseTrouble::Conflict) => Ended::Failed("409".to_owned()),
        Err(LeaseTrouble::Unreachable(why) | LeaseTrouble::Other(why)) => Ended::Failed(why),
    }
}
