//! The opponent of the proof `watch-budget`: a kube-rs reflector of full typed pods, as its users write it.
//!
//! Its one argument is a kubeconfig. It prints how many pods it holds, whenever that has grown.

use std::io::Write as _;

use anyhow::Context;
use futures::StreamExt;
use k8s_openapi::api::core::v1::Pod;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::runtime::{WatchStreamExt, reflector, watcher};
use kube::{Api, Client, Config};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let path = std::env::args().nth(1).context("no kubeconfig was named")?;
    let kubeconfig = Kubeconfig::read_from(path).context("the kubeconfig does not parse")?;
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    let pods: Api<Pod> = Api::all(Client::try_from(config)?);
    let (reader, writer) = reflector::store();
    let watched = watcher(pods, watcher::Config::default().streaming_lists()).default_backoff();
    let mut events = std::pin::pin!(reflector(writer, watched));
    let (mut ready, mut most) = (false, 0);
    let mut out = std::io::stdout();
    while let Some(event) = events.next().await {
        ready |= matches!(event?, watcher::Event::InitDone);
        let held = if ready { reader.len() } else { 0 };
        if held > most {
            most = held;
            writeln!(out, "{held}").and_then(|()| out.flush()).context("nobody reads")?;
        }
    }
    Ok(())
}
