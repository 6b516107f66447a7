//! Lists: selectors, pages and the tokens between them.

use serde_json::{Value, json};

use super::failure::Failure;
use super::object::Name;
use super::request::{Request, Response, Target};
use super::select::Filter;
use super::store::{Objects, Store};

/// The query of a list or watch.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ListOptions {
    pub(crate) filter: Filter,
    pub(crate) limit: usize,
    pub(crate) token: Option<Token>,
    /// None when absent; 0 means any.
    pub(crate) version: Option<u64>,
    pub(crate) version_match: Option<String>,
    pub(crate) send_initial_events: Option<bool>,
    pub(crate) bookmarks: bool,
    pub(crate) timeout_seconds: Option<u64>,
}

/// Where the next page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// The version that all pages show; none for an inconsistent rest.
    version: Option<u64>,
    after: Name,
}

impl ListOptions {
    pub(crate) fn parse(target: &Target, request: &Request) -> Result<ListOptions, Failure> {
        let text = |key: &str| request.parameter(key).filter(|value| !value.is_empty());
        let selector = |key: &str| text(key).unwrap_or("");
        let (labels, fields) = (selector("labelSelector"), selector("fieldSelector"));
        Ok(ListOptions {
            filter: Filter::parse(&target.resource, &target.namespace, labels, fields)?,
            limit: number(text("limit"), "limit")?.unwrap_or(0),
            token: text("continue").map(Token::parse).transpose()?,
            version: number(text("resourceVersion"), "resourceVersion")?,
            version_match: text("resourceVersionMatch").map(str::to_owned),
            send_initial_events: text("sendInitialEvents").map(|_| request.flag("sendInitialEvents")),
            bookmarks: request.flag("allowWatchBookmarks"),
            timeout_seconds: number(text("timeoutSeconds"), "timeoutSeconds")?,
        })
    }
}

fn number<T: std::str::FromStr>(text: Option<&str>, field: &str) -> Result<Option<T>, Failure> {
    let parse = |text: &str| {
        text.parse()
            .map_err(|_| Failure::bad_request(format!("invalid value of {field}: {text:?} is no number")))
    };
    text.map(parse).transpose()
}

impl Token {
    /// The opaque text: hex, because clients shall neither read nor have to escape it.
    pub(crate) fn text(&self) -> String {
        let version = self.version.map_or("any".to_owned(), |version| version.to_string());
        let plain = format!("{version}/{}/{}", self.after.namespace, self.after.name);
        plain.bytes().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The same place in an inconsistent list.
    pub(crate) fn inconsistent(&self) -> Token {
        Token { version: None, after: self.after.clone() }
    }

    fn parse(text: &str) -> Result<Token, Failure> {
        Token::read(text).ok_or_else(|| Failure::bad_request("continue key is not valid"))
    }

    fn read(text: &str) -> Option<Token> {
        let bytes: Option<Vec<u8>> =
            (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect();
        let plain = String::from_utf8(bytes?).ok()?;
        let mut parts = plain.splitn(3, '/');
        let version = match parts.next()? {
            "any" => None,
            version => Some(version.parse().ok()?),
        };
        Some(Token { version, after: Name::new(parts.next()?, parts.next()?) })
    }
}

/// The objects of one page, in the form in which they are kept.
pub(crate) struct Page {
    version: u64,
    items: Vec<(Name, std::sync::Arc<Value>)>,
    token: Option<Token>,
    remaining: Option<usize>,
}

impl Store {
    /// Answers a list, up to the encoding of its objects.
    pub(crate) fn page(&self, target: &Target, options: &ListOptions) -> Result<Page, Failure> {
        let (version, objects) = self.picture(target, options)?;
        let after = options.token.as_ref().map(|token| &token.after);
        let mut chosen = objects.into_iter().filter(|(name, object)| {
            after.is_none_or(|after| name > after) && options.filter.matches(name, object)
        });
        // A list at "any" version comes from the watch cache, which knows no pages.
        let paged = options.limit > 0 && (options.version != Some(0) || options.token.is_some());
        let limit = if paged { options.limit } else { usize::MAX };
        let items: Vec<_> = chosen.by_ref().take(limit).collect();
        let rest = chosen.count();
        let last = items.last().filter(|_| rest > 0).map(|(name, _)| name.clone());
        let token = last.map(|after| Token { version: Some(version), after });
        let remaining = (rest > 0 && !options.filter.is_selective()).then_some(rest);
        Ok(Page { version, items, token, remaining })
    }

    /// The version that a list shows, and everything that stood then.
    fn picture(&self, target: &Target, options: &ListOptions) -> Result<(u64, Objects), Failure> {
        let current = self.version();
        let exact = options.version_match.as_deref() == Some("Exact");
        let wanted = match (&options.token, options.version) {
            (Some(Token { version: Some(version), .. }), _) => Some(*version),
            (None, Some(version)) if version > current => {
                return Err(Failure::version_too_large(version, current));
            }
            (None, Some(version)) if exact => Some(version),
            _ => None,
        };
        let Some(version) = wanted else { return Ok((current, self.objects(&target.resource))) };
        if let Some(objects) = self.objects_at(&target.resource, version).filter(|_| version <= current) {
            return Ok((version, objects));
        }
        Err(match &options.token {
            Some(token) => Failure::stale_continue(token.inconsistent().text()),
            None => Failure::expired(version, self.floor(&target.resource)),
        })
    }
}

impl Page {
    /// What stands on the page.
    pub(crate) fn names(&self) -> impl Iterator<Item = Name> {
        self.items.iter().map(|(name, _)| name.clone())
    }

    /// The list as JSON, members in the order of a real API server; items of a list carry no kind.
    pub(crate) fn response(&self, target: &Target, encode: impl Fn(&Name, &Value) -> Value) -> Response {
        let mut metadata = json!({ "resourceVersion": self.version.to_string() });
        if let Some(token) = &self.token {
            metadata["continue"] = token.text().into();
        }
        if let Some(remaining) = self.remaining {
            metadata["remainingItemCount"] = remaining.into();
        }
        let items: Vec<String> =
            self.items.iter().map(|(name, object)| without_kind(encode(name, object)).to_string()).collect();
        let (kind, version) = (target.resource.kind, target.resource.api_version());
        let body = format!(
            r#"{{"kind":"{kind}List","apiVersion":"{version}","metadata":{metadata},"items":[{}]}}"#,
            items.join(",")
        );
        Response::json(200, body.into_bytes())
    }
}

fn without_kind(mut object: Value) -> Value {
    if let Some(fields) = object.as_object_mut() {
        fields.remove("kind");
        fields.remove("apiVersion");
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_survive_their_text_and_foreign_ones_are_refused() {
        for version in [Some(17), None] {
            let token = Token { version, after: Name::new("shop", "web-0") };
            assert_eq!(Token::parse(&token.text()), Ok(token));
        }
        for text in ["x", "zz", "00", "é", "616e79"] {
            assert_eq!(Token::parse(text).expect_err("foreign").code(), 400, "{text}");
        }
    }
}
