//! Every request that the API server knows, as the pod's account would make it.

use anyhow::{Context, Result};
use http::Method;
use serde_json::{Value, json};

use crate::line::Ground;
use crate::seats::Api;

/// The release's account.
const ACCOUNT: &str = "alertkube";
/// A name that no object has.
const NOBODY: &str = "no-such-object";

/// One request.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) verb: String,
    pub(super) group: String,
    /// With its subresource, as `pods/log`.
    pub(super) resource: String,
    /// The namespace; empty for none or all.
    pub(super) place: String,
    /// The object, when it is of the state.
    pub(super) name: Option<String>,
    method: Method,
    path: String,
}

/// One kind of resource, as discovery has it.
pub(super) struct Resource {
    group: String,
    root: String,
    name: String,
    verbs: Vec<String>,
    pub(super) namespaced: bool,
}

/// Two ways to the API server: the administrator's, who knows what there is, and the account's.
pub(super) struct Asker {
    knows: Api,
    asks: Api,
}

impl Asker {
    pub(super) fn open(ground: &Ground<'_>) -> Result<Asker> {
        let cluster = ground.cluster();
        let account = cluster.service_account_kubeconfig(ground.namespace(), ACCOUNT)?;
        Ok(Asker { knows: Api::reach(cluster)?, asks: Api::reach_as(cluster, &account)? })
    }

    /// The status of each answer.
    pub(super) fn codes(&self, asks: &[Ask]) -> Result<Vec<u16>> {
        let body = json!({});
        let mut codes = Vec::new();
        for some in asks.chunks(super::super::limits::ASKED_AT_ONCE) {
            let pending: Vec<_> = some
                .iter()
                .map(|ask| {
                    self.asks.code(
                        ask.method.clone(),
                        &ask.path,
                        (ask.method != Method::GET).then_some(&body),
                    )
                })
                .collect();
            for (ask, pending) in some.iter().zip(pending) {
                let code = pending.wait().with_context(|| format!("ask to {ask}"))?;
                codes.push(code.as_u64().and_then(|code| u16::try_from(code).ok()).context("a status")?);
            }
        }
        Ok(codes)
    }
}

/// All resources of the server, those below others among them.
pub(super) fn resources(asker: &Asker) -> Result<Vec<Resource>> {
    let mut lists = vec![(String::new(), "/api/v1".to_owned())];
    let groups = asker.knows.get("/apis")?;
    for group in groups["groups"].as_array().context("a list of groups")? {
        let name = group["name"].as_str().context("a group has a name")?;
        let version = group["preferredVersion"]["version"].as_str().context("a group has a version")?;
        lists.push((name.to_owned(), format!("/apis/{name}/{version}")));
    }
    let mut all = Vec::new();
    for (group, root) in lists {
        let list = asker.knows.get(&root)?;
        for one in list["resources"].as_array().context("a list of resources")? {
            let verbs = one["verbs"].as_array().into_iter().flatten();
            all.push(Resource {
                group: group.clone(),
                root: root.clone(),
                name: one["name"].as_str().context("a resource has a name")?.to_owned(),
                verbs: verbs.filter_map(Value::as_str).map(str::to_owned).collect(),
                namespaced: one["namespaced"] == true,
            });
        }
    }
    Ok(all)
}

impl Resource {
    /// A request for each of its verbs; in all namespaces there are only lists and watches.
    pub(super) fn asks(&self, place: &str) -> Vec<Ask> {
        let everywhere = self.namespaced && place.is_empty();
        let possible = |verb: &&String| !everywhere || ["list", "watch"].contains(&verb.as_str());
        self.verbs.iter().filter(possible).filter_map(|verb| self.ask(verb, place)).collect()
    }

    fn ask(&self, verb: &str, place: &str) -> Option<Ask> {
        let within = if place.is_empty() { String::new() } else { format!("/namespaces/{place}") };
        let (plural, below) =
            self.name.split_once('/').map_or((self.name.as_str(), None), |(of, sub)| (of, Some(sub)));
        let collection = format!("{}{within}/{plural}", self.root);
        let object = match below {
            Some(below) => format!("{collection}/{NOBODY}/{below}"),
            None => format!("{collection}/{NOBODY}"),
        };
        let posted = if below.is_some() { &object } else { &collection };
        let (method, path) = match verb {
            "get" => (Method::GET, object),
            "list" => (Method::GET, format!("{collection}?limit=1")),
            "watch" => (Method::GET, format!("{collection}?watch=1&timeoutSeconds=1")),
            "create" => (Method::POST, format!("{posted}?dryRun=All")),
            "update" => (Method::PUT, format!("{object}?dryRun=All")),
            "patch" => (Method::PATCH, format!("{object}?dryRun=All")),
            "delete" => (Method::DELETE, format!("{object}?dryRun=All")),
            "deletecollection" => (Method::DELETE, format!("{collection}?dryRun=All")),
            _ => return None,
        };
        let (verb, group, resource) = (verb.to_owned(), self.group.clone(), self.name.clone());
        Some(Ask { verb, group, resource, place: place.to_owned(), name: None, method, path })
    }
}

impl Ask {
    /// A request about one object of the state, or one that only looks like it.
    pub(super) fn about(verb: &str, place: &str, name: &str) -> Ask {
        let resource = Resource {
            group: String::new(),
            root: "/api/v1".to_owned(),
            name: "configmaps".to_owned(),
            verbs: Vec::new(),
            namespaced: true,
        };
        let mut ask = resource.ask(verb, place).expect("a verb of every object");
        ask.path = ask.path.replace(NOBODY, name);
        ask.name = Some(name.to_owned());
        ask
    }
}
