//! Sinks at the other end: they take what the real sinks render, and answer as the scenario says.

use std::time::Duration;

use alertkube_core::{Notification, SinkClass, Stamp, Verdict};
use alertkube_sinks::{Attempt, Failure, Reply, Request, Sink, SinkSettings, build};

use crate::limits::SLOW_ANSWER;
use crate::scenario::Answer;

/// One sink and whoever listens behind it.
pub(super) struct Receiver {
    sink: Box<dyn Sink>,
    answer: Answer,
    attempts: u32,
}

/// What became of one attempt.
pub(super) struct Outcome {
    /// What the sink was sent, if it could be worded.
    pub(super) text: String,
    /// Whether it arrived and was taken.
    pub(super) taken: bool,
    pub(super) verdict: Verdict,
    /// How long the answer takes.
    pub(super) delay: Duration,
}

impl Receiver {
    pub(super) fn new(settings: SinkSettings) -> Receiver {
        Receiver { sink: build(settings), answer: Answer::Up, attempts: 0 }
    }

    pub(super) fn name(&self) -> &'static str {
        self.sink.name()
    }

    pub(super) fn class(&self) -> SinkClass {
        self.sink.class()
    }

    pub(super) fn set(&mut self, answer: Answer) {
        self.answer = answer;
    }

    pub(super) fn take(&mut self, notification: &Notification, wall: Stamp) -> Outcome {
        self.attempts += 1;
        let request = match self.sink.render(notification, &Attempt { number: self.attempts, wall }) {
            Ok(request) => request,
            Err(why) => return Outcome::settled(String::new(), false, Verdict::Reject(why)),
        };
        let (text, taken) = match request {
            Request::Line(line) => (line, Reply::Written),
            Request::Post(post) => {
                (String::from_utf8_lossy(&post.body).into_owned(), Reply::answer(200, None, wall, b""))
            }
        };
        let reply = match self.answer {
            Answer::Up | Answer::Slow => taken,
            Answer::Down => Reply::Failed(Failure::Connect),
            Answer::Refusing => Reply::answer(400, None, wall, b"not like this"),
            Answer::Throttled { after } => {
                let after = after.map(|after| after.as_secs().to_string());
                Reply::answer(429, after.as_deref(), wall, b"too many requests")
            }
        };
        let verdict = self.sink.classify(&reply);
        let delay = if self.answer == Answer::Slow { SLOW_ANSWER } else { Duration::ZERO };
        Outcome { delay, ..Outcome::settled(text, verdict == Verdict::Done, verdict) }
    }
}

impl Outcome {
    fn settled(text: String, taken: bool, verdict: Verdict) -> Outcome {
        Outcome { text, taken, verdict, delay: Duration::ZERO }
    }
}
