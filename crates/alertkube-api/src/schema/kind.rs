//! What a row of the table says.

/// One key: everything that anybody needs to know of it.
#[derive(Debug)]
pub(crate) struct Key {
    /// Its name in the file.
    pub(crate) name: &'static str,
    /// What it takes.
    pub(crate) kind: Kind,
    /// What holds without it, as it would be written.
    pub(crate) default: &'static str,
    /// The variables that are asked, in order, when the file is silent.
    pub(crate) env: &'static [&'static str],
    /// For users; one or two sentences.
    pub(crate) doc: &'static str,
    /// Set when this build cannot do it: what to do instead. Such a key may be there, but not switched on.
    pub(crate) unbuilt: Option<&'static str>,
}

/// What a key takes.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Any text.
    Text,
    /// true or false.
    Flag,
    /// A whole number that is at least this.
    Whole(i64),
    /// A number above zero.
    Positive,
    /// A duration in Go's grammar; empty is allowed.
    Duration,
    /// A moment in RFC 3339.
    Instant,
    /// `host:port` or `:port`.
    Address,
    /// One of these words.
    Word(&'static [&'static str]),
    /// The name of a sink.
    Sink,
    /// A comma-separated list in one text, see `FilterList`.
    Filter,
    /// A list.
    List(&'static Kind),
    /// Fields and labels with the values that they must have.
    Matcher,
    /// These keys and no others.
    Table(&'static [Key]),
    /// Names of a known set, each with these keys.
    Named(Names, &'static [Key]),
}

/// The sets of names that users write as keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// Sinks.
    Sinks,
    /// Reasons of conditions, some of which take keys of their own.
    Reasons,
}

/// The words for severities, worst first.
pub(crate) const SEVERITIES: &[&str] = &["critical", "warning", "info"];

impl Key {
    pub(super) const fn new(name: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> Key {
        Key { name, kind, default, env: &[], doc, unbuilt: None }
    }

    pub(super) const fn env(mut self, env: &'static [&'static str]) -> Key {
        self.env = env;
        self
    }

    pub(super) const fn unbuilt(mut self, instead: &'static str) -> Key {
        self.unbuilt = Some(instead);
        self
    }
}

impl Kind {
    /// What is expected, in the words of a problem and of the reference page.
    pub(crate) fn expected(&self) -> String {
        match self {
            Kind::Text => "text".to_owned(),
            Kind::Flag => "true or false".to_owned(),
            Kind::Whole(i64::MIN) => "a whole number".to_owned(),
            Kind::Whole(least) => format!("a whole number of at least {least}"),
            Kind::Positive => "a number above 0".to_owned(),
            Kind::Duration => "a duration such as `90s` or `1h30m`".to_owned(),
            Kind::Instant => "a moment such as `2026-11-23T18:00:00Z`".to_owned(),
            Kind::Address => "an address such as `:9090` or `127.0.0.1:9090`".to_owned(),
            Kind::Word(words) => format!("one of {}", words.join(", ")),
            Kind::Sink => "the name of a sink".to_owned(),
            Kind::Filter => "a comma-separated list in one text".to_owned(),
            Kind::List(items) => format!("a list, each item {}", items.expected()),
            Kind::Matcher => "a mapping of fields or labels to text".to_owned(),
            Kind::Table(_) => "a mapping".to_owned(),
            Kind::Named(Names::Sinks, _) => "a mapping of sink names".to_owned(),
            Kind::Named(Names::Reasons, _) => "a mapping of reasons".to_owned(),
        }
    }
}
