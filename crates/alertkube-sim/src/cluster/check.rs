//! What the API server checks of a body before it writes it.

use serde_json::Value;

use super::failure::Failure;
use super::object::meta;
use super::request::{Request, Target};
use crate::limits::{BODY_BYTES_MAX, DATA_BYTES_MAX, NAME_BYTES_MAX};

/// The body of a request as a JSON object.
pub(crate) fn body(request: &Request) -> Result<Value, Failure> {
    if request.body.len() > BODY_BYTES_MAX {
        return Err(Failure::too_large());
    }
    if !matches!(request.content_type.as_str(), "" | "application/json" | "application/merge-patch+json") {
        return Err(Failure::unknown_format());
    }
    match serde_json::from_slice::<Value>(&request.body) {
        Ok(value) if value.is_object() => Ok(value),
        Ok(_) => Err(Failure::bad_request("the body of the request is not a JSON object")),
        Err(error) => {
            Err(Failure::bad_request(format!("couldn't get object from the request body: {error}")))
        }
    }
}

/// Kind, apiVersion and namespace must be those of the URL, where the body names them.
pub(crate) fn identity(target: &Target, object: &Value) -> Result<(), Failure> {
    let resource = &target.resource;
    let named = |field: &str| object[field].as_str().filter(|text| !text.is_empty());
    let version = resource.api_version();
    if named("kind").is_some_and(|kind| kind != resource.kind)
        || named("apiVersion").is_some_and(|v| v != version)
    {
        let message = format!("the body is not a {} of {version}, which the URL names", resource.kind);
        return Err(Failure::bad_request(message));
    }
    let namespace = meta(object, "namespace");
    if !namespace.is_empty() && namespace != target.namespace {
        let why = "the namespace of the provided object does not match the namespace sent on the request";
        return Err(Failure::bad_request(why));
    }
    Ok(())
}

/// The name of a body that replaces an object must be the one of the URL.
pub(crate) fn same_name(name: &str, object: &Value) -> Result<(), Failure> {
    match meta(object, "name") {
        "" => Err(Failure::bad_request("the name of the object is empty")),
        given if given == name => Ok(()),
        given => {
            let message =
                format!("the name of the object ({given}) does not match the name on the URL ({name})");
            Err(Failure::bad_request(message))
        }
    }
}

/// A name must be a DNS subdomain, and data must not be too much.
pub(crate) fn contents(target: &Target, name: &str, object: &Value) -> Result<(), Failure> {
    let invalid =
        |field, reason, why: &str| Err(Failure::invalid(&target.resource, name, field, (reason, why)));
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    let framed = name.starts_with(['-', '.']) || name.ends_with(['-', '.']);
    if name.len() > NAME_BYTES_MAX || framed || !name.chars().all(legal) {
        return invalid(
            "metadata.name",
            "FieldValueInvalid",
            "Invalid value: must be a lowercase RFC 1123 subdomain",
        );
    }
    if matches!(target.resource.plural, "configmaps" | "secrets") && data_bytes(object) > DATA_BYTES_MAX {
        return invalid("[]", "FieldValueTooLong", "Too long: may not be more than 1048576 bytes");
    }
    Ok(())
}

fn data_bytes(object: &Value) -> usize {
    let maps = ["data", "binaryData", "stringData"].iter().filter_map(|field| object[*field].as_object());
    maps.flat_map(|map| map.iter()).map(|(_, value)| value.as_str().map_or(0, str::len)).sum()
}
