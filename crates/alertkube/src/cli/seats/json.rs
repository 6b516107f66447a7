//! The seats as one JSON document.

use alertkube_api::PersistenceKind;
use alertkube_core::Stamp;
use serde_json::{Value, json};

use super::findings::findings;
use super::picture::{Head, Index, Layout, LeaseRow, Picture, Seat, State, seat_name};

/// The fields, for the help. Fields are added, never renamed; instants are RFC 3339 in UTC.
pub(super) const FIELDS: &str = "\
Fields of --output json (instants are RFC 3339 in UTC; ages are whole seconds by this machine's clock):
  at                        when it was read
  leases.namespace          where the Leases are
  state                     namespace, name and kind of the state objects; null with persistence.enabled off
  seats[]                   one for each seat that there is, or that a replica counts on
    seat                    the name of its Lease, also where it has none
    shard                   its index; null for the only seat
    unread                  which of \"lease\" and \"head\" were not read, so that null says nothing
    lease                   null without one
      holder                empty when it was given back
      heldSince, lastRenewed, renewedAgeSeconds, durationSeconds, expired, transitions
      release               the annotation alertkube.io/release; null without one
    head                    null without one
      name, term, holder, elected, released, seq
      wish                  the number of shards that its writer was told
      layout                the number of shards by which its facts are cut, and the epoch of that; null before any
                            was agreed upon
      next                  the one that is about to replace it; else null
      beat, beatAgeSeconds  when it was last written, by its writer's clock
  findings[]                what is to be looked at: kind, seats, text
    kind                    holdersDiffer, leaseExpired, leaseFree, leaseMissing, headStale, headReleased,
                            shardMissing, rights, unread, unreadable

Exit status: 0 when something was read, 1 when nothing could be.";

/// The document; [`FIELDS`] says what is in it.
pub(super) fn document(picture: &Picture) -> Value {
    let seats = picture.seats.iter().map(|(index, of)| seat(picture.at, *index, of));
    json!({
        "at": picture.at.timestamp().to_string(),
        "leases": { "namespace": picture.leases_in },
        "state": picture.state.as_ref().map(state),
        "seats": seats.collect::<Value>(),
        "findings": findings(picture),
    })
}

fn state(state: &State) -> Value {
    let kind = match state.kind {
        PersistenceKind::ConfigMap => "ConfigMap",
        PersistenceKind::Secret => "Secret",
    };
    json!({ "namespace": state.namespace, "name": state.name, "kind": kind })
}

fn seat(at: Stamp, index: Index, seat: &Seat) -> Value {
    let unread = [("lease", seat.lease.is_unread()), ("head", seat.head.is_unread())];
    let unread = unread.into_iter().filter(|(_, unread)| *unread).map(|(what, _)| what);
    json!({
        "seat": seat_name(index),
        "shard": index,
        "unread": unread.collect::<Value>(),
        "lease": seat.lease.there().map(|row| lease(at, row)),
        "head": seat.head.there().map(|row| head(at, row)),
    })
}

fn lease(at: Stamp, row: &LeaseRow) -> Value {
    let instant = |stamp: Option<Stamp>| stamp.map(|stamp| stamp.timestamp().to_string());
    json!({
        "holder": row.holder,
        "heldSince": instant(row.acquired),
        "lastRenewed": instant(row.renewed),
        "renewedAgeSeconds": row.renewed.map(|renewed| at.since(renewed).as_secs()),
        "durationSeconds": row.duration.as_secs(),
        "expired": row.expired_for(at).is_some(),
        "transitions": row.transitions,
        "release": row.release,
    })
}

fn head(at: Stamp, row: &Head) -> Value {
    let Head { seat: _, term, holder, elected, released, seq, wish, layout, next, beat, name } = row;
    let cut = |layout: &Layout| json!({ "epoch": layout.epoch, "shards": layout.total });
    json!({
        "name": name,
        "term": term,
        "holder": holder,
        "elected": elected,
        "released": released,
        "seq": seq,
        "wish": wish,
        "layout": layout.as_ref().map(cut),
        "next": next.as_ref().map(|next| cut(&next.layout)),
        "beat": beat.timestamp().to_string(),
        "beatAgeSeconds": at.since(*beat).as_secs(),
    })
}
