//! Files as a ledger uses them, and as a crash leaves them.

use super::*;

/// A folder for one test, removed with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("alertkube-store-{name}-{}", std::process::id()));
        let _never_there = std::fs::remove_dir_all(&path);
        Scratch(path)
    }

    fn open(&self) -> FileStore {
        FileStore::open(self.0.clone()).expect("a folder of our own")
    }

    #[expect(clippy::disallowed_methods, reason = "what a crash or a stranger leaves")]
    fn leave(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.0.join(name), bytes).expect("written");
    }

    fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        files::read_bytes(&self.0.join(name), FILE_BYTES_MAX).expect("readable")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _left_behind = std::fs::remove_dir_all(&self.0);
    }
}

fn content(meta: &str) -> Content {
    // Every byte there is, line ends too.
    Content { meta: meta.to_owned(), body: (0..=255).collect() }
}

fn write(part: Part, meta: &str, expect: Option<&Version>) -> PartWrite {
    PartWrite { part, content: content(meta), expect: expect.cloned() }
}

#[tokio::test]
async fn parts_come_back_byte_for_byte_also_after_a_restart() {
    let scratch = Scratch::new("back");
    let store = scratch.open();
    assert_eq!(store.read(Part::Head).await, Ok(None));
    let first = store.write(write(Part::Head, "{\"seq\":1}\n", None)).await.expect("created");
    let second = store.write(write(Part::Head, "{\"seq\":2}", Some(&first))).await.expect("replaced");
    store.write(write(Part::Bucket(3), "", None)).await.expect("created");
    assert_eq!(store.read(Part::Head).await, Ok(Some((content("{\"seq\":2}"), second.clone()))));
    drop(store);
    let store = scratch.open();
    assert_eq!(store.read(Part::Head).await, Ok(Some((content("{\"seq\":2}"), second))));
    assert!(matches!(store.read(Part::Bucket(3)).await, Ok(Some((read, _))) if read == content("")));
    assert!(scratch.bytes("b03").is_some() && scratch.bytes("j00").is_none());
}

#[tokio::test]
async fn a_write_that_expects_something_else_is_a_conflict_and_changes_nothing() {
    let scratch = Scratch::new("conflict");
    let store = scratch.open();
    let gone = Version("7".to_owned());
    assert_eq!(store.write(write(Part::Head, "a", Some(&gone))).await, Err(StoreTrouble::Conflict));
    let first = store.write(write(Part::Head, "b", None)).await.expect("created");
    assert_eq!(store.write(write(Part::Head, "c", None)).await, Err(StoreTrouble::Conflict));
    let second = store.write(write(Part::Head, "d", Some(&first))).await.expect("replaced");
    assert_ne!(first, second);
    assert_eq!(store.write(write(Part::Head, "e", Some(&first))).await, Err(StoreTrouble::Conflict));
    assert_eq!(store.read(Part::Head).await, Ok(Some((content("d"), second))));
}

#[tokio::test]
async fn what_a_crash_left_half_written_is_never_read_and_is_no_hindrance() {
    let scratch = Scratch::new("crash");
    let store = scratch.open();
    let first = store.write(write(Part::Head, "whole", None)).await.expect("created");
    drop(store);
    scratch.leave("head.new", b"alertkube-part 1 2 400 9\nhal");
    let store = scratch.open();
    assert_eq!(store.read(Part::Head).await, Ok(Some((content("whole"), first.clone()))));
    let second = store.write(write(Part::Head, "next", Some(&first))).await.expect("replaced");
    assert_eq!(store.read(Part::Head).await, Ok(Some((content("next"), second))));
    assert_eq!(scratch.bytes("head.new"), None);
}

#[tokio::test]
async fn a_head_that_grows_is_added_to_and_one_that_somebody_took_away_is_not() {
    let scratch = Scratch::new("grows");
    let store = scratch.open();
    let head = |body: &[u8], expect: &Version| PartWrite {
        part: Part::Head,
        content: Content { meta: "m".to_owned(), body: body.to_vec() },
        expect: Some(expect.clone()),
    };
    let first = store.write(write(Part::Head, "m", None)).await.expect("created");
    let before = scratch.bytes("head").expect("a file");
    let longer = [&content("m").body[..], b"more"].concat();
    let second = store.write(head(&longer, &first)).await.expect("added");
    let after = scratch.bytes("head").expect("a file");
    assert!(after.starts_with(&before) && after.len() < before.len() + 40, "{} bytes", after.len());
    let third = store.write(head(b"other", &second)).await.expect("added");
    assert_eq!(store.write(head(b"late", &second)).await, Err(StoreTrouble::Conflict));
    drop(store);
    let store = scratch.open();
    let Ok(Some((read, version))) = store.read(Part::Head).await else { panic!("a part") };
    assert_eq!((&read.body[..], &version), (&b"other"[..], &third));
    store.write(head(b"whole", &version)).await.expect("replaced");
    std::fs::remove_file(scratch.0.join("head")).expect("taken away");
    let expect = Version("5".to_owned());
    assert_eq!(store.write(head(b"lost", &expect)).await, Err(StoreTrouble::Conflict));
    assert_eq!(store.read(Part::Head).await, Ok(None));
}

