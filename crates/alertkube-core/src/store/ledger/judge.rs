//! What a reading of the head means for an open seat.

use std::time::Duration;

use super::commit::Open;
use super::errand::Outcome;
use super::flight::{Step, checksum};
use super::head::{Flaw, Head};
use super::interface::LedgerNews;
use super::outbox::Outbox;
use super::part::{Content, Part, Version};
use super::take::ReadPart;

/// What follows for the ledger.
pub(super) enum Judged {
    Going,
    /// The last commit of a closing ledger was applied.
    Closed,
    /// The seat is somebody else's.
    Fenced {
        term: u64,
        by: String,
        released: bool,
    },
}

impl Open {
    /// Whether every fact is committed.
    pub(super) fn is_settled(&self) -> bool {
        let flies = self.flight.as_ref().is_some_and(|flight| !flight.facts.is_empty());
        !flies && self.leaving.is_empty() && self.pending.is_empty()
    }

    /// What became of a part that is written beside commits.
    pub(super) fn settle(&mut self, part: Part, outcome: Outcome) {
        self.wanted |= self.background.settle(part, outcome, &self.head, &mut self.fold);
    }

    /// A reading of the head, asked for by the commit on its way, by a segment, by a bucket, or as a look.
    pub(super) fn read_head(
        &mut self,
        now: Duration,
        number: u64,
        result: ReadPart,
        out: &mut Outbox,
    ) -> Judged {
        let found = match result {
            Ok(found) => found,
            Err(trouble) => {
                if !self.is_look(number) {
                    out.unreachable(trouble.to_string());
                }
                self.background.head(now, number, None, out);
                if self.asked(number) {
                    self.ask_soon(now, out);
                }
                return Judged::Going;
            }
        };
        let read = found.as_ref().map(|(content, _)| Head::read(content).map(|(head, _)| head));
        if let Some(fenced) = self.fenced(read.as_ref()) {
            return fenced;
        }
        if let (Some(Ok(head)), Some((_, version))) = (&read, &found) {
            if let Some(by) = &head.doubled {
                out.say(LedgerNews::Doubled { by: by.clone() });
            }
            self.wanted |= head.waits.is_some();
            if self.flight.is_none() && head.is_but_for_notes(&self.head) {
                self.version = Some(version.clone());
            }
        }
        let ours =
            matches!(&read, Some(Ok(head)) if head.term == self.head.term && head.seq >= self.head.seq);
        if !ours {
            // Not a successor's: the next commit finds out what to do about it.
            self.wanted = true;
        }
        self.background.head(now, number, Some(ours), out);
        if self.asked(number) { self.judge(found, read, out) } else { Judged::Going }
    }

    fn asked(&self, number: u64) -> bool {
        let step = self.flight.as_ref().map(|flight| &flight.step);
        matches!(step, Some(Step::Asking(asked)) if *asked <= number)
    }

    fn fenced(&self, read: Option<&Result<Head, Flaw>>) -> Option<Judged> {
        match read? {
            Ok(head) => {
                let other = head.incarnation != self.claim.incarnation && head.term >= self.head.term;
                let fenced = other || head.term > self.head.term;
                fenced.then(|| Judged::Fenced {
                    term: head.term,
                    by: head.holder.clone(),
                    released: head.released,
                })
            }
            Err(Flaw::Later { term, .. }) => {
                Some(Judged::Fenced { term: *term, by: "a later release".to_owned(), released: false })
            }
            Err(Flaw::Broken(_)) => None,
        }
    }

    /// What became of the commit on its way.
    fn judge(
        &mut self,
        found: Option<(Content, Version)>,
        read: Option<Result<Head, Flaw>>,
        out: &mut Outbox,
    ) -> Judged {
        let (Some((content, version)), Some(read)) = (found, read) else {
            self.lost(None, 0, "it was deleted", out);
            return Judged::Going;
        };
        let Some(flight) = &self.flight else { return Judged::Going };
        let why = match read {
            Ok(head) if head.is_but_for_notes(&flight.head) => {
                let closed = self.applied(version, out);
                return if closed { Judged::Closed } else { Judged::Going };
            }
            Ok(head) if head.term < self.head.term || head.seq < self.head.seq => {
                self.lost(Some(version), head.term, "it is older than what was committed", out);
                return Judged::Going;
            }
            Ok(head) if head.is_but_for_notes(&self.head) => None,
            Ok(_) if checksum(&content) == self.stored => None,
            Ok(_) => Some("somebody changed it".to_owned()),
            Err(flaw) => Some(format!("somebody changed it: {}", flaw.why())),
        };
        if let Some(why) = why {
            out.say(LedgerNews::Overwritten { why });
        }
        self.version = Some(version);
        self.send(out);
        Judged::Going
    }

    /// The store has lost what was committed. We still have it: a commit in a higher term than any that may be
    /// about takes the seat again, and every bucket is written anew.
    fn lost(&mut self, version: Option<Version>, term: u64, why: &str, out: &mut Outbox) {
        if !std::mem::replace(&mut self.healing, true) {
            out.say(LedgerNews::Overwritten { why: why.to_owned() });
        }
        self.head.term = self.head.term.max(term) + 1;
        self.version = version;
        self.background.forget();
        self.fold.uncover((1, 0), self.head.at());
        self.wanted = true;
        if let Some(flight) = self.flight.take().filter(|flight| !flight.facts.is_empty()) {
            // Its number was promised; in another term it is another commit.
            self.next_seq = flight.head.seq.0;
            self.leaving.push_front(flight.facts);
        }
    }
}
