//! The contract that every sink keeps, and the destination guard.

mod cases;
mod contract;
mod golden;
mod guard;
mod page;
mod pagerduty;
mod schema;
mod slack;
