//! The sink `slack`: messages in channels, by a bot token (`chat.postMessage`) or an incoming webhook.
//!
//! Its reference page is docs/reference/slack.md.

mod answer;
mod message;
mod mrkdwn;

use alertkube_core::{Action, Notification, Report, Severity, SinkClass, Verdict, Why};
use secrecy::SecretString;
use serde::Serialize;

use self::message::Message;
use crate::guard::Guard;
use crate::reply::Reply;
use crate::sink::{Attempt, Post, Request, Sink, given, headers_of, owned};
use crate::{limits, text};

/// The settings of the sink `slack`, and the sink itself.
#[derive(Clone, Debug, Default)]
pub struct Slack {
    /// `SLACK_BOT_TOKEN`; it goes before the webhook.
    pub bot_token: Option<SecretString>,
    /// `SLACK_WEBHOOK_URL`; without either every delivery is refused as unconfigured.
    pub webhook_url: Option<SecretString>,
    /// Where a bot's messages go; nothing is [`Slack::POST_MESSAGE`].
    pub url: Option<SecretString>,
    /// Where a bot's messages appear.
    pub channels: Channels,
    /// Where requests may go.
    pub guard: Guard,
}

/// Channels by severity, as names with or without `#`, or as ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channels {
    /// `channels.critical`
    pub critical: String,
    /// `channels.warning`
    pub warning: String,
    /// `channels.info`
    pub info: String,
}

impl Default for Channels {
    fn default() -> Channels {
        let [critical, warning, info] =
            ["alerts-critical", "alerts-warning", "alerts-info"].map(str::to_owned);
        Channels { critical, warning, info }
    }
}

impl Channels {
    fn of(&self, severity: Severity) -> &str {
        match severity {
            Severity::Critical => &self.critical,
            Severity::Warning => &self.warning,
            Severity::Info => &self.info,
        }
    }
}

/// The annotation of an object that names another channel.
const CHANNEL: &str = "alert-slack-channel";

impl Slack {
    /// The method of Slack's web API that posts.
    pub const POST_MESSAGE: &str = "https://slack.com/api/chat.postMessage";

    pub(crate) fn credentials(&mut self) -> Vec<(&'static str, &mut Option<SecretString>)> {
        vec![("SLACK_BOT_TOKEN", &mut self.bot_token), ("SLACK_WEBHOOK_URL", &mut self.webhook_url)]
    }

    /// Where to, and with which token.
    fn road(&self) -> Result<(&str, Option<&str>), Why> {
        let token = given(self.bot_token.as_ref());
        if token.is_some_and(|token| !token.bytes().all(|byte| byte.is_ascii_graphic())) {
            // It cannot be a header, so it is no token.
            return Err(Why::Unconfigured);
        }
        let url = match token {
            Some(_) => given(self.url.as_ref()).unwrap_or(Slack::POST_MESSAGE),
            None => given(self.webhook_url.as_ref()).ok_or(Why::Unconfigured)?,
        };
        Ok((url, token))
    }

    /// The channel. A webhook has one of its own and most answer 404 to any other, so it is sent one only where an
    /// object asks for it.
    fn channel<'a>(
        &'a self,
        notification: &'a Notification,
        worst: &'a Report,
        bot: bool,
    ) -> Option<&'a str> {
        let asked = wish(notification, worst).and_then(Result::ok);
        asked.or_else(|| bot.then(|| self.channels.of(worst.severity)))
    }
}

/// The channel that the object of a message asks for, or what it says in place of one.
fn wish<'a>(notification: &Notification, report: &'a Report) -> Option<Result<&'a str, &'a str>> {
    if matches!(notification.action, Action::Digest(_)) {
        return None;
    }
    let asked = report.annotations.get(CHANNEL)?;
    let name = asked.strip_prefix('#').unwrap_or(asked);
    let sound = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    let fits = (1..=limits::SLACK_CHANNEL_MAX).contains(&name.len()) && name.bytes().all(sound);
    Some(if fits { Ok(asked) } else { Err(asked) })
}

impl Sink for Slack {
    fn name(&self) -> &'static str {
        "slack"
    }

    fn class(&self) -> SinkClass {
        SinkClass::Chat
    }

    fn render(&self, notification: &Notification, _attempt: &Attempt) -> Result<Request, Why> {
        let (url, token) = self.road()?;
        self.guard.check_url(url)?;
        let reports = text::worst_first(notification);
        let worst = *reports.first().ok_or(Why::Unrenderable)?;
        let body = text::json(&Body {
            channel: self.channel(notification, worst, token.is_some()),
            username: "alertkube",
            icon_emoji: ":kubernetes:",
            unfurl_links: false,
            unfurl_media: false,
            message: Message::of(notification, &reports, worst),
        });
        let mut headers = headers_of(notification);
        if let Some(token) = token {
            // Without a charset Slack warns in each answer.
            headers[0].1.push_str("; charset=utf-8");
            headers.push(("Authorization", format!("Bearer {token}")));
        }
        let (url, guard) = (SecretString::from(url), self.guard.clone());
        Ok(Request::Post(Post { url, headers: owned(headers), body: body.into_bytes(), guard }))
    }

    fn classify(&self, reply: &Reply) -> Verdict {
        answer::judge(reply, given(self.bot_token.as_ref()).is_some())
    }
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'a str>,
    username: &'static str,
    icon_emoji: &'static str,
    unfurl_links: bool,
    unfurl_media: bool,
    #[serde(flatten)]
    message: Message,
}

#[cfg(test)]
mod tests {
    use alertkube_core::Packed;

    use super::*;

    fn asked(channel: &str) -> Option<Result<String, String>> {
        let mut told = Notification::example();
        told.reports[0].annotations = Packed::of([(CHANNEL, channel)]);
        wish(&told, &told.reports[0]).map(|wish| wish.map(str::to_owned).map_err(str::to_owned))
    }

    #[test]
    fn only_a_plain_channel_name_moves_a_message() {
        for name in ["team-payments", "#team_payments", "a", "a.b", &"x".repeat(80)] {
            assert_eq!(asked(name), Some(Ok(name.to_owned())), "{name}");
        }
        for name in ["", "#", "##a", "Team", "a b", "<!channel>", "@user", "a\n", "ü", &"x".repeat(81)] {
            assert_eq!(asked(name), Some(Err(name.to_owned())), "{name}");
        }
        assert_eq!(wish(&Notification::example(), &Notification::example().reports[0]), None);
    }
}
