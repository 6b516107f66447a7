//! Alerts about ourselves: they go through the same line as those about the cluster.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::alert::{Alert, Fingerprint, Subject};
use crate::detect::{Finding, find_condition};
use crate::own::OWN_KIND;
use crate::replica::Replica;
use crate::time::{Now, Stamp};
use crate::watch::{Kind, KindId, LostWhy, Uid};

impl Replica {
    /// Looks at how the watches are.
    pub(super) fn observe_health(&mut self, now: Now) {
        let kinds: Vec<KindId> = self.picture.kinds().collect();
        let lost = |kind: &KindId| self.picture.lost_since(*kind).cloned();
        let away = |(_, why): &(_, LostWhy)| matches!(why, LostWhy::Unreachable(_) | LostWhy::Silent);
        let all_away: Option<Vec<_>> = kinds.iter().map(|kind| lost(kind).filter(away)).collect();
        let since = all_away.as_ref().and_then(|all| all.iter().map(|(since, _)| *since).max());
        let why = all_away.and_then(|all| all.into_iter().next()).map(|(_, why)| why);
        let server = since
            .zip(why.clone())
            .map(|(since, why)| own_finding(now, since, format!("the API server does not answer: {why}")));
        // While the server was away nothing could be read; a kind is stale by itself only since it answers again.
        match why {
            Some(_) => self.away = true,
            None if std::mem::take(&mut self.away) => self.answers_since = now.boot,
            None => {}
        }
        // After a restart a kind is silent until it is first heard of: what was known of it stays.
        let live = |kind: &KindId| self.picture.ever(*kind) && self.picture.lost_since(*kind).is_none();
        let mut observed = Vec::new();
        if server.is_some() || kinds.iter().any(live) {
            observed.push(("ApiServerUnreachable", "kube-apiserver".to_owned(), server));
        }
        for kind in kinds {
            let name = Kind::of(kind).plural.to_owned();
            let heard = live(&kind) || lost(&kind).is_some();
            if !heard || (why.is_some() && self.own_stands("WatchStale", &name)) {
                continue;
            }
            let stale = lost(&kind).filter(|_| why.is_none());
            let finding = stale.map(|(since, why)| {
                own_finding(now, since.max(self.answers_since), format!("{kind} cannot be watched: {why}"))
            });
            observed.push(("WatchStale", name, finding));
        }
        for (reason, name, finding) in observed {
            self.observe_own(now, reason, &name, finding);
        }
    }

    fn own_stands(&self, reason: &str, name: &str) -> bool {
        self.tracker.get(Fingerprint::of(OWN_KIND, "", name, reason)).is_some_and(Alert::stands)
    }

    /// Looks at what is set aside.
    pub(super) fn observe_quarantine(&mut self, now: Now) {
        let finding = self.quarantine.text().map(|text| Finding {
            since: None,
            until: None,
            shown: None,
            text,
            parts: Vec::new(),
        });
        self.observe_own(now, "ObjectQuarantined", "objects", finding);
    }

    /// Ends what a stored picture holds about sinks and kinds that this configuration does not have.
    pub(super) fn end_orphans(&mut self, now: Now) {
        let watched: Vec<KindId> = self.picture.kinds().collect();
        let orphan = |alert: &Alert| match (alert.subject.watched, alert.condition.reason) {
            (Some(kind), _) => !watched.contains(&kind),
            (None, "SinkFailing") => self.settings.sink_named(&alert.subject.name).is_none(),
            (None, "WatchStale") => {
                !watched.iter().any(|kind| Kind::of(*kind).plural == &*alert.subject.name)
            }
            (None, _) => false,
        };
        let orphans: BTreeSet<Uid> = self
            .tracker
            .iter()
            .filter(|(_, alert)| orphan(alert))
            .map(|(_, alert)| alert.subject.id)
            .collect();
        for id in orphans {
            self.alerts_gone(now, id);
        }
    }

    /// Looks at how the sinks are.
    pub(super) fn observe_sinks(&mut self, now: Now) {
        for id in 0..self.settings.sinks.len() {
            let sink = crate::notification::SinkId(id);
            let name = self.settings.sink(sink).name.clone();
            let failing = self.failing.get(&sink).copied();
            let finding = failing.or_else(|| self.dead_letter(sink)).map(|why| Finding {
                since: None,
                until: None,
                shown: None,
                text: format!("notifications to sink {name} fail: {}", why.as_str()),
                parts: Vec::new(),
            });
            self.observe_own(now, "SinkFailing", &name, finding);
        }
    }

    /// Why a sink refuses something that it still ought to hear, if it does.
    fn dead_letter(&self, sink: crate::notification::SinkId) -> Option<crate::notification::Why> {
        self.memory
            .refused(sink)
            .find(|(fingerprint, _)| self.tracker.get(*fingerprint).is_some())
            .map(|(_, why)| why)
    }

    pub(super) fn observe_own(
        &mut self,
        now: Now,
        reason: &'static str,
        name: &str,
        finding: Option<Finding>,
    ) {
        let id =
            Uid(u128::from_str_radix(&Fingerprint::of(OWN_KIND, "", name, reason).to_string(), 16)
                .unwrap_or(1));
        let Some(condition) = find_condition(OWN_KIND, reason) else { return };
        if finding.is_none() && self.tracker.of_object(id).next().is_none() {
            return;
        }
        let subject = Arc::new(Subject { id, kind: OWN_KIND, name: name.into(), ..Subject::default() });
        let enabled = self.rules.of(condition).enabled;
        let findings = finding.filter(|_| enabled).map(|finding| (condition, finding)).into_iter().collect();
        let context = Self::context(&self.settings, &self.rules, now);
        let touched = self.tracker.observe(context, &subject, findings);
        self.all_changed(now, touched);
    }
}

pub(super) fn own_finding(now: Now, since: std::time::Duration, text: String) -> Finding {
    let ago = now.boot.saturating_sub(since);
    let ago = i64::try_from(ago.as_millis()).unwrap_or(i64::MAX);
    let since = Stamp::from_millis(now.stamp().millis().saturating_sub(ago));
    Finding { since: Some(since), until: None, shown: None, text, parts: Vec::new() }
}
