//! The sink `stdout`: for people on a terminal, JSON lines for everything else.

use alertkube_core::{Notification, SinkClass, Why};
use secrecy::SecretString;

use crate::sink::{Attempt, Request, Sink};
use crate::{limits, pretty, v1};

/// The settings of the sink `stdout`, and the sink itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stdout {
    /// A message for people; otherwise one line of JSON in the schema `alertkube.io/v1`.
    pub pretty: bool,
    /// Whether the message for people has colours.
    pub color: bool,
}

impl Stdout {
    pub(crate) fn credentials(&mut self) -> Vec<(&'static str, &mut Option<SecretString>)> {
        Vec::new()
    }
}

impl Sink for Stdout {
    fn name(&self) -> &'static str {
        "stdout"
    }

    fn class(&self) -> SinkClass {
        SinkClass::Chat
    }

    fn render(&self, notification: &Notification, _attempt: &Attempt) -> Result<Request, Why> {
        if notification.reports.is_empty() {
            return Err(Why::Unrenderable);
        }
        let (text, max) = if self.pretty {
            (pretty::message(notification, self.color), limits::PRETTY_MAX)
        } else {
            (v1::document(notification), limits::BODY_MAX)
        };
        if text.len() > max { Err(Why::Unrenderable) } else { Ok(Request::Line(text)) }
    }
}
