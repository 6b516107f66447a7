//! The small languages that users write: text in, a compiled value or problems out, bounded by counting.
//!
//! Nothing here knows of alerts or of Kubernetes' API, reads a clock, or does I/O. Every text has a greatest length
//! (see `limits`), and a longer one is a [`Problem`] like any other. Matching takes time linear in the text.
//!
//! ```
//! use alertkube_lang::{Pattern, parse_duration};
//! let pattern = Pattern::compile("prod|stage-.*").expect("well formed");
//! assert!(pattern.matches("stage-2") && !pattern.matches("prod-2"));
//! assert_eq!(parse_duration("1h30m").expect("well formed").as_secs(), 5400);
//! ```

mod broad;
mod duration;
mod expression;
mod filter;
mod flag;
mod hash;
mod label;
mod limits;
mod matcher;
mod nearest;
mod pattern;
mod problem;

pub use duration::{format_duration, parse_duration};
pub use filter::FilterList;
pub use flag::{parse_go_bool, parse_go_flag_bool};
pub use hash::fnv32a;
pub use matcher::{Matcher, Subject};
pub use nearest::nearest;
pub use pattern::Pattern;
pub use problem::Problem;
