//! Create, replace and patch, with the rules of a real API server about versions, status and generation.

use std::sync::Arc;

use alertkube_core::Stamp;
use serde_json::{Value, json};

use super::check;
use super::delete::is_released;
use super::events::{to_shown, to_stored};
use super::failure::Failure;
use super::merge::merge;
use super::object::{Name, carry, meta, set_meta, time};
use super::request::Target;
use super::resource::{NAMESPACES, PODS, Resource};
use super::store::Store;

/// An object as written, and whether the write made it.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) object: Arc<Value>,
    pub(crate) created: bool,
}

/// Metadata that a client cannot change.
const KEPT: &[&str] =
    &["uid", "creationTimestamp", "namespace", "name", "deletionTimestamp", "deletionGracePeriodSeconds"];

impl Store {
    /// POST of an object.
    pub(crate) fn create(&mut self, now: Stamp, target: &Target, body: Value) -> Result<Written, Failure> {
        let resource = target.resource;
        check::identity(target, &body)?;
        self.namespace_exists(target)?;
        if !meta(&body, "resourceVersion").is_empty() {
            return Err(Failure::unclassified("resourceVersion should not be set on objects to be created"));
        }
        let mut object = to_stored(&resource, body);
        let uid = self.mint_uid();
        let name = self.name_for(&resource, &object, &uid)?;
        check::contents(target, &name, &object)?;
        let key = Name::new(&target.namespace, &name);
        if self.get(&resource, &key).is_some() {
            return Err(Failure::already_exists(&resource, &name));
        }
        set_meta(&mut object, "creationTimestamp", Value::Null);
        birth(&resource, &mut object, &key, &uid, now);
        if resource.has_status() && resource.plural != "nodes" {
            object["status"] = first_status(&resource);
        }
        Ok(Written { object: self.put(&resource, key, object), created: true })
    }

    /// PUT of an object, or of its status.
    pub(crate) fn update(&mut self, now: Stamp, target: &Target, body: Value) -> Result<Written, Failure> {
        let name = target.name.as_deref().unwrap_or("");
        check::identity(target, &body)?;
        check::same_name(name, &body)?;
        let key = Name::new(&target.namespace, name);
        let Some(old) = self.get(&target.resource, &key) else {
            if target.resource.put_creates() {
                return self.create(now, target, body);
            }
            return Err(Failure::not_found(&target.resource, name));
        };
        if target.resource.put_needs_version() && meta(&body, "resourceVersion").is_empty() {
            return Err(Failure::version_required(&target.resource, name));
        }
        self.replace(target, key, &old, to_stored(&target.resource, body))
    }

    /// Merge patch of an object, or of its status.
    pub(crate) fn patch(&mut self, target: &Target, patch: Value) -> Result<Written, Failure> {
        let name = target.name.as_deref().unwrap_or("");
        let key = Name::new(&target.namespace, name);
        let old =
            self.get(&target.resource, &key).ok_or_else(|| Failure::not_found(&target.resource, name))?;
        let mut object = to_shown(&target.resource, Value::clone(&old));
        if !merge(&mut object, patch) || !object.is_object() {
            return Err(Failure::bad_request("the patch cannot be applied to the object"));
        }
        check::identity(target, &object)?;
        check::same_name(name, &object)?;
        self.replace(target, key, &old, to_stored(&target.resource, object))
    }

    fn replace(&mut self, target: &Target, key: Name, old: &Value, new: Value) -> Result<Written, Failure> {
        let resource = target.resource;
        check::contents(target, &key.name, &new)?;
        let version = meta(&new, "resourceVersion");
        if !version.is_empty() && version != "0" && version != meta(old, "resourceVersion") {
            return Err(Failure::conflict(&resource, &key.name));
        }
        let uid = meta(&new, "uid");
        if !uid.is_empty() && uid != meta(old, "uid") {
            let why = format!(
                "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
                meta(old, "uid")
            );
            return Err(Failure::precondition(&resource, &key.name, &why));
        }
        let new = combine(&resource, old, new, target.status);
        if new == *old {
            let unchanged = self.get(&resource, &key).unwrap_or_else(|| Arc::new(new));
            return Ok(Written { object: unchanged, created: false });
        }
        // The write that takes the last finalizer away is the deletion itself: no other event comes before it.
        if is_released(&new) {
            self.finish(&resource, &key);
            return Ok(Written { object: Arc::new(new), created: false });
        }
        let object = self.put(&resource, key, new);
        Ok(Written { object, created: false })
    }

