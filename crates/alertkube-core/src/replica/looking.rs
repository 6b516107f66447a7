//! The picture's half of the replica: watch events in, looks at objects, alerts observed.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::detect::{Look, Near};
use crate::fact::Fact;
use crate::limits::STALE_AFTER;
use crate::replica::{Replica, Task};
use crate::time::{Now, Stamp};
use crate::watch::{Key, Kind, KindId, LostWhy, Uid, View, WatchEvent};

impl Replica {
    pub(super) fn watched(&mut self, now: Now, kind: KindId, event: WatchEvent) {
        if !matches!(event, WatchEvent::Lost(_)) {
            self.picture.hears(kind, now.boot);
        }
        match event {
            WatchEvent::Began(epoch) => self.picture.began(kind, epoch),
            WatchEvent::Seen(view) => self.seen(now, *view),
            WatchEvent::Gone(key) => self.object_gone(now, key),
            WatchEvent::Synced(_) => self.synced(now, kind),
            WatchEvent::Lost(why) => self.lost(now, kind, why),
        }
    }

    fn seen(&mut self, now: Now, view: View) {
        if let View::Event(event) = &view {
            if let Some(about) = self.hints.note(event, now) {
                self.look_again(now, Key { kind: KindId::Pod, uid: about });
            }
            return;
        }
        let owns = self.picture.seen(&view).then(|| view.meta().uid);
        self.look_at(now, view);
        if let Some(owner) = owns {
            self.look_at_members(now, owner);
        }
    }

    /// The chain of owners of these alerts may have grown.
    fn look_at_members(&mut self, now: Now, owner: Uid) {
        let subjects =
            self.graph.members(owner).filter_map(|member| Some(&self.tracker.get(member)?.subject));
        let members: BTreeSet<Key> =
            subjects.filter_map(|subject| Some(Key { kind: subject.watched?, uid: subject.id })).collect();
        for member in members {
            self.look_again(now, member);
        }
    }

    pub(super) fn look_again(&mut self, now: Now, key: Key) {
        if let Some(view) = self.picture.kept(key).cloned() {
            self.look_at(now, view);
        }
    }

    /// Runs the conditions of an object as it stands and lets its alerts live on.
    fn look_at(&mut self, now: Now, view: View) {
        let key = view.key();
        let Some(look) = self.judge_object(now, &view) else {
            // Nobody knows what is wrong with it: what was known stays as it was.
            self.agenda.cancel(&Task::Look(key));
            self.picture.keep(view, false);
            return;
        };
        let known = self.tracker.of_object(key.uid).next().is_some();
        let again = next_look(&look, now);
        let keep = look.keep || !look.findings.is_empty() || again.is_some();
        if known || !look.findings.is_empty() {
            let subject = Arc::new(self.picture.subject(&view));
            let context = Self::context(&self.settings, &self.rules, now);
            let touched = self.tracker.observe(context, &subject, look.findings);
            self.all_changed(now, touched);
        }
        match again {
            Some(at) => self.agenda.set(Task::Look(key), now.boot_at(at).max(now.boot)),
            None => self.agenda.cancel(&Task::Look(key)),
        }
        self.picture.keep(view, keep);
    }

    /// Everything that is wrong with an object; `None` if it is set aside.
    fn judge_object(&mut self, now: Now, view: &View) -> Option<Look> {
        let meta = view.meta();
        let kind = Kind::of(view.kind()).name;
        if !self.settings.filters.admit(kind, &meta.namespace, &meta.name) {
            return Some(Look::default());
        }
        if self.quarantine.contains(&view.key()) {
            return None;
        }
        let near = Near {
            now,
            behavior: &self.settings.behavior,
            node_problems: &self.settings.node_problems,
            hints: self.hints.about(meta.uid),
        };
        // A condition reads a borrowed view and returns a value: a panic leaves nothing half done behind it.
        match catch_unwind(AssertUnwindSafe(|| (self.look)(view, &near, &self.rules))) {
            Ok(look) => Some(look),
            Err(_) => {
                self.put_in_quarantine(now, view);
                None
            }
        }
    }

    fn put_in_quarantine(&mut self, now: Now, view: &View) {
        let meta = view.meta();
        let (namespace, name) = (meta.namespace.to_string(), meta.name.to_string());
        let slash = if namespace.is_empty() { "" } else { "/" };
        let shown = format!("{} {namespace}{slash}{name}", Kind::of(view.kind()).name);
        if !self.quarantine.insert(view.key(), shown) {
            self.fact(Fact::Bound("objects in quarantine"));
        }
        self.fact(Fact::Quarantined { kind: view.kind(), namespace, name });
        self.observe_quarantine(now);
    }

    fn object_gone(&mut self, now: Now, key: Key) {
        if key.kind == KindId::Event {
            return;
        }
        if self.quarantine.remove(&key) {
            self.observe_quarantine(now);
        }
        self.picture.gone(key);
        self.hints.forget(key.uid);
        self.agenda.cancel(&Task::Look(key));
        self.alerts_gone(now, key.uid);
    }

    pub(super) fn alerts_gone(&mut self, now: Now, id: Uid) {
        let touched = self.tracker.gone(id, now);
        self.all_changed(now, touched);
    }

    fn synced(&mut self, now: Now, kind: KindId) {
        let late = self.gate.open() && !self.picture.ever(kind);
        for key in self.picture.synced(kind) {
            self.object_gone(now, key);
        }
        self.agenda.cancel(&Task::Stale(kind));
        self.fact(Fact::KindLive { kind, objects: self.picture.objects(kind) });
        // What could not end while the kind was lost may end now; what a stored picture held and the list did not
        // name is gone.
        let alerts = self.tracker.iter().filter(|(_, alert)| alert.subject.watched == Some(kind));
        let alerts: Vec<_> = alerts.map(|(fingerprint, alert)| (fingerprint, alert.subject.id)).collect();
        if late {
            self.stock_up(now, alerts.iter().map(|(fingerprint, _)| *fingerprint), now.boot);
        }
        for (fingerprint, id) in alerts {
            if self.picture.has(kind, id) {
                self.changed(now, fingerprint);
            } else {
                self.alerts_gone(now, id);
            }
        }
        let latest = self.gate.synced(now.boot);
        if !self.gate.open() {
            self.agenda.set_earlier(Task::Gate, latest);
        }
        self.observe_health(now);
        self.try_open(now);
    }

    fn lost(&mut self, now: Now, kind: KindId, why: LostWhy) {
        let first = !self.picture.any_away();
        self.fact(Fact::KindLost { kind, why: why.clone(), first });
        self.picture.lost(kind, why, now.boot);
        self.agenda.set_earlier(Task::Stale(kind), now.boot + STALE_AFTER);
        self.observe_health(now);
        self.try_open(now);
    }
}

/// When time alone changes what holds.
fn next_look(look: &Look, now: Now) -> Option<Stamp> {
    let ends = look.findings.iter().filter_map(|(_, finding)| finding.until);
    ends.chain(look.again).filter(|at| *at > now.stamp()).min()
}
