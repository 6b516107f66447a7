//! Whether a pattern admits everything, told from its syntax instead of from a few probes.
//!
//! For each part of a pattern we work out a run of lengths for which it admits *every* text of an alphabet. A pattern
//! is broad when that run goes from very short texts to the longest names. The answer errs to one side only: a
//! pattern that is called broad is.

use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

/// A pattern that admits all texts of this length is broad, even if it misses shorter ones, as `..+` does.
const SHORT: usize = 3;

/// Length of the longest name of a namespace.
const LONG: usize = 63;

/// The letters of one kind of name, as ranges: those within, and the fewer that may begin or end it.
struct Alphabet {
    within: &'static [(char, char)],
    edge: &'static [(char, char)],
}

const ALPHABETS: [Alphabet; 2] = [
    // Namespaces: `kube-system`.
    Alphabet { within: &[('-', '-'), ('0', '9'), ('a', 'z')], edge: &[('0', '9'), ('a', 'z')] },
    // Reasons: `CrashLoopBackOff`. They begin with a capital, but `[^k].*` is sound for namespaces and must stay so.
    Alphabet { within: &[('0', '9'), ('A', 'Z'), ('a', 'z')], edge: &[('0', '9'), ('A', 'Z'), ('a', 'z')] },
];

/// Whether the expression, anchored at both ends, admits every namespace or every reason.
pub(crate) fn is_broad(syntax: &Hir) -> bool {
    let whole = Place { first: true, last: true };
    ALPHABETS.iter().any(|alphabet| {
        let lengths = alphabet.lengths(syntax, whole);
        lengths.is_some_and(|lengths| lengths.from <= SHORT && lengths.to >= LONG)
    })
}

/// Every text of the alphabet with one of these lengths is admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lengths {
    from: usize,
    to: usize,
}

impl Lengths {
    fn only(length: usize) -> Lengths {
        Lengths { from: length, to: length }
    }

    fn then(self, next: Lengths) -> Lengths {
        Lengths { from: self.from.saturating_add(next.from), to: self.to.saturating_add(next.to) }
    }

    fn times(self, least: usize, most: usize) -> Lengths {
        Lengths { from: self.from.saturating_mul(least), to: self.to.saturating_mul(most) }
    }
}

/// Whether a part of the pattern stands at the beginning, or at the end, of the value.
#[derive(Clone, Copy)]
struct Place {
    first: bool,
    last: bool,
}

impl Alphabet {
    fn lengths(&self, part: &Hir, place: Place) -> Option<Lengths> {
        match part.kind() {
            HirKind::Empty => Some(Lengths::only(0)),
            HirKind::Literal(_) => None,
            HirKind::Class(class) => self.is_within(class, place).then_some(Lengths::only(1)),
            HirKind::Look(look) => holds(*look, place).then_some(Lengths::only(0)),
            HirKind::Repetition(repetition) => self.repeated(repetition, place),
            HirKind::Capture(capture) => self.lengths(&capture.sub, place),
            HirKind::Concat(parts) => self.in_a_row(parts, place),
            HirKind::Alternation(parts) => self.either(parts, place),
        }
    }

    fn is_within(&self, class: &Class, place: Place) -> bool {
        let letters = if place.first || place.last { self.edge } else { self.within };
        let class = match class {
            Class::Unicode(class) => Some(class.clone()),
            Class::Bytes(class) => class.to_unicode_class(),
        };
        let admits = |low, high| {
            let class = class.iter().flat_map(|class| class.ranges());
            class.into_iter().any(|range| range.start() <= low && high <= range.end())
        };
        letters.iter().all(|(low, high)| admits(*low, *high))
    }

    fn repeated(&self, repetition: &Repetition, place: Place) -> Option<Lengths> {
        let least = repetition.min as usize;
        let most = repetition.max.map_or(usize::MAX, |most| most as usize);
        let place = if most == 1 { place } else { Place { first: false, last: false } };
        match self.lengths(&repetition.sub, place) {
            // One copy may be as short as one letter, so the lengths of more and more copies leave no gap.
            Some(one) if one.from <= 1 => Some(one.times(least, most)),
            Some(one) if most > 0 => Some(one.times(least.max(1), least.max(1))),
            _ => (least == 0).then_some(Lengths::only(0)),
        }
    }

