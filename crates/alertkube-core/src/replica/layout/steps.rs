//! What a seat has to do about the layout now: a function of what its own head and those of the others say.
//!
//! The head of seat 0 says which layout is in force, and a change of it is one compare-and-set there. Before that every
//! seat of the old layout has fallen silent and left its facts alone (`Frozen`), and every seat of the new one has
//! stored its share of them (`Loaded`); whatever happens before it, calling the change off loses nothing, and whatever
//! happens after it, each seat has all that it needs in its own ledger. Nobody but seat 0 makes the change; any seat
//! may call it off for a seat 0 that is gone, by a compare-and-set on the same head.

use std::time::Duration;

use super::peers::{Peer, Peers, Saw};
use crate::limits::{LAYOUT_CHANGE_MAX, LAYOUT_DEAD_AFTER, LAYOUT_POLL, LAYOUT_WAIT_FIRST};
use crate::store::ledger::{Accord, Edit, Layout, Next, Step};

/// What there is to decide on.
#[derive(Debug)]
pub(crate) struct View<'a> {
    pub(crate) now: Duration,
    pub(crate) me: u32,
    /// The total that the environment asks for.
    pub(crate) wish: u32,
    /// What our own head says, and what of it is committed.
    pub(crate) own: Accord,
    pub(crate) recorded: Accord,
    /// Nothing was taken up since the seat is ours.
    pub(crate) begins: bool,
    /// Our ledger was empty when it was opened.
    pub(crate) first: bool,
    /// Since when this process has had the seat.
    pub(crate) since: Duration,
    /// The change that we have fallen silent for, and since when.
    pub(crate) silent: Option<(Layout, Duration)>,
    /// Nothing is on its way to a sink, or to our ledger.
    pub(crate) settled: bool,
    /// Our share is put into our ledger.
    pub(crate) loaded: bool,
    /// No change is asked for before this.
    pub(crate) not_before: Duration,
    pub(crate) peers: &'a Peers,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Nothing before something changes.
    Rest,
    /// Fall silent for a change, and settle.
    Silence(Layout),
    /// Record how far we have come.
    Record(Next),
    /// Read our share of what the seats of this layout know.
    Load { from: Layout, to: Layout },
    /// Go by this layout from now on, or again.
    GoBy(Layout),
    /// The change is called off: go on as before.
    GoOn,
    /// The layout has no such seat: forget everything, and wait.
    Leave(Layout),
    /// Write into the head of a seat that nobody serves.
    Edit(u32, Edit),
}

/// The layout of a program that was never sharded.
const WHOLE: Layout = Layout { epoch: 0, total: 1 };

/// What is to be done now.
pub(crate) fn act(view: &View<'_>) -> Act {
    match (view.me, view.own.layout, view.own.next) {
        // No change has been made without us: before it, our head would have been frozen.
        (me, Some(layout), None) if view.begins && me < layout.total => Act::GoBy(layout),
        (0, None, None) => found(view),
        (0, Some(layout), None) => propose(view, layout),
        (0, layout, Some(next)) => lead(view, layout.unwrap_or(WHOLE), next),
        (_, layout, None) => serve(view, layout),
        (_, _, Some(next)) => follow(view, next),
    }
}

/// Seat 0 without a record: a first start, a program that was not sharded before, or a head that was lost.
fn found(view: &View<'_>) -> Act {
    let others = view.peers.among(view.wish, view.me);
    if others.into_iter().any(|(_, peer)| peer.is_none_or(|peer| peer.saw == Saw::Unread)) {
        return Act::Rest;
    }
    let first = Layout { epoch: 1, total: if view.first { view.wish } else { 1 } };
    Act::GoBy(view.peers.latest().unwrap_or(first))
}

/// Seat 0 asks for another layout once everybody who lives wishes it and all of its seats are there.
fn propose(view: &View<'_>, layout: Layout) -> Act {
    if view.wish == layout.total || view.now < view.not_before {
        return Act::Rest;
    }
    let barred =
        |(_, peer): (u32, Option<&Peer>)| peer.is_some_and(|peer| matches!(peer.saw, Saw::Barred(_)));
    if view.peers.among(layout.total.max(view.wish), view.me).all(barred) {
        return alone(view, Some(layout));
    }
    let agrees = |(seat, peer): (u32, Option<&Peer>)| {
        let Some(peer) = peer.filter(|peer| peer.saw != Saw::Unread) else { return false };
        match peer.head().filter(|_| peer.lives()) {
            Some(head) => {
                let serves = seat >= layout.total || head.accord.layout == Some(layout);
                head.wish == view.wish && serves
            }
            None => seat >= view.wish,
        }
    };
    match view.peers.among(layout.total.max(view.wish), view.me).all(agrees) {
        true => Act::Silence(Layout { epoch: layout.epoch + 1, total: view.wish }),
        false => Act::Rest,
    }
}

