//! Reads the seats: Leases by a list, or by their names where that is forbidden, and heads by their names.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use alertkube_api::{Persistence, Shard};
use alertkube_core::{Part, Refusal, Stamp, StoreTrouble};
use anyhow::{Context, bail};
use futures::{StreamExt, stream};
use k8s_openapi::api::coordination::v1::Lease;
use kube::api::ListParams;
use kube::{Api, Client, Config};

use super::findings::largest_wish;
use super::limits::{ANSWER_TIMEOUT, LEASES_A_PAGE, PAGES_MAX, SHARDS_ASKED, WORDS_BYTES_MAX};
use super::picture::{
    Finding, FindingKind, Found, Head, Index, LeaseRow, Picture, Seat, State, seat_name, seat_of,
};
use crate::clock::Clock;
use crate::limits::READS_AT_ONCE;
use crate::store::{ClusterStore, Place, Store};

/// The annotation of a Lease that names the release of its holder.
const RELEASE: &str = "alertkube.io/release";

/// What to read.
pub(super) struct Wanted {
    /// The namespace of the Leases.
    pub(super) leases_in: String,
    /// Where the state is, if there is one.
    pub(super) state: Option<Persistence>,
}

/// The Leases: all of them at once, or not.
enum Listed {
    All(BTreeMap<Index, LeaseRow>),
    /// One by one.
    Forbidden,
    /// Not at all.
    Failed,
}

/// The way to the seats.
struct Reader {
    leases: Api<Lease>,
    listed: Listed,
    store: Option<ClusterStore>,
    config: Config,
    wanted: Wanted,
}

/// A read that failed: of which kind, of what, of which seat, and why.
struct Trouble {
    kind: FindingKind,
    what: String,
    seat: Index,
    why: String,
}

/// Reads all seats. The error is that nothing could be read.
pub(super) async fn picture(config: Config, clock: Clock, wanted: Wanted) -> anyhow::Result<Picture> {
    let mut patient = config.clone();
    patient.default_retry = false;
    patient.read_timeout = Some(ANSWER_TIMEOUT);
    let client = Client::try_from(patient).context("cannot make a client for the Leases")?;
    let leases: Api<Lease> = Api::namespaced(client, &wanted.leases_in);
    let (listed, first) = listed(&leases, &wanted.leases_in).await?;
    let place = wanted.state.as_ref().map(|state| Place::new(state, Shard::WHOLE, &config));
    let state = place.as_ref().zip(wanted.state.as_ref()).map(|(place, Persistence { name, kind, .. })| {
        State { namespace: place.namespace().to_owned(), name: name.clone(), kind: *kind }
    });
    let store = place.map(|place| ClusterStore::new(config.clone(), clock, place)).transpose()?;
    let leases_in = wanted.leases_in.clone();
    let reader = Reader { leases, listed, store, config, wanted };
    let mut picture =
        Picture { at: clock.now().stamp(), leases_in, state, seats: BTreeMap::new(), unread: Vec::new() };
    let mut troubles = reader.read(&mut picture, reader.first()).await;
    let further = (SHARDS_ASKED..largest_wish(&picture)).map(Some);
    let further = further.filter(|index| !picture.seats.contains_key(index)).collect();
    troubles.extend(reader.read(&mut picture, further).await);
    picture.at = clock.now().stamp();
    picture.unread = first.into_iter().chain(grouped(troubles)).collect();
    let answered = |seat: &Seat| !seat.lease.is_unread() || !seat.head.is_unread();
    if !matches!(reader.listed, Listed::All(_)) && !picture.seats.values().any(answered) {
        let why: Vec<&str> = picture.unread.iter().map(|finding| finding.text.as_str()).collect();
        bail!("nothing could be read:\n{}", why.join("\n"));
    }
    retain(&mut picture);
    Ok(picture)
}

/// Leaves the seats of which there is something, or that a replica counts on.
fn retain(picture: &mut Picture) {
    let total = largest_wish(picture);
    picture.seats.retain(|index, Seat { lease, head }| {
        let counted_on = total > 1 && index.is_some_and(|index| index < total);
        lease.there().is_some() || head.there().is_some() || counted_on
    });
}

