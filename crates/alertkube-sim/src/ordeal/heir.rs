//! An heir that is made at the end: a fresh replica with the same objects and the same stored memory. What it knows is
//! what the one knows that has been through everything.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use alertkube_core::{
    Action, Answer, Claim, Effect, Epoch, Input, Keep, LeaseNews, Now, PartRead, Question, Replica, SeatId,
    Standing, Station, WatchEvent, WatchPlan,
};

use super::world::World;

/// What is compared of an alert that stands.
type Known = (String, String, &'static str, String, Vec<String>);

/// How long the heir may take to know everything.
const READS_WITHIN: Duration = Duration::from_secs(3);

impl World {
    /// Holds every holder against an heir of its own.
    pub(super) fn judge_heirs(&mut self) {
        for life in self.holders() {
            let (heir, news) = self.heir(life);
            let one = known(self.alerts(life));
            if one != heir {
                let (lost, made): (Vec<_>, Vec<_>) =
                    (one.difference(&heir).collect(), heir.difference(&one).collect());
                let how = format!("{} knows {lost:?}, its heir {made:?}", self.lives[life].name);
                self.oracle.breaks("an heir knows what the holder knows", how);
            }
            if let Some(news) = news {
                let how = format!("the heir of {} would tell {news}", self.lives[life].name);
                self.oracle.breaks("an heir has nothing to tell", how);
            }
        }
    }

    /// What an heir knows, and what it would tell that has been told.
    fn heir(&mut self, life: usize) -> (BTreeSet<Known>, Option<String>) {
        let slot = &self.slots[self.lives[life].slot];
        let (seat, mut now) = (slot.seat, slot.clock.now(self.now));
        let claim = Claim {
            seat: seat.seat,
            incarnation: "heir".to_owned(),
            holder: "heir".to_owned(),
            elected: true,
            wish: seat.total,
        };
        let station = Station {
            seat: SeatId(seat.seat),
            total: seat.total,
            election: Some(seat.election.unwrap_or(alertkube_core::Standby::Cold)),
            keep: Some(Keep { claim, pace: self.pace() }),
            identity: "heir".to_owned(),
        };
        let mut heir = Replica::stationed(Arc::clone(&self.settings), station, 7, now);
        let until = now.boot + READS_WITHIN * 2;
        heir.handle(now, Input::Lease(SeatId(seat.seat), LeaseNews::Held { until, early: false }));
        let end = now.boot + READS_WITHIN;
        let mut news = None;
        loop {
            while let Some(effect) = heir.poll() {
                let told = self.serve(&mut heir, now, effect);
                news = news.or(told);
            }
            match heir.deadline().filter(|(at, _)| *at <= end) {
                Some((at, _)) => {
                    let ahead = at.saturating_sub(now.boot).max(Duration::from_millis(1));
                    now = Now { wall: now.stamp().plus(ahead).timestamp(), boot: now.boot + ahead };
                    heir.handle(now, Input::Tick);
                }
                None => break,
            }
        }
        match heir.ask(now, &Question::Alerts { after: None }) {
            Answer::Alerts(alerts) => (known(alerts), news),
            Answer::Status(_) => (BTreeSet::new(), news),
        }
    }

    /// Does at once what the heir asks; gives what it would tell.
    fn serve(&mut self, heir: &mut Replica, now: Now, effect: Effect) -> Option<String> {
        match effect {
            Effect::Read(seat, parts) => {
                let read = |part| -> (_, PartRead) { (part, self.server.read(seat.0, part)) };
                let parts = parts.into_iter().map(read).collect();
                heir.handle(now, Input::Read(seat, parts));
            }
            Effect::Write(seat, id, write) => {
                let result = self.server.write(seat.0, write);
                heir.handle(now, Input::Wrote(seat, id, result));
            }
            Effect::ReadReference(seat) => heir.handle(now, Input::Reference(seat, Ok(None))),
            Effect::Watch(plan) => self.show(heir, now, &plan),
            Effect::Send(_, sink, said, _) if said.action != Action::Repeat => {
                let first = said.reports.first()?;
                return Some(format!("sink {}: {} {}", sink.0, said.action.as_str(), first.name));
            }
            Effect::Send(..)
            | Effect::SetAside(..)
            | Effect::Resign(_)
            | Effect::Fact(_)
            | Effect::Stopped => {}
        }
        None
    }

    fn show(&self, heir: &mut Replica, now: Now, plan: &WatchPlan) {
        for kind in plan.kinds.iter().copied() {
            heir.handle(now, Input::Watch(kind, WatchEvent::Began(Epoch(1))));
            for view in self.ground.objects(kind, self.ground.history(kind).len()) {
                heir.handle(now, Input::Watch(kind, WatchEvent::Seen(Box::new(view))));
            }
            heir.handle(now, Input::Watch(kind, WatchEvent::Synced(Epoch(1))));
        }
    }
}

fn known(alerts: Vec<Standing>) -> BTreeSet<Known> {
    let standing = alerts.into_iter().filter(|alert| ["firing", "resolving"].contains(&alert.phase));
    let known = standing.filter(|alert| alert.report.kind != "Alertkube").map(|alert| {
        let report = alert.report;
        let held = alert.held.map_or("", |held| held.as_str()).to_owned();
        (report.reason, report.name, alert.phase, held, alert.told)
    });
    known.collect()
}
