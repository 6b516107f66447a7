//! A Kubernetes cluster in a process: a pure API server that is told the time, faults on demand, the shapes that
//! real clusters give their objects, and one HTTP front; and scenarios, which play on it.
//! It decides nothing about alerts.

mod limits;

mod cluster;
mod http;
mod shape;

mod ordeal;
mod scenario;
mod world;

pub use cluster::{Cluster, Fault, Reply, Request, Response, Scope, Verb, WatchId, WatchStep};
pub use http::{Clock, Shared, serve};
pub use ordeal::{Judged, Ordeal};
pub use scenario::Scenario;
pub use shape::{EventShape, NodeShape, PodShape, WorkloadShape};
pub use world::{Director, Simulation, Transcript};
