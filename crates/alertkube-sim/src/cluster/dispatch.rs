//! From a request to the operation that it names.

use std::time::Duration;

use alertkube_core::Stamp;
use serde_json::{Value, json};

use super::delete::DeleteOptions;
use super::events::to_shown;
use super::failure::Failure;
use super::fault::{Call, Fault, Rules, Strike};
use super::list::{ListOptions, Page};
use super::object::{Name, meta};
use super::request::{Request, Response, Target, Verb};
use super::resource::{PODS, Resource};
use super::write::Written;
use super::{Cluster, Reply, check};

const NO_PROGRESS: &str = "a watch stream was requested by the client but the required storage feature RequestWatchProgress is disabled";

/// What the faults need to know of a request, and its target; none when the path names nothing.
pub(super) fn call(request: &Request) -> Option<(Call, Target)> {
    let target = Target::parse(&request.path)?;
    Some((Call::of(target.resource, request, target.name.is_some()), target))
}

/// A kept object as a client of a resource sees it.
pub(super) fn shown(rules: &Rules, resource: &Resource, name: &Name, object: &Value) -> Value {
    rules.spoil(resource, name, to_shown(resource, object.clone()))
}

impl Cluster {
    /// Lets the faults in force strike, and carries out what they leave.
    pub(super) fn dispatch(&mut self, now: Stamp, request: &Request) -> Reply {
        let Some((call, target)) = call(request) else {
            let failure = match Resource::is_served_group(&request.path) {
                true => Failure::no_such_resource(),
                false => Failure::no_such_page(),
            };
            return Reply::Answer(failure.response());
        };
        let name = target.name.as_deref().unwrap_or("");
        let strike = self.weather.rules.strike(&call, name);
        match strike {
            Some(Strike::Answer(failure)) => return Reply::Answer(failure.response()),
            Some(Strike::Reset { applied: false }) => return Reply::Reset,
            Some(Strike::Late { millis }) => {
                self.weather.delay(now.plus(Duration::from_millis(millis)), request);
                return Reply::Reset;
            }
            Some(Strike::Reset { applied: true }) | None => {}
        }
        match (strike, self.carry_out(now, &call, &target, request)) {
            (None, Ok(reply)) => reply,
            (None, Err(failure)) => Reply::Answer(failure.response()),
            (Some(_), Ok(Reply::Stream(id))) => {
                self.watches.close(id);
                Reply::Reset
            }
            (Some(_), _) => Reply::Reset,
        }
    }

    fn carry_out(
        &mut self,
        now: Stamp,
        call: &Call,
        target: &Target,
        request: &Request,
    ) -> Result<Reply, Failure> {
        match (request.verb, target.name.is_some()) {
            (Verb::Get, false) if request.flag("watch") => self.open_watch(now, call, target, request),
            (Verb::Get, false) => self.list(call, target, request).map(Reply::Answer),
            _ => self.single(now, target, request).map(Reply::Answer),
        }
    }

    /// Carries out a request whose answer nobody waits for any more.
    pub(super) fn carry_out_late(&mut self, now: Stamp, request: &Request) {
        let Some((call, target)) = call(request) else { return };
        if let Ok(Reply::Stream(id)) = self.carry_out(now, &call, &target, request) {
            self.watches.close(id);
        }
    }

    fn single(&mut self, now: Stamp, target: &Target, request: &Request) -> Result<Response, Failure> {
        match (request.verb, target.name.as_deref()) {
            (Verb::Get, Some(name)) => {
                let key = Name::new(&target.namespace, name);
                let object = self.store.get(&target.resource, &key);
                let object = object.ok_or_else(|| Failure::not_found(&target.resource, name))?;
                Ok(self.answer(target, &Written { object, created: false }))
            }
            (Verb::Post, None) => {
                let written = self.store.create(now, target, check::body(request)?)?;
                Ok(self.answer(target, &written))
            }
            (Verb::Put, Some(_)) => {
                let written = self.store.update(now, target, check::body(request)?)?;
                Ok(self.answer(target, &written))
            }
            (Verb::Patch, Some(_)) if request.content_type != "application/merge-patch+json" => {
                Err(Failure::unknown_patch())
            }
            (Verb::Patch, Some(_)) => {
                let written = self.store.patch(target, check::body(request)?)?;
                Ok(self.answer(target, &written))
            }
            (Verb::Delete, Some(_)) if !target.status => self.delete(now, target, request),
            (Verb::Delete, None) => {
                let options = ListOptions::parse(target, request)?;
                let how = DeleteOptions::parse(request)?;
                let page = self.store.delete_all(now, target, &options, &how)?;
                Ok(self.list_answer(target, &page))
            }
            _ => Err(Failure::method_not_allowed()),
        }
    }