/// Our Leases of the namespace, and what is to be said when that is not all. The error is that there is no server.
async fn listed(leases: &Api<Lease>, namespace: &str) -> anyhow::Result<(Listed, Option<Finding>)> {
    let mut rows = BTreeMap::new();
    let mut how = ListParams::default().limit(LEASES_A_PAGE);
    for _ in 0..PAGES_MAX {
        let page = match leases.list(&how).await {
            Ok(page) => page,
            Err(kube::Error::Api(status)) => return Ok(refused(namespace, status.code, &status.message)),
            Err(error) => bail!("cannot list the Leases in {namespace}: {}", words(error)),
        };
        let ours =
            page.items.iter().filter_map(|lease| Some((seat_of(lease.metadata.name.as_ref()?)?, row(lease))));
        rows.extend(ours);
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => how = how.continue_token(&token),
            None => break,
        }
    }
    Ok((Listed::All(rows), None))
}

fn refused(namespace: &str, code: u16, message: &str) -> (Listed, Option<Finding>) {
    let why = cut(format!("{code} {}", message.trim()));
    let (listed, kind, text) = match code {
        403 => (
            Listed::Forbidden,
            FindingKind::Rights,
            format!(
                "no right to list leases.coordination.k8s.io in {namespace} ({why}): they were asked for by name, for \
                 the shards that the state counts on and at least {SHARDS_ASKED}"
            ),
        ),
        _ => (
            Listed::Failed,
            FindingKind::Unread,
            format!("the Leases in {namespace} cannot be listed: {why}"),
        ),
    };
    (listed, Some(Finding { kind, seats: Vec::new(), text }))
}

impl Reader {
    /// The seats to begin with: those that have a Lease, and those that the chart's Role names.
    fn first(&self) -> BTreeSet<Index> {
        let named = [None].into_iter().chain((0..SHARDS_ASKED).map(Some));
        match &self.listed {
            Listed::All(rows) => named.chain(rows.keys().copied()).collect(),
            Listed::Forbidden | Listed::Failed => named.collect(),
        }
    }

    async fn read(&self, picture: &mut Picture, indexes: BTreeSet<Index>) -> Vec<Trouble> {
        let reads = stream::iter(indexes).map(|index| async move {
            let (lease, head) = tokio::join!(self.lease(index), self.head(index));
            (index, lease, head)
        });
        let read: Vec<_> = reads.buffered(READS_AT_ONCE).collect().await;
        let mut troubles = Vec::new();
        for (index, lease, head) in read {
            let lease = lease.unwrap_or_else(|trouble| unread(&mut troubles, trouble));
            let head = head.unwrap_or_else(|trouble| unread(&mut troubles, trouble));
            picture.seats.insert(index, Seat { lease, head });
        }
        troubles
    }

    async fn lease(&self, index: Index) -> Result<Found<LeaseRow>, Trouble> {
        match &self.listed {
            Listed::All(rows) => return Ok(rows.get(&index).cloned().map_or(Found::Absent, Found::There)),
            Listed::Failed => return Ok(Found::Unread),
            Listed::Forbidden => {}
        }
        match self.leases.get_opt(&seat_name(index)).await {
            Ok(lease) => Ok(lease.as_ref().map(row).map_or(Found::Absent, Found::There)),
            Err(error) => {
                let forbidden = matches!(&error, kube::Error::Api(status) if status.code == 403);
                let kind = if forbidden { FindingKind::Rights } else { FindingKind::Unread };
                let what = format!("leases.coordination.k8s.io in {}", self.wanted.leases_in);
                Err(Trouble { kind, what, seat: index, why: words(error) })
            }
        }
    }

