//! The layout: into how many seats the subjects are cut, how the seats agree on another number while they run, and what
//! a seat sees of the others. `steps` says what is to be done; here it is done.

pub(super) mod coverage;
mod load;
mod peers;
mod steps;

use std::collections::BTreeSet;
use std::time::Duration;

use crate::alert::Fingerprint;
use crate::fact::{Fact, SeatFact};
use crate::limits::{
    LAYOUT_BEAT, LAYOUT_NOTE, LAYOUT_POLL, LAYOUT_POLL_BUSY, LAYOUT_RETRY, LAYOUT_ROUNDS, LAYOUT_STEPS_MAX,
};
use crate::notification::SinkId;
use crate::own::SeatId;
use crate::replica::tenure::Hold;
use crate::replica::{Effect, PartRead, Replica, Station, Task};
use crate::store::WriteId;
use crate::store::ledger::{Accord, Edit, Layout, Ledger, Next, Part, PartWrite, Step, edited};
use crate::time::Now;

use load::Loading;
use peers::Peers;
use steps::{Act, View, act};

/// What one process knows of the layout.
pub(crate) struct Layouts {
    /// Into how many seats the subjects are cut, as far as this process goes by it.
    pub(crate) total: u32,
    /// Whether its seat is one of them, and no change is under way.
    pub(crate) tells: bool,
    peers: Peers,
    silence: Option<Silence>,
    start: Option<Start>,
    /// Since when this process has had the seat.
    since: Duration,
    first: bool,
    not_before: Duration,
    next_poll: Duration,
    next_beat: Duration,
    round: u64,
    /// Something was heard or done since the last look.
    stirred: bool,
    /// Seats of an earlier layout whose parts are being read, and those that hold nothing any more.
    emptying: BTreeSet<u32>,
    emptied: BTreeSet<u32>,
    /// What was told before the state could be read, which no ledger knows: whoever told it ends it, also if the layout in
    /// force gives it to another.
    told_early: BTreeSet<(Fingerprint, SinkId)>,
    /// Another process for this seat that was fenced: who, since when, and when it last said so.
    doubled: Option<(String, Duration, Duration)>,
}

/// What began when the seat was taken, and ends when a layout is gone by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    pub(crate) term: u64,
    /// The ledger was empty.
    pub(crate) first: bool,
    /// It is told already, since the state could not be read.
    pub(crate) early: bool,
}

/// Nothing is told, because the layout is about to change.
struct Silence {
    to: Layout,
    since: Duration,
    /// Nothing is on its way to a sink: from now on nothing is laid down either.
    still: bool,
    loading: Loading,
}

impl std::fmt::Debug for Layouts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Layouts")
            .field("total", &self.total)
            .field("tells", &self.tells)
            .field("to", &self.silence.as_ref().map(|silence| silence.to))
            .finish_non_exhaustive()
    }
}

impl Layouts {
    pub(crate) fn new(station: &Station, now: Duration) -> Layouts {
        Layouts {
            total: station.total,
            tells: false,
            peers: Peers::default(),
            silence: None,
            start: None,
            since: now,
            first: false,
            not_before: now,
            next_poll: now,
            next_beat: now,
            round: 0,
            stirred: true,
            emptying: BTreeSet::new(),
            emptied: BTreeSet::new(),
            told_early: BTreeSet::new(),
            doubled: None,
        }
    }

    /// Whether what changes is laid down: a seat without a layout must not write over what it has not taken up, and
    /// one that is about to be read by others stays as it is.
    pub(crate) fn lays_down(&self) -> bool {
        self.tells || self.silence.as_ref().is_some_and(|silence| !silence.still)
    }

    /// Whether the stored facts are yet to be taken up.
    pub(crate) fn awaits(&self) -> bool {
        self.start.is_some()
    }

    /// Whether nothing is told because of a change.
    pub(crate) fn changes(&self) -> bool {
        self.silence.is_some()
    }

    fn is_busy(&self) -> bool {
        self.silence.is_some() || self.start.is_some()
    }
}

impl Replica {
    fn me(&self) -> u32 {
        self.station.seat.0
    }

    fn accord(&self) -> Option<Accord> {
        self.tenure.ledger.as_ref().and_then(Ledger::accord)
    }

    fn record(&mut self, accord: Accord) {
        if let Some(ledger) = &mut self.tenure.ledger {
            ledger.set_accord(accord);
        }
    }

    /// Whether there is anything to agree upon.
    fn is_sharded(&self, accord: Accord) -> bool {
        let many = accord.layout.is_some_and(|layout| layout.total > 1);
        self.station.total > 1 || many || accord.next.is_some() || accord.retired > 0
    }

