//! The environment: given, not read, so that loading is a function of what it is told.

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
        if secret(outside, name, problems).is_some() {
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

/// A credential, from the variable or from the file that `<NAME>_FILE` names. It never shows in a problem.
pub(crate) fn secret(outside: &dyn Outside, name: &str, problems: &mut Problems) -> Option<SecretString> {
    let file_name = format!("{name}_FILE");
    let [value, path] = [name, &file_name].map(|name| outside.var(name).filter(|text| !text.is_empty()));
    let text = match (value, path) {
        (Some(_), Some(_)) => {
            problems.add_variable(name, says(format!("`{file_name}` is set as well; set one of the two")));
            return None;
        }
        (Some(text), None) => text,
        (None, Some(path)) => match outside.file(&path) {
            Ok(text) => text,
            Err(why) => {
                problems.add_variable(&file_name, says(format!("the file cannot be read: {why}")));
                return None;
            }
        },
        (None, None) => return None,
    };
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    (!text.is_empty()).then(|| SecretString::from(text))
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
