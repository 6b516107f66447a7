//! The sinks of alertkube: how a notification is worded for each of them, and how their answers are judged.
//!
//! A sink is pure. [`Sink::render`] turns a notification into a [`Request`], [`Sink::classify`] turns a [`Reply`] into
//! a verdict; what lies between, the connection, the waiting and the trying again, belongs to the shell. The
//! destination [`Guard`] is the pure half of the rule where requests may go; the shell's resolver asks it again for
//! every address before it connects.
//!
//! ```
//! use alertkube_sinks::{BUILT, KNOWN, SinkSettings, Stdout, build};
//!
//! let sink = build(SinkSettings::Stdout(Stdout { pretty: true, color: false }));
//! assert_eq!(sink.name(), "stdout");
//! assert!(BUILT.iter().all(|name| KNOWN.contains(name)));
//! ```

mod limits;

mod guard;
mod reply;
mod sink;

mod addresses;
mod kubectl;
mod pretty;
mod reference;
mod sections;
mod text;
mod v1;

mod list;
mod pagerduty;
mod slack;
mod stdout;
mod webhook;

pub use guard::{Destination, Guard};
pub use list::{BUILT, KNOWN, SinkSettings, build};
pub use pagerduty::PagerDuty;
pub use reply::{Failure, Reply};
pub use sink::{Attempt, Post, Request, Sink};
pub use slack::{Channels, Slack};
pub use stdout::Stdout;
pub use webhook::{Webhook, WebhookFormat};
