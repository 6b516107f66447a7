//! Taking the seat: read the head, seal it by one compare-and-set, read the parts that it names, fold.

mod waiting;

use std::collections::BTreeMap;
use std::time::Duration;

use self::waiting::is_unsettled;
use super::codec::{Effort, Record, pack};
use super::head::{FORMAT, Head};
use super::interface::{Accord, Claim, LedgerNews, Seq};
use super::outbox::Outbox;
use super::part::{Content, Part, StoreTrouble, Version};
use super::recover::{Found, Recovered, needed, recover};
use crate::limits::LEDGER_UNREADABLE_POLL;
use crate::store::WriteId;
use crate::time::{Now, Stamp};

/// What one reading of a part gives.
pub(super) type ReadPart = Result<Option<(Content, Version)>, StoreTrouble>;

/// A seat that is ours, with everything that it holds.
pub(super) struct Taken {
    pub(super) head: Head,
    pub(super) content: Content,
    pub(super) version: Version,
    pub(super) recovered: Recovered,
}

/// What has come of it.
pub(super) enum Progress {
    Going,
    Taken(Box<Taken>),
    /// Somebody sealed after us.
    Fenced {
        term: u64,
        by: String,
        released: bool,
    },
}

/// The way to the seat.
pub(super) struct Taking {
    claim: Claim,
    step: Step,
    tries: u32,
    /// The version of another holder's head, and the boot instant at which it was first seen.
    watched: Option<(Version, Duration)>,
    /// The boot instant at which an attempt was first seen to be on its way.
    unsettled: Option<Duration>,
    said_waiting: bool,
    said_unreadable: Option<String>,
}

enum Step {
    /// The reading of the head with this number is on its way.
    Asking(u64),
    /// It is read again at this boot instant.
    Resting(Duration),
    /// The question whether the holder lives is on its way into the head.
    Noting(WriteId),
    Sealing(WriteId, Box<Sealing>),
    Loading(Box<Loading>),
    /// A part is not as the head says: is the seat still ours?
    Confirming {
        number: u64,
        until: Option<Duration>,
        taken: Box<Taken>,
    },
    Gone,
}

struct Sealing {
    head: Head,
    records: Vec<Record>,
    content: Content,
}

struct Loading {
    sealing: Sealing,
    version: Version,
    found: Found,
    /// Parts whose reading failed, to be read again at the boot instant.
    failed: Vec<Part>,
    again: Option<Duration>,
}

impl Taking {
    pub(super) fn new(claim: Claim, out: &mut Outbox) -> Taking {
        let step = Step::Asking(out.ask_head());
        Taking {
            claim,
            step,
            tries: 0,
            watched: None,
            unsettled: None,
            said_waiting: false,
            said_unreadable: None,
        }
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        match &self.step {
            Step::Resting(until) => Some(*until),
            Step::Loading(loading) => loading.again,
            Step::Confirming { until, .. } => *until,
            Step::Asking(_) | Step::Noting(_) | Step::Sealing(..) | Step::Gone => None,
        }
    }

    pub(super) fn tick(&mut self, now: Duration, out: &mut Outbox) {
        if self.deadline().is_none_or(|at| at > now) {
            return;
        }
        match &mut self.step {
            Step::Resting(_) => self.step = Step::Asking(out.ask_head()),
            Step::Loading(loading) => {
                loading.again = None;
                out.read(std::mem::take(&mut loading.failed));
            }
            Step::Confirming { number, until, .. } => {
                *until = None;
                *number = out.ask_head();
            }
            Step::Asking(_) | Step::Noting(_) | Step::Sealing(..) | Step::Gone => {}
        }
    }

