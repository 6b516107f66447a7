//! The environment and the files it names, as the loader asks for them.

use std::path::Path;

use alertkube_api::Outside;

use crate::env::Environment;
use crate::files;

impl Outside for Environment {
    fn var(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    fn file(&self, path: &str) -> Result<String, String> {
        files::read(Path::new(path)).map_err(|error| error.root_cause().to_string())
    }
}
