//! The pure core of alertkube: one deterministic machine, the [`Replica`], that is told the time and everything
//! that happens, and answers with effects. It does no I/O, reads no clock and uses no global randomness, so that
//! the simulator, the demo and the shell all run the very same code.
//!
//! The stages are modules in the order in which data passes them; an earlier one never imports a later one.

mod agenda;
mod alert;
mod fact;
mod limits;
mod notification;
mod settings;
mod severity;
mod symbols;
mod table;
mod time;

mod watch;

mod detect;

mod track;

mod relate;

mod route;

mod group;

mod judge;

mod own;

mod decide;

mod enrich;

mod store;

mod settle;

mod replica;

pub use alert::Fingerprint;
pub use detect::{Condition, Edge, EffectOf, catalogue};
pub use fact::{About, Fact, SeatFact, Suppressed};
pub use notification::{
    Action, AttemptId, Digest, Notification, Report, ReportPart, SinkClass, SinkId, Verdict, Why,
};
pub use own::{
    Candidate, Election, LeaseEffect, LeaseInput, LeaseNews, LeaseRecord, LeaseTrouble, LostLease, SeatId,
};
pub use replica::{
    Answer, Due, Effect, Holding, Input, Keep, KindStatus, PartRead, Question, Replica, SeatStatus,
    SendWithin, SinkStatus, Standby, Standing, Station, Status, WatchPlan,
};
pub use settings::{
    Behavior, ConditionRule, Filters, FirstRun, Inhibition, Rate, Route, Settings, SeverityOverride, SinkPlan,
};
pub use severity::Severity;
pub use store::WriteId;
pub use store::ledger::{
    Claim, Content, EntryKey, Layout, Ledger, LedgerEffect, LedgerNews, Pace, Part, PartWrite, Refusal, Seq,
    Sizes, StoreTrouble, Version,
};
pub use time::{Now, Stamp};
pub use watch::{
    Ask, Container, ContainerState, Epoch, Event, Follow, Frame, Key, Kind, KindId, LostWhy, Meta, Node,
    Owner, Packed, Plan, Pod, Skipped, StatusCondition, Terminated, Uid, Unreadable, View, WatchEvent,
    WatchRequest, Workload, decode,
};
