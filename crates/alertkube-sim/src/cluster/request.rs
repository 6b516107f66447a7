//! Requests and responses as the pure cluster sees them: HTTP without a connection.

use serde_json::Value;

use super::resource::Resource;

/// The HTTP method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// get, list or watch
    Get,
    /// create
    Post,
    /// replace
    Put,
    /// merge patch
    Patch,
    /// delete
    Delete,
}

/// One request to the API server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// HTTP method.
    pub verb: Verb,
    /// Path without the query, still percent-encoded.
    pub path: String,
    /// Decoded query parameters, in order.
    pub query: Vec<(String, String)>,
    /// Content-Type without parameters; empty when there is no body.
    pub content_type: String,
    /// Body bytes.
    pub body: Vec<u8>,
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// HTTP status code.
    pub code: u16,
    /// Seconds of the `Retry-After` header, if there is one.
    pub retry_after: Option<u32>,
    /// Content-Type of the body.
    pub content_type: &'static str,
    /// Body bytes.
    pub body: Vec<u8>,
}

impl Verb {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Verb::Get => "GET",
            Verb::Post => "POST",
            Verb::Put => "PUT",
            Verb::Patch => "PATCH",
            Verb::Delete => "DELETE",
        }
    }

    /// Reads the word on the wire.
    pub(crate) fn parse(word: &str) -> Option<Verb> {
        [Verb::Get, Verb::Post, Verb::Put, Verb::Patch, Verb::Delete].into_iter().find(|v| v.as_str() == word)
    }
}

impl Request {
    /// A request without a body; `target` is a path with an optional query.
    pub fn new(verb: Verb, target: &str) -> Request {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key, true), decode(value, true))
        });
        Request {
            verb,
            path: path.to_owned(),
            query: query.collect(),
            content_type: String::new(),
            body: Vec::new(),
        }
    }

    /// A get, a list or, with `watch=true`, a watch.
    pub fn get(target: &str) -> Request {
        Request::new(Verb::Get, target)
    }

    /// A create.
    pub fn post(target: &str, object: &Value) -> Request {
        Request::new(Verb::Post, target).with_body("application/json", object)
    }

    /// A replace.
    pub fn put(target: &str, object: &Value) -> Request {
        Request::new(Verb::Put, target).with_body("application/json", object)
    }

    /// A merge patch.
    pub fn merge_patch(target: &str, patch: &Value) -> Request {
        Request::new(Verb::Patch, target).with_body("application/merge-patch+json", patch)
    }

    /// A delete without options.
    pub fn delete(target: &str) -> Request {
        Request::new(Verb::Delete, target)
    }

    /// The same request with a body: an object, a patch, or the options of a delete.
    #[must_use]
    pub fn with_body(mut self, content_type: &str, body: &Value) -> Request {
        self.content_type = content_type.to_owned();
        self.body = body.to_string().into_bytes();
        self
    }

    /// The last value of a query parameter.
    pub(crate) fn parameter(&self, key: &str) -> Option<&str> {
        self.query.iter().rev().find(|(k, _)| k == key).map(|(_, value)| value.as_str())
    }

    /// A boolean query parameter, as the API server reads one.
    pub(crate) fn flag(&self, key: &str) -> bool {
        matches!(self.parameter(key), Some("true" | "1" | "True" | "TRUE" | "t" | "T"))
    }
}

impl Response {
    /// A JSON answer.
    pub(crate) fn json(code: u16, body: Vec<u8>) -> Response {
        Response { code, retry_after: None, content_type: "application/json", body }
    }

    /// A plain text answer, as the API server's filters write them.
    pub(crate) fn text(code: u16, body: &str) -> Response {
        Response { code, retry_after: None, content_type: "text/plain; charset=utf-8", body: body.into() }
    }

    /// The body as JSON; null when it is not JSON.
    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// What a path of the API names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) resource: Resource,
    /// Empty for all namespaces and for what lives in none.
    pub(crate) namespace: String,
    pub(crate) name: Option<String>,
    pub(crate) status: bool,
}

