//! Every behaviour of a server that was seen, as the frames in which it shows.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::watch::kinds::{Kind, KindId};
use crate::watch::limits::{
    BACKOFF_FIRST, BACKOFF_MOST, BRIEF_TRIES, PAGE_TIMEOUT, REFUSED_RETRY, SETTLE, SILENCE, STREAM_TRIES,
    TOO_LARGE_RETRY, TOO_LARGE_TRIES, WATCH_TRIES,
};

const EXPIRED: &str = r#"{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"too old resource version: 1 (4711)","reason":"Expired","code":410}}"#;
const NO_PROGRESS: &str = r#"{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"storage: (method RequestWatchProgress is disabled)","reason":"InternalError","details":{"causes":[{"message":"storage: (method RequestWatchProgress is disabled)"}]},"code":500}}"#;
const GATE_OFF: &str = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"ListOptions.meta.k8s.io \"\" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled","reason":"Invalid","details":{"group":"meta.k8s.io","kind":"ListOptions","causes":[{"reason":"FieldValueForbidden","message":"Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled","field":"sendInitialEvents"}]},"code":422}"#;
const TOO_LARGE: &str = r#"{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Timeout: Too large resource version: 900, current: 12","reason":"Timeout","details":{"causes":[{"reason":"ResourceVersionTooLarge","message":"Too large resource version"}],"retryAfterSeconds":1},"code":504}}"#;
const STALE_TOKEN: &str = r#"{"kind":"Status","apiVersion":"v1","metadata":{"continue":"inconsistent"},"status":"Failure","message":"The provided continue parameter is too old to display a consistent list result.","reason":"Expired","code":410}"#;
const STALE_TOKEN_BARE: &str = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"The provided continue parameter is too old","reason":"Expired","code":410}"#;
const FORBIDDEN: &str = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"pods is forbidden: User \"system:serviceaccount:a:b\" cannot list resource \"pods\" in API group \"\" at the cluster scope","reason":"Forbidden","details":{"kind":"pods"},"code":403}"#;

/// A watch of pods, and its clock.
struct Bench {
    follow: Follow,
    now: Duration,
}

impl Bench {
    fn new() -> Bench {
        let plan = Arc::new(Plan::default());
        Bench { follow: Follow::new(Kind::of(KindId::Pod), None, plan, 42), now: Duration::from_secs(1000) }
    }

    /// One whose server cannot stream lists.
    fn paging() -> Bench {
        let mut bench = Bench::new();
        bench.get();
        bench.answer(422, GATE_OFF);
        bench
    }

    /// One whose list is complete at version 10, and whose watch has stood for a while.
    fn synced() -> Bench {
        let mut bench = Bench::new();
        bench.stream();
        bench.line(&added("a", 5));
        bench.line(&end(10));
        bench.pass(Duration::from_secs(2));
        assert_eq!(bench.events(), ["began 1", "seen a", "synced 1"]);
        bench
    }

    /// Sleeps until the next request, and gives it.
    fn get(&mut self) -> String {
        loop {
            match self.follow.next(self.now) {
                Ask::Get(request) => return request.path_and_query,
                Ask::Sleep(until) => self.now = until,
                Ask::Read(until) => panic!("reads until {until:?}"),
            }
        }
    }

    /// How long it sleeps before the next request.
    fn wait(&mut self) -> Duration {
        let before = self.now;
        self.get();
        self.now - before
    }

    /// The next request, answered with 200.
    fn stream(&mut self) -> String {
        let path = self.get();
        self.follow.frame(self.now, Frame::Head { status: 200, retry_after: None });
        path
    }

    fn line(&mut self, line: &str) {
        self.follow.frame(self.now, Frame::Line(line.as_bytes()));
    }

    fn answer(&mut self, status: u16, body: &str) {
        self.follow.frame(self.now, Frame::Head { status, retry_after: None });
        self.follow.frame(self.now, Frame::Body(body.as_bytes()));
    }