    /// The seat is ours, and its ledger is open: what is told from it waits for a layout.
    pub(super) fn begin_layout(&mut self, now: Now, start: Start) {
        let layouts = &mut self.layouts;
        if start.early {
            layouts.told_early =
                self.memory.iter().map(|(fingerprint, sink, _)| (fingerprint, sink)).collect();
        }
        (layouts.tells, layouts.silence, layouts.start) = (false, None, Some(start));
        (layouts.since, layouts.first, layouts.stirred) = (now.boot, start.first, true);
        (layouts.next_poll, layouts.next_beat) = (now.boot, now.boot + LAYOUT_BEAT);
        self.turn_layout(now);
        if self.layouts.awaits() {
            self.fact(Fact::Seat(SeatFact::Waits { seat: self.station.seat }));
        }
    }

    /// Does what is to be done about the layout.
    pub(super) fn turn_layout(&mut self, now: Now) {
        if self.tenure.hold == Hold::Fenced {
            return self.note_double(now);
        }
        let Some(accord) = self.accord().filter(|_| self.tenure.hold == Hold::Holds) else { return };
        if !self.is_sharded(accord) {
            if self.layouts.awaits() {
                self.go_by(now, Layout { epoch: 0, total: 1 });
            }
            return;
        }
        let due = now.boot >= self.layouts.next_poll;
        if !due && !self.layouts.is_busy() && !std::mem::take(&mut self.layouts.stirred) {
            return;
        }
        if let Some(silence) = &mut self.layouts.silence {
            silence.still |= self.flights.is_empty();
        }
        self.read_heads(now, accord);
        for _ in 0..LAYOUT_STEPS_MAX {
            let next = self.next_act(now);
            if next == Act::Rest {
                break;
            }
            self.do_act(now, next);
            if matches!(next, Act::Edit(..) | Act::Load { .. }) {
                break;
            }
        }
        self.empty_retired(now);
        if due {
            self.observe_coverage(now);
        }
        if now.boot >= self.layouts.next_beat
            && let Some(ledger) = &mut self.tenure.ledger
        {
            self.layouts.next_beat = now.boot + LAYOUT_BEAT;
            ledger.beat();
        }
        self.agenda.set(Task::Layout, self.layouts.next_poll);
    }

    fn next_act(&self, now: Now) -> Act {
        let Some((ledger, own)) =
            self.tenure.ledger.as_ref().and_then(|ledger| Some((ledger, ledger.accord()?)))
        else {
            return Act::Rest;
        };
        let layouts = &self.layouts;
        let still = layouts.silence.as_ref().is_some_and(|silence| silence.still);
        act(&View {
            now: now.boot,
            me: self.me(),
            wish: self.station.total,
            own,
            recorded: ledger.recorded().unwrap_or_default(),
            begins: layouts.start.is_some(),
            first: layouts.first,
            since: layouts.since,
            silent: layouts.silence.as_ref().map(|silence| (silence.to, silence.since)),
            settled: still && ledger.is_settled(),
            loaded: layouts.silence.as_ref().is_some_and(|silence| silence.loading.is_done()),
            not_before: layouts.not_before,
            peers: &layouts.peers,
        })
    }

    fn do_act(&mut self, now: Now, act: Act) {
        let accord = self.accord().unwrap_or_default();
        match act {
            Act::Rest => {}
            Act::Silence(to) => self.fall_silent(now, to),
            Act::Record(next) => self.record(Accord { next: Some(next), ..accord }),
            Act::Load { from, to } => self.load(now, from, to),
            Act::GoBy(layout) => {
                let before = accord.layout.map_or(1, |layout| layout.total);
                let retired = before.max(accord.retired);
                let retired = if self.me() == 0 && retired > layout.total { retired } else { 0 };
                self.record(Accord { layout: Some(layout), next: None, retired });
                self.layouts.first &= accord.next.is_none();
                self.layouts.emptied.clear();
                self.go_by(now, layout);
            }
            Act::GoOn => self.go_on(now, accord),
            Act::Leave(layout) => {
                self.record(Accord { layout: Some(layout), next: None, retired: 0 });
                self.leave(now, layout.total);
            }
            Act::Edit(seat, edit) => self.edit(now, seat, edit),
        }
    }

    /// Nothing is told any more; what is on its way is settled.
    fn fall_silent(&mut self, now: Now, to: Layout) {
        let accord = self.accord().unwrap_or_default();
        if self.me() == 0 && accord.next.is_none() {
            self.record(Accord { next: Some(Next { layout: to, step: Step::Asked }), ..accord });
        }
        let still = self.layouts.start.is_some() || self.flights.is_empty() && !self.layouts.tells;
        self.layouts.tells = false;
        self.layouts.silence = Some(Silence { to, since: now.boot, still, loading: Loading::default() });
        self.layouts.next_poll = now.boot;
        self.fact(Fact::Seat(SeatFact::Silent { seat: self.station.seat, total: to.total }));
    }

