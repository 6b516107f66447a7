//! Refusals: `metav1.Status` bodies with the codes, reasons and causes of a real API server.

use serde_json::{Value, json};

use super::request::Response;
use super::resource::Resource;

/// A refusal; it becomes a whole answer, or the object of an `ERROR` line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure(Box<Body>);

#[derive(Clone, Debug, PartialEq)]
struct Body {
    code: u16,
    reason: &'static str,
    message: String,
    details: Value,
    continue_token: Option<String>,
    plain: bool,
}

impl Failure {
    fn of(code: u16, reason: &'static str, message: String) -> Failure {
        let body = Body { code, reason, message, details: Value::Null, continue_token: None, plain: false };
        Failure(Box::new(body))
    }

    fn about(mut self, resource: &Resource, name: &str, kind: &str) -> Failure {
        let mut details = json!({ "kind": kind });
        if !name.is_empty() {
            details["name"] = name.into();
        }
        if !resource.group.is_empty() {
            details["group"] = resource.group.into();
        }
        self.0.details = details;
        self
    }

    /// The path or the group is not served: plain text, not a Status.
    pub(crate) fn no_such_page() -> Failure {
        let mut failure = Failure::of(404, "NotFound", "404 page not found\n".to_owned());
        failure.0.plain = true;
        failure
    }

    /// The group is served and the resource is not, or the method is not there: a Status of nothing in particular.
    pub(crate) fn no_such_resource() -> Failure {
        Failure::generic(404, "NotFound", "the server could not find the requested resource")
    }

    fn generic(code: u16, reason: &'static str, message: &str) -> Failure {
        let mut failure = Failure::of(code, reason, message.to_owned());
        failure.0.details = json!({});
        failure
    }

    /// An error that the storage wrote and nobody classified: 500 without a reason.
    pub(crate) fn unclassified(message: &str) -> Failure {
        Failure::of(500, "", message.to_owned())
    }

    /// 400
    pub(crate) fn bad_request(message: impl Into<String>) -> Failure {
        Failure::of(400, "BadRequest", message.into())
    }

    /// 401
    pub(crate) fn unauthorized() -> Failure {
        Failure::of(401, "Unauthorized", "Unauthorized".to_owned())
    }

    /// 403
    pub(crate) fn forbidden(resource: &Resource, verb: &str) -> Failure {
        let message = format!(
            "{} is forbidden: User \"alertkube\" cannot {verb} resource \"{}\" in API group \"{}\" at the cluster scope",
            resource.qualified(),
            resource.plural,
            resource.group
        );
        Failure::of(403, "Forbidden", message).about(resource, "", resource.plural)
    }

    /// 403 of a create that a ResourceQuota does not admit
    pub(crate) fn over_quota(resource: &Resource) -> Failure {
        let (what, plural) = (resource.qualified(), resource.plural);
        let message = format!(
            "{what} is forbidden: exceeded quota: alertkube, requested: count/{plural}=1, used: count/{plural}=1, limited: count/{plural}=1"
        );
        Failure::of(403, "Forbidden", message).about(resource, "", resource.plural)
    }

    /// 404 of an object
    pub(crate) fn not_found(resource: &Resource, name: &str) -> Failure {
        let message = format!("{} \"{name}\" not found", resource.qualified());
        Failure::of(404, "NotFound", message).about(resource, name, resource.plural)
    }

    /// 405
    pub(crate) fn method_not_allowed() -> Failure {
        let message = "the server does not allow this method on the requested resource";
        Failure::generic(405, "MethodNotAllowed", message)
    }

    /// 409, the name is taken
    pub(crate) fn already_exists(resource: &Resource, name: &str) -> Failure {
        let message = format!("{} \"{name}\" already exists", resource.qualified());
        Failure::of(409, "AlreadyExists", message).about(resource, name, resource.plural)
    }

    /// 409, somebody else wrote first
    pub(crate) fn conflict(resource: &Resource, name: &str) -> Failure {
        let why =
            "the object has been modified; please apply your changes to the latest version and try again";
        Failure::precondition(resource, name, why)
    }

    /// 409 for a precondition that does not hold
    pub(crate) fn precondition(resource: &Resource, name: &str, why: &str) -> Failure {
        let what = resource.qualified();
        let message = format!("Operation cannot be fulfilled on {what} \"{name}\": {why}");
        Failure::of(409, "Conflict", message).about(resource, name, resource.plural)
    }

    /// 410
    pub(crate) fn expired(asked: u64, oldest: u64) -> Failure {
        Failure::of(410, "Expired", format!("too old resource version: {asked} ({oldest})"))
    }

    /// 410 for a continue token, with another token for an inconsistent rest of the list
    pub(crate) fn stale_continue(token: String) -> Failure {
        let message = "The provided continue parameter is too old to display a consistent list result; start \
                       a new list, or use the continue token in this response for an inconsistent rest of it";
        let mut failure = Failure::of(410, "Expired", message.to_owned());
        failure.0.continue_token = Some(token);
        failure
    }

    /// 413
    pub(crate) fn too_large() -> Failure {
        let message = format!("Request entity too large: limit is {}", crate::limits::BODY_BYTES_MAX);
        Failure::of(413, "RequestEntityTooLarge", message)
    }

