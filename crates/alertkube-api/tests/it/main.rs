//! The tests of the configuration: what is accepted, what is refused and in which words, and what is generated.

mod given;
mod golden;

mod defaults;
mod environment;
mod examples;
mod generated;
mod hostile;
mod lowered;
mod pagerduty;
mod refused;
mod unbuilt;
