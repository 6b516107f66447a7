//! The metas of the three kinds of parts, as JSON. Format 1.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::codec::{Effort, Facts, Point, Record, crc, pack, read_facts, read_records, unpack};
use super::interface::{Accord, Seq};
use super::part::Content;
use crate::limits::{LEDGER_BUCKETS_MAX, LEDGER_SEGMENTS_MAX};
use crate::time::Stamp;

/// The only format there is.
pub(super) const FORMAT: u32 = 1;

/// What is wrong with a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// A later release wrote it, in this term.
    Later { term: u64, why: String },
    /// Nobody can read it.
    Broken(String),
}

impl Flaw {
    pub(super) fn why(&self) -> &str {
        match self {
            Flaw::Later { why, .. } | Flaw::Broken(why) => why,
        }
    }
}

/// The meta of a head. Its body is the tail of the journal: records of commits that are in no segment yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) format: u32,
    /// The incarnation that created the first head of this life: parts of another life are not ours.
    pub(super) origin: String,
    /// Whose head it is; heads of early builds do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) seat: Option<u32>,
    pub(super) term: u64,
    pub(super) incarnation: String,
    pub(super) holder: String,
    pub(super) elected: bool,
    pub(super) released: bool,
    pub(super) wish: u32,
    /// The wall instant of the commit, in milliseconds: for people, and for the liveness of a seat without a Lease.
    pub(super) beat: Stamp,
    pub(super) seq: Seq,
    #[serde(flatten)]
    pub(super) accord: Accord,
    /// A process that was fenced and still lives says so here; the holder takes note and writes over it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) doubled: Option<String>,
    /// A process without election that waits for an elected holder to be gone asks here whether it lives; one that does
    /// writes over it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) waits: Option<String>,
    /// The segments that are to be replayed, in order.
    pub(super) ring: Vec<Sealed>,
    /// For each bucket, up to which commit it was confirmed to hold its share; `null` for one not yet written.
    pub(super) buckets: Vec<Option<Point>>,
    /// Of the body.
    pub(super) crc: u32,
}

/// A segment as the head names it, and as it names itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sealed {
    pub(super) slot: u8,
    pub(super) first: Point,
    pub(super) last: Point,
    pub(super) crc: u32,
}

#[derive(Serialize, Deserialize)]
struct SegmentMeta {
    format: u32,
    origin: String,
    term: u64,
    #[serde(flatten)]
    sealed: Sealed,
}

/// The meta of a bucket. Its body is the entries of its class as of `up_to`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Bucket {
    format: u32,
    pub(super) origin: String,
    /// Among how many buckets its class was cut: it holds the subjects with `subject mod buckets == index`.
    pub(super) buckets: u8,
    pub(super) index: u8,
    term: u64,
    up_to_seq: Seq,
    pub(super) entries: usize,
    crc: u32,
}

impl Head {
    /// The head with its tail packed as body.
    pub(super) fn content(&mut self, body: Vec<u8>) -> Content {
        self.crc = crc(&body);
        Content { meta: text(self), body }
    }

    /// Reads a head and its tail.
    pub(super) fn read(content: &Content) -> Result<(Head, Vec<Record>), Flaw> {
        let head: Head = meta(content)?;
        let raw = body(content, head.crc)?;
        let records = read_records(&raw).map_err(Flaw::Broken)?;
        head.check().map_err(Flaw::Broken)?;
        Ok((head, records))
    }

    pub(super) fn at(&self) -> Point {
        Point { term: self.term, seq: self.seq }
    }

    /// Whether it is this one, whatever notes others left in it.
    pub(super) fn is_but_for_notes(&self, other: &Head) -> bool {
        let plain = |head: &Head| Head { doubled: None, waits: None, ..head.clone() };
        plain(self) == plain(other)
    }

