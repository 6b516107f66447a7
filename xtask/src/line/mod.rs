//! The straight line under test: the real program between a real cluster and a receiver of its own.

mod course;
mod crowd;
mod faults;
mod ground;
mod heard;
mod program;
mod proxy;
mod seen;

pub(crate) use course::{Course, Fixing, Row, at_once, pairs};
pub(crate) use crowd::{Crowd, Faulty};
pub(crate) use ground::Ground;
pub(crate) use heard::{Ear, Hearing, Told};
pub(crate) use program::{Program, Setup, get};
pub(crate) use proxy::{Proxy, redirected};
