//! What the replicas ask of the store, on its way to the server and back.

use std::time::Duration;

use alertkube_core::{Input, Part, PartRead, Refusal, StoreTrouble, Version};

use super::clock::{At, SECOND};
use super::plan::Trap;
use super::server::Server;
use super::world::{Ask, Event, World};

/// How long a request for a state object may take.
const TRY: Duration = Duration::from_secs(5);
/// Whose head was applied so lately lives for everybody: half a minute on the fastest clock is more.
const ALIVE: At = 20 * SECOND;
/// Half a minute of watching and a quarter of one of refusals, or a minute without an answer, on the fastest clock.
const IN_THE_DARK: At = 35 * SECOND;

impl World {
    /// A request leaves. What its sender hears if all goes wrong is that nobody knows.
    pub(super) fn ask(&mut self, life: usize, ask: Ask) {
        let left = self.now + self.dice.below(300);
        let given_up = self.now + self.span(life, TRY);
        let lost = self.is_cut(life) || self.fails(self.plan.lost);
        let late = self.fails(self.plan.late);
        let answered = !lost && !late && !self.fails(self.plan.unanswered);
        if !answered {
            let refused = lost && self.is_cut(life) && self.dice.chance(500);
            let at = if refused { self.now + self.delay() } else { given_up };
            self.at(at, Event::Mail(life, unknown(&ask)));
        }
        if !lost {
            let wait = if late { self.dice.below(60 * SECOND) } else { self.delay() };
            self.at(left + wait, Event::Asked { life, left, answered, ask });
        }
    }

    /// A request arrives, and is carried out.
    pub(super) fn asked(&mut self, (life, left): (usize, At), answered: bool, ask: Ask) {
        if !self.lived(life, left) {
            return;
        }
        let lost = unknown(&ask);
        let writes = matches!(ask, Ask::Write { .. });
        let input = match ask {
            _ if self.now < self.away => lost.clone(),
            Ask::Read(seat, parts) => {
                let read = |part: Part| -> (Part, PartRead) { (part, self.server.read(seat.0, part)) };
                Input::Read(seat, parts.into_iter().map(read).collect())
            }
            Ask::Reference(seat) => Input::Reference(seat, Ok(None)),
            Ask::SetAside { seat, id } => Input::Wrote(seat, id, Ok(Version(String::new()))),
            Ask::Write { seat, id, .. } if self.now < self.refuses.1 => {
                Input::Wrote(seat, id, Err(refused(self.refuses.0)))
            }
            Ask::Write { .. } if self.now < self.chokes => lost.clone(),
            Ask::Write { seat, id, write, head } => {
                let numbers = (write.part == Part::Head).then(|| {
                    let number = |field| Server::head_number(&write.content, field);
                    (number("term"), number("seq"))
                });
                let part = write.part;
                let result = self.server.write(seat.0, write);
                self.note(|| format!("{}: {part} {numbers:?}: {result:?}", self.lives[life].name));
                if let (Ok(_), Some(numbers)) = (&result, numbers) {
                    self.oracle.committed(seat.0, life, numbers);
                    if let Some(head) = head {
                        self.lives[life].heads.apply(head);
                        self.lives[life].term = Some(numbers.0);
                        self.server.beats.insert(seat.0, self.now);
                    }
                }
                Input::Wrote(seat, id, result)
            }
        };
        if writes && self.is_alive(life) && self.springs(life, Trap::AfterWrite) {
            return;
        }
        if answered {
            let input = if self.is_cut(life) { lost } else { input };
            let at = self.now + self.delay();
            self.at(at, Event::Mail(life, input));
        }
    }
}

impl World {
    /// One without a Lease reads that an elected one lives: it leaves the seat to it, also if it opened it without the
    /// store.
    pub(super) fn reads(&mut self, life: usize, input: &Input) {
        let answers = match input {
            Input::Read(_, parts) => parts.iter().any(|(_, read)| read.is_ok()),
            Input::Wrote(_, _, result) => !matches!(result, Err(StoreTrouble::Unknown(_))),
            _ => false,
        };
        if answers {
            self.lives[life].heard = self.now;
        }
        let Input::Read(seat, parts) = input else { return };
        let elected = |(part, read): &(Part, PartRead)| {
            let content = read.as_ref().ok().and_then(Option::as_ref).map(|(content, _)| content);
            *part == Part::Head && content.is_some_and(Server::is_elected)
        };
        let lives = self.server.beats.get(&seat.0).copied().filter(|beat| beat + ALIVE > self.now);
        let state = &mut self.lives[life];
        if state.candidacy.is_none() && lives.is_some() && parts.iter().any(elected) {
            (state.unsealed, state.shown) = (false, lives);
        }
    }

    /// Whether a process may believe that nobody else serves its seat though it could not seal it.
    pub(super) fn is_in_the_dark(&self, life: usize) -> bool {
        self.lives[life].shown.is_none_or(|at| at + IN_THE_DARK < self.now)
    }
}

fn unknown(ask: &Ask) -> Input {
    let trouble = || StoreTrouble::Unknown("no answer".to_owned());
    match ask {
        Ask::Read(seat, parts) => {
            Input::Read(*seat, parts.iter().map(|part| (*part, Err(trouble()))).collect())
        }
        Ask::Reference(seat) => Input::Reference(*seat, Err(trouble())),
        Ask::Write { seat, id, .. } | Ask::SetAside { seat, id } => Input::Wrote(*seat, *id, Err(trouble())),
    }
}

fn refused(why: Option<Refusal>) -> StoreTrouble {
    let why = why.unwrap_or(Refusal::Other);
    StoreTrouble::Refused { why, text: "the server will not have it".to_owned() }
}
