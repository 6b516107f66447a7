//! From the text of one value to what its row says it is.

use std::time::Duration;

use alertkube_core::Stamp;
use alertkube_lang::{FilterList, Problem, nearest, parse_duration, parse_go_bool};

use super::kind::Kind;
use crate::limits::{MAX_EXACT, MAX_QUOTED_CHARS};
use crate::problems::says;
use crate::sinks::sink_fault;
use crate::yaml::{Body, Node};

/// A value that is what its row says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scalar {
    Text(String),
    Flag(bool),
    Whole(i64),
    Number(f64),
    Duration(Duration),
}

/// Reads a value of the file. The problems say what stands there and what was expected instead.
pub(crate) fn read_scalar(kind: &Kind, node: &Node) -> Result<Scalar, Vec<Problem>> {
    let bare = matches!(kind, Kind::Flag | Kind::Whole(_) | Kind::Positive);
    let Some(text) = node.text().filter(|_| node.is_plain() || !bare) else {
        return Err(vec![unlike(kind, node)]);
    };
    match kind {
        Kind::Flag => yaml_flag(text).map(Scalar::Flag).ok_or_else(|| vec![bad(kind, text)]),
        _ => read_word(kind, text),
    }
}

/// Reads a value that is text to begin with, such as a variable or a default.
pub(crate) fn read_word(kind: &Kind, text: &str) -> Result<Scalar, Vec<Problem>> {
    let as_it_is = || Scalar::Text(text.to_owned());
    let value = match kind {
        Kind::Text | Kind::List(_) | Kind::Matcher | Kind::Table(_) | Kind::Named(..) => Some(as_it_is()),
        Kind::Flag => parse_go_bool(text).map(Scalar::Flag),
        Kind::Whole(least) => whole(text).filter(|number| number >= least).map(Scalar::Whole),
        Kind::Positive => text.parse().ok().filter(|n: &f64| n.is_finite() && *n > 0.0).map(Scalar::Number),
        Kind::Duration => return parse_duration(text).map(Scalar::Duration).map_err(|problem| vec![problem]),
        Kind::Instant => Stamp::parse(text).map(|_| as_it_is()),
        Kind::Address => is_address(text).then(as_it_is),
        Kind::Word(words) if words.contains(&text) => Some(as_it_is()),
        Kind::Word(words) => return Err(vec![hinted(bad(kind, text), text, words)]),
        Kind::Sink => return sink_fault(text).map_or_else(|| Ok(as_it_is()), |problem| Err(vec![problem])),
        Kind::Filter => return FilterList::compile(text).map(|_| as_it_is()),
    };
    value.ok_or_else(|| vec![bad(kind, text)])
}

/// Adds the word that was probably meant, if any is near.
pub(crate) fn hinted(problem: Problem, word: &str, known: &[&str]) -> Problem {
    match nearest(word, known.iter().copied()) {
        Some(near) => problem.nearest(near),
        None => problem,
    }
}

/// A value of another type.
pub(crate) fn unlike(kind: &Kind, node: &Node) -> Problem {
    let found = match &node.body {
        Body::List(_) => "found a list".to_owned(),
        Body::Map(_) => "found a mapping".to_owned(),
        Body::Scalar { .. } if node.is_null() => "found nothing".to_owned(),
        Body::Scalar { text, plain: true } => format!("found `{}`", quoted(text)),
        Body::Scalar { text, plain: false } => format!("found the text \"{}\"", quoted(text)),
    };
    says(found).expected(kind.expected())
}

fn bad(kind: &Kind, text: &str) -> Problem {
    says(format!("found `{}`", quoted(text))).expected(kind.expected())
}

/// The beginning of a text on one line.
pub(crate) fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(MAX_QUOTED_CHARS).flat_map(char::escape_debug).collect();
    if text.chars().nth(MAX_QUOTED_CHARS).is_some() {
        shown.push_str("...");
    }
    shown
}

/// The words that the Go program's YAML takes for a flag.
fn yaml_flag(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "y" | "Y" | "on" | "On" | "ON" => Some(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "n" | "N" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// Decimal, with underscores, or in the exponent form that chart templates make of large numbers.
fn whole(text: &str) -> Option<i64> {
    let text = text.replace('_', "");
    let exact = |n: &f64| n.fract() == 0.0 && n.abs() < MAX_EXACT;
    let rounded = || text.parse::<f64>().ok().filter(exact).map(|n| n as i64);
    text.parse().ok().or_else(rounded)
}

fn is_address(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let bracketed = host.starts_with('[') && host.ends_with(']');
    port.parse::<u16>().is_ok() && (bracketed || !host.contains(':')) && !host.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_as_go_yaml_reads_them() {
        assert_eq!(
            [whole("600"), whole("1e+06"), whole("1_000"), whole("-1")],
            [Some(600), Some(1_000_000), Some(1000), Some(-1)]
        );
        assert_eq!([whole("1.5"), whole("ten"), whole("inf"), whole("1e300"), whole("")], [None; 5]);
    }

    #[test]
    fn addresses() {
        for good in [":9090", "127.0.0.1:80", "[::1]:9090", "localhost:0"] {
            assert!(is_address(good), "{good}");
        }
        for bad in ["9090", "::1:9090", ":99999", "a b:1", ""] {
            assert!(!is_address(bad), "{bad}");
        }
    }

    #[test]
    fn a_long_value_is_cut() {
        assert_eq!(quoted("a\nb"), "a\\nb");
        assert!(quoted(&"x".repeat(1000)).len() < 100);
    }
}
