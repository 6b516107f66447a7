//! The replica as a whole, through its public interface: JSON in, notifications out.

mod delivery;
mod desk;
mod holds;
mod house;
mod incremental;
mod layouts;
mod life;
mod manual;
mod migration;
mod objects;
mod ourselves;
mod policy;
mod restart;
mod seats;
mod seats_random;
mod seats_store;
mod shelf;
mod storm;
mod trouble;
