//! The list of sinks: a sink is its file and one line here.

use secrecy::SecretString;

use crate::pagerduty::PagerDuty;
use crate::sink::Sink;
use crate::slack::Slack;
use crate::stdout::Stdout;
use crate::webhook::Webhook;

/// Every name that a configuration may use, whether this build has the sink or not.
pub const KNOWN: &[&str] = &[
    "slack",
    "pagerduty",
    "teams",
    "webhook",
    "stdout",
    "discord",
    "telegram",
    "opsgenie",
    "googlechat",
    "mattermost",
];

macro_rules! sinks {
    ($($name:literal => $settings:ident, $doc:literal;)+) => {
        /// The settings of one sink, by its kind.
        #[derive(Clone, Debug)]
        pub enum SinkSettings {
            $(#[doc = $doc] $settings($settings),)+
        }

        impl SinkSettings {
            /// The credentials of these settings, each under the name of the variable that gives it.
            pub fn credentials(&mut self) -> Vec<(&'static str, &mut Option<SecretString>)> {
                match self {
                    $(SinkSettings::$settings(sink) => sink.credentials(),)+
                }
            }
        }

        /// The names of the sinks that this build has.
        pub const BUILT: &[&str] = &[$($name),+];

        /// Makes the sink of these settings.
        pub fn build(settings: SinkSettings) -> Box<dyn Sink> {
            match settings {
                $(SinkSettings::$settings(sink) => Box::new(sink),)+
            }
        }
    };
}

sinks! {
    "stdout" => Stdout, "Standard output.";
    "webhook" => Webhook, "Any HTTP endpoint.";
    "pagerduty" => PagerDuty, "Incidents in PagerDuty.";
    "slack" => Slack, "Messages in Slack.";
}
