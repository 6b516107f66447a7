//! Sinks whose credentials come from files: a file is looked at before each send, and read again when it has changed, so
//! that a rotated credential is used for the next send.

use std::path::PathBuf;
use std::sync::Arc;

use alertkube_api::CredentialFile;
use alertkube_core::{SinkId, Why};
use alertkube_sinks::{Sink, SinkSettings, build};
use secrecy::{ExposeSecret, SecretString};

use crate::files::{self, Mark};
use crate::limits::CREDENTIAL_BYTES_MAX;

/// A sink as its credentials make it now.
pub(crate) struct Slot {
    settings: SinkSettings,
    sink: Arc<dyn Sink>,
    files: Vec<Watched>,
}

/// One file.
struct Watched {
    variable: &'static str,
    path: PathBuf,
    /// As it was when it was last read; the inner `None` is a file that is not there.
    seen: Option<Option<Mark>>,
    usable: bool,
}

impl Slot {
    /// Every sink with its files.
    pub(crate) fn all(sinks: Vec<SinkSettings>, files: &[CredentialFile]) -> Vec<Slot> {
        let of = |(index, settings)| {
            let own = files.iter().filter(|file| file.sink == SinkId(index));
            let watched = own.map(|file| Watched {
                variable: file.variable,
                path: file.path.clone(),
                seen: None,
                usable: false,
            });
            Slot { files: watched.collect(), ..Slot::plain(settings) }
        };
        sinks.into_iter().enumerate().map(of).collect()
    }

    /// A sink without files.
    pub(crate) fn plain(settings: SinkSettings) -> Slot {
        Slot { sink: Arc::from(build(settings.clone())), settings, files: Vec::new() }
    }

    pub(super) fn has_files(&self) -> bool {
        !self.files.is_empty()
    }

    /// The sink, if each of its files gives a credential: one that is named and missing is a failure to be seen, not a
    /// message that is sent unsigned or somewhere else.
    pub(super) fn sink(&self) -> Result<Arc<dyn Sink>, Why> {
        let usable = self.files.iter().all(|file| file.usable);
        if usable { Ok(Arc::clone(&self.sink)) } else { Err(Why::Unconfigured) }
    }

    /// Reads what has changed; whether the sink has another credential than before, and all that it needs.
    pub(super) fn look(&mut self) -> bool {
        let Slot { settings, files, .. } = self;
        let changed: Vec<bool> = files.iter_mut().map(|file| file.look(settings)).collect();
        if !changed.contains(&true) {
            return false;
        }
        self.sink = Arc::from(build(self.settings.clone()));
        self.sink().is_ok()
    }
}

impl Watched {
    /// Whether another credential came of it than there was.
    fn look(&mut self, settings: &mut SinkSettings) -> bool {
        let mark = files::mark(&self.path);
        if self.seen == Some(mark) {
            return false;
        }
        let (before, first) = (self.usable, self.seen.is_none());
        self.seen = Some(mark);
        let read = self.read();
        self.usable = read.is_ok();
        let variable = format!("{}_FILE", self.variable);
        let text = match read {
            Ok(text) => Some(text),
            Err(why) => {
                if before || first {
                    tracing::warn!(
                        variable,
                        why,
                        "the file of a credential cannot be used; each send fails until it can"
                    );
                }
                None
            }
        };
        let mut places = settings.credentials();
        let Some((_, place)) = places.iter_mut().find(|(name, _)| *name == self.variable) else {
            return false;
        };
        let plain =
            |secret: &Option<SecretString>| secret.as_ref().map(|it| it.expose_secret().trim().to_owned());
        let same = plain(place) == plain(&text);
        **place = text;
        if !same && self.usable {
            tracing::info!(variable, "the file of a credential was read again");
        }
        !same
    }

    fn read(&self) -> Result<SecretString, String> {
        let bytes = files::read_bytes(&self.path, CREDENTIAL_BYTES_MAX)
            .map_err(|error| error.root_cause().to_string())?;
        let bytes = bytes.ok_or("there is no such file")?;
        if bytes.len() as u64 > CREDENTIAL_BYTES_MAX {
            return Err(format!("it is larger than {CREDENTIAL_BYTES_MAX} bytes"));
        }
        let text = String::from_utf8(bytes).map_err(|_| "it is not text")?;
        if text.trim().is_empty() { Err("it is empty".to_owned()) } else { Ok(SecretString::from(text)) }
    }
}
