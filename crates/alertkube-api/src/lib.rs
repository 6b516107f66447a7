//! The words of the outside: the configuration file. [`load`] takes its text and the environment, finds every
//! problem at once, and lowers what holds to the settings of the core and of the sinks.
//!
//! It is pure: the environment and the files that it names are given as [`Outside`]. One table of settings makes
//! the checks, the defaults, the reference page and the JSON Schema.
//!
//! ```
//! struct Nothing;
//!
//! impl alertkube_api::Outside for Nothing {
//!     fn var(&self, _name: &str) -> Option<String> {
//!         None
//!     }
//!     fn file(&self, path: &str) -> Result<String, String> {
//!         Err(format!("there is no {path}"))
//!     }
//! }
//!
//! let loaded = alertkube_api::load(Some("cluster: kitchen"), &Nothing).expect("it holds");
//! assert_eq!(loaded.settings.cluster, "kitchen");
//! let problems = alertkube_api::load(Some("clutser: kitchen"), &Nothing).expect_err("a typo");
//! assert_eq!(problems[0].to_string(), "1:1: clutser: unknown key `clutser` (did you mean `cluster`?)");
//! ```

mod limits;

mod schema;
mod yaml;

mod config;
mod outside;
mod problems;
mod shard;

mod behavior;
mod matchers;
mod persistence;
mod policy;
mod sinks;

mod load;
mod reference;

pub use load::{Loaded, load};
pub use outside::{CredentialFile, Environment, Outside};
pub use persistence::{Persistence, PersistenceKind};
pub use reference::{json_schema, reference_markdown, unbuilt};
pub use shard::Shard;
