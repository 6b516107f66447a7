//! From text to tree: one document, anchors and merge keys resolved, doubled keys found, everything counted.

use std::collections::BTreeMap;

use serde_saphyr::granit_parser::{
    Event, Marker, Options, Parser, ScalarStyle, Span, StrInput, Tag, options,
};

use super::tree::{Body, Entry, Node, Place};
use crate::limits::{MAX_CONFIG_BYTES, MAX_DEPTH, MAX_EXPANDED_BYTES, MAX_NODES};

/// What is wrong with the YAML itself, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misread {
    pub(crate) at: Place,
    pub(crate) what: String,
}

/// Reads the one document of `text`; an empty text is no document. What could be read comes back together with
/// what was wrong, so that the rest of the file is still checked.
pub(crate) fn read(text: &str) -> (Option<Node>, Vec<Misread>) {
    let start = Place { line: 1, column: 1 };
    if text.len() > MAX_CONFIG_BYTES {
        return (
            None,
            vec![misread(start, format!("expected at most {MAX_CONFIG_BYTES} bytes of configuration"))],
        );
    }
    let parser = Parser::new_from_str_with_options(text, parser_options());
    let mut reader =
        Reader { parser, at: start, anchors: BTreeMap::new(), nodes: 0, bytes: 0, wrong: Vec::new() };
    let root = reader.document().unwrap_or_else(|fatal| {
        reader.wrong.push(fatal);
        None
    });
    (root.filter(|node| !node.is_null()), reader.wrong)
}

fn parser_options() -> Options {
    options! { emit_comments: false, flow_nesting_limit: MAX_DEPTH, block_nesting_limit: MAX_DEPTH }
}

fn misread(at: Place, what: impl Into<String>) -> Misread {
    Misread { at, what: what.into() }
}

