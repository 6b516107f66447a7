//! Golden files: compared, or rewritten with `UPDATE=1`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use alertkube_sinks::Request;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

/// Elements of an array that a golden file shows.
const ELEMENTS_SHOWN: usize = 12;

/// Characters of a string that a golden file shows.
const CHARS_SHOWN: usize = 700;

/// Compares a text with the file at this path below the repository's root, or writes it.
#[expect(clippy::disallowed_methods, reason = "a golden file is what this test is about")]
pub(crate) fn assert_same(path: &str, found: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    if std::env::var("UPDATE").is_ok() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
        std::fs::write(&path, found).expect("the golden file");
        return;
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(wanted == found, "{} differs, UPDATE=1 rewrites it; found:\n{found}", path.display());
}

/// A request as a golden file shows it.
pub(crate) fn show(request: &Request) -> String {
    match request {
        Request::Line(line) => match serde_json::from_str(line) {
            Ok(value) => pretty(value),
            Err(_) => format!("{}\n", line.replace('\u{1b}', "␛")),
        },
        Request::Post(post) => pretty(json!({
            "url": post.url.expose_secret(),
            "headers": post.headers.iter().cloned().collect::<BTreeMap<_, _>>(),
            "body": serde_json::from_slice::<Value>(&post.body).expect("a JSON body"),
        })),
    }
}

/// JSON to read, its keys sorted whatever features of serde_json the rest of a build switches on.
pub(crate) fn pretty(value: Value) -> String {
    format!("{}\n", serde_json::to_string_pretty(&elided(value)).expect("JSON"))
}

/// The page with the JSON block behind `<!-- example: NAME -->` replaced.
pub(crate) fn with_example(page: &str, name: &str, value: &Value) -> String {
    let opening = format!("<!-- example: {name} -->\n```json\n");
    let (before, rest) = page.split_once(&opening).expect("the page has the example");
    let (_, after) = rest.split_once("\n```").expect("the example ends");
    let example = pretty(value.clone());
    format!("{before}{opening}{example}```{after}")
}

/// The value with the middle of long lists and texts left out: two thousand alerts need no two thousand lines.
fn elided(value: Value) -> Value {
    match value {
        Value::Array(mut elements) => {
            let more = elements.len().saturating_sub(ELEMENTS_SHOWN);
            elements.truncate(ELEMENTS_SHOWN);
            let mark = (more > 0).then(|| Value::from(format!("(golden file: {more} more)")));
            Value::Array(elements.into_iter().map(elided).chain(mark).collect())
        }
        Value::Object(fields) => {
            let sorted: BTreeMap<String, Value> = fields.into_iter().collect();
            Value::Object(sorted.into_iter().map(|(key, value)| (key, elided(value))).collect())
        }
        Value::String(text) if text.chars().count() > CHARS_SHOWN => {
            let shown: String = text.chars().take(CHARS_SHOWN / 2).collect();
            Value::from(format!("{shown} (golden file: {} characters in all)", text.chars().count()))
        }
        other => other,
    }
}