    fn closed(&mut self) {
        self.follow.frame(self.now, Frame::Closed);
    }

    /// Time passes while an answer is read.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Ask::Read(until) = self.follow.next(self.now)
            && until <= end
        {
            self.now = until;
        }
        if self.now < end && matches!(self.follow.next(self.now), Ask::Read(_)) {
            self.now = end;
        }
    }

    fn events(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.follow.poll()).map(|event| short(&event)).collect()
    }

    fn skipped(&mut self) -> u64 {
        self.follow.take_skipped().map_or(0, |skipped| skipped.count)
    }
}

fn short(event: &WatchEvent) -> String {
    match event {
        WatchEvent::Began(epoch) => format!("began {}", epoch.0),
        WatchEvent::Seen(view) => format!("seen {}", view.meta().name),
        WatchEvent::Gone(_) => "gone".to_owned(),
        WatchEvent::Synced(epoch) => format!("synced {}", epoch.0),
        WatchEvent::Lost(why) => format!("lost {}", why.label()),
    }
}

fn pod(name: &str, version: u32) -> String {
    format!(r#"{{"metadata":{{"name":"{name}","namespace":"shop","resourceVersion":"{version}"}}}}"#)
}

fn added(name: &str, version: u32) -> String {
    format!(r#"{{"type":"ADDED","object":{}}}"#, pod(name, version))
}

fn deleted(name: &str, version: u32) -> String {
    format!(r#"{{"type":"DELETED","object":{}}}"#, pod(name, version))
}

fn bookmark(version: u32) -> String {
    format!(
        r#"{{"type":"BOOKMARK","object":{{"kind":"Pod","metadata":{{"resourceVersion":"{version}","creationTimestamp":null}}}}}}"#
    )
}

fn end(version: u32) -> String {
    format!(
        r#"{{"type":"BOOKMARK","object":{{"kind":"Pod","metadata":{{"resourceVersion":"{version}","annotations":{{"k8s.io/initial-events-end":"true"}}}}}}}}"#
    )
}

fn page(names: &[&str], version: u32, token: &str) -> String {
    let items: Vec<_> = names.iter().map(|name| pod(name, 1)).collect();
    format!(
        r#"{{"kind":"PodList","metadata":{{"resourceVersion":"{version}","continue":"{token}"}},"items":[{}]}}"#,
        items.join(",")
    )
}

#[test]
fn a_streaming_list_ends_with_its_bookmark_and_goes_on_as_a_watch() {
    let mut bench = Bench::new();
    let path = bench.stream();
    assert!(path.contains("sendInitialEvents=true"), "{path}");
    assert_eq!(bench.events(), [""; 0]);
    for line in [added("a", 5), bookmark(7), added("b", 3), end(10), added("c", 11), deleted("a", 12)] {
        bench.line(&line);
    }
    assert_eq!(bench.events(), ["began 1", "seen a", "seen b", "synced 1", "seen c", "gone"]);
    bench.pass(Duration::from_secs(60));
    bench.closed();
    assert!(bench.get().ends_with("&resourceVersion=12"));
    assert_eq!(bench.events(), [""; 0]);
}

#[test]
fn a_kind_without_objects_syncs_too() {
    let mut bench = Bench::new();
    bench.stream();
    bench.line(&end(10));
    assert_eq!(bench.events(), ["began 1", "synced 1"]);
}

#[test]
fn a_store_without_progress_notifications_is_listed_in_pages() {
    let mut bench = Bench::new();
    bench.stream();
    bench.line(NO_PROGRESS);
    assert_eq!(bench.get(), "/api/v1/pods?limit=500");
    bench.answer(200, &page(&["a"], 10, ""));
    assert!(bench.get().contains("watch=true"));
    assert_eq!(bench.events(), ["began 1", "seen a", "synced 1"]);
}

#[test]
fn a_server_that_does_not_know_streaming_lists_is_listed_in_pages_for_good() {
    for (status, body) in [(422, GATE_OFF), (400, "{}")] {
        let mut bench = Bench::new();
        bench.get();
        bench.answer(status, body);
        assert!(!bench.get().contains("watch"), "{status}");
        bench.answer(200, &page(&[], 10, ""));
        bench.stream();
        bench.line(EXPIRED);
        assert_eq!(bench.get(), "/api/v1/pods?limit=500");
        assert_eq!(bench.events(), ["began 1", "synced 1"]);
    }
}

#[test]
fn pages_follow_their_tokens_and_the_watch_begins_at_their_version() {
    let mut bench = Bench::paging();
    bench.get();
    bench.answer(200, &page(&["a"], 10, "t/1"));
    assert_eq!(bench.get(), "/api/v1/pods?limit=500&continue=t%2F1");
    bench.answer(200, &page(&["b"], 10, ""));
    assert!(bench.get().ends_with("&resourceVersion=10"));
    assert_eq!(bench.events(), ["began 1", "seen a", "seen b", "synced 1"]);
}

#[test]
fn the_margin_of_a_page_may_come_after_its_items() {
    let mut bench = Bench::paging();
    bench.get();
    let body =
        format!(r#"{{"items":[{}],"metadata":{{"continue":"t","resourceVersion":"10"}}}}"#, pod("a", 1));
    bench.answer(200, &body);
    assert!(bench.get().ends_with("continue=t"));
}

#[test]
fn a_page_that_fails_is_asked_for_again_in_the_same_list() {
    let mut bench = Bench::paging();
    bench.get();
    bench.answer(200, &page(&["a"], 10, "t1"));
    bench.get();
    bench.follow.frame(bench.now, Frame::Failed("connection reset"));
    assert!(bench.get().ends_with("continue=t1"));
    bench.answer(500, "{}");
    assert!(bench.get().ends_with("continue=t1"));
    bench.answer(200, &page(&["b"], 10, "")[..40]);
    assert!(bench.get().ends_with("continue=t1"));
    bench.answer(200, &page(&["b"], 10, ""));
    assert_eq!(bench.events(), ["began 1", "seen a", "lost unreachable", "seen b", "synced 1"]);
}

#[test]
fn a_stale_token_goes_on_with_the_one_it_is_given() {
    let mut bench = Bench::paging();
    bench.get();
    bench.answer(200, &page(&["a"], 10, "t1"));
    bench.get();
    bench.answer(410, STALE_TOKEN);
    assert!(bench.get().ends_with("continue=inconsistent"));
    bench.answer(200, &page(&["b"], 99, ""));
    assert!(
        bench.get().ends_with("&resourceVersion=10"),
        "what changed on the first page must be seen again"
    );
    assert_eq!(bench.events(), ["began 1", "seen a", "seen b", "synced 1"]);
}

#[test]
fn a_stale_token_without_another_starts_from_scratch() {
    for (status, body) in [(410, STALE_TOKEN_BARE), (400, "{}")] {
        let mut bench = Bench::paging();
        bench.get();
        bench.answer(200, &page(&["a"], 10, "t1"));
        bench.get();
        bench.answer(status, body);
        assert_eq!(bench.get(), "/api/v1/pods?limit=500");
        bench.answer(200, &page(&["a"], 20, ""));
        assert_eq!(bench.events(), ["began 1", "seen a", "began 2", "seen a", "synced 2"]);
    }
}

#[test]
fn a_server_that_has_just_started_is_asked_again_after_a_second() {
    let mut bench = Bench::synced();
    bench.closed();
    for _ in 0..5 {
        bench.stream();
        bench.line(TOO_LARGE);
        let before = bench.now;
        assert_eq!(bench.follow.next(bench.now), Ask::Sleep(before + TOO_LARGE_RETRY));
    }
    bench.stream();
    bench.line(&bookmark(11));
    assert_eq!(bench.events(), [""; 0]);
}

#[test]
fn a_server_that_never_comes_to_our_version_went_back_and_is_listed_from_scratch() {
    let mut bench = Bench::synced();
    bench.closed();
    let mut asked = 0;
    while bench.stream().contains("resourceVersion=10") {
        bench.line(TOO_LARGE);
        asked += 1;
    }
    assert_eq!(asked, TOO_LARGE_TRIES);
    bench.line(&end(3));
    assert_eq!(bench.events(), ["lost unreachable", "began 2", "synced 2"]);
}

#[test]
fn a_version_that_expired_is_listed_from_scratch_at_once() {
    let mut bench = Bench::synced();
    bench.line(EXPIRED);
    let before = bench.now;
    assert!(bench.stream().contains("sendInitialEvents"));
    assert_eq!(bench.now, before);
    bench.line(&added("b", 20));
    bench.line(&end(21));
    assert_eq!(bench.events(), ["began 2", "seen b", "synced 2"]);
}

#[test]
fn a_server_whose_every_watch_expires_is_not_hammered() {
    let mut bench = Bench::paging();
    let mut waited = Duration::ZERO;
    for _ in 0..10 {
        waited += bench.wait();
        bench.answer(200, &page(&[], 10, ""));
        bench.stream();
        bench.line(EXPIRED);
    }
    assert!(waited > Duration::from_secs(30), "{waited:?}");
}

#[test]
fn a_bookmark_that_goes_back_voids_the_past() {
    let mut bench = Bench::synced();
    bench.line(&bookmark(9));
    assert!(bench.stream().contains("sendInitialEvents"));
    bench.line(&end(9));
    assert_eq!(bench.events(), ["began 2", "synced 2"]);
}

#[test]
fn a_deletion_that_names_an_older_version_is_only_a_deletion() {
    let mut bench = Bench::synced();
    bench.line(&deleted("a", 5));
    assert_eq!(bench.events(), ["gone"]);
    bench.closed();
    assert!(bench.get().ends_with("&resourceVersion=10"));
}

#[test]
fn a_watch_that_never_spoke_is_followed_by_a_look_at_the_servers_version() {
    for (version, from_scratch) in [(10, false), (400, false), (3, true)] {
        let mut bench = Bench::synced();
        bench.closed();
        bench.stream();
        bench.pass(Duration::from_secs(90));
        bench.closed();
        assert_eq!(bench.get(), "/api/v1/pods?limit=1");
        bench.answer(200, &page(&["a"], version, "more"));
        assert_eq!(bench.get().contains("sendInitialEvents"), from_scratch, "{version}");
        assert_eq!(bench.events(), [""; 0]);
    }
}

#[test]
fn too_many_requests_are_repeated_when_the_server_wants_it() {
    let mut bench = Bench::new();
    bench.get();
    let retry_after = Some(Duration::from_secs(20));
    bench.follow.frame(bench.now, Frame::Head { status: 429, retry_after });
    bench.follow.frame(bench.now, Frame::Body(b"Too many requests, please try again later.\n"));
    let wait = bench.wait();
    assert!((20..=25).contains(&wait.as_secs()), "{wait:?}");
    let Some(WatchEvent::Lost(LostWhy::Unreachable(text))) = bench.follow.poll() else { panic!("is told") };
    assert_eq!(text, "429 Too many requests, please try again later.");
}

#[test]
fn a_rotated_token_is_tried_again_at_once_and_then_slowly() {
    let mut bench = Bench::synced();
    bench.closed();
    bench.get();
    bench.answer(401, "{}");
    assert_eq!(bench.wait(), Duration::ZERO);
    assert_eq!(bench.events(), [""; 0]);
    bench.answer(401, "{}");
    assert!(bench.wait() > Duration::ZERO);
    assert_eq!(bench.events(), ["lost forbidden"]);
    bench.follow.frame(bench.now, Frame::Head { status: 200, retry_after: None });
    bench.pass(Duration::from_secs(1));
    assert_eq!(bench.events(), ["synced 1"]);
}

#[test]
fn a_forbidden_or_missing_kind_is_said_once_and_tried_slowly() {
    for (status, body, said) in
        [(403, FORBIDDEN, "lost forbidden"), (404, "404 page not found", "lost missing")]
    {
        let mut bench = Bench::new();
        for _ in 0..3 {
            bench.get();
            bench.answer(status, body);
            assert!(bench.wait() >= REFUSED_RETRY);
            bench.answer(status, body);
        }
        assert_eq!(bench.events(), [said]);
        bench.stream();
        bench.line(&end(10));
        assert_eq!(bench.events(), ["began 1", "synced 1"]);
    }
}

#[test]
fn what_was_readable_is_tried_soon_after_a_refusal_and_slowly_when_it_stays() {
    let mut bench = Bench::synced();
    let mut waits = Vec::new();
    for _ in 0..8 {
        bench.answer(403, FORBIDDEN);
        waits.push(bench.wait());
    }
    assert!(waits[0] <= BACKOFF_FIRST, "{waits:?}");
    assert!(waits[..3].iter().sum::<Duration>() < REFUSED_RETRY, "{waits:?}");
    assert!(waits[7] >= REFUSED_RETRY, "{waits:?}");
    assert_eq!(bench.events(), ["lost forbidden"]);
}

#[test]
fn an_unreachable_server_is_tried_ever_more_slowly_and_the_watch_goes_on() {
    let mut bench = Bench::synced();
    bench.follow.frame(bench.now, Frame::Failed("connection reset by peer"));
    assert_eq!(bench.wait(), Duration::ZERO, "a connection that stood is taken up at once");
    let mut longest = Duration::ZERO;
    for _ in 0..20 {
        bench.follow.frame(bench.now, Frame::Failed("connection refused"));
        longest = longest.max(bench.wait());
    }
    assert!(longest > Duration::from_secs(10) && longest <= BACKOFF_MOST, "{longest:?}");
    bench.follow.frame(bench.now, Frame::Head { status: 200, retry_after: None });
    assert_eq!(bench.events(), ["lost unreachable"]);
    bench.pass(SETTLE);
    assert_eq!(bench.events(), ["synced 1"]);
}

#[test]
fn a_watch_that_is_taken_back_by_an_event_was_never_heard() {
    let mut bench = Bench::synced();
    bench.closed();
    bench.get();
    bench.follow.frame(bench.now, Frame::Failed("connection refused"));
    bench.stream();
    bench.line(EXPIRED);
    bench.stream();
    bench.line(&end(30));
    assert_eq!(bench.events(), ["lost unreachable", "began 2", "synced 2"]);
}

#[test]
fn a_silent_watch_is_lost_and_taken_up_again() {
    let mut bench = Bench::synced();
    bench.line(&bookmark(11));
    bench.pass(SILENCE - Duration::from_secs(1));
    bench.line(&bookmark(12));
    bench.pass(SILENCE - Duration::from_secs(1));
    assert_eq!(bench.events(), [""; 0]);
    bench.now += Duration::from_secs(1);
    assert!(bench.stream().ends_with("resourceVersion=12"));
    assert_eq!(bench.events(), ["lost silent"]);
    bench.pass(SETTLE);
    assert_eq!(bench.events(), ["synced 1"]);
    bench.now += SILENCE;
    assert!(bench.stream().contains("sendInitialEvents"), "silent twice: the version is doubted");
    assert_eq!(bench.events(), ["lost silent"]);
}

#[test]
fn an_answer_that_never_comes_is_given_up() {
    let mut bench = Bench::paging();
    bench.get();
    bench.pass(PAGE_TIMEOUT);
    assert_eq!(bench.get(), "/api/v1/pods?limit=500");
    assert_eq!(bench.events(), ["lost unreachable"]);
}

#[test]
fn streaming_lists_that_end_early_give_way_to_pages() {
    let mut bench = Bench::new();
    for _ in 0..STREAM_TRIES {
        assert!(bench.stream().contains("sendInitialEvents"));
        bench.line(&added("a", 5));
        bench.closed();
    }
    assert_eq!(bench.get(), "/api/v1/pods?limit=500");
    bench.answer(200, &page(&["a"], 10, ""));
    assert_eq!(bench.events().last().map(String::as_str), Some("synced 4"));
}

#[test]
fn watches_that_end_at_once_are_not_hammered_and_finally_told() {
    let mut bench = Bench::synced();
    bench.closed();
    let mut waited = Duration::ZERO;
    for _ in 0..BRIEF_TRIES {
        waited += bench.wait();
        bench.follow.frame(bench.now, Frame::Head { status: 200, retry_after: None });
        bench.closed();
    }
    assert!(waited > Duration::from_millis(300), "{waited:?}");
    assert_eq!(bench.events(), ["lost unreachable"]);
}

#[test]
fn a_version_that_the_server_fails_on_every_time_is_given_up() {
    let mut bench = Bench::synced();
    let broken = r#"{"type":"ERROR","object":{"kind":"Status","message":"etcd event received with PrevKv=nil","code":500}}"#;
    bench.closed();
    let mut asked = 0;
    while !bench.stream().contains("sendInitialEvents") {
        bench.line(broken);
        asked += 1;
    }
    assert_eq!(asked, WATCH_TRIES + 1);
    assert_eq!(bench.events(), ["lost unreachable"]);
}

#[test]
fn an_object_that_cannot_be_read_blocks_neither_list_nor_stream() {
    let mut bench = Bench::new();
    bench.stream();
    for line in
        [r#"{"type":"ADDED","object":{"metadata":{"name":5}}}"#, &added("a", 5), "{not json", &end(10)]
    {
        bench.line(line);
    }
    bench.follow.frame(bench.now, Frame::TooLong);
    bench.line(r#"{"type":"WEIRD","object":{}}"#);
    bench.line(r#"{"type":"ADDED"}"#);
    bench.line(&added("b", 11));
    assert_eq!(bench.events(), ["began 1", "seen a", "synced 1", "seen b"]);
    assert_eq!((bench.skipped(), bench.skipped()), (5, 0));

    let mut bench = Bench::paging();
    bench.get();
    let items = format!(r#"[{}, {{"metadata":[]}}, null, 7, {}]"#, pod("a", 1), pod("b", 1));
    bench.answer(200, &format!(r#"{{"items":{items},"metadata":{{"resourceVersion":"10"}}}}"#));
    assert_eq!(bench.events(), ["began 1", "seen a", "seen b", "synced 1"]);
    assert_eq!(bench.skipped(), 3);
}

#[test]
fn an_event_may_name_its_object_before_its_type() {
    let mut bench = Bench::synced();
    bench.line(&format!(r#"{{"object":{},"type":"MODIFIED"}}"#, pod("z", 12)));
    assert_eq!(bench.events(), ["seen z"]);
}

#[test]
fn a_page_that_is_too_long_is_asked_for_in_smaller_ones() {
    let mut bench = Bench::paging();
    bench.get();
    for items in [62, 7, 1] {
        bench.follow.frame(bench.now, Frame::Head { status: 200, retry_after: None });
        bench.follow.frame(bench.now, Frame::TooLong);
        assert_eq!(bench.get(), format!("/api/v1/pods?limit={items}"));
    }
}

#[test]
fn frames_for_a_request_that_was_given_up_are_left_aside() {
    let mut bench = Bench::synced();
    bench.line(EXPIRED);
    bench.line(&added("late", 12));
    bench.closed();
    assert_eq!(bench.events(), [""; 0]);
    assert!(bench.get().contains("sendInitialEvents"));
}

#[test]
fn one_namespace_is_watched_in_one_namespace() {
    let plan = Arc::new(Plan::default());
    let mut follow = Follow::new(Kind::of(KindId::Event), Some("shop".to_owned()), plan, 1);
    let Ask::Get(request) = follow.next(Duration::ZERO) else { panic!("asks at once") };
    assert!(request.stream && request.path_and_query.starts_with("/api/v1/namespaces/shop/events?"));
}

#[test]
fn a_watch_that_ends_right_after_a_line_is_not_hammered() {
    let mut bench = Bench::synced();
    bench.closed();
    let before = bench.now;
    for version in 11..31 {
        bench.stream();
        bench.line(&bookmark(version));
        bench.closed();
    }
    assert!(bench.now - before > Duration::from_secs(5), "{:?}", bench.now - before);
}

#[test]
fn a_page_that_names_itself_as_the_next_is_not_asked_for_at_once() {
    let mut bench = Bench::paging();
    bench.get();
    bench.answer(200, &page(&["a"], 10, "t1"));
    bench.get();
    bench.answer(200, &page(&["b"], 10, "t1"));
    assert!(bench.wait() > Duration::ZERO);
}

/// What a server of ill will may do next.
#[derive(Clone, Debug)]
enum Whim {
    Head(u16),
    Line(String),
    Body(String),
    TooLong,
    Closed,
    Failed,
    Pass(u64),
}

fn whims() -> impl Strategy<Value = Whim> {
    let lines: Vec<String> =
        [added("a", 5), added("b", 50), deleted("a", 60), bookmark(7), bookmark(70), end(10)]
            .into_iter()
            .chain([EXPIRED, NO_PROGRESS, TOO_LARGE, "{", "null"].map(str::to_owned))
            .collect();
    let bodies: Vec<String> = [page(&["a"], 10, ""), page(&["a", "b"], 90, "t"), page(&[], 3, "")]
        .into_iter()
        .chain([GATE_OFF, STALE_TOKEN, STALE_TOKEN_BARE, FORBIDDEN, "", "[]"].map(str::to_owned))
        .collect();
    prop_oneof![
        3 => select(vec![200, 200, 200, 400, 401, 403, 404, 410, 422, 429, 500, 504]).prop_map(Whim::Head),
        4 => select(lines).prop_map(Whim::Line),
        3 => select(bodies).prop_map(Whim::Body),
        1 => Just(Whim::TooLong),
        2 => Just(Whim::Closed),
        1 => Just(Whim::Failed),
        1 => (0..200_000_u64).prop_map(Whim::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_server_makes_it_panic_or_hurry_or_claim_what_it_has_not_seen(
        steps in proptest::collection::vec(whims(), 1..200),
    ) {
        let mut bench = Bench::new();
        let (mut requests, mut began) = (0_u128, false);
        let start = bench.now;
        for step in steps {
            match bench.follow.next(bench.now) {
                Ask::Get(_) => requests += 1,
                Ask::Sleep(until) => bench.now = until,
                Ask::Read(until) => prop_assert!(until > bench.now),
            }
            let frame = match &step {
                Whim::Head(status) => Frame::Head { status: *status, retry_after: None },
                Whim::Line(line) => Frame::Line(line.as_bytes()),
                Whim::Body(body) => Frame::Body(body.as_bytes()),
                Whim::TooLong => Frame::TooLong,
                Whim::Closed => Frame::Closed,
                Whim::Failed => Frame::Failed("reset"),
                Whim::Pass(millis) => {
                    bench.now += Duration::from_millis(*millis);
                    continue;
                }
            };
            bench.follow.frame(bench.now, frame);
            while let Some(event) = bench.follow.poll() {
                began |= matches!(event, WatchEvent::Began(_));
                prop_assert!(began || matches!(event, WatchEvent::Lost(_)), "{event:?}");
            }
        }
        // Some answers are followed up at once, but no chain of them is long.
        let seconds = (bench.now - start).as_millis() / 1000;
        prop_assert!(requests <= 20 + 6 * seconds, "{requests} requests in {seconds} s");
    }
}
