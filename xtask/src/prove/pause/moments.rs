//! When a replica is frozen: at points that it passes, by itself, and at times after a storm began, by a signal.

use std::time::Duration;

/// One moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// As it passes this point for the so-many-th time.
    Point(&'static str, u32),
    /// So long after the storm began.
    After(Duration),
}

/// All of them; neighbours fall to different lanes.
pub(super) const MOMENTS: [Moment; 20] = [
    // Between a commit and the first byte of what was committed.
    Moment::Point("committed", 1),
    Moment::Point("committed", 2),
    Moment::Point("committed", 5),
    // Amid a request to a sink, and with its answer not yet read.
    Moment::Point("send", 1),
    Moment::Point("send", 20),
    Moment::Point("reply", 1),
    Moment::Point("reply", 20),
    Moment::Point("commit", 2),
    Moment::Point("commit", 5),
    Moment::Point("renew", 2),
    Moment::Point("renew", 3),
    Moment::Point("seal", 1),
    after(0),
    after(300),
    after(600),
    after(1000),
    after(1500),
    after(2000),
    after(2600),
    after(4000),
];

const fn after(millis: u64) -> Moment {
    Moment::After(Duration::from_millis(millis))
}

impl Moment {
    /// What the program is told; nothing where a signal freezes it.
    pub(super) fn variable(self) -> Option<String> {
        match self {
            Moment::Point(point, count) => Some(format!("{point}:{count}")),
            Moment::After(_) => None,
        }
    }

    /// As tables say it.
    pub(super) fn word(self) -> String {
        match self {
            Moment::Point(point, count) => format!("`{point}:{count}`"),
            Moment::After(time) => format!("{:.1} s after the storm began", time.as_secs_f64()),
        }
    }
}
