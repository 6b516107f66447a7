//! What is asked of the server: paths and queries.

use std::fmt::Write as _;

use crate::watch::kinds::Kind;

/// A GET to the API server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchRequest {
    /// Path and query.
    pub path_and_query: String,
    /// Whether the answer, when it is 200, is a stream of lines rather than one body.
    pub stream: bool,
}

/// Parameters that every streaming request carries.
const WATCH: &str = "watch=true&allowWatchBookmarks=true";

impl WatchRequest {
    /// A list as a stream, which then goes on as a watch.
    pub(super) fn streaming_list(kind: &Kind, namespace: Option<&str>, seconds: u64) -> WatchRequest {
        let query = format!(
            "{WATCH}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&timeoutSeconds={seconds}"
        );
        WatchRequest::new(kind, namespace, &query, true)
    }

    /// One page of a list. It names no resourceVersion: a server answers "any" from its cache, in one piece.
    pub(super) fn page(
        kind: &Kind,
        namespace: Option<&str>,
        items: u32,
        token: Option<&str>,
    ) -> WatchRequest {
        let mut query = format!("limit={items}");
        if let Some(token) = token {
            query.push_str("&continue=");
            escape(&mut query, token);
        }
        WatchRequest::new(kind, namespace, &query, false)
    }

    /// A watch that goes on after `version`.
    pub(super) fn watch(kind: &Kind, namespace: Option<&str>, version: &str, seconds: u64) -> WatchRequest {
        let mut query = format!("{WATCH}&timeoutSeconds={seconds}&resourceVersion=");
        escape(&mut query, version);
        WatchRequest::new(kind, namespace, &query, true)
    }

    fn new(kind: &Kind, namespace: Option<&str>, query: &str, stream: bool) -> WatchRequest {
        let mut path_and_query = format!("{}?{query}", kind.path(namespace));
        if !kind.fields.is_empty() {
            path_and_query.push_str("&fieldSelector=");
            escape(&mut path_and_query, kind.fields);
        }
        WatchRequest { path_and_query, stream }
    }
}

fn escape(query: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            query.push(char::from(byte));
        } else {
            write!(query, "%{byte:02X}").expect("a String takes everything");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::kinds::KindId;

    #[test]
    fn tokens_and_selectors_are_escaped() {
        let events = Kind::of(KindId::Event);
        let page = WatchRequest::page(events, Some("shop"), 500, Some("eyJ2+/="));
        assert_eq!(
            page.path_and_query,
            "/api/v1/namespaces/shop/events?limit=500&continue=eyJ2%2B%2F%3D&fieldSelector=type%3DWarning"
        );
        assert!(!page.stream);
    }

    #[test]
    fn a_watch_names_its_version_and_a_streaming_list_none() {
        let nodes = Kind::of(KindId::Node);
        assert_eq!(
            WatchRequest::watch(nodes, None, "17", 95).path_and_query,
            "/api/v1/nodes?watch=true&allowWatchBookmarks=true&timeoutSeconds=95&resourceVersion=17"
        );
        let list = WatchRequest::streaming_list(nodes, None, 95).path_and_query;
        assert!(list.contains("sendInitialEvents=true&resourceVersionMatch=NotOlderThan"), "{list}");
        assert!(!list.contains("resourceVersion="), "{list}");
    }
}
