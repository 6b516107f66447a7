//! From a path to a checked configuration, or to every problem of it.

use std::fmt::Write;
use std::path::Path;

use alertkube_api::{Loaded, load};

use crate::env::Environment;
use crate::files;

/// Loads the configuration of a path, or the defaults and the environment where there is none.
///
/// The error is the whole report: one line a problem, each with the path of the file.
pub(crate) fn configuration(path: Option<&Path>, environment: &Environment) -> Result<Loaded, String> {
    let name = path.map_or_else(|| "environment".to_owned(), |path| path.display().to_string());
    let text = match path.map(files::read).transpose() {
        Ok(text) => text,
        Err(error) => return Err(format!("{name}: {}", error.root_cause())),
    };
    load(text.as_deref(), environment).map_err(|problems| {
        let mut report = String::new();
        for problem in &problems {
            let colon = if problem.span.is_some() { ":" } else { ": " };
            let _infallible = writeln!(report, "{name}{colon}{problem}");
        }
        report.trim_end().to_owned()
    })
}
