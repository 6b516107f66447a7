//! The tree: what a YAML document holds and where, before anybody asks what it means.

/// A position in the file, both counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// A value and where it begins.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) at: Place,
    pub(crate) body: Body,
}

/// What a value is. A scalar keeps its text as written, because only the schema knows what it stands for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Body {
    Scalar { text: String, plain: bool },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One key of a mapping with its value, in the order of the file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) at: Place,
    pub(crate) value: Node,
}

impl Node {
    /// The value of a key; `None` also when this is no mapping.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// The entries of a mapping; none for anything else.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.body {
            Body::Map(entries) => entries,
            Body::Scalar { .. } | Body::List(_) => &[],
        }
    }

    /// The items of a list; none for anything else.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.body {
            Body::List(items) => items,
            Body::Scalar { .. } | Body::Map(_) => &[],
        }
    }

    /// Whether this is a mapping.
    pub(crate) fn is_map(&self) -> bool {
        matches!(self.body, Body::Map(_))
    }

    /// Whether this is a list without items.
    pub(crate) fn is_empty_list(&self) -> bool {
        matches!(&self.body, Body::List(items) if items.is_empty())
    }

    /// Whether this is nothing: an empty plain scalar or a word for it.
    pub(crate) fn is_null(&self) -> bool {
        let words = ["", "~", "null", "Null", "NULL"];
        matches!(&self.body, Body::Scalar { text, plain: true } if words.contains(&text.as_str()))
    }

    /// The text of a scalar as written; nothing reads as empty.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.body {
            Body::Scalar { .. } if self.is_null() => Some(""),
            Body::Scalar { text, .. } => Some(text),
            Body::List(_) | Body::Map(_) => None,
        }
    }

    /// Whether this is a scalar without quotes, which alone can be a number or a flag.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(&self.body, Body::Scalar { plain: true, .. })
    }

    /// How many values this is, itself included.
    pub(crate) fn size(&self) -> usize {
        let within: usize = match &self.body {
            Body::Scalar { .. } => 0,
            Body::List(items) => items.iter().map(Node::size).sum(),
            Body::Map(entries) => entries.iter().map(|entry| entry.value.size()).sum(),
        };
        1 + within
    }

    /// How many bytes of text this holds.
    pub(crate) fn bytes(&self) -> usize {
        match &self.body {
            Body::Scalar { text, .. } => text.len(),
            Body::List(items) => items.iter().map(Node::bytes).sum(),
            Body::Map(entries) => entries.iter().map(|entry| entry.key.len() + entry.value.bytes()).sum(),
        }
    }
}