    fn check(&self) -> Result<(), String> {
        let count = self.buckets.len();
        if !count.is_power_of_two() || count > usize::from(LEDGER_BUCKETS_MAX) {
            return Err(format!("{count} buckets: expected a power of two up to {LEDGER_BUCKETS_MAX}"));
        }
        if let Some(sealed) = self.ring.iter().find(|sealed| sealed.slot >= LEDGER_SEGMENTS_MAX) {
            return Err(format!("segment {}: expected less than {LEDGER_SEGMENTS_MAX}", sealed.slot));
        }
        Ok(())
    }
}

impl Sealed {
    /// Seals a packed journal; gives the entry for the head and the content of the segment.
    pub(super) fn seal(
        head: &Head,
        slot: u8,
        (first, last): (Point, Point),
        body: Vec<u8>,
    ) -> (Sealed, Content) {
        let sealed = Sealed { slot, first, last, crc: crc(&body) };
        let meta = SegmentMeta {
            format: FORMAT,
            origin: head.origin.clone(),
            term: head.term,
            sealed: sealed.clone(),
        };
        (sealed, Content { meta: text(&meta), body })
    }

    /// Reads the segment that a head of this life names.
    pub(super) fn read(&self, origin: &str, content: &Content) -> Result<Vec<Record>, Flaw> {
        let meta: SegmentMeta = meta(content)?;
        if meta.origin != origin || meta.sealed != *self {
            return Err(Flaw::Broken("not the segment that the head names".to_owned()));
        }
        read_records(&body(content, self.crc)?).map_err(Flaw::Broken)
    }
}

impl Bucket {
    /// The bucket `index` of `buckets`, from its raw entries.
    pub(super) fn content(head: &Head, class: (u8, u8), up_to: Point, entries: usize, raw: &[u8]) -> Content {
        let body = pack(raw, Effort::lasting(raw.len()));
        let meta = Bucket {
            format: FORMAT,
            origin: head.origin.clone(),
            buckets: class.0,
            index: class.1,
            term: up_to.term,
            up_to_seq: up_to.seq,
            entries,
            crc: crc(&body),
        };
        Content { meta: text(&meta), body }
    }

    /// Reads the bucket that stands in the part `index`.
    pub(super) fn read(index: u8, content: &Content) -> Result<(Bucket, Facts), Flaw> {
        let bucket: Bucket = meta(content)?;
        let facts = read_facts(&body(content, bucket.crc)?).map_err(Flaw::Broken)?;
        let whole = bucket.buckets.is_power_of_two()
            && bucket.buckets <= LEDGER_BUCKETS_MAX
            && bucket.index == index
            && index < bucket.buckets
            && facts.len() == bucket.entries
            && facts.keys().all(|key| key.subject % u64::from(bucket.buckets) == u64::from(index));
        if !whole {
            return Err(Flaw::Broken(format!("not the entries of bucket {index}")));
        }
        Ok((bucket, facts))
    }

    pub(super) fn up_to(&self) -> Point {
        Point { term: self.term, seq: self.up_to_seq }
    }
}

fn text(meta: &impl Serialize) -> String {
    serde_json::to_string(meta).expect("metas have string keys and whole numbers only")
}

/// Reads a meta, the format first.
fn meta<T: DeserializeOwned>(content: &Content) -> Result<T, Flaw> {
    #[derive(Deserialize)]
    struct Probe {
        format: u32,
        #[serde(default)]
        term: u64,
    }
    let broken = |error: serde_json::Error| Flaw::Broken(format!("the meta does not parse: {error}"));
    let probe: Probe = serde_json::from_str(&content.meta).map_err(broken)?;
    if probe.format > FORMAT {
        let why = format!("format {} is newer than {FORMAT}, which this build writes", probe.format);
        return Err(Flaw::Later { term: probe.term, why });
    }
    serde_json::from_str(&content.meta).map_err(broken)
}

fn body(content: &Content, expected: u32) -> Result<Vec<u8>, Flaw> {
    let found = crc(&content.body);
    if found != expected {
        return Err(Flaw::Broken(format!("the body's checksum is {found}: expected {expected}")));
    }
    unpack(&content.body).map_err(Flaw::Broken)
}

