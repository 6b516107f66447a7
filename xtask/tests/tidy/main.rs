//! The house rules, held by a test: each rule has a name, a law and a mend in `rules.rs`, and its figures in
//! `tidy.toml`. `UPDATE=1 cargo test -p xtask --test tidy` rewrites the golden lists of exported names.

mod rules;
mod tree;

mod source;

mod bounds;
mod dependencies;
mod docs;
mod imports;
mod names;
mod packages;
mod sizes;
mod surface;
mod testing;