    fn in_a_row(&self, parts: &[Hir], place: Place) -> Option<Lengths> {
        let is_empty = |part: &Hir| part.properties().maximum_len() == Some(0);
        let mut sum = Lengths::only(0);
        for (n, part) in parts.iter().enumerate() {
            let first = place.first && parts[..n].iter().all(is_empty);
            let last = place.last && parts[n + 1..].iter().all(is_empty);
            sum = sum.then(self.lengths(part, Place { first, last })?);
        }
        Some(sum)
    }

    /// The widest run that the branches make together.
    fn either(&self, parts: &[Hir], place: Place) -> Option<Lengths> {
        let mut runs: Vec<Lengths> = parts.iter().filter_map(|part| self.lengths(part, place)).collect();
        runs.sort_unstable_by_key(|run| run.from);
        let mut joined: Vec<Lengths> = Vec::new();
        for run in runs {
            match joined.last_mut() {
                Some(left) if run.from <= left.to.saturating_add(1) => left.to = left.to.max(run.to),
                _ => joined.push(run),
            }
        }
        joined.into_iter().max_by_key(|run| run.to - run.from)
    }
}

/// Whether an anchor holds there for every text. Boundaries of words hold only for some.
fn holds(look: Look, place: Place) -> bool {
    match look {
        Look::Start | Look::StartLF | Look::StartCRLF => place.first,
        Look::End | Look::EndLF | Look::EndCRLF => place.last,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::expression::{Pinned, compile};

    fn broad(pattern: &str) -> bool {
        is_broad(&regex_syntax::parse(pattern).expect("a good pattern"))
    }

    #[test]
    fn what_admits_everything_is_broad() {
        for pattern in [
            ".*",
            ".+",
            "^.*$",
            "(.*)",
            "(?:.+)",
            ".*|x",
            "x|.*",
            ".*|",
            ".*.*",
            "(.*)*",
            "(.+)+",
            "(^.*$)",
            "^(.*)",
            "(?s).*",
            "..+",
            ".{2,}",
            ".{1,63}",
            "x?.*",
            "(x|.)*",
            ".|..+",
            "(?i)[a-z-]*.*",
            "[^ ]+",
            "\\S+",
            "[\\w-]+",
            "(?-u:[ -~])*",
            "[a-z0-9-]+",
            "[a-z0-9]([-a-z0-9]*[a-z0-9])?",
            "\\w+",
            "(?i)[a-z0-9]+",
            ".??.*?",
            "(..)|.|(...+)",
        ] {
            assert!(broad(pattern), "{pattern}");
        }
    }

    #[test]
    fn what_leaves_something_out_is_not() {
        for pattern in [
            "",
            "prod",
            "prod-.*",
            ".*-prod",
            ".*a.*",
            "a|b",
            ".",
            "..",
            ".{0,20}",
            ".{4,}",
            "[a-z]+",
            "[^k].*",
            ".+-.+",
            "x+",
            "(prod|stage)-.*",
            ".^.*",
            ".*$.",
            "\\b.*",
            "(?:..){2,}",
            "(...)*",
            "[A-Z]+",
            "[A-Z]\\w*",
            "Node.*",
        ] {
            assert!(!broad(pattern), "{pattern}");
        }
    }

    /// Expressions that are often broad, and as often just miss it.
    fn expressions() -> impl Strategy<Value = String> {
        let letters =
            prop::sample::select(vec![".", "[a-z0-9-]", "[a-z0-9]", "\\w", "x", "^", "$", "\\b", "", "..?"]);
        let times = prop::sample::select(vec!["*", "+", "?", "{2,}", "{0,70}", "{3}", "{0}", "{0,2}"]);
        letters.prop_map(str::to_owned).prop_recursive(4, 16, 3, move |part| {
            prop_oneof![
                (part.clone(), times.clone()).prop_map(|(part, times)| format!("(?:{part}){times}")),
                prop::collection::vec(part.clone(), 2..4).prop_map(|parts| parts.concat()),
                prop::collection::vec(part, 2..4).prop_map(|parts| format!("({})", parts.join("|"))),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_broad_pattern_leaves_nothing_out(
            text in expressions(),
            namespace in "[a-z0-9]([a-z0-9-]{1,9}|[a-z0-9-]{61})[a-z0-9]",
            reason in "[A-Z][A-Za-z0-9]{2,30}",
        ) {
            let small = compile(&text, Pinned::AtBothEnds).ok().filter(|(syntax, _)| is_broad(syntax));
            if let Some((_, whole)) = small {
                prop_assert!(whole.is_match(&namespace) || whole.is_match(&reason), "{namespace} {reason}");
            }
        }
    }
}
