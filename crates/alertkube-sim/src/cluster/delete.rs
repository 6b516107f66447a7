//! Deletion: at once, or by grace period and finalizers.

use std::sync::Arc;
use std::time::Duration;

use alertkube_core::Stamp;
use serde_json::Value;

use super::failure::Failure;
use super::list::{ListOptions, Page};
use super::object::{Name, has_finalizers, meta, set_meta, time};
use super::request::{Request, Target};
use super::resource::{NAMESPACES, PODS, Resource};
use super::store::Store;

/// The options of a delete that the simulator honours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DeleteOptions {
    grace_seconds: Option<u64>,
    uid: Option<String>,
    version: Option<String>,
}

impl DeleteOptions {
    /// Reads the body and the query; the body wins, as in a real API server.
    pub(crate) fn parse(request: &Request) -> Result<DeleteOptions, Failure> {
        let body: Value = match request.body.is_empty() {
            true => Value::Null,
            false => super::check::body(request)?,
        };
        let asked = request.parameter("gracePeriodSeconds").and_then(|text| text.parse().ok());
        let text = |field: &str| body["preconditions"][field].as_str().map(str::to_owned);
        Ok(DeleteOptions {
            grace_seconds: body["gracePeriodSeconds"].as_u64().or(asked),
            uid: text("uid"),
            version: text("resourceVersion"),
        })
    }

    fn check(&self, resource: &Resource, object: &Value) -> Result<(), Failure> {
        let pairs = [(&self.uid, "uid", "UID"), (&self.version, "resourceVersion", "ResourceVersion")];
        for (wanted, field, word) in pairs {
            let found = meta(object, field);
            if let Some(wanted) = wanted.as_deref().filter(|wanted| *wanted != found) {
                let why = format!(
                    "the {word} in the precondition ({wanted}) does not match the {word} in record ({found})"
                );
                return Err(Failure::precondition(resource, meta(object, "name"), &why));
            }
        }
        Ok(())
    }
}

impl Store {
    /// DELETE of an object: the object as it stands after it, and whether it is gone. A pod has a grace period only
    /// when one is asked for: there is no kubelet here that would end it. A pod is marked before it goes, even when
    /// it goes at once.
    pub(crate) fn delete(
        &mut self,
        now: Stamp,
        target: &Target,
        options: &DeleteOptions,
    ) -> Result<(Arc<Value>, bool), Failure> {
        let resource = target.resource;
        let key = Name::new(&target.namespace, target.name.as_deref().unwrap_or(""));
        let old = self.get(&resource, &key).ok_or_else(|| Failure::not_found(&resource, &key.name))?;
        options.check(&resource, &old)?;
        let is_scheduled_pod = resource == PODS && old["spec"]["nodeName"].is_string();
        let grace = options.grace_seconds.filter(|_| is_scheduled_pod).unwrap_or(0);
        if resource == PODS || has_finalizers(&old) {
            self.mark_deleted(now, &resource, &key, grace);
        }
        let marked = self.get(&resource, &key).unwrap_or(old);
        if grace == 0 && !has_finalizers(&marked) {
            self.finish(&resource, &key);
            return Ok((marked, true));
        }
        Ok((marked, false))
    }

    /// DELETE of a collection: the objects as they stood.
    pub(crate) fn delete_all(
        &mut self,
        now: Stamp,
        target: &Target,
        options: &ListOptions,
        how: &DeleteOptions,
    ) -> Result<Page, Failure> {
        let page = self.page(target, options)?;
        for Name { namespace, name } in page.names() {
            let one = Target { resource: target.resource, namespace, name: Some(name), status: false };
            self.delete(now, &one, how)?;
        }
        Ok(page)
    }

    fn mark_deleted(&mut self, now: Stamp, resource: &Resource, key: &Name, grace: u64) {
        let Some(old) = self.get(resource, key) else { return };
        let standing = old["metadata"]["deletionGracePeriodSeconds"].as_u64();
        if standing.is_some_and(|standing| standing <= grace) {
            return;
        }
        let mut object = Value::clone(&old);
        set_meta(&mut object, "deletionTimestamp", time(now.plus(Duration::from_secs(grace))).into());
        set_meta(&mut object, "deletionGracePeriodSeconds", grace.into());
        if let Some(generation) = old["metadata"]["generation"].as_i64().filter(|_| standing.is_none()) {
            set_meta(&mut object, "generation", (generation + 1).into());
        }
        self.put(resource, key.clone(), object);
    }

    /// Removes an object that nothing holds any more, and what lives in it.
    pub(crate) fn finish(&mut self, resource: &Resource, key: &Name) {
        if *resource == NAMESPACES {
            self.empty_namespace(&key.name);
        }
        self.remove(resource, key);
    }

    /// A namespace takes everything in it along. A real one empties itself over seconds.
    fn empty_namespace(&mut self, namespace: &str) {
        for resource in Resource::all().filter(|resource| resource.namespaced) {
            let inside: Vec<Name> =
                self.objects(&resource).into_keys().filter(|name| name.namespace == namespace).collect();
            for name in inside {
                self.remove(&resource, &name);
            }
        }
    }
}

/// Whether an object was deleted and neither a finalizer nor a grace period holds it any more.
pub(crate) fn is_released(object: &Value) -> bool {
    let marked = object["metadata"]["deletionTimestamp"].is_string();
    let graceful = object["metadata"]["deletionGracePeriodSeconds"].as_u64().unwrap_or(0) > 0;
    marked && !graceful && !has_finalizers(object)
}