    /// The change is called off.
    fn go_on(&mut self, now: Now, accord: Accord) {
        // Seat 0 says that it is over; whoever finds no change under way has its own part to end.
        let accord = if self.me() == 0 { accord.called_off() } else { Accord { next: None, ..accord } };
        self.record(accord);
        self.layouts.not_before = now.boot + LAYOUT_RETRY;
        self.fact(Fact::Seat(SeatFact::CalledOff { seat: self.station.seat }));
        match accord.layout.filter(|layout| self.me() < layout.total) {
            Some(layout) => self.go_by(now, layout),
            None => self.leave(now, accord.layout.map_or(0, |layout| layout.total)),
        }
    }

    /// The layout has no such seat.
    fn leave(&mut self, now: Now, total: u32) {
        (self.layouts.tells, self.layouts.silence) = (false, None);
        self.layouts.total = total.max(1);
        self.layouts.start.get_or_insert(Start {
            term: self.tenure.term.unwrap_or(0),
            first: true,
            early: false,
        });
        self.layouts.first = true;
        self.forget_foreign(now);
    }

    /// Reads the heads of others: of seat 0 often, of all of them now and then, and of all of them while a change is
    /// waited for.
    fn read_heads(&mut self, now: Now, accord: Accord) {
        if now.boot < self.layouts.next_poll {
            return;
        }
        let wants = self.me() == 0 && accord.layout.is_none_or(|layout| layout.total != self.station.total);
        let busy = self.layouts.is_busy() || wants;
        let all = busy || self.layouts.round.is_multiple_of(LAYOUT_ROUNDS);
        self.layouts.round += 1;
        self.layouts.next_poll = now.boot + if busy { LAYOUT_POLL_BUSY } else { LAYOUT_POLL };
        let zero = self.layouts.peers.get(0).map(peers::Peer::accord).unwrap_or_default();
        let totals = [accord, zero].map(|accord| {
            let total = |layout: Option<Layout>| layout.map_or(0, |layout| layout.total);
            total(accord.layout).max(total(accord.next.map(|next| next.layout)))
        });
        let end = totals.into_iter().chain([self.station.total, accord.retired]).max().unwrap_or(1);
        let me = self.me();
        for seat in (0..end).filter(|seat| *seat != me && (all || *seat == 0)) {
            self.ask_head(now, seat);
        }
    }

    fn ask_head(&mut self, now: Now, seat: u32) {
        if self.layouts.peers.ask(now.boot, seat) {
            self.effects.push_back(Effect::Read(SeatId(seat), vec![Part::Head]));
        }
    }

    /// Parts of another seat were read.
    pub(super) fn read_other(&mut self, now: Now, seat: SeatId, parts: Vec<(Part, PartRead)>) {
        let (heads, parts): (Vec<_>, Vec<_>) = parts.into_iter().partition(|(part, _)| *part == Part::Head);
        for (_, result) in heads {
            self.layouts.peers.read(now.boot, seat.0, result);
            self.layouts.stirred = true;
        }
        if !parts.is_empty() {
            self.read_parts(now, seat.0, parts);
        }
    }

    /// A write into another seat ended: its head says what came of it.
    pub(super) fn wrote_other(&mut self, now: Now, seat: SeatId) {
        self.layouts.stirred = true;
        self.layouts.peers.edited(seat.0);
        self.ask_head(now, seat.0);
    }

    fn edit(&mut self, now: Now, seat: u32, edit: Edit) {
        let Some(keep) = &self.station.keep else { return };
        // Of a note in the head of our own seat nobody waits to hear.
        let found = match seat == self.me() {
            true => self.layouts.peers.get(seat).and_then(|peer| peer.content.clone()),
            false => self.layouts.peers.edit(seat),
        };
        let Some((content, version)) = found else { return };
        let Some(content) = edited(&content, edit, &keep.claim, now.stamp()) else { return };
        self.write_other(seat, PartWrite { part: Part::Head, content, expect: Some(version) });
    }

    fn write_other(&mut self, seat: u32, write: PartWrite) {
        self.effects.push_back(Effect::Write(SeatId(seat), WriteId(0), write));
    }

    /// A process that was fenced and has no Lease by which it could come back tells the holder that it is there.
    fn note_double(&mut self, now: Now) {
        if self.station.keep.is_none() || self.station.total < 2 {
            return;
        }
        if now.boot >= self.layouts.next_beat {
            self.layouts.next_beat = now.boot + LAYOUT_NOTE;
            self.ask_head(now, self.me());
        } else if std::mem::take(&mut self.layouts.stirred) {
            self.edit(now, self.me(), Edit::Note);
        }
        self.agenda.set(Task::Layout, self.layouts.next_beat);
    }
}
