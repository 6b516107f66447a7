//! Watches: what each one still has to be told, bookmarks, and the ways in which a watch ends.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use alertkube_core::Stamp;
use serde_json::{Value, json};

use super::failure::Failure;
use super::list::ListOptions;
use super::object::{Name, set_meta};
use super::resource::{PODS, Resource};
use super::select::Filter;
use super::store::{Change, Store};
use crate::limits::{BOOKMARK_EVERY, WATCH_BACKLOG_MAX, WATCH_LIFETIME, WATCHES_MAX};

/// Names an open watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WatchId(u64);

/// What a watch says next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchStep {
    /// One line of JSON, with its newline.
    Line(Vec<u8>),
    /// Nothing for now.
    Idle,
    /// The stream ended as HTTP ends one.
    Ended,
    /// The connection broke.
    Cut,
}

/// How an object is shown: through which resource, and possibly spoiled.
pub(crate) type Encode<'a> = &'a dyn Fn(&Resource, &Name, &Value) -> Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Live,
    HalfDead,
    Ending,
    Broken,
}

#[derive(Debug)]
struct Watch {
    resource: Resource,
    filter: Filter,
    /// Only what is newer is told.
    start: u64,
    /// Lines of the beginning, which a slow reader may take its time for.
    initial: VecDeque<Vec<u8>>,
    lines: VecDeque<Vec<u8>>,
    state: State,
    next_bookmark: Option<Stamp>,
    expires: Stamp,
}

/// All open watches.
#[derive(Debug)]
pub(crate) struct Watches {
    open: BTreeMap<WatchId, Watch>,
    next: u64,
    backlog_max: usize,
}

impl Watch {
    fn push(&mut self, line: Vec<u8>, backlog_max: usize) {
        if self.lines.len() >= backlog_max {
            self.state = State::Ending;
        } else {
            self.lines.push_back(line);
        }
    }

    /// Tells a change as this watch's selectors see it: an object that leaves the selection is deleted for it.
    fn line(&self, change: &Change, encode: Encode) -> Option<Vec<u8>> {
        let was = change.before.as_ref().filter(|object| self.filter.matches(&change.name, object));
        let is = !change.deleted && self.filter.matches(&change.name, &change.object);
        let (word, object) = match (was, is) {
            (None, false) => return None,
            (None, true) => ("ADDED", Value::clone(&change.object)),
            (Some(_), true) => ("MODIFIED", Value::clone(&change.object)),
            (Some(_), false) if change.deleted => ("DELETED", Value::clone(&change.object)),
            (Some(before), false) => {
                let mut last = Value::clone(before);
                set_meta(&mut last, "resourceVersion", change.version.to_string().into());
                ("DELETED", last)
            }
        };
        Some(line(word, &encode(&self.resource, &change.name, &object)))
    }

    /// Everything that stands, as if it were new.
    fn picture(&self, store: &Store, encode: Encode) -> VecDeque<Vec<u8>> {
        let objects = store.objects(&self.resource);
        let chosen = objects.iter().filter(|(name, object)| self.filter.matches(name, object));
        chosen.map(|(name, object)| line("ADDED", &encode(&self.resource, name, object))).collect()
    }

    /// What happened since the version from which the watch begins.
    fn missed(&self, store: &Store, encode: Encode) -> VecDeque<Vec<u8>> {
        let changes = store.changes_after(&self.resource, self.start);
        changes.filter_map(|change| self.line(change, encode)).collect()
    }

    fn is_live(&self) -> bool {
        self.state == State::Live
    }
}

/// One line of a stream, members in the order of a real API server.
fn line(word: &str, object: &Value) -> Vec<u8> {
    format!("{{\"type\":\"{word}\",\"object\":{object}}}\n").into_bytes()
}

fn bookmark(resource: &Resource, version: u64, closes_initial: bool) -> Vec<u8> {
    let mut metadata = json!({ "resourceVersion": version.to_string() });
    if closes_initial {
        metadata["annotations"] = json!({ "k8s.io/initial-events-end": "true" });
    }
    let mut object =
        json!({ "kind": resource.kind, "apiVersion": resource.api_version(), "metadata": metadata });
    if resource.has_status() {
        // An empty object of its type, as far as a client might look at it.
        object["spec"] = if *resource == PODS { json!({ "containers": null }) } else { json!({}) };
        object["status"] = json!({});
    }
    line("BOOKMARK", &object)
}

impl Watches {
    pub(crate) fn new() -> Watches {
        Watches { open: BTreeMap::new(), next: 0, backlog_max: WATCH_BACKLOG_MAX }
    }

