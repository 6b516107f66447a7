//! The replica as a whole, through its public interface: JSON in, notifications out.

mod delivery;
mod desk;
mod holds;
mod incremental;
mod life;
mod manual;
mod objects;
mod ourselves;
mod policy;
mod restart;
mod shelf;
mod trouble;