impl Target {
    /// Reads a path; `None` is what the API server answers "404 page not found".
    pub(crate) fn parse(path: &str) -> Option<Target> {
        let parts: Vec<String> = path.trim_matches('/').split('/').map(|part| decode(part, false)).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match parts.as_slice() {
            ["api", version, rest @ ..] => Target::within("", version, rest),
            ["apis", group, version, rest @ ..] => Target::within(group, version, rest),
            _ => None,
        }
    }

    fn within(group: &str, version: &str, rest: &[&str]) -> Option<Target> {
        let (namespace, rest) = match rest {
            ["namespaces", _, "status"] => ("", rest),
            ["namespaces", namespace, inner @ ..] if !inner.is_empty() => (*namespace, inner),
            _ => ("", rest),
        };
        let (plural, name, status) = match rest {
            [plural] => (plural, None, false),
            [plural, name] => (plural, Some(*name), false),
            [plural, name, "status"] => (plural, Some(*name), true),
            _ => return None,
        };
        let resource = Resource::of_url(group, version, plural)?;
        let misplaced = !resource.namespaced && !namespace.is_empty();
        let homeless = resource.namespaced && namespace.is_empty() && name.is_some();
        let no_status = status && !resource.has_status();
        let target = Target { resource, namespace: namespace.into(), name: name.map(Into::into), status };
        (!misplaced && !homeless && !no_status).then_some(target)
    }
}

/// Undoes percent-encoding; what is not well formed stays as it stands.
fn decode(text: &str, plus_is_space: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        match (bytes[at], hex.and_then(|pair| u8::from_str_radix(pair, 16).ok())) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
                continue;
            }
            (b'+', _) if plus_is_space => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(path: &str) -> Option<(String, String, Option<String>, bool)> {
        Target::parse(path).map(|t| (t.resource.qualified(), t.namespace, t.name, t.status))
    }

    #[test]
    fn paths_name_collections_objects_and_the_status_of_either() {
        let is = |path, plural: &str, namespace: &str, name: Option<&str>, status| {
            let wanted = (plural.to_owned(), namespace.to_owned(), name.map(str::to_owned), status);
            assert_eq!(target(path), Some(wanted), "{path}");
        };
        is("/api/v1/pods", "pods", "", None, false);
        is("/api/v1/namespaces/shop/pods", "pods", "shop", None, false);
        is("/api/v1/namespaces/shop/pods/web-0/status", "pods", "shop", Some("web-0"), true);
        is("/apis/apps/v1/namespaces/shop/deployments/web", "deployments.apps", "shop", Some("web"), false);
        is("/api/v1/nodes/node%2Da", "nodes", "", Some("node-a"), false);
        is("/api/v1/namespaces/shop", "namespaces", "", Some("shop"), false);
        is("/api/v1/namespaces/shop/status", "namespaces", "", Some("shop"), true);
        is("/api/v1/namespaces", "namespaces", "", None, false);
    }

    #[test]
    fn paths_that_name_nothing_are_refused() {
        for path in [
            "/",
            "/api/v2/pods",
            "/api/v1/pods/web-0",
            "/api/v1/unicorns",
            "/api/v1/namespaces/shop/nodes",
            "/api/v1/namespaces/shop/configmaps/a/status",
            "/api/v1/namespaces/shop/pods/web-0/log",
        ] {
            assert_eq!(target(path), None, "{path}");
        }
    }

    #[test]
    fn queries_are_decoded() {
        let request = Request::get("/api/v1/pods?labelSelector=app%3Dweb%2Ctier+in+(a)&watch=true&x=100%");
        assert_eq!(request.parameter("labelSelector"), Some("app=web,tier in (a)"));
        assert_eq!(request.parameter("x"), Some("100%"));
        assert!(request.flag("watch"));
        assert_eq!(request.path, "/api/v1/pods");
    }
}