#[cfg(test)]
mod tests {
    use super::super::Layout;
    use super::*;

    fn head() -> Head {
        Head {
            format: FORMAT,
            origin: "o".to_owned(),
            seat: Some(0),
            term: 3,
            incarnation: "i".to_owned(),
            holder: "alertkube-0".to_owned(),
            elected: true,
            released: false,
            wish: 1,
            beat: Stamp::from_seconds(1),
            seq: Seq(7),
            accord: Accord { layout: Some(Layout { epoch: 2, total: 3 }), ..Accord::default() },
            doubled: None,
            waits: None,
            ring: Vec::new(),
            buckets: vec![None, Some(Point { term: 2, seq: Seq(5) })],
            crc: 0,
        }
    }

    #[test]
    fn a_head_is_readable_text() {
        let content = head().content(pack(&[], Effort::Quick));
        let expected = concat!(
            r#"{"format":1,"origin":"o","seat":0,"term":3,"incarnation":"i","holder":"alertkube-0","elected":true,"#,
            r#""released":false,"wish":1,"beat":1000,"seq":7,"layout":{"epoch":2,"total":3},"ring":[],"#,
            r#""buckets":[null,{"term":2,"seq":5}],"crc":"#,
        );
        assert!(content.meta.starts_with(expected), "{}", content.meta);
        assert_eq!(Head::read(&content).unwrap().0.at(), Point { term: 3, seq: Seq(7) });
    }

    #[test]
    fn a_head_of_an_early_build_that_does_not_say_whose_it_is_is_read() {
        let content = Head { seat: None, ..head() }.content(pack(&[], Effort::Quick));
        assert!(!content.meta.contains("seat"), "{}", content.meta);
        assert_eq!(Head::read(&content).unwrap().0.seat, None);
    }

    #[test]
    fn what_is_not_whole_is_refused_with_a_reason() {
        let check = |meta: &str, body: &[u8], words: &str| {
            let flaw = Head::read(&Content { meta: meta.to_owned(), body: body.to_vec() }).unwrap_err();
            assert!(flaw.why().contains(words), "{flaw:?}");
        };
        let content = head().content(pack(&[], Effort::Quick));
        check("{", &[], "does not parse");
        check(r#"{"format":2,"term":9}"#, &[], "format 2 is newer than 1");
        check(&content.meta, b"x", "checksum");
        let mut three = head();
        three.buckets = vec![None; 3];
        let content = three.content(pack(&[], Effort::Quick));
        check(&content.meta, &content.body, "3 buckets");
    }

    #[test]
    fn a_segment_is_the_one_that_the_head_names() {
        let at = Point { term: 3, seq: Seq(7) };
        let raw = super::super::codec::write_record(at, &Facts::new());
        let (sealed, content) = Sealed::seal(&head(), 4, (at, at), pack(&raw, Effort::Quick));
        assert_eq!(sealed.read("o", &content).map(|records| records.len()), Ok(1));
        assert!(sealed.read("another", &content).is_err());
        let other = Sealed { last: Point { term: 3, seq: Seq(8) }, ..sealed };
        assert!(other.read("o", &content).is_err());
    }

    #[test]
    fn a_bucket_holds_its_own_class_only() {
        let mut raw = Vec::new();
        super::super::codec::write_fact(&mut raw, &super::super::EntryKey::new(5, "a"), Some(b"x"));
        let up_to = Point { term: 3, seq: Seq(7) };
        let content = Bucket::content(&head(), (4, 1), up_to, 1, &raw);
        assert_eq!(Bucket::read(1, &content).unwrap().0.up_to(), up_to);
        assert!(Bucket::read(2, &content).is_err());
        let wrong = Bucket::content(&head(), (4, 2), up_to, 1, &raw);
        assert!(Bucket::read(2, &wrong).is_err());
    }
}
