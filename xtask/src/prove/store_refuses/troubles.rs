//! Why a store refuses: each trouble as it is made on a real API server, and ended.

use anyhow::{Context, Result};
use http::Method;
use serde_json::json;

use super::webhook::{DENY, TOO_LARGE, Webhook, name};
use crate::line::Ground;
use crate::seats::{Pair, head, with_state, without_state};

/// One trouble.
pub(super) struct Trouble {
    pub(super) name: &'static str,
    /// Whether it is there before the replica starts for the first time.
    pub(super) at_start: bool,
    /// What the log names it.
    pub(super) word: &'static str,
    make: fn(&Ground<'_>, &Pair<'_>, &Webhook) -> Result<()>,
    end: fn(&Ground<'_>, &Pair<'_>) -> Result<()>,
}

/// All of them.
pub(super) const TROUBLES: [Trouble; 7] = [
    Trouble {
        name: "403",
        at_start: false,
        word: "forbidden",
        make: |ground, _, _| without_state(ground),
        end: |ground, _| with_state(ground),
    },
    Trouble {
        name: "413",
        at_start: false,
        word: "too-large",
        make: |ground, pair, webhook| hooked(ground, pair, webhook, Some(TOO_LARGE)),
        end: unhooked,
    },
    Trouble {
        name: "admission denies",
        at_start: false,
        word: "admission",
        make: |ground, pair, webhook| hooked(ground, pair, webhook, Some(DENY)),
        end: unhooked,
    },
    Trouble {
        name: "admission is down",
        at_start: false,
        word: "admission",
        make: |ground, pair, webhook| hooked(ground, pair, webhook, None),
        end: unhooked,
    },
    Trouble {
        name: "quota",
        at_start: false,
        word: "quota",
        make: |ground, pair, _| {
            quota(ground, pair)?;
            // A quota counts objects that are made: the head has to be made anew.
            pair.api.delete(&format!("/api/v1/namespaces/{}/configmaps/{}", ground.namespace(), head()))
        },
        end: no_quota,
    },
    Trouble {
        name: "quota at the start",
        at_start: true,
        word: "quota",
        make: |ground, pair, _| quota(ground, pair),
        end: no_quota,
    },
    Trouble {
        name: "no right at the start",
        at_start: true,
        word: "forbidden",
        make: |ground, _, _| without_state(ground),
        end: |ground, _| with_state(ground),
    },
];

impl Trouble {
    /// Makes it.
    pub(super) fn make(&self, ground: &Ground<'_>, pair: &Pair<'_>, webhook: &Webhook) -> Result<()> {
        (self.make)(ground, pair, webhook).with_context(|| format!("make the trouble {}", self.name))
    }

    /// Ends it.
    pub(super) fn end(&self, ground: &Ground<'_>, pair: &Pair<'_>) -> Result<()> {
        (self.end)(ground, pair).with_context(|| format!("end the trouble {}", self.name))
    }
}

const HOOKS: &str = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";

fn hooked(ground: &Ground<'_>, pair: &Pair<'_>, webhook: &Webhook, answer: Option<&str>) -> Result<()> {
    let configuration = webhook.configuration(ground.namespace(), answer);
    pair.api.create(HOOKS, &configuration).wait().context("make a webhook")?;
    // Servers hear of it a little later: until then our own changes pass.
    let probe = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "probe"}});
    crate::run::until("a webhook that refuses", crate::limits::PROGRAM_DEED_MAX, || {
        let path = format!("/api/v1/namespaces/{}/configmaps", ground.namespace());
        let made = pair.api.create(&format!("{path}?dryRun=All"), &probe).wait();
        Ok(made.is_err().then_some(()))
    })
}

fn unhooked(ground: &Ground<'_>, pair: &Pair<'_>) -> Result<()> {
    pair.api.delete(&format!("{HOOKS}/{}", name(ground.namespace())))
}

fn quotas(ground: &Ground<'_>) -> String {
    format!("/api/v1/namespaces/{}/resourcequotas", ground.namespace())
}

/// As many ConfigMaps as there are, the head aside, and no more.
fn quota(ground: &Ground<'_>, pair: &Pair<'_>) -> Result<()> {
    let metadata = json!({"name": "no-state"});
    let spec = json!({"hard": {"count/configmaps": "0"}});
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": spec});
    pair.api.create(&quotas(ground), &quota).wait().context("make a quota")?;
    crate::run::until("a quota that is counted", crate::limits::PROGRAM_DEED_MAX, || {
        let quota = pair.api.get(&format!("{}/no-state", quotas(ground)))?;
        Ok(quota["status"]["hard"].is_object().then_some(()))
    })
}

fn no_quota(ground: &Ground<'_>, pair: &Pair<'_>) -> Result<()> {
    pair.api.go(Method::DELETE, &format!("{}/no-state", quotas(ground)), None).wait().map(drop)
}
