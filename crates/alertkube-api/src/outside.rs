//! The environment: given, not read, so that loading is a function of what it is told.

use std::path::PathBuf;

use alertkube_core::SinkId;
use secrecy::SecretString;

use crate::problems::{Problems, says};
use crate::schema::{Kind, Scalar, VARIABLES, Variable, read_word};
use crate::shard::{Shard, shard};

/// Where variables and the files that they name come from.
pub trait Outside {
    /// The value of an environment variable.
    fn var(&self, name: &str) -> Option<String>;
    /// The text of a file, or why there is none.
    fn file(&self, path: &str) -> Result<String, String>;
}

/// What the environment says besides what stands for keys of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// `ALERTKUBE_CLIENT_QPS`
    pub client_qps: u32,
    /// `ALERTKUBE_CLIENT_BURST`
    pub client_burst: u32,
    /// `ALERTKUBE_STRICT_WEBHOOK_EGRESS`
    pub strict_webhook_egress: bool,
    /// `ALERTKUBE_SHARD_TOTAL` and `ALERTKUBE_SHARD_INDEX`
    pub shard: Shard,
    /// Whether any of the proxy variables is set.
    pub proxied: bool,
}

/// The variables that make requests go through a proxy, in capitals; small letters count too.
const PROXIES: [&str; 3] = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"];

/// Tokens of what this build does not serve.
const UNUSED_TOKENS: [&str; 3] =
    ["ALERTKUBE_API_TOKEN", "ALERTKUBE_API_WRITE_TOKEN", "ALERTKUBE_RECEIVER_TOKEN"];

/// Reads the variables that stand for no key.
pub(crate) fn environment(
    outside: &dyn Outside,
    problems: &mut Problems,
    warnings: &mut Problems,
) -> Environment {
    let mut read = |name| variable(outside, name, problems);
    let qps = above_zero("ALERTKUBE_CLIENT_QPS", read("ALERTKUBE_CLIENT_QPS"));
    let burst = above_zero("ALERTKUBE_CLIENT_BURST", read("ALERTKUBE_CLIENT_BURST"));
    let strict = read("ALERTKUBE_STRICT_WEBHOOK_EGRESS") == Some(Scalar::Flag(true));
    let mode = read("ALERTKUBE_AUTH_MODE");
    for name in ["ALERTKUBE_DISPATCH_WORKERS", "ALERTKUBE_DISPATCH_QUEUE"] {
        read(name);
    }
    if mode == Some(Scalar::Text("rbac".to_owned())) {
        problems.add_variable("ALERTKUBE_AUTH_MODE", says("`rbac` is not built yet; leave it at token"));
    }
    let shard = shard(outside, problems);
    refuse_unbuilt(outside, problems);
    for name in UNUSED_TOKENS {
        if !matches!(credential(outside, name, problems), Credential::Unset) {
            warnings.add_variable(name, says("this build serves nothing that asks for it"));
        }
    }
    Environment {
        client_qps: qps,
        client_burst: burst,
        strict_webhook_egress: strict,
        shard,
        proxied: PROXIES.iter().any(|name| is_set(outside, name) || is_set(outside, &name.to_lowercase())),
    }
}

fn is_set(outside: &dyn Outside, name: &str) -> bool {
    outside.var(name).is_some_and(|text| !text.is_empty())
}

/// Where a credential comes from.
pub(crate) enum Credential {
    /// From nowhere.
    Unset,
    /// From its variable.
    Said(SecretString),
    /// From the file that `<NAME>_FILE` names.
    In {
        path: String,
        /// What is in it, or why that is no credential.
        text: Result<SecretString, String>,
    },
}

/// The file of a sink's credential, to be read again when it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialFile {
    /// The sink, as an index into [`crate::Loaded::sinks`].
    pub sink: SinkId,
    /// The variable that the file stands for, as `SinkSettings::credentials` names it.
    pub variable: &'static str,
    /// Where it is.
    pub path: PathBuf,
}

/// A credential, from the variable or from the file that `<NAME>_FILE` names. It never shows in a problem.
pub(crate) fn credential(outside: &dyn Outside, name: &str, problems: &mut Problems) -> Credential {
    let file_name = format!("{name}_FILE");
    let [value, path] = [name, &file_name].map(|name| outside.var(name).filter(|text| !text.is_empty()));
    match (value, path) {
        (Some(_), Some(_)) => {
            problems.add_variable(name, says(format!("`{file_name}` is set as well; set one of the two")));
            Credential::Unset
        }
        (Some(text), None) => line_of(&text).map_or(Credential::Unset, Credential::Said),
        (None, Some(path)) => {
            let read = outside.file(&path);
            let text = read.and_then(|text| line_of(&text).ok_or_else(|| "it is empty".to_owned()));
            Credential::In { path, text }
        }
        (None, None) => Credential::Unset,
    }
}

/// The text without the line end that files have.
fn line_of(text: &str) -> Option<SecretString> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    (!text.trim().is_empty()).then(|| SecretString::from(text))
}

/// The value of a variable of the table, if it is set and sound.
pub(crate) fn variable(outside: &dyn Outside, name: &str, problems: &mut Problems) -> Option<Scalar> {
    read_variable(outside, name, &variable_row(name).kind, problems)
}

fn variable_row(name: &str) -> &'static Variable {
    VARIABLES.iter().find(|row| row.name == name).expect("names in the code are rows, which a test holds")
}

/// The value of any variable, if it is set and sound; what does not parse is a problem.
pub(crate) fn read_variable(
    outside: &dyn Outside,
    name: &str,
    kind: &Kind,
    problems: &mut Problems,
) -> Option<Scalar> {
    let text = outside.var(name).filter(|text| !text.is_empty())?;
    match read_word(kind, &text) {
        Ok(value) => Some(value),
        Err(wrong) => {
            wrong.into_iter().for_each(|problem| problems.add_variable(name, problem));
            None
        }
    }
}

fn refuse_unbuilt(outside: &dyn Outside, problems: &mut Problems) {
    let unbuilt = |row: &Variable| row.unbuilt.map(|instead| (row.name, instead));
    for (name, instead) in VARIABLES.iter().filter_map(unbuilt) {
        if variable(outside, name, problems) == Some(Scalar::Flag(true)) {
            problems.add_variable(name, says(format!("not built yet; {instead}")));
        }
    }
}

/// Zero and less is the default, as it is without a word.
fn above_zero(name: &str, value: Option<Scalar>) -> u32 {
    let positive = |value: Scalar| match value {
        Scalar::Whole(number) if number > 0 => Some(u32::try_from(number).unwrap_or(u32::MAX)),
        _ => None,
    };
    let row = variable_row(name);
    let default = || read_word(&row.kind, row.default).ok().and_then(positive);
    value.and_then(positive).or_else(default).expect("the default is above zero, which a test holds")
}