fn place(mark: &Marker) -> Place {
    Place { line: mark.line(), column: mark.col() + 1 }
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    at: Place,
    anchors: BTreeMap<usize, Node>,
    nodes: usize,
    bytes: usize,
    wrong: Vec<Misread>,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<Option<Node>, Misread> {
        let mut root = None;
        while let Some((event, span)) = self.next()? {
            match event {
                Event::DocumentStart(..) if root.is_some() => {
                    self.wrong
                        .push(misread(place(&span.start), "expected exactly one document, found a second"));
                    return Ok(root);
                }
                Event::DocumentStart(..) => {
                    let first = self.must_next()?;
                    root = Some(self.node(first, 0)?);
                }
                _ => {}
            }
        }
        Ok(root)
    }

    fn next(&mut self) -> Result<Option<(Event<'a>, Span)>, Misread> {
        match self.parser.next() {
            None => Ok(None),
            Some(Ok((event, span))) => {
                self.at = place(&span.start);
                Ok(Some((event, span)))
            }
            Some(Err(error)) => {
                Err(misread(place(error.marker()), format!("not YAML: {}", lower_first(&error.info()))))
            }
        }
    }

    fn must_next(&mut self) -> Result<(Event<'a>, Span), Misread> {
        let at = self.at;
        self.next()?.ok_or_else(|| misread(at, "not YAML: the text ends too early"))
    }

    fn node(&mut self, (event, span): (Event<'a>, Span), depth: usize) -> Result<Node, Misread> {
        let at = place(&span.start);
        self.count(at, 1, 0)?;
        let (anchor, tag, body) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.count(at, 0, text.len())?;
                let plain = style == ScalarStyle::Plain && !tag.as_deref().is_some_and(is_text_tag);
                (anchor, tag, Body::Scalar { text: text.into_owned(), plain })
            }
            Event::SequenceStart(_, anchor, tag) => (anchor, tag, self.list(depth)?),
            Event::MappingStart(_, anchor, tag) => (anchor, tag, self.map(depth)?),
            Event::Alias(anchor) => return self.alias(anchor, at),
            _ => return Err(misread(at, "not YAML: expected a value")),
        };
        if let Some(tag) = tag.filter(|tag| tag.core_suffix().is_none() && !is_text_tag(tag)) {
            self.wrong.push(misread(at, format!("the tag `{tag}` has no meaning here")));
        }
        let node = Node { at, body };
        if anchor != 0 {
            self.count(at, 0, node.bytes())?;
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn alias(&mut self, anchor: usize, at: Place) -> Result<Node, Misread> {
        let Some(node) = self.anchors.get(&anchor).cloned() else {
            return Err(misread(at, "this alias stands inside its own anchor"));
        };
        self.count(at, node.size(), node.bytes())?;
        Ok(node)
    }

    fn list(&mut self, depth: usize) -> Result<Body, Misread> {
        self.deeper(depth)?;
        let mut items = Vec::new();
        loop {
            match self.must_next()? {
                (Event::SequenceEnd, _) => return Ok(Body::List(items)),
                first => items.push(self.node(first, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Body, Misread> {
        self.deeper(depth)?;
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen: BTreeMap<String, Place> = BTreeMap::new();
        let mut merged = Vec::new();
        loop {
            let key = match self.must_next()? {
                (Event::MappingEnd, _) => break,
                first => self.node(first, depth + 1)?,
            };
            let first = self.must_next()?;
            let value = self.node(first, depth + 1)?;
            match self.key(&key) {
                Some("<<") if key.is_plain() => merged.push(value),
                Some(text) if self.is_news(text, key.at, &mut seen) => {
                    entries.push(Entry { key: text.to_owned(), at: key.at, value });
                }
                _ => {}
            }
        }
        for value in merged {
            self.merge(value, &mut entries, &mut seen)?;
        }
        Ok(Body::Map(entries))
    }

    fn key<'n>(&mut self, key: &'n Node) -> Option<&'n str> {
        match &key.body {
            Body::Scalar { text, .. } => Some(text),
            Body::List(_) | Body::Map(_) => {
                self.wrong.push(misread(key.at, "expected a word as key"));
                None
            }
        }
    }

    fn is_news(&mut self, key: &str, at: Place, seen: &mut BTreeMap<String, Place>) -> bool {
        if let Some(first) = seen.get(key) {
            let what = format!("the key `{key}` stands here a second time, first in line {}", first.line);
            self.wrong.push(misread(at, what));
            return false;
        }
        seen.insert(key.to_owned(), at);
        true
    }

    /// A key of the mapping itself wins over a merged one, an earlier merged one over a later.
    fn merge(
        &mut self,
        value: Node,
        entries: &mut Vec<Entry>,
        seen: &mut BTreeMap<String, Place>,
    ) -> Result<(), Misread> {
        let at = value.at;
        let maps = match value.body {
            Body::Map(_) => vec![value],
            Body::List(items) => items,
            Body::Scalar { .. } => {
                return Err(misread(at, "expected a mapping, or a list of them, to merge"));
            }
        };
        for map in maps {
            let Body::Map(more) = map.body else {
                return Err(misread(map.at, "expected a mapping to merge"));
            };
            for entry in more {
                if !seen.contains_key(&entry.key) {
                    seen.insert(entry.key.clone(), entry.at);
                    entries.push(entry);
                }
            }
        }
        Ok(())
    }

    fn deeper(&self, depth: usize) -> Result<(), Misread> {
        if depth < MAX_DEPTH {
            return Ok(());
        }
        Err(misread(self.at, format!("expected at most {MAX_DEPTH} levels")))
    }

    fn count(&mut self, at: Place, nodes: usize, bytes: usize) -> Result<(), Misread> {
        self.nodes += nodes;
        self.bytes += bytes;
        if self.nodes > MAX_NODES {
            return Err(misread(
                at,
                format!("expected at most {MAX_NODES} values, those of aliases included"),
            ));
        }
        if self.bytes > MAX_EXPANDED_BYTES {
            return Err(misread(
                at,
                format!("expected at most {MAX_EXPANDED_BYTES} bytes, those of aliases included"),
            ));
        }
        Ok(())
    }
}

/// `!!str 5` and `! 5` are text, whatever they look like.
fn is_text_tag(tag: &Tag) -> bool {
    tag.core_suffix() == Some("str") || tag.to_string() == "!"
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(text: &str) -> Node {
        let (root, wrong) = read(text);
        assert_eq!(wrong, []);
        root.expect("a document")
    }

    fn wrong(text: &str) -> Vec<String> {
        let lines = read(text).1;
        lines.iter().map(|w| format!("{}:{} {}", w.at.line, w.at.column, w.what)).collect()
    }

    #[test]
    fn values_remember_where_they_stand() {
        let root = sound("a: 1\nb:\n  - x\n  - {c: 'd'}\n");
        let list = root.get("b").expect("b");
        assert_eq!(root.get("a").expect("a").at, Place { line: 1, column: 4 });
        assert_eq!(list.items()[0].at, Place { line: 3, column: 5 });
        assert_eq!(list.items()[1].entries()[0].at, Place { line: 4, column: 6 });
        assert!(!list.items()[1].get("c").expect("c").is_plain());
    }

    #[test]
    fn nothing_is_no_document() {
        for text in ["", "\n", "# only a comment\n", "---\n", "null\n"] {
            assert_eq!(read(text), (None, Vec::new()), "{text:?}");
        }
    }

    #[test]
    fn anchors_and_merges_resolve_and_own_keys_win() {
        let root =
            sound("base: &b {x: 1, y: 2}\nuse:\n  <<: *b\n  y: 3\nlist: &l [*b]\nmore: {<<: *l, z: 4}\n");
        let used = root.get("use").expect("use");
        assert_eq!(used.get("x").and_then(Node::text), Some("1"));
        assert_eq!(used.get("y").and_then(Node::text), Some("3"));
        assert_eq!(root.get("more").expect("more").entries().len(), 3);
    }

    #[test]
    fn every_doubled_key_is_found() {
        assert_eq!(
            wrong("a: 1\na: 2\nb: {c: 1, c: 2}\n"),
            [
                "2:1 the key `a` stands here a second time, first in line 1",
                "3:11 the key `c` stands here a second time, first in line 3"
            ]
        );
    }

    #[test]
    fn a_second_document_is_refused() {
        assert_eq!(wrong("a: 1\n---\nb: 2\n"), ["2:1 expected exactly one document, found a second"]);
    }

    #[test]
    fn bombs_end_at_a_limit() {
        let mut laughs = String::from("a0: &a0 [x, x]\n");
        for n in 1..40 {
            laughs += &format!("a{n}: &a{n} [*a{}, *a{}, *a{}]\n", n - 1, n - 1, n - 1);
        }
        assert!(wrong(&laughs)[0].contains("those of aliases included"), "{:?}", wrong(&laughs));
        assert!(!wrong(&"[".repeat(10_000)).is_empty());
        assert!(!wrong(&"a: ".repeat(10_000)).is_empty());
        assert!(!wrong(&"- ".repeat(10_000)).is_empty());
        assert!(wrong(&"x".repeat(MAX_CONFIG_BYTES + 1))[0].contains("bytes of configuration"));
        assert_eq!(wrong("a: &a [*a]\n"), ["1:8 this alias stands inside its own anchor"]);
    }
}