    /// A pod that is deleted is shown as it last stood; anything else that is gone is a Status.
    fn delete(&mut self, now: Stamp, target: &Target, request: &Request) -> Result<Response, Failure> {
        let options = DeleteOptions::parse(request)?;
        let (object, gone) = self.store.delete(now, target, &options)?;
        if !gone || target.resource == PODS {
            return Ok(self.answer(target, &Written { object, created: false }));
        }
        let mut details = json!({
            "name": meta(&object, "name"), "kind": target.resource.plural, "uid": meta(&object, "uid"),
        });
        if !target.resource.group.is_empty() {
            details["group"] = target.resource.group.into();
        }
        Ok(success(details))
    }

    fn answer(&self, target: &Target, written: &Written) -> Response {
        let object = &written.object;
        let name = Name::new(meta(object, "namespace"), meta(object, "name"));
        let body = shown(&self.weather.rules, &target.resource, &name, object).to_string();
        Response::json(if written.created { 201 } else { 200 }, body.into_bytes())
    }

    fn list(&mut self, call: &Call, target: &Target, request: &Request) -> Result<Response, Failure> {
        let options = ListOptions::parse(target, request)?;
        if options.version_match.is_some() && options.version.is_none() {
            let why = "resourceVersionMatch is forbidden unless resourceVersion is provided";
            return Err(Failure::invalid_option("resourceVersionMatch", why));
        }
        if options.token.is_some() && options.version.is_some_and(|version| version > 0) {
            let why = "specifying resource version is not allowed when using continue";
            return Err(Failure::bad_request(why));
        }
        let version = self.store.version();
        if self.weather.rules.takes(call, &Fault::VersionTooLarge) {
            return Err(Failure::version_too_large(version + 1, version));
        }
        if let Some(token) = &options.token
            && self.weather.rules.takes(call, &Fault::StaleContinue)
        {
            return Err(Failure::stale_continue(token.inconsistent().text()));
        }
        let page = self.store.page(target, &options)?;
        Ok(self.list_answer(target, &page))
    }

    fn list_answer(&self, target: &Target, page: &Page) -> Response {
        let rules = &self.weather.rules;
        page.response(target, |name, object| shown(rules, &target.resource, name, object))
    }

    fn open_watch(
        &mut self,
        now: Stamp,
        call: &Call,
        target: &Target,
        request: &Request,
    ) -> Result<Reply, Failure> {
        let options = ListOptions::parse(target, request)?;
        self.check_watch(call, &options)?;
        let id = match self.failed_watch(call, target, &options) {
            Some(failure) => self.watches.open_failed(now, target.resource, &failure)?,
            None => {
                let rules = &self.weather.rules;
                let encode = |r: &Resource, name: &Name, object: &Value| shown(rules, r, name, object);
                self.watches.open(now, target.resource, options, &self.store, &encode)?
            }
        };
        Ok(Reply::Stream(id))
    }

    /// What a real server refuses with 422 before a stream begins.
    fn check_watch(&mut self, call: &Call, options: &ListOptions) -> Result<(), Failure> {
        let asked = options.send_initial_events.is_some();
        if asked && self.weather.rules.takes(call, &Fault::NoWatchList) {
            let why = "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled";
            return Err(Failure::invalid_option("sendInitialEvents", why));
        }
        match (asked, options.version_match.as_deref()) {
            (true, Some("NotOlderThan")) | (false, None) => Ok(()),
            (true, _) => {
                let why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
                Err(Failure::invalid_option("resourceVersionMatch", why))
            }
            (false, Some(_)) => {
                let why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
                Err(Failure::invalid_option("resourceVersionMatch", why))
            }
        }
    }

    /// What a real server says with 200 and then `ERROR`.
    fn failed_watch(&mut self, call: &Call, target: &Target, options: &ListOptions) -> Option<Failure> {
        let current = self.store.version();
        let version = options.version.unwrap_or(0);
        if options.send_initial_events == Some(true) {
            if self.weather.rules.takes(call, &Fault::NoProgressNotify) {
                return Some(Failure::bare_internal(NO_PROGRESS));
            }
            if version > current || self.weather.rules.takes(call, &Fault::VersionTooLarge) {
                return Some(Failure::version_too_large(version.max(current + 1), current));
            }
            return None;
        }
        let floor = self.store.floor(&target.resource);
        (version > 0 && version < floor).then(|| Failure::expired(version, floor))
    }
}

fn success(details: Value) -> Response {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details,
    });
    Response::json(200, status.to_string().into_bytes())
}
