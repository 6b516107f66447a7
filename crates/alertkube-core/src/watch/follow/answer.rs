//! What follows from each thing that a server may send. All of it was seen of real servers.

use std::time::Duration;

use super::flight::Stage;
use super::line::{Bookmark, Line};
use super::page;
use super::refusal::Refusal;
use super::{Follow, Goal, Phase};
use crate::watch::event::{LostWhy, WatchEvent};
use crate::watch::limits::{
    BRIEF_TRIES, FORBIDDEN_SOON_TRIES, PAGE_SHRINK, REFUSED_RETRY, RETRY_AFTER_MOST, TOO_LARGE_RETRY,
    TOO_LARGE_TRIES, WATCH_TRIES,
};

impl Follow {
    /// One line of a stream.
    pub(super) fn line(&mut self, now: Duration, bytes: &[u8]) {
        let line = Line::read(&self.plan, self.kind.id, bytes);
        let line = match line {
            Line::Refused(refusal) => return self.refused(now, refusal),
            line => line,
        };
        let stage = self.spoken();
        match line {
            Line::Bookmark(bookmark) => self.bookmark(now, stage, bookmark),
            Line::Seen(view) => {
                if self.moved(now, stage, &view.meta().version) {
                    self.told.say(WatchEvent::Seen(view));
                }
            }
            Line::Gone(key, version) => {
                // Some servers name the version before the deletion here: it must not count as one that went
                // back.
                self.told.say(WatchEvent::Gone(key));
                if !older(&version, &self.version) {
                    self.moved(now, stage, &version);
                }
            }
            Line::Unreadable(why) => self.told.skip(why),
            Line::Refused(_) => {}
        }
    }

    /// A line came that is no refusal.
    fn spoken(&mut self) -> Stage {
        let Phase::Asked(flight) = &mut self.phase else { return Stage::Watch };
        let first = !std::mem::replace(&mut flight.spoke, true);
        let stage = flight.stage;
        self.streaks.silent = 0;
        if first && stage == Stage::Initial {
            self.told.began();
        }
        stage
    }

    fn bookmark(&mut self, now: Duration, stage: Stage, bookmark: Bookmark) {
        match stage {
            Stage::Initial if bookmark.complete && !bookmark.version.is_empty() => {
                self.version = bookmark.version;
                self.goal = Goal::Watch;
                if let Phase::Asked(flight) = &mut self.phase {
                    flight.completed(now);
                }
                self.told.synced();
            }
            _ => {
                self.moved(now, stage, &bookmark.version);
            }
        }
    }

    /// A watch has come to `version`. Says whether that is ahead: a server that goes back has lost its past,
    /// and what we know of it is void.
    fn moved(&mut self, now: Duration, stage: Stage, version: &str) -> bool {
        if stage != Stage::Watch || version.is_empty() {
            return true;
        }
        if older(version, &self.version) {
            self.start_over(now);
            return false;
        }
        version.clone_into(&mut self.version);
        true
    }

    /// The whole body of an answer that is no stream.
    pub(super) fn body(&mut self, now: Duration, bytes: &[u8]) {
        let Phase::Asked(flight) = &self.phase else { return };
        match (flight.status, flight.stage) {
            (Some(200), Stage::Page) => self.page(now, bytes),
            (Some(200), Stage::Probe) => self.probed(now, bytes),
            (Some(status), _) => {
                let refusal = Refusal::of_answer(status, flight.retry_after, bytes);
                self.refused(now, refusal);
            }
            (None, _) => self.unreachable(now, "a body without a head"),
        }
    }

    fn page(&mut self, now: Duration, bytes: &[u8]) {
        let first = self.goal == Goal::Page(None);
        if first {
            self.told.began();
        }
        let told = &mut self.told;
        let read = page::read(&self.plan, self.kind.id, bytes, |item| match item {
            Ok(view) => told.say(WatchEvent::Seen(Box::new(view))),
            Err(why) => told.skip(why),
        });
        let margin = match read {
            Ok(margin) => margin,
            Err(why) => return self.unreachable(now, &why),
        };
        if first {
            // The watch begins at the first page, also when later ones come from a newer snapshot: what
            // changed in between on the first is then seen again.
            self.version = margin.version;
        }
        if margin.token.is_some() && Goal::Page(margin.token.clone()) == self.goal {
            return self.unreachable(now, "a list page that names itself as the next");
        }
        self.goal = match margin.token {
            Some(token) => Goal::Page(Some(token)),
            None => {
                self.told.synced();
                Goal::Watch
            }
        };
        self.rest(now);
    }

    fn probed(&mut self, now: Duration, bytes: &[u8]) {
        match page::read(&self.plan, self.kind.id, bytes, |_| {}) {
            Ok(margin) if older(&margin.version, &self.version) => self.start_over(now),
            Ok(_) => {
                self.goal = Goal::Watch;
                self.rest(now);
            }
            Err(why) => self.unreachable(now, &why),
        }
    }