    /// A reading of the head.
    pub(super) fn head(&mut self, now: Now, number: u64, result: ReadPart, out: &mut Outbox) -> Progress {
        match &self.step {
            Step::Asking(asked) if *asked <= number => match result {
                Ok(found) => return self.found(now, found, out),
                Err(trouble) => self.rest_after(now.boot, &trouble, out),
            },
            Step::Confirming { number: asked, .. } if *asked <= number => {
                return self.confirmed(now.boot, result, out);
            }
            _ => {}
        }
        Progress::Going
    }

    fn found(&mut self, now: Now, found: Option<(Content, Version)>, out: &mut Outbox) -> Progress {
        let Some((content, version)) = found else {
            let content = Content { meta: String::new(), body: pack(&[], Effort::Quick) };
            self.seal(now, Sealing { head: self.first_head(), records: Vec::new(), content }, None, out);
            return Progress::Going;
        };
        let (head, records) = match Head::read(&content) {
            Ok(read) => read,
            Err(flaw) => {
                self.unreadable(now.boot, flaw.why(), out);
                return Progress::Going;
            }
        };
        if let Some(other) = head.seat.filter(|seat| *seat != self.claim.seat) {
            let why = format!(
                "it belongs to seat {other}, and this is seat {}: one configMapName for all of them, or each its own \
                 with the index of its seat behind it",
                self.claim.seat
            );
            self.unreadable(now.boot, &why, out);
            return Progress::Going;
        }
        if head.incarnation == self.claim.incarnation {
            // A seal whose answer was lost.
            return self.load(Sealing { head, records, content }, version, out);
        }
        if head.elected
            && !head.released
            && !self.claim.elected
            && !self.has_waited(now.boot, &head, (&content, &version), out)
        {
            return Progress::Going;
        }
        let others = !head.released && head.holder != self.claim.holder;
        if others && is_unsettled(&records) && !self.has_let_settle(now.boot, &version) {
            return Progress::Going;
        }
        self.seal(now, Sealing { head, records, content }, Some(version), out);
        Progress::Going
    }

    fn first_head(&self) -> Head {
        Head {
            format: FORMAT,
            origin: self.claim.incarnation.clone(),
            seat: None,
            term: 0,
            incarnation: String::new(),
            holder: String::new(),
            elected: false,
            released: false,
            wish: 0,
            beat: Stamp::default(),
            seq: Seq(0),
            accord: Accord::default(),
            doubled: None,
            waits: None,
            ring: Vec::new(),
            buckets: vec![None],
            crc: 0,
        }
    }

    fn unreadable(&mut self, now: Duration, why: &str, out: &mut Outbox) {
        self.step = Step::Resting(now + LEDGER_UNREADABLE_POLL);
        if self.said_unreadable.as_deref() != Some(why) {
            self.said_unreadable = Some(why.to_owned());
            out.say(LedgerNews::Unreadable { part: Part::Head, why: why.to_owned() });
        }
    }

    /// Writes what was found, the body as it is, with our name in a higher term.
    fn seal(&mut self, now: Now, found: Sealing, expect: Option<Version>, out: &mut Outbox) {
        let Sealing { mut head, records, content } = found;
        let claim = &self.claim;
        head.term += 1;
        head.incarnation.clone_from(&claim.incarnation);
        head.holder.clone_from(&claim.holder);
        head.seat = Some(claim.seat);
        head.elected = claim.elected;
        head.released = false;
        (head.doubled, head.waits) = (None, None);
        head.wish = claim.wish;
        head.beat = now.stamp();
        let content = head.content(content.body);
        let id = out.write(Part::Head, content.clone(), expect);
        self.step = Step::Sealing(id, Box::new(Sealing { head, records, content }));
    }

