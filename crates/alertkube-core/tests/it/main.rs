//! The replica as a whole, through its public interface: JSON in, notifications out.

mod desk;
mod incremental;
mod life;
mod objects;
mod policy;
