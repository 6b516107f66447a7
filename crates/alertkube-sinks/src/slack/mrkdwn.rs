//! Text that Slack shows as it is: hidden characters spelled out, and `& < >` as entities, since with these alone a
//! name could become a link or call a whole channel.

use std::fmt::Write as _;

use crate::text::hidden;

/// Room for the mark that says how much is missing: `… (+1234567890 bytes)`.
const MARK_BYTES: usize = 24;

/// The text in at most `max` bytes, which never cut a character, an entity or a spelled-out character.
pub(super) fn escaped(text: &str, max: usize) -> String {
    spelled(text, max, |c| c)
}

/// The same as inline code; a backtick would end it, so it becomes an apostrophe. Nothing stays nothing.
pub(super) fn code(text: &str, max: usize) -> String {
    match fenced(text, max.saturating_sub(2)) {
        inner if inner.is_empty() => inner,
        inner => format!("`{inner}`"),
    }
}

/// A line within a fence.
pub(super) fn fenced(text: &str, max: usize) -> String {
    spelled(text, max, |c| if c == '`' { '\'' } else { c })
}

fn spelled(text: &str, max: usize, change: fn(char) -> char) -> String {
    let mut out = String::with_capacity(text.len().min(max));
    // Where the text would be cut to make room for the mark.
    let mut cut = None;
    for (at, c) in text.char_indices() {
        let before = out.len();
        match change(c) {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c if hidden(c) => out.extend(c.escape_default()),
            c => out.push(c),
        }
        if cut.is_none() && out.len() + MARK_BYTES > max {
            cut = Some((before, text.len() - at));
        }
        if out.len() > max {
            let (kept, missing) = cut.unwrap_or_default();
            out.truncate(kept);
            write!(out, "… (+{missing} bytes)").expect("a String takes all");
            return out;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_that_slack_gives_a_meaning_is_left() {
        assert_eq!(escaped("<!channel> & <http://x|y>", 99), "&lt;!channel&gt; &amp; &lt;http://x|y&gt;");
        assert_eq!(code("a`b", 99), "`a'b`");
        assert_eq!((code("", 99), escaped("a\nb\u{202e}", 99)), (String::new(), "a\\nb\\u{202e}".to_owned()));
    }

    #[test]
    fn a_cut_says_how_much_is_missing_and_spoils_no_entity() {
        assert_eq!(escaped(&"x".repeat(40), 40), "x".repeat(40), "what fits is not cut");
        assert_eq!(escaped(&"x".repeat(41), 40), format!("{}… (+25 bytes)", "x".repeat(16)));
        assert_eq!(escaped(&"&".repeat(9), 40), "&amp;&amp;&amp;… (+6 bytes)");
        assert_eq!(escaped(&"ü".repeat(21), 40), format!("{}… (+26 bytes)", "ü".repeat(8)));
    }

    proptest! {
        #[test]
        fn any_text_keeps_its_bound_and_is_inert(text in any::<String>(), max in 30_usize..200) {
            for out in [escaped(&text, max), code(&text, max)] {
                prop_assert!(out.len() <= max, "{} > {max}", out.len());
                prop_assert!(!out.contains(hidden) && !out.contains(['<', '>']));
                let whole = out.split('&').skip(1).all(|rest| {
                    ["amp;", "lt;", "gt;"].iter().any(|entity| rest.starts_with(entity))
                });
                prop_assert!(whole, "{out}");
            }
            prop_assert_eq!(code(&text, max).trim_matches('`').contains('`'), false);
        }
    }
}
