//! The virtual world: a cluster, replicas and sinks on one clock that jumps from event to event.

mod actor;
mod cast;
mod compare;
mod director;
mod lane;
mod objects;
mod receiver;
mod shelf;
mod simulation;
mod transcript;

pub use self::director::Director;
pub use self::simulation::Simulation;
pub use self::transcript::Transcript;
