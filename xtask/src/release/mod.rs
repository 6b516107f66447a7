//! A release of the chart on the real cluster, as a person installs, upgrades and looks at it: with the real helm and
//! kubectl, the image in containerd, pods that fail meanwhile, and receivers whose lines are all that counts.

mod confines;
mod console;
mod install;
mod limits;
mod pods;
mod storm;

pub(crate) use confines::{Confines, Use};
pub(crate) use console::{Console, Said};
pub(crate) use install::{Release, Seats, image_values};
pub(crate) use pods::Pod;
pub(crate) use storm::Storm;