/// Seat 0 while a change is under way.
fn lead(view: &View<'_>, layout: Layout, next: Next) -> Act {
    let Next { layout: to, step } = next;
    let since = view.silent.map_or(view.since, |(_, since)| since);
    if view.wish != to.total || view.now.saturating_sub(since) > LAYOUT_CHANGE_MAX {
        return Act::GoOn;
    }
    if view.silent.is_none() {
        return Act::Silence(to);
    }
    let come = |total: u32, step: Step| {
        view.peers
            .among(total, view.me)
            .all(move |(_, peer)| peer.is_some_and(|peer| peer.has_come(to, step)))
    };
    match step {
        Step::Asked if view.settled => Act::Record(Next { layout: to, step: Step::Frozen }),
        Step::Frozen if !come(layout.total, Step::Frozen) => freeze_vacant(view, layout, to),
        Step::Frozen => load(view, layout, to),
        Step::Loaded if view.recorded.next == Some(next) && come(to.total, Step::Loaded) => Act::GoBy(to),
        Step::Asked | Step::Loaded => Act::Rest,
    }
}

/// What a seat knows that nobody serves does not change either.
fn freeze_vacant(view: &View<'_>, layout: Layout, to: Layout) -> Act {
    let vacant = view.peers.among(layout.total, view.me).find(|(_, peer)| {
        peer.is_some_and(|peer| peer.vacant_since().is_some() && !peer.has_come(to, Step::Frozen))
    });
    match vacant {
        Some((seat, _)) => Act::Edit(seat, Edit::Freeze(Next { layout: to, step: Step::Frozen })),
        None => Act::Rest,
    }
}

fn load(view: &View<'_>, from: Layout, to: Layout) -> Act {
    if view.me >= to.total {
        return Act::Rest;
    }
    match (view.loaded, view.settled) {
        (false, _) => Act::Load { from, to },
        (true, true) => Act::Record(Next { layout: to, step: Step::Loaded }),
        (true, false) => Act::Rest,
    }
}

/// Any seat but seat 0 while it is part of no change.
fn serve(view: &View<'_>, layout: Option<Layout>) -> Act {
    let Some(zero) = view.peers.get(0) else { return Act::Rest };
    let head = match &zero.saw {
        Saw::Unread => return Act::Rest,
        Saw::Barred(_) => return alone(view, layout),
        Saw::Absent if layout.is_none() && view.now.saturating_sub(view.since) > LAYOUT_WAIT_FIRST => {
            return alone(view, layout);
        }
        Saw::Absent => return Act::Rest,
        // Sealed for several seats, and not yet said by how many: that is no program that knew none.
        Saw::Head(head) if head.wish > 1 && head.accord == Accord::default() => return Act::Rest,
        Saw::Head(head) => head,
    };
    let force = head.accord.layout.unwrap_or(WHOLE);
    match head.accord.next.map(|next| next.layout) {
        Some(to) if to.total == view.wish && (layout == Some(force) || view.me >= force.total) => {
            join(view, to)
        }
        Some(to) if view.silent.is_some_and(|(layout, _)| layout == to) => Act::Rest,
        _ if layout == Some(force) && view.silent.is_some() => Act::GoOn,
        _ if layout == Some(force) => Act::Rest,
        // What is older than what our own facts are cut by was read before that, or the head was put back to it.
        _ if layout.is_some_and(|own| own.epoch > force.epoch) && zero.stands() < LAYOUT_POLL => Act::Rest,
        _ if view.me < force.total => Act::GoBy(force),
        _ => Act::Leave(force),
    }
}

fn join(view: &View<'_>, to: Layout) -> Act {
    match view.silent {
        Some((layout, _)) if layout == to && view.settled => {
            Act::Record(Next { layout: to, step: Step::Frozen })
        }
        Some((layout, _)) if layout == to => Act::Rest,
        _ => Act::Silence(to),
    }
}

/// Nobody says what is in force: what the environment says is all there is.
fn alone(view: &View<'_>, layout: Option<Layout>) -> Act {
    let epoch = layout.map_or(0, |layout| layout.epoch);
    match layout.is_some_and(|layout| layout.total == view.wish) {
        true => Act::Rest,
        false => Act::GoBy(Layout { epoch, total: view.wish }),
    }
}

/// Any seat but seat 0 that has fallen silent for a change.
fn follow(view: &View<'_>, next: Next) -> Act {
    let Some(zero) = view.peers.get(0) else { return Act::Rest };
    let head = match &zero.saw {
        Saw::Unread | Saw::Barred(_) => return Act::Rest,
        Saw::Absent if zero.vacant_since().is_some_and(|since| view.now > since + LAYOUT_WAIT_FIRST) => {
            return Act::GoOn;
        }
        Saw::Absent => return Act::Rest,
        Saw::Head(head) => head,
    };
    let force = head.accord.layout.unwrap_or(WHOLE);
    let under_way = head.accord.next.is_some_and(|asked| asked.layout == next.layout);
    if force.epoch >= next.layout.epoch {
        return if view.me < force.total { Act::GoBy(force) } else { Act::Leave(force) };
    }
    if !under_way {
        return Act::GoOn;
    }
    if zero.stands() >= LAYOUT_DEAD_AFTER {
        return Act::Edit(0, Edit::Withdraw);
    }
    if view.silent.is_none() {
        return Act::Silence(next.layout);
    }
    let frozen =
        |(_, peer): (u32, Option<&Peer>)| peer.is_some_and(|peer| peer.has_come(next.layout, Step::Frozen));
    let all = view.peers.among(force.total, view.me).all(frozen);
    match next.step {
        Step::Frozen if all => load(view, force, next.layout),
        Step::Asked | Step::Frozen | Step::Loaded => Act::Rest,
    }
}
