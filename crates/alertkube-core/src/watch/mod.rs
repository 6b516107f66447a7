//! Stage 1, watch: list and watch bytes become views; what every object leaves behind is a row.

mod decode;
mod event;
mod follow;
mod kinds;
mod limits;
mod rows;
mod view;
mod vocabulary;

pub use decode::{Unreadable, decode};
pub use event::{Epoch, LostWhy, WatchEvent};
pub use follow::{Ask, Follow, Frame, Skipped, WatchRequest};
pub use kinds::{Kind, KindId};
pub(crate) use rows::Rows;
pub use view::{
    Container, ContainerState, Event, Key, Meta, Node, Owner, Packed, Plan, Pod, StatusCondition, Terminated,
    Uid, View, Workload,
};