    async fn head(&self, index: Index) -> Result<Found<Head>, Trouble> {
        let (Some(store), Some(state)) = (&self.store, &self.wanted.state) else { return Ok(Found::Unread) };
        let shard = index.map_or(Shard::WHOLE, |index| Shard { index, total: u32::MAX });
        let place = Place::new(state, shard, &self.config);
        let (name, what) = (place.head(), format!("the state in {}", place.namespace()));
        let trouble = |kind, why| Trouble { kind, what: what.clone(), seat: index, why };
        let read = Store::Cluster(Box::new(store.at(place))).read(Part::Head).await;
        let meta = match read {
            Ok(Some((content, _))) => content.meta,
            Ok(None) => return Ok(Found::Absent),
            Err(StoreTrouble::Refused { why: Refusal::Forbidden, text }) => {
                return Err(trouble(FindingKind::Rights, text));
            }
            Err(other) => return Err(trouble(FindingKind::Unread, other.to_string())),
        };
        match serde_json::from_str::<Head>(&meta) {
            Ok(head) if is_of(index, &state.name, &head) => Ok(Found::There(Head { name, ..head })),
            Ok(_) => Ok(Found::Absent),
            Err(error) => {
                Err(trouble(FindingKind::Unreadable, format!("{name} is no head of this release: {error}")))
            }
        }
    }
}

/// Whether a head is of this seat. The only seat and shard 0 have one, whatever the number of shards is. A configured name
/// that ends in an index is that of the only seat and of a shard; heads of early builds do not say whose they are.
fn is_of(index: Index, configured: &str, head: &Head) -> bool {
    let ending = configured.rsplit_once('-').and_then(|(_, ending)| ending.parse::<u32>().ok());
    let shared = ending.filter(|ending| head.shards() > 1 && *ending != 0);
    let seat = head.seat.or(shared).unwrap_or(index.unwrap_or(0));
    match index {
        None => seat == 0 && head.shards() <= 1,
        Some(0) => seat == 0 && head.shards() > 1,
        Some(index) => seat == index && (head.shards() > 1 || ending != Some(index)),
    }
}

fn row(lease: &Lease) -> LeaseRow {
    let spec = lease.spec.clone().unwrap_or_default();
    let seconds = spec.lease_duration_seconds.and_then(|seconds| u64::try_from(seconds).ok());
    LeaseRow {
        holder: spec.holder_identity.unwrap_or_default(),
        acquired: spec.acquire_time.map(|time| Stamp::from(time.0)),
        renewed: spec.renew_time.map(|time| Stamp::from(time.0)),
        duration: Duration::from_secs(seconds.unwrap_or(0)),
        transitions: spec.lease_transitions.unwrap_or(0),
        release: lease.metadata.annotations.as_ref().and_then(|notes| notes.get(RELEASE)).cloned(),
    }
}

fn unread<T>(troubles: &mut Vec<Trouble>, trouble: Trouble) -> Found<T> {
    troubles.push(trouble);
    Found::Unread
}

/// One finding for all seats that have the same trouble, with the words of the first.
fn grouped(troubles: Vec<Trouble>) -> Vec<Finding> {
    let mut groups: BTreeMap<(FindingKind, String), (String, Vec<String>)> = BTreeMap::new();
    for Trouble { kind, what, seat, why } in troubles {
        groups.entry((kind, what)).or_insert_with(|| (why, Vec::new())).1.push(seat_name(seat));
    }
    let said = groups.into_iter().map(|((kind, what), (why, seats))| {
        let (first, others) = (&seats[0], seats.len() - 1);
        let of = if others == 0 { first.clone() } else { format!("{first} and {others} more") };
        let text = match kind {
            FindingKind::Rights => {
                format!("no right to get {what}, for {of}, so nothing is known of them: {why}")
            }
            _ => format!("{what} cannot be read, for {of}: {why}"),
        };
        Finding { kind, seats, text }
    });
    said.collect()
}

/// An error in one line. What an authentication plugin printed is left out: it may be a token.
fn words(error: kube::Error) -> String {
    match error {
        kube::Error::Auth(_) => "no credentials for the API server could be had".to_owned(),
        kube::Error::Api(status) => cut(format!("{} {}", status.code, status.message.trim())),
        error => cut(format!("{:#}", anyhow::Error::from(error))),
    }
}

fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(WORDS_BYTES_MAX));
    text
}
