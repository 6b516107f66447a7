//! What is odd about the seats, in plain words.

use super::limits::{BEAT_MAX, SHARDS_MAX};
use super::picture::{Finding, FindingKind, Found, Head, LeaseRow, Picture, Seat, age, seat_name};

/// Everything that is to be looked at, what could not be read last.
pub(super) fn findings(picture: &Picture) -> Vec<Finding> {
    let mut found = Vec::new();
    for (index, seat) in &picture.seats {
        let name = seat_name(*index);
        // A seat that the layout in force has no more is nobody's to cover.
        if index.is_some_and(|index| in_force(picture).is_some_and(|total| index >= total)) {
            continue;
        }
        let of_seat = [of_lease(picture, seat), of_both(picture, seat), of_head(picture, seat)];
        found.extend(of_seat.into_iter().flatten().map(|(kind, text)| Finding {
            kind,
            text: format!("{name}: {text}"),
            seats: vec![name.clone()],
        }));
    }
    found.extend(missing(picture));
    found.extend(picture.unread.iter().cloned());
    found
}

/// The largest number of shards that a head wishes for.
pub(super) fn largest_wish(picture: &Picture) -> u32 {
    let wishes = picture.seats.values().filter_map(|seat| seat.head.there()).map(|head| head.wish);
    wishes.max().unwrap_or(0).min(SHARDS_MAX)
}

/// The number of shards that was agreed upon last.
fn in_force(picture: &Picture) -> Option<u32> {
    let layouts = picture.seats.values().filter_map(|seat| seat.head.there()?.layout);
    layouts.max_by_key(|layout| layout.epoch).map(|layout| layout.total)
}

type Said = Option<(FindingKind, String)>;

fn of_lease(picture: &Picture, seat: &Seat) -> Said {
    let lease = seat.lease.there()?;
    if lease.holder.is_empty() {
        let text = "the Lease was given back and nobody has taken it".to_owned();
        return Some((FindingKind::LeaseFree, text));
    }
    let over = lease.expired_for(picture.at)?;
    let text = format!(
        "the Lease of {} ran out {} ago (it is good for {} from a renewal): no replica stands for it, or this \
         machine's clock is ahead",
        lease.holder,
        age(over),
        age(lease.duration),
    );
    Some((FindingKind::LeaseExpired, text))
}

fn of_both(picture: &Picture, seat: &Seat) -> Said {
    let (lease, head) = (seat.lease.there()?, seat.head.there()?);
    let (LeaseRow { holder, .. }, Head { holder: writer, term, beat, .. }) = (lease, head);
    if holder.is_empty() || holder == writer {
        return None;
    }
    let text = format!(
        "{holder} holds the Lease, but {writer} holds the state (term {term}, written {} ago): a take-over is under \
         way, or {holder} cannot write the state",
        age(picture.at.since(*beat)),
    );
    Some((FindingKind::HoldersDiffer, text))
}

/// What a head says of a seat that has no Lease.
fn of_head(picture: &Picture, seat: &Seat) -> Said {
    let head = seat.head.there()?;
    let Head { holder, elected, released, beat, .. } = head;
    let since = picture.at.since(*beat);
    match &seat.lease {
        Found::There(_) => None,
        _ if *released => {
            let text =
                format!("{holder} let go of the state {} ago and nobody has taken it since", age(since));
            Some((FindingKind::HeadReleased, text))
        }
        Found::Absent if *elected => {
            let text = format!("{holder} wrote the state under a Lease, and there is none now");
            Some((FindingKind::LeaseMissing, text))
        }
        _ if !*elected && since >= BEAT_MAX => {
            let text = format!(
                "no Lease, and {holder} has not written the state for {}, which a live replica does every 30s: nobody \
                 covers this seat",
                age(since),
            );
            Some((FindingKind::HeadStale, text))
        }
        Found::Absent | Found::Unread => None,
    }
}

/// Shards that somebody counts on and of which there is neither Lease nor head.
fn missing(picture: &Picture) -> Option<Finding> {
    let total = in_force(picture).unwrap_or_else(|| largest_wish(picture));
    let gone = |index: &u32| {
        let seat = picture.seats.get(&Some(*index));
        seat.is_none_or(|seat| matches!((&seat.lease, &seat.head), (Found::Absent, Found::Absent)))
    };
    let gone: Vec<u32> = (0..total).filter(|_| total > 1).filter(gone).collect();
    if gone.is_empty() {
        return None;
    }
    let text = format!(
        "a replica counts on {total} shards, and there is neither Lease nor state of shard {}: nobody covers that share",
        ranges(&gone)
    );
    let seats = gone.into_iter().map(|index| seat_name(Some(index))).collect();
    Some(Finding { kind: FindingKind::ShardMissing, seats, text })
}

/// `1, 3 to 5`
fn ranges(sorted: &[u32]) -> String {
    let runs = sorted.chunk_by(|one, next| one + 1 == *next);
    let words = runs.filter_map(|run| match run {
        [] => None,
        [one] => Some(one.to_string()),
        [first, .., last] => Some(format!("{first} to {last}")),
    });
    words.collect::<Vec<String>>().join(", ")
}