    /// A refusal: an answer other than 200, or an `ERROR` inside a stream.
    pub(super) fn refused(&mut self, now: Duration, refusal: Refusal) {
        let Phase::Asked(flight) = &self.phase else { return };
        let listing = flight.stage == Stage::Initial;
        match refusal.code {
            410 => self.expired(now, refusal),
            _ if refusal.too_large() => self.behind(now, &refusal),
            _ if listing && (refusal.no_progress() || is_misunderstood(refusal.code)) => {
                self.streams = false;
                self.rest(now);
            }
            400 if matches!(self.goal, Goal::Page(Some(_))) => self.start_over(now),
            401 if self.streaks.unauthorised == 0 => {
                // The token may just have been rotated: the transport reads it again.
                self.streaks.unauthorised += 1;
                self.rest(now);
            }
            401 | 403 => self.forbidden(now, &refusal),
            404 => {
                self.told.lost(LostWhy::Missing(refusal.text()));
                self.rest_long(now);
            }
            _ => self.overloaded(now, &refusal),
        }
    }

    /// 410: the version or the continue token is too old.
    fn expired(&mut self, now: Duration, refusal: Refusal) {
        match (&self.goal, refusal.token) {
            (Goal::Page(Some(old)), Some(token)) if *old != token => {
                self.goal = Goal::Page(Some(token));
                self.rest(now);
            }
            _ => self.start_over(now),
        }
    }

    /// The server has not yet come to our version: it has just started, or it never will.
    fn behind(&mut self, now: Duration, refusal: &Refusal) {
        self.streaks.too_large += 1;
        if self.streaks.too_large < TOO_LARGE_TRIES {
            return self.rest(now + TOO_LARGE_RETRY);
        }
        self.streaks.too_large = 0;
        self.goal = if self.goal == Goal::List { Goal::Page(None) } else { Goal::List };
        self.unreachable(now, &refusal.text());
    }

    fn forbidden(&mut self, now: Duration, refusal: &Refusal) {
        self.told.lost(LostWhy::Forbidden(refusal.text()));
        // A server that has just started answers 403 until it knows its roles: what was readable is tried soon.
        let soon = self.told.ever() && self.backoff.tries() < FORBIDDEN_SOON_TRIES;
        if refusal.code == 403 && !soon {
            return self.rest_long(now);
        }
        let wait = self.backoff.wait();
        self.rest(now + wait);
    }

    /// 429, 5xx and whatever else: later, and not before the server wants it.
    fn overloaded(&mut self, now: Duration, refusal: &Refusal) {
        let inside = matches!(&self.phase, Phase::Asked(flight) if flight.status == Some(200));
        if inside && self.goal == Goal::Watch && self.backoff.tries() >= WATCH_TRIES {
            self.goal = Goal::List;
        }
        self.told.lost(LostWhy::Unreachable(refusal.text()));
        let wait = self.backoff.wait();
        let wished = refusal.retry_after.unwrap_or_default().min(RETRY_AFTER_MOST);
        let late = self.backoff.jitter(wished / 4);
        self.rest(now + wait.max(wished + late));
    }

    fn rest_long(&mut self, now: Duration) {
        let late = self.backoff.jitter(REFUSED_RETRY / 4);
        self.rest(now + REFUSED_RETRY + late);
    }

    /// Lists from scratch; at once if all went well until now.
    fn start_over(&mut self, now: Duration) {
        self.goal = Goal::List;
        let wait = self.backoff.wait();
        self.rest(if self.backoff.tries() == 1 { now } else { now + wait });
    }

    /// A line or a page that the driver threw away.
    pub(super) fn too_long(&mut self, now: Duration) {
        let Phase::Asked(flight) = &self.phase else { return };
        if flight.streams() {
            self.spoken();
            let message = format!("{}: a watch event that is too long", self.kind.name);
            return self.told.skip(crate::watch::decode::Unreadable { message });
        }
        if flight.status == Some(200) && self.page_items > 1 {
            self.page_items = (self.page_items / PAGE_SHRINK).max(1);
            return self.rest(now);
        }
        self.unreachable(now, "an answer that is too long");
    }

    /// The stream ended in order.
    pub(super) fn closed(&mut self, now: Duration) {
        let Phase::Asked(flight) = &self.phase else { return };
        match flight.stage {
            Stage::Watch if flight.is_settled() => {
                self.goal = if flight.spoke { Goal::Watch } else { Goal::Probe };
                self.rest(now);
            }
            Stage::Watch if flight.status == Some(200) && self.streaks.brief + 1 < BRIEF_TRIES => {
                self.streaks.brief += 1;
                let wait = self.backoff.wait();
                self.rest(now + wait);
            }
            Stage::Watch => self.unreachable(now, "a watch that ends at once"),
            Stage::Initial => {
                self.list_again();
                self.unreachable(now, "a streaming list that ended early");
            }
            Stage::Page | Stage::Probe => self.unreachable(now, "an answer without a body"),
        }
    }

    /// The connection broke. One that stood before is taken up again without a word; the next failure is
    /// told.
    pub(super) fn broken(&mut self, now: Duration, why: &str) {
        let Phase::Asked(flight) = &self.phase else { return };
        match flight.stage {
            Stage::Watch if flight.is_settled() => {
                self.goal = Goal::Watch;
                self.rest(now);
            }
            stage => {
                if stage == Stage::Initial && flight.streams() {
                    self.list_again();
                }
                self.unreachable(now, why);
            }
        }
    }
}

/// Whether a server answers so to parameters that it does not know.
fn is_misunderstood(code: u16) -> bool {
    matches!(code, 400 | 405 | 406 | 415 | 422 | 501)
}

/// Whether one version was before another. Versions that are no numbers cannot be told apart.
fn older(one: &str, other: &str) -> bool {
    matches!((one.parse::<u64>(), other.parse::<u64>()), (Ok(one), Ok(other)) if one < other)
}