    /// Writes an object whole, status included, as all controllers together would; makes its namespace.
    pub(crate) fn apply(&mut self, now: Stamp, body: Value) -> Result<Arc<Value>, Failure> {
        let text = |field: &str| body[field].as_str().unwrap_or("");
        let resource = Resource::of_object(text("apiVersion"), text("kind")).ok_or_else(|| {
            let named = format!("{} {}", text("apiVersion"), text("kind"));
            Failure::bad_request(format!("no resource is served for {named}"))
        })?;
        let namespace = meta(&body, "namespace").to_owned();
        if resource.namespaced == namespace.is_empty() {
            return Err(Failure::bad_request(format!("a {} has the wrong scope", resource.kind)));
        }
        let target = Target { resource, namespace, name: None, status: false };
        self.ensure_namespace(now, &target);
        let mut object = to_stored(&resource, body);
        let key = Name::new(&target.namespace, meta(&object, "name"));
        check::contents(&target, &key.name, &object)?;
        let Some(old) = self.get(&resource, &key) else {
            let uid = self.mint_uid();
            birth(&resource, &mut object, &key, &uid, now);
            observe_generation(&mut object);
            return Ok(self.put(&resource, key, object));
        };
        for field in ["uid", "creationTimestamp"] {
            set_meta(&mut object, field, old["metadata"][field].clone());
        }
        set_meta(&mut object, "resourceVersion", old["metadata"]["resourceVersion"].clone());
        count_generation(&resource, &old, &mut object);
        observe_generation(&mut object);
        if object == *old { Ok(old) } else { Ok(self.put(&resource, key, object)) }
    }

    fn ensure_namespace(&mut self, now: Stamp, target: &Target) {
        let key = Name::new("", &target.namespace);
        if target.resource.namespaced && self.get(&NAMESPACES, &key).is_none() {
            self.make_namespace(now, &target.namespace);
        }
    }

    /// Makes a namespace that is not there yet.
    pub(crate) fn make_namespace(&mut self, now: Stamp, name: &str) {
        let key = Name::new("", name);
        let uid = self.mint_uid();
        let labels = json!({ "kubernetes.io/metadata.name": name });
        let mut object =
            json!({ "metadata": { "labels": labels }, "spec": { "finalizers": ["kubernetes"] } });
        birth(&NAMESPACES, &mut object, &key, &uid, now);
        object["status"] = first_status(&NAMESPACES);
        self.put(&NAMESPACES, key, object);
    }

    fn namespace_exists(&self, target: &Target) -> Result<(), Failure> {
        let key = Name::new("", &target.namespace);
        if target.resource.namespaced && self.get(&NAMESPACES, &key).is_none() {
            return Err(Failure::not_found(&NAMESPACES, &target.namespace));
        }
        Ok(())
    }

    fn name_for(&self, resource: &Resource, object: &Value, uid: &str) -> Result<String, Failure> {
        let name = meta(object, "name");
        let prefix = meta(object, "generateName");
        match (name, prefix) {
            ("", "") => {
                let cause = ("FieldValueRequired", "Required value: name or generateName is required");
                Err(Failure::invalid(resource, "", "metadata.name", cause))
            }
            ("", prefix) => Ok(format!("{prefix}{}", &uid[..5])),
            (name, _) => Ok(name.to_owned()),
        }
    }
}

/// Gives a new object what only the API server may give.
fn birth(resource: &Resource, object: &mut Value, key: &Name, uid: &str, now: Stamp) {
    let stored = resource.stored();
    object["kind"] = stored.kind.into();
    object["apiVersion"] = stored.api_version().into();
    set_meta(object, "name", key.name.as_str().into());
    set_meta(object, "uid", uid.into());
    if resource.namespaced {
        set_meta(object, "namespace", key.namespace.as_str().into());
    }
    if object["metadata"]["creationTimestamp"].is_null() {
        set_meta(object, "creationTimestamp", time(now).into());
    }
    if resource.has_generation() {
        set_meta(object, "generation", 1.into());
    }
}

fn first_status(resource: &Resource) -> Value {
    match *resource {
        PODS => json!({ "phase": "Pending", "qosClass": "BestEffort" }),
        NAMESPACES => json!({ "phase": "Active" }),
        _ => json!({}),
    }
}

/// What stands after a write of the main resource or of the status.
fn combine(resource: &Resource, old: &Value, new: Value, status: bool) -> Value {
    if status {
        let mut object = old.clone();
        carry(&new, &mut object, "status");
        return object;
    }
    let mut object = new;
    object["kind"] = old["kind"].clone();
    object["apiVersion"] = old["apiVersion"].clone();
    for field in KEPT.iter().copied().chain(["resourceVersion"]) {
        set_meta(&mut object, field, old["metadata"][field].clone());
    }
    if resource.has_status() {
        carry(old, &mut object, "status");
    }
    count_generation(resource, old, &mut object);
    object
}

fn count_generation(resource: &Resource, old: &Value, object: &mut Value) {
    if !resource.has_generation() {
        return;
    }
    let before = old["metadata"]["generation"].as_i64().unwrap_or(1);
    let changed = object.get("spec") != old.get("spec");
    set_meta(object, "generation", (before + i64::from(changed)).into());
}

/// The controllers whose work `apply` stands for have seen the object as it stands.
fn observe_generation(object: &mut Value) {
    let generation = object["metadata"]["generation"].clone();
    let status = object.get_mut("status");
    if let Some(observed) = status.and_then(|status| status.get_mut("observedGeneration")) {
        *observed = generation;
    }
}