#[tokio::test]
async fn a_file_that_is_no_part_is_set_aside_and_not_overwritten() {
    let whole = format::whole(4, &content("meta"));
    let broken: [&[u8]; 6] = [
        b"",
        b"no newline",
        b"something else 1 0 0\n",
        b"alertkube-part 2 1 0 0\n",
        &whole[..whole.len() - 1],
        &[&whole[..], b"more"].concat(),
    ];
    for bytes in broken {
        let scratch = Scratch::new("stranger");
        let store = scratch.open();
        scratch.leave("head", bytes);
        let stale = Version("4".to_owned());
        assert_eq!(store.write(write(Part::Head, "a", Some(&stale))).await, Err(StoreTrouble::Conflict));
        assert_eq!(store.read(Part::Head).await, Ok(None));
        assert_eq!(scratch.bytes("head.unreadable").as_deref(), Some(bytes));
        store.write(write(Part::Head, "a", None)).await.expect("created");
        assert_eq!(scratch.bytes("head.unreadable").as_deref(), Some(bytes));
    }
}

#[tokio::test]
async fn a_second_process_with_the_folder_is_refused_until_the_first_has_ended() {
    let scratch = Scratch::new("second");
    let store = scratch.open();
    let refused = FileStore::open(scratch.0.clone()).err().expect("it is in use");
    let told = format!("{refused:#}");
    assert!(
        told.contains("is in use by another process") && told.contains("alertkube-store-second"),
        "{told}"
    );
    drop(store);
    scratch.open();
}

#[tokio::test]
async fn lost_content_has_a_file_of_its_own_and_the_latest_stays() {
    let scratch = Scratch::new("lost");
    let store = scratch.open();
    for meta in ["a", "b"] {
        store.set_aside(Part::Segment(2), content(meta)).await.expect("kept");
    }
    let (kept, _) = format::parse(&scratch.bytes("lost-j02").expect("a file")).expect("a part");
    assert_eq!(kept, content("b"));
    assert_eq!(store.read(Part::Segment(2)).await, Ok(None));
}

#[tokio::test]
async fn what_cannot_be_written_is_refused_and_what_cannot_be_read_is_no_empty_store() {
    let scratch = Scratch::new("refused");
    let store = scratch.open();
    std::fs::create_dir(scratch.0.join("head.new")).expect("something in the way");
    let refused = store.write(write(Part::Head, "a", None)).await;
    assert!(
        matches!(&refused, Err(StoreTrouble::Refused { why: Refusal::Other, text }) if text.contains("head.new"))
    );
    std::fs::create_dir(scratch.0.join("j00")).expect("something in the way");
    let unknown = store.read(Part::Segment(0)).await;
    assert!(matches!(&unknown, Err(StoreTrouble::Unknown(text)) if text.contains("j00")), "{unknown:?}");
    let body = vec![0; usize::try_from(FILE_BYTES_MAX).expect("a small number")];
    let large =
        PartWrite { part: Part::Bucket(0), content: Content { meta: String::new(), body }, expect: None };
    let refused = store.write(large).await;
    assert!(matches!(refused, Err(StoreTrouble::Refused { why: Refusal::TooLarge, .. })), "{refused:?}");
}

#[test]
fn a_full_disk_is_a_quota_and_a_read_only_one_a_missing_right() {
    for (kind, expected) in [
        (ErrorKind::StorageFull, Refusal::Quota),
        (ErrorKind::QuotaExceeded, Refusal::Quota),
        (ErrorKind::PermissionDenied, Refusal::Forbidden),
        (ErrorKind::ReadOnlyFilesystem, Refusal::Forbidden),
        (ErrorKind::FileTooLarge, Refusal::TooLarge),
        (ErrorKind::BrokenPipe, Refusal::Other),
    ] {
        let error = anyhow::Error::from(std::io::Error::from(kind)).context("cannot write x");
        assert!(matches!(refused(error), StoreTrouble::Refused { why, .. } if why == expected), "{kind}");
    }
}
