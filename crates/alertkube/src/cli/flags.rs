//! The grammar of Go's `flag` package, which the reference's users and chart write: `-x` is `--x`, and `-version`
//! is a command.

use std::ffi::OsString;

/// Turns Go's spellings into ours; everything else stays as it is.
pub(crate) fn from_go(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut only_words = false;
    let translate = |(at, argument): (usize, OsString)| {
        let Some(text) = argument.to_str().filter(|_| !only_words) else { return argument };
        only_words = text == "--";
        match text {
            "-version" | "--version" if at == 1 => "version".into(),
            "-h" | "-v" => argument,
            _ if single_dash_word(text) => format!("-{text}").into(),
            _ => argument,
        }
    };
    arguments.into_iter().enumerate().map(translate).collect()
}

/// `-config`, `-config=x`: one dash and more than a letter. `-v=2` and `-v2` are the verbosity's own spellings.
fn single_dash_word(text: &str) -> bool {
    let word = text.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
    let name = word.map(|word| word.split('=').next().unwrap_or(word));
    name.is_some_and(|name| {
        name.len() > 1
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && !name[1..].starts_with(|c: char| c.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: &[&str], expected: &[&str]) {
        let given = given.iter().map(OsString::from);
        let expected: Vec<OsString> = expected.iter().map(OsString::from).collect();
        assert_eq!(from_go(given), expected);
    }

    #[test]
    fn one_dash_is_as_good_as_two() {
        check(&["a", "-config", "x", "-leader-elect=false"], &["a", "--config", "x", "--leader-elect=false"]);
        check(&["a", "--config=x", "-v", "2", "-v=3", "-v2"], &["a", "--config=x", "-v", "2", "-v=3", "-v2"]);
        check(&["a", "-version"], &["a", "version"]);
        check(&["a", "--", "-config"], &["a", "--", "-config"]);
    }
}