    /// 415 of a body
    pub(crate) fn unknown_format() -> Failure {
        let message = "the body of the request was in an unknown format - accepted media types include: \
                       application/json";
        Failure::of(415, "UnsupportedMediaType", message.to_owned())
    }

    /// 415 of a patch
    pub(crate) fn unknown_patch() -> Failure {
        Failure::generic(415, "UnsupportedMediaType", "415: Unsupported Media Type")
    }

    /// 422 for one field
    pub(crate) fn invalid(resource: &Resource, name: &str, field: &str, cause: (&str, &str)) -> Failure {
        let message = format!("{} \"{name}\" is invalid: {field}: {}", resource.kind, cause.1);
        let mut failure = Failure::of(422, "Invalid", message).about(resource, name, resource.kind);
        failure.0.details["causes"] = json!([{ "reason": cause.0, "message": cause.1, "field": field }]);
        failure
    }

    /// 422 for a PUT that must name what it replaces
    pub(crate) fn version_required(resource: &Resource, name: &str) -> Failure {
        let (field, why) = ("metadata.resourceVersion", "Invalid value: 0: must be specified for an update");
        let message = format!("{} \"{name}\" is invalid: {field}: {why}", resource.qualified());
        let mut failure = Failure::of(422, "Invalid", message).about(resource, name, resource.plural);
        failure.0.details["causes"] =
            json!([{ "reason": "FieldValueInvalid", "message": why, "field": field }]);
        failure
    }

    /// 422 for an option of a list or watch
    pub(crate) fn invalid_option(field: &str, why: &str) -> Failure {
        let why = format!("Forbidden: {why}");
        let message = format!("ListOptions.meta.k8s.io \"\" is invalid: {field}: {why}");
        let mut failure = Failure::of(422, "Invalid", message);
        failure.0.details = json!({
            "group": "meta.k8s.io",
            "kind": "ListOptions",
            "causes": [{ "reason": "FieldValueForbidden", "message": why, "field": field }],
        });
        failure
    }

    /// 429: a Status, or plain text as priority and fairness writes it
    pub(crate) fn too_many_requests(retry_after: u32, plain: bool) -> Failure {
        let message = "Too many requests, please try again later.";
        let mut failure = Failure::of(429, "TooManyRequests", message.to_owned());
        failure.0.details = json!({ "retryAfterSeconds": retry_after });
        failure.0.plain = plain;
        failure
    }

    /// 500
    pub(crate) fn internal(message: &str) -> Failure {
        let mut failure = Failure::bare_internal(&format!("Internal error occurred: {message}"));
        failure.0.details = json!({ "causes": [{ "message": message }] });
        failure
    }

    /// 500 as the watch cache writes it into a stream: without details
    pub(crate) fn bare_internal(message: &str) -> Failure {
        Failure::of(500, "InternalError", message.to_owned())
    }

    /// 504 for a resourceVersion that this server has not seen yet
    pub(crate) fn version_too_large(asked: u64, current: u64) -> Failure {
        let message = format!("Timeout: Too large resource version: {asked}, current: {current}");
        let mut failure = Failure::of(504, "Timeout", message);
        failure.0.details = json!({
            "causes": [{ "reason": "ResourceVersionTooLarge", "message": "Too large resource version" }],
            "retryAfterSeconds": 1,
        });
        failure
    }

    /// The HTTP status code.
    #[cfg(test)]
    pub(crate) fn code(&self) -> u16 {
        self.0.code
    }

    /// The `metav1.Status` object.
    pub(crate) fn status(&self) -> Value {
        let body = &self.0;
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": body.message, "code": body.code,
        });
        if !body.reason.is_empty() {
            status["reason"] = body.reason.into();
        }
        if !body.details.is_null() {
            status["details"] = body.details.clone();
        }
        if let Some(token) = &body.continue_token {
            status["metadata"]["continue"] = token.as_str().into();
        }
        status
    }

    /// The refusal as a whole answer.
    pub(crate) fn response(&self) -> Response {
        let body = &self.0;
        let mut response = match body.plain {
            true => Response::text(body.code, &body.message),
            false => Response::json(body.code, self.status().to_string().into_bytes()),
        };
        let seconds = body.details["retryAfterSeconds"].as_u64();
        response.retry_after = seconds.map(|s| u32::try_from(s).unwrap_or(u32::MAX));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::resource::PODS;

    #[test]
    fn a_refusal_carries_code_reason_details_and_the_retry_after_header() {
        let response = Failure::too_many_requests(7, false).response();
        assert_eq!((response.code, response.retry_after), (429, Some(7)));
        assert_eq!(response.value()["reason"], "TooManyRequests");
        assert_eq!(response.value()["details"]["retryAfterSeconds"], 7);
        let plain = Failure::too_many_requests(1, true).response();
        assert_eq!((plain.code, plain.retry_after), (429, Some(1)));
        assert_eq!(plain.value(), Value::Null);
    }

    #[test]
    fn an_object_that_is_not_there_is_named_in_the_details() {
        let status = Failure::not_found(&PODS, "web-0").status();
        assert_eq!(status["message"], "pods \"web-0\" not found");
        assert_eq!(status["details"], json!({ "kind": "pods", "name": "web-0" }));
    }
}
