//! An environment made of what a test writes down.

use std::collections::BTreeMap;

use alertkube_api::{Loaded, Outside, load};

/// Variables and files by name.
#[derive(Default)]
pub(crate) struct Given {
    vars: BTreeMap<String, String>,
    files: BTreeMap<String, String>,
}

impl Given {
    /// No variables, no files.
    pub(crate) fn nothing() -> Given {
        Given::default()
    }

    pub(crate) fn var(mut self, name: &str, value: &str) -> Given {
        self.vars.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn file(mut self, path: &str, text: &str) -> Given {
        self.files.insert(path.to_owned(), text.to_owned());
        self
    }

    pub(crate) fn load(&self, yaml: &str) -> Loaded {
        load(Some(yaml), self).unwrap_or_else(|problems| panic!("{problems:#?}"))
    }

    /// The problems as they are shown.
    pub(crate) fn problems(&self, yaml: &str) -> Vec<String> {
        let problems = load(Some(yaml), self).err().unwrap_or_default();
        problems.iter().map(ToString::to_string).collect()
    }
}

impl Outside for Given {
    fn var(&self, name: &str) -> Option<String> {
        self.vars.get(name).cloned()
    }

    fn file(&self, path: &str) -> Result<String, String> {
        self.files.get(path).cloned().ok_or_else(|| "no such file".to_owned())
    }
}