    /// Opens a watch on what the store has; the options are already checked.
    pub(crate) fn open(
        &mut self,
        now: Stamp,
        resource: Resource,
        options: ListOptions,
        store: &Store,
        encode: Encode,
    ) -> Result<WatchId, Failure> {
        let lifetime = options.timeout_seconds.map_or(WATCH_LIFETIME, Duration::from_secs);
        let streaming = options.send_initial_events == Some(true);
        let from = options.version.filter(|version| *version > 0);
        let whole = streaming || (from.is_none() && options.send_initial_events.is_none());
        let mut watch = Watch {
            resource,
            filter: options.filter,
            start: if whole { store.version() } else { from.unwrap_or(store.version()) },
            initial: VecDeque::new(),
            lines: VecDeque::new(),
            state: State::Live,
            next_bookmark: options.bookmarks.then(|| now.plus(BOOKMARK_EVERY)),
            expires: now.plus(lifetime),
        };
        watch.initial = if whole { watch.picture(store, encode) } else { watch.missed(store, encode) };
        if streaming && options.bookmarks {
            watch.initial.push_back(bookmark(&resource, store.version(), true));
        }
        self.admit(watch)
    }

    /// Opens a watch that says 200, then one `ERROR`, and ends.
    pub(crate) fn open_failed(
        &mut self,
        now: Stamp,
        resource: Resource,
        failure: &Failure,
    ) -> Result<WatchId, Failure> {
        let initial = VecDeque::from([line("ERROR", &failure.status())]);
        self.admit(Watch {
            resource,
            filter: Filter::default(),
            start: u64::MAX,
            initial,
            lines: VecDeque::new(),
            state: State::Ending,
            next_bookmark: None,
            expires: now.plus(WATCH_LIFETIME),
        })
    }

    fn admit(&mut self, watch: Watch) -> Result<WatchId, Failure> {
        if self.open.len() >= WATCHES_MAX {
            return Err(Failure::too_many_requests(1, true));
        }
        self.next += 1;
        self.open.insert(WatchId(self.next), watch);
        Ok(WatchId(self.next))
    }

    /// What a watch says next. One that ended or broke says so once and is forgotten; what is not known has ended.
    pub(crate) fn poll(&mut self, id: WatchId) -> WatchStep {
        let Some(watch) = self.open.get_mut(&id) else { return WatchStep::Ended };
        let last = match watch.state {
            State::Broken => WatchStep::Cut,
            State::Ending => WatchStep::Ended,
            State::Live | State::HalfDead => WatchStep::Idle,
        };
        if let Some(line) = watch.initial.pop_front().or_else(|| watch.lines.pop_front()) {
            return WatchStep::Line(line);
        }
        if last != WatchStep::Idle {
            self.open.remove(&id);
        }
        last
    }

    /// The reader went away.
    pub(crate) fn close(&mut self, id: WatchId) {
        self.open.remove(&id);
    }

    /// How many watches are open.
    pub(crate) fn count(&self) -> usize {
        self.open.len()
    }

    /// Tells a change to every watch that it concerns.
    pub(crate) fn publish(&mut self, resource: &Resource, change: &Change, encode: Encode) {
        let backlog_max = self.backlog_max;
        for watch in self.open.values_mut() {
            let concerned = watch.resource.stored() == *resource && change.version > watch.start;
            if concerned
                && watch.is_live()
                && let Some(line) = watch.line(change, encode)
            {
                watch.push(line, backlog_max);
            }
        }
    }

    /// Sends the bookmarks that are due and ends the watches whose time is up.
    pub(crate) fn tick(&mut self, now: Stamp, version: u64) {
        let backlog_max = self.backlog_max;
        for watch in self.open.values_mut().filter(|watch| watch.is_live()) {
            if watch.next_bookmark.is_some_and(|due| due <= now) {
                watch.next_bookmark = Some(now.plus(BOOKMARK_EVERY));
                if version >= watch.start {
                    watch.push(bookmark(&watch.resource, version, false), backlog_max);
                }
            }
            if watch.expires <= now {
                watch.state = State::Ending;
            }
        }
    }

    /// When `tick` has something to do.
    pub(crate) fn deadline(&self) -> Option<Stamp> {
        let live = self.open.values().filter(|watch| watch.is_live());
        live.map(|watch| watch.next_bookmark.map_or(watch.expires, |due| due.min(watch.expires))).min()
    }

    /// Breaks the connection of every chosen watch.
    pub(crate) fn cut(&mut self, chosen: impl Fn(&Resource) -> bool) {
        self.turn(chosen, State::Broken);
    }

    /// Chosen watches stay open and say nothing any more.
    pub(crate) fn deafen(&mut self, chosen: impl Fn(&Resource) -> bool) {
        self.turn(chosen, State::HalfDead);
    }

    fn turn(&mut self, chosen: impl Fn(&Resource) -> bool, state: State) {
        for watch in self.open.values_mut().filter(|watch| chosen(&watch.resource)) {
            watch.initial.clear();
            watch.lines.clear();
            watch.state = state;
        }
    }

    /// Chosen watches say `ERROR` and end.
    pub(crate) fn fail(&mut self, chosen: impl Fn(&Resource) -> bool, failure: &Failure) {
        for watch in self.open.values_mut().filter(|watch| watch.is_live() && chosen(&watch.resource)) {
            watch.lines.push_back(line("ERROR", &failure.status()));
            watch.state = State::Ending;
        }
    }

    /// How many unread lines a watch may have from now on.
    pub(crate) fn bear(&mut self, lines: usize) {
        self.backlog_max = lines.min(WATCH_BACKLOG_MAX);
    }
}
