//! What this process knows of the other seats: their heads, as it last read them, and since when they are so.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::limits::{LAYOUT_DEAD_AFTER, LAYOUT_EARSHOT};
use crate::store::ledger::{Accord, Content, HeadSeen, Layout, Step, StoreTrouble, Version, seen};

/// What the last reading of a head gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Saw {
    /// It was not read yet.
    Unread,
    /// There is none.
    Absent,
    /// It may not be read, or cannot be.
    Barred(String),
    /// It says this.
    Head(HeadSeen),
}

/// Another seat.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) saw: Saw,
    pub(crate) content: Option<(Content, Version)>,
    /// The boot instant at which it was first as it is.
    pub(crate) since: Duration,
    /// The boot instant of the last reading that was answered.
    read: Duration,
    pub(crate) asked: bool,
    /// What stands of our own writing into its head.
    edit: Edited,
}

/// What has become of a write into another seat's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edited {
    /// Nothing that the last reading does not show.
    Known,
    /// It is on its way.
    Going,
    /// It has ended, and the head was not asked for since.
    Ended,
    /// The head is being read anew.
    Reading,
}

impl Peer {
    fn new(now: Duration) -> Peer {
        Peer { saw: Saw::Unread, content: None, since: now, read: now, asked: false, edit: Edited::Known }
    }

    pub(crate) fn head(&self) -> Option<&HeadSeen> {
        match &self.saw {
            Saw::Head(head) => Some(head),
            Saw::Unread | Saw::Absent | Saw::Barred(_) => None,
        }
    }

    pub(crate) fn accord(&self) -> Accord {
        self.head().map(|head| head.accord).unwrap_or_default()
    }

    /// For how long it has been seen as it is.
    pub(crate) fn stands(&self) -> Duration {
        self.read.saturating_sub(self.since)
    }

    /// Whether a process serves the seat, or stands by for it: its head was written lately, and not given back.
    pub(crate) fn lives(&self) -> bool {
        self.head().is_some_and(|head| !head.released) && self.stands() < LAYOUT_DEAD_AFTER
    }

    /// Since when nobody serves the seat, as far as can be seen.
    pub(crate) fn vacant_since(&self) -> Option<Duration> {
        let known = matches!(self.saw, Saw::Absent | Saw::Head(_));
        (known && !self.lives()).then_some(self.since)
    }

    /// Whether nobody has served the seat for so long that somebody is to hear of it.
    pub(crate) fn is_uncovered(&self) -> bool {
        self.vacant_since().is_some() && self.stands() >= LAYOUT_DEAD_AFTER
    }

    /// Whether the seat has come this far with a change to `layout`. One that has no head has nothing to lose.
    pub(crate) fn has_come(&self, layout: Layout, step: Step) -> bool {
        let is_there = self.accord().next.is_some_and(|next| next.layout == layout && next.step >= step);
        is_there || (step == Step::Frozen && self.saw == Saw::Absent)
    }
}

/// The other seats by their number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Peers(BTreeMap<u32, Peer>);

impl Peers {
    pub(crate) fn get(&self, seat: u32) -> Option<&Peer> {
        self.0.get(&seat)
    }

    /// The seats of a range that are not this one, with what is known of each.
    pub(crate) fn among(&self, total: u32, me: u32) -> impl Iterator<Item = (u32, Option<&Peer>)> {
        (0..total).filter(move |seat| *seat != me).map(|seat| (seat, self.0.get(&seat)))
    }

    /// Notes that a seat's head is being read; false if that is so already.
    pub(crate) fn ask(&mut self, now: Duration, seat: u32) -> bool {
        let peer = self.0.entry(seat).or_insert_with(|| Peer::new(now));
        if peer.asked {
            return false;
        }
        peer.asked = true;
        if peer.edit == Edited::Ended {
            peer.edit = Edited::Reading;
        }
        true
    }

    /// What may be written over in a seat's head, unless that is being done: what comes of a write is read before the
    /// next one.
    pub(crate) fn edit(&mut self, seat: u32) -> Option<(Content, Version)> {
        let peer = self.0.get_mut(&seat).filter(|peer| peer.edit == Edited::Known)?;
        let content = peer.content.clone()?;
        peer.edit = Edited::Going;
        Some(content)
    }

    /// A write into a seat's head has ended, or was none.
    pub(crate) fn edited(&mut self, seat: u32) {
        if let Some(peer) = self.0.get_mut(&seat).filter(|peer| peer.edit == Edited::Going) {
            peer.edit = Edited::Ended;
        }
    }

    /// Takes a reading of a head. One that nobody waits for was asked for before the seat was lost, and is old.
    pub(crate) fn read(
        &mut self,
        now: Duration,
        seat: u32,
        result: Result<Option<(Content, Version)>, StoreTrouble>,
    ) {
        let Some(peer) = self.0.get_mut(&seat).filter(|peer| peer.asked) else { return };
        peer.asked = false;
        let (saw, content) = match result {
            Err(StoreTrouble::Unknown(_) | StoreTrouble::Conflict) => return,
            Err(refused @ StoreTrouble::Refused { .. }) => (Saw::Barred(refused.to_string()), None),
            Ok(None) => (Saw::Absent, None),
            Ok(Some((content, version))) => match seen(&content) {
                Ok(HeadSeen { seat: Some(other), .. }) if other != seat => {
                    (Saw::Barred(format!("it belongs to seat {other}")), None)
                }
                Ok(head) => (Saw::Head(head), Some((content, version))),
                Err(why) => (Saw::Barred(why), None),
            },
        };
        let version = |of: &Option<(Content, Version)>| of.as_ref().map(|(_, version)| version.clone());
        let same = peer.saw == saw && version(&peer.content) == version(&content);
        // While nothing was heard the other may have been unable to write, too.
        if !same || now.saturating_sub(peer.read) > LAYOUT_EARSHOT {
            peer.since = now;
        }
        (peer.saw, peer.content, peer.read) = (saw, content, now);
        if peer.edit == Edited::Reading {
            peer.edit = Edited::Known;
        }
    }

    /// The latest layout that any of them has had.
    pub(crate) fn latest(&self) -> Option<Layout> {
        self.0.values().filter_map(|peer| peer.accord().layout).max_by_key(|layout| layout.epoch)
    }
}
