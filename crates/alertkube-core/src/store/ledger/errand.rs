//! One write of a segment or a bucket, until it is stored.
//!
//! A conflict or a lost answer is settled by reading the part. If it is not what we wrote, the head is read *after*
//! it: only while the head is ours may the part be written over. Whoever seals after us writes parts only after the
//! seal, so what was read before a head that is still ours is no successor's.

use std::time::Duration;

use super::outbox::Outbox;
use super::part::{Content, Part, Refusal, StoreTrouble, Version};
use super::take::ReadPart;
use crate::store::WriteId;

pub(super) struct Errand {
    part: Part,
    content: Content,
    expect: Option<Version>,
    step: Step,
    tries: u32,
}

enum Step {
    Writing(WriteId),
    Reading,
    /// The head is being read, under this number.
    Confirming(u64),
    Resting(Duration, Then),
}

#[derive(Clone, Copy)]
enum Then {
    Write,
    Read,
    Confirm,
}

pub(super) enum Outcome {
    Going,
    Stored(Version),
    /// It will never be taken at this size.
    TooLarge,
}

impl Errand {
    pub(super) fn new(part: Part, content: Content, expect: Option<Version>, out: &mut Outbox) -> Errand {
        let id = out.write(part, content.clone(), expect.clone());
        Errand { part, content, expect, step: Step::Writing(id), tries: 0 }
    }

    pub(super) fn part(&self) -> Part {
        self.part
    }

    pub(super) fn len(&self) -> usize {
        self.content.len()
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        match self.step {
            Step::Resting(until, _) => Some(until),
            Step::Writing(_) | Step::Reading | Step::Confirming(_) => None,
        }
    }

    pub(super) fn tick(&mut self, now: Duration, out: &mut Outbox) {
        match self.step {
            Step::Resting(until, then) if until <= now => self.go(then, out),
            _ => {}
        }
    }

    fn go(&mut self, then: Then, out: &mut Outbox) {
        self.step = match then {
            Then::Write => Step::Writing(out.write(self.part, self.content.clone(), self.expect.clone())),
            Then::Read => {
                out.read(vec![self.part]);
                Step::Reading
            }
            Then::Confirm => Step::Confirming(out.ask_head()),
        };
    }

    fn rest(&mut self, now: Duration, then: Then, out: &mut Outbox) {
        self.step = Step::Resting(now + out.pause(&mut self.tries), then);
    }

    pub(super) fn wrote(
        &mut self,
        now: Duration,
        id: WriteId,
        result: &Result<Version, StoreTrouble>,
        out: &mut Outbox,
    ) -> Outcome {
        if !matches!(self.step, Step::Writing(ours) if ours == id) {
            return Outcome::Going;
        }
        match result {
            Ok(version) => {
                out.accepted(self.part);
                return Outcome::Stored(version.clone());
            }
            Err(StoreTrouble::Conflict) => self.go(Then::Read, out),
            Err(StoreTrouble::Refused { why, text }) => {
                out.refused(now, self.part, *why, text.clone());
                self.rest(now, Then::Write, out);
                if *why == Refusal::TooLarge {
                    return Outcome::TooLarge;
                }
            }
            Err(StoreTrouble::Unknown(why)) => {
                out.unreachable(why.clone());
                self.rest(now, Then::Read, out);
            }
        }
        Outcome::Going
    }

    /// A reading of this part.
    pub(super) fn read(&mut self, now: Duration, result: ReadPart, out: &mut Outbox) -> Outcome {
        if !matches!(self.step, Step::Reading) {
            return Outcome::Going;
        }
        match result {
            Ok(Some((content, version))) if content == self.content => {
                out.accepted(self.part);
                return Outcome::Stored(version);
            }
            Ok(found) => {
                self.expect = found.map(|(_, version)| version);
                self.go(Then::Confirm, out);
            }
            Err(trouble) => {
                out.unreachable(trouble.to_string());
                self.rest(now, Then::Read, out);
            }
        }
        Outcome::Going
    }

    /// A reading of the head; `ours` is whether it is ours, where it could be read.
    pub(super) fn head(&mut self, now: Duration, number: u64, ours: Option<bool>, out: &mut Outbox) {
        if !matches!(self.step, Step::Confirming(asked) if asked <= number) {
            return;
        }
        match ours {
            Some(true) => self.go(Then::Write, out),
            _ => self.rest(now, Then::Confirm, out),
        }
    }
}
