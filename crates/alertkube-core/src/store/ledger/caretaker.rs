//! The heads of seats that are not ours: what they say, and what may be written into those that nobody serves.
//!
//! Every edit is a compare-and-set on the version that was read, and each but a note raises the term: whoever wrote
//! the head before is fenced if it still lives, and finds the seat given back.

use super::codec::{Effort, Point, pack};
use super::head::{Bucket, Head, Sealed};
use super::interface::{Accord, Claim, Layout, Next, Seq};
use super::part::{Content, Part};
use crate::time::Stamp;

/// What a head says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HeadSeen {
    /// Whose head it is, if it says.
    pub(crate) seat: Option<u32>,
    pub(crate) holder: String,
    /// Nobody serves the seat, and whoever did so last ended in good order.
    pub(crate) released: bool,
    /// The number of seats that its holder's settings wish for.
    pub(crate) wish: u32,
    pub(crate) accord: Accord,
    /// No part but this one counts, and it holds no facts.
    pub(crate) empty: bool,
}

/// Reads a head.
pub(crate) fn seen(content: &Content) -> Result<HeadSeen, String> {
    let (head, records) = Head::read(content).map_err(|flaw| flaw.why().to_owned())?;
    let Head { seat, holder, released, wish, accord, ring, buckets, .. } = head;
    let empty = ring.is_empty() && buckets == [None] && records.is_empty();
    Ok(HeadSeen { seat, holder, released, wish, accord, empty })
}

/// What is to be written into a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    /// Nobody serves the seat: its facts stay as they are until the layout has changed.
    Freeze(Next),
    /// The change of the layout is called off.
    Withdraw,
    /// The layout has no such seat any more: it forgets everything.
    Empty(Layout),
    /// Its holder is to know that there is another process for the seat.
    Note,
}

/// The head with an edit; `None` for one that cannot be read.
pub(crate) fn edited(content: &Content, edit: Edit, by: &Claim, now: Stamp) -> Option<Content> {
    let (mut head, _) = Head::read(content).ok()?;
    let mut body = content.body.clone();
    if edit == Edit::Note {
        head.doubled = Some(by.holder.clone());
        return Some(head.content(body));
    }
    head.term += 1;
    head.seq = Seq(head.seq.0 + 1);
    head.incarnation = format!("{}-for-{}", by.incarnation, head.term);
    head.holder.clone_from(&by.holder);
    (head.elected, head.released, head.beat) = (false, true, now);
    match edit {
        Edit::Freeze(next) => head.accord.next = Some(next),
        Edit::Withdraw => head.accord = head.accord.called_off(),
        Edit::Empty(layout) => {
            head.origin.clone_from(&head.incarnation);
            (head.ring, head.buckets) = (Vec::new(), vec![None]);
            head.accord = Accord { layout: Some(layout), ..Accord::default() };
            body = pack(&[], Effort::Quick);
        }
        Edit::Note => {}
    }
    Some(head.content(body))
}

/// What a segment or a bucket holds that is emptied; `None` without a head that can be read.
pub(crate) fn emptied(part: Part, head: &Content) -> Option<Content> {
    const CLASSES: u8 = crate::limits::LEDGER_BUCKETS_MAX;
    let (head, _) = Head::read(head).ok()?;
    match part {
        Part::Head => None,
        Part::Segment(slot) => {
            let nothing = (Point::default(), Point::default());
            Some(Sealed::seal(&head, slot, nothing, pack(&[], Effort::Quick)).1)
        }
        Part::Bucket(index) => Some(Bucket::content(&head, (CLASSES, index), Point::default(), 0, &[])),
    }
}