    /// The answer to a write.
    pub(super) fn wrote(
        &mut self,
        now: Duration,
        id: WriteId,
        result: Result<Version, StoreTrouble>,
        out: &mut Outbox,
    ) -> Progress {
        let sealing = match std::mem::replace(&mut self.step, Step::Gone) {
            Step::Sealing(ours, sealing) if ours == id => *sealing,
            Step::Noting(ours) if ours == id => {
                self.noted(now, result);
                return Progress::Going;
            }
            step => {
                self.step = step;
                return Progress::Going;
            }
        };
        match result {
            Ok(version) => {
                out.accepted(Part::Head);
                return self.load(sealing, version, out);
            }
            Err(StoreTrouble::Conflict) => self.step = Step::Asking(out.ask_head()),
            Err(trouble) => self.rest_after(now, &trouble, out),
        }
        Progress::Going
    }

    fn rest_after(&mut self, now: Duration, trouble: &StoreTrouble, out: &mut Outbox) {
        match trouble {
            StoreTrouble::Refused { why, text } => out.refused(now, Part::Head, *why, text.clone()),
            StoreTrouble::Conflict | StoreTrouble::Unknown(_) => out.unreachable(trouble.to_string()),
        }
        self.step = Step::Resting(now + out.pause(&mut self.tries));
    }

    fn load(&mut self, sealing: Sealing, version: Version, out: &mut Outbox) -> Progress {
        self.tries = 0;
        let parts = needed(&sealing.head);
        out.read(parts);
        let found = BTreeMap::new();
        self.step =
            Step::Loading(Box::new(Loading { sealing, version, found, failed: Vec::new(), again: None }));
        self.loaded(out)
    }

    /// Readings of parts.
    pub(super) fn parts(
        &mut self,
        now: Duration,
        results: Vec<(Part, ReadPart)>,
        out: &mut Outbox,
    ) -> Progress {
        let Step::Loading(loading) = &mut self.step else { return Progress::Going };
        for (part, result) in results {
            match result {
                Ok(found) => drop(loading.found.insert(part, found)),
                Err(trouble) => {
                    out.unreachable(trouble.to_string());
                    loading.failed.push(part);
                }
            }
        }
        if !loading.failed.is_empty() && loading.again.is_none() {
            loading.again = Some(now + out.pause(&mut self.tries));
        }
        self.loaded(out)
    }

    /// Folds, once every part is here.
    fn loaded(&mut self, out: &mut Outbox) -> Progress {
        let loading = match std::mem::replace(&mut self.step, Step::Gone) {
            Step::Loading(loading) => *loading,
            step => {
                self.step = step;
                return Progress::Going;
            }
        };
        let Sealing { head, records, content } = loading.sealing;
        if !needed(&head).iter().all(|part| loading.found.contains_key(part)) {
            let sealing = Sealing { head, records, content };
            self.step = Step::Loading(Box::new(Loading { sealing, ..loading }));
            return Progress::Going;
        }
        let recovered = recover(&head, records, &loading.found);
        let taken = Box::new(Taken { head, content, version: loading.version, recovered });
        if taken.recovered.damage.is_empty() {
            return Progress::Taken(taken);
        }
        // One who sealed after us may have changed the parts while we read them.
        self.step = Step::Confirming { number: out.ask_head(), until: None, taken };
        Progress::Going
    }

    fn confirmed(&mut self, now: Duration, result: ReadPart, out: &mut Outbox) -> Progress {
        if let Err(trouble) = &result {
            let wait = out.pause(&mut self.tries);
            out.unreachable(trouble.to_string());
            if let Step::Confirming { until, .. } = &mut self.step {
                *until = Some(now + wait);
            }
            return Progress::Going;
        }
        let Step::Confirming { taken, .. } = std::mem::replace(&mut self.step, Step::Gone) else {
            return Progress::Going;
        };
        match result.ok().flatten().map(|(content, _)| Head::read(&content)) {
            Some(Ok((head, _)))
                if head.incarnation != taken.head.incarnation && head.term >= taken.head.term =>
            {
                Progress::Fenced { term: head.term, by: head.holder, released: head.released }
            }
            // Whatever else was done to the head, the first commit deals with it.
            _ => Progress::Taken(taken),
        }
    }
}
