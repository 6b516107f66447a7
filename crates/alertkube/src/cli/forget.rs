//! `alertkube forget`: removes what alertkube keeps in the cluster beside what its chart made: state objects and Leases.

mod limits;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use alertkube_api::Shard;
use anyhow::{Context, bail};
use clap::Args;
use futures::{StreamExt, stream};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Secret};
use kube::api::{DeleteParams, ListParams, Preconditions};
use kube::{Api, Client};

use super::seats::Kind;
use crate::clock::Clock;
use crate::compose;
use crate::env::Environment;
use crate::kubeconfig;
use crate::lease::lease_name;
use crate::limits::READS_AT_ONCE;
use crate::store::state_objects;
use crate::telemetry::logs;
use limits::{ANSWER_TIMEOUT, LEASES_NAMED, PODS_GONE_MAX, PODS_LOOKED_AT_EVERY};

/// The annotation of a Lease that names the release of its holder.
const RELEASE: &str = "alertkube.io/release";

/// Arguments of `forget`.
#[derive(Args)]
pub(crate) struct Forget {
    /// Kubeconfig file; without one the user's own is used if it exists, else the pod's service account.
    #[arg(long, value_name = "PATH")]
    kubeconfig: Option<PathBuf>,
    /// `persistence.configMapName`: what the names of the state objects begin with.
    #[arg(long, value_name = "NAME")]
    state_name: String,
    /// The namespace of the state objects.
    #[arg(long, visible_alias = "namespace", value_name = "NAMESPACE")]
    state_namespace: String,
    /// `persistence.kind`
    #[arg(long, value_enum, default_value = "ConfigMap")]
    state_kind: Kind,
    /// Removes the Leases in this namespace too: with a release, those that it held last [env: ALERTKUBE_RELEASE].
    #[arg(long, value_name = "NAMESPACE")]
    leader_election_namespace: Option<String>,
    /// Of all shards only this one.
    #[arg(long, value_name = "INDEX")]
    shard: Option<u32>,
    /// Waits until no pod in the namespace has these labels: whoever still runs would write again.
    #[arg(long, value_name = "SELECTOR")]
    after_pods: Option<String>,
    /// What is removed does not come back; without this nothing is.
    #[arg(long, required = true)]
    yes: bool,
}

impl Forget {
    #[expect(clippy::print_stdout, clippy::print_stderr, reason = "the output of a command")]
    pub(crate) fn run(self, environment: &Environment) -> ExitCode {
        logs::install_quiet();
        let named = self.kubeconfig.clone();
        let release = environment.get("ALERTKUBE_RELEASE").filter(|name| !name.is_empty()).map(str::to_owned);
        let forgetting = async {
            let mut config = kubeconfig::config(named.as_deref(), environment).await?;
            config.read_timeout = Some(ANSWER_TIMEOUT);
            let client = Client::try_from(config).context("cannot make a client")?;
            self.forget(client, release.as_deref()).await
        };
        match compose::runtime().and_then(|runtime| runtime.block_on(forgetting)) {
            Ok(words) => {
                println!("{words}");
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("{error:#}");
                ExitCode::FAILURE
            }
        }
    }

    async fn forget(&self, client: Client, release: Option<&str>) -> anyhow::Result<String> {
        if let Some(labels) = &self.after_pods {
            pods_gone(&Api::namespaced(client.clone(), &self.state_namespace), labels, PODS_GONE_MAX).await?;
        }
        let shard = self.shard.map(|index| Shard { index, total: index.saturating_add(2) });
        let names = state_objects(&self.state_name, shard);
        let space = &self.state_namespace;
        let objects = match self.state_kind {
            Kind::ConfigMap => removed(&Api::<ConfigMap>::namespaced(client.clone(), space), names).await?,
            Kind::Secret => removed(&Api::<Secret>::namespaced(client.clone(), space), names).await?,
        };
        let leases = match &self.leader_election_namespace {
            Some(space) => self.leases(&Api::namespaced(client, space), release).await?,
            None => 0,
        };
        Ok(format!("removed {objects} state objects and {leases} Leases"))
    }

    /// Removes our Leases, but none that another release held last.
    async fn leases(&self, leases: &Api<Lease>, release: Option<&str>) -> anyhow::Result<usize> {
        let all = std::iter::once(None).chain((0..LEASES_NAMED).map(Some));
        let ours: Vec<_> = self.shard.map_or_else(|| all.collect(), |index| vec![Some(index)]);
        let mut count = 0;
        for name in ours.into_iter().map(lease_name) {
            let found = leases.get_opt(&name).await.with_context(|| format!("read the Lease {name}"))?;
            let Some(lease) = found else { continue };
            let of = lease.metadata.annotations.as_ref().and_then(|all| all.get(RELEASE)).map(String::as_str);
            if release.is_some() && of.is_some() && of != release {
                continue;
            }
            // Nobody else has written it meanwhile.
            let still = Preconditions { uid: None, resource_version: lease.metadata.resource_version };
            let how = DeleteParams { preconditions: Some(still), ..DeleteParams::default() };
            leases.delete(&name, &how).await.with_context(|| format!("remove the Lease {name}"))?;
            count += 1;
        }
        Ok(count)
    }
}

/// Waits until no pod has these labels.
async fn pods_gone(pods: &Api<Pod>, labels: &str, at_most: Duration) -> anyhow::Result<()> {
    let how = ListParams::default().labels(labels);
    let (clock, mut waited) = (Clock::real(), Duration::ZERO);
    loop {
        let left = pods.list_metadata(&how).await.context("list the pods")?.items;
        if left.is_empty() {
            return Ok(());
        }
        if waited >= at_most {
            bail!("{} pods with {labels} are still there after {} s", left.len(), waited.as_secs());
        }
        clock.sleep_until(clock.now().boot + PODS_LOOKED_AT_EVERY).await;
        waited += PODS_LOOKED_AT_EVERY;
    }
}

/// Removes the objects of these names that are there, and counts them.
async fn removed<K>(objects: &Api<K>, names: Vec<String>) -> anyhow::Result<usize>
where
    K: Clone + std::fmt::Debug + for<'a> serde::Deserialize<'a>,
{
    let remove = async |name: String| match objects.delete(&name, &DeleteParams::default()).await {
        Ok(_) => Ok(1),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(0),
        Err(error) => Err(anyhow::Error::new(error).context(format!("remove {name}"))),
    };
    let mut removals = stream::iter(names).map(remove).buffer_unordered(READS_AT_ONCE);
    let mut count = 0;
    while let Some(done) = removals.next().await {
        count += done?;
    }
    Ok(count)
}

#[cfg(test)]
mod tests;
