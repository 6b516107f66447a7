//! The demo: the real program, watches, sinks and all, with a simulated cluster behind a port on loopback.

use std::sync::Arc;

use alertkube_sim::{Cluster, Director, Scenario, Shared, serve};
use anyhow::{Context, anyhow, bail};
use tokio::net::TcpListener;

use crate::clock::Clock;
use crate::compose::{Place, Program, runtime};
use crate::engine::Signal;
use crate::env::Environment;
use crate::send::Outward;

/// Plays a scenario `speed` times as fast as it is written, and stops in good order when it is over.
pub(crate) fn play(scenario: &Scenario, speed: u32, environment: &Environment) -> anyhow::Result<()> {
    runtime()?.block_on(stage(scenario, speed, environment))
}

#[expect(clippy::print_stderr, reason = "standard output belongs to the sink")]
async fn stage(scenario: &Scenario, speed: u32, environment: &Environment) -> anyhow::Result<()> {
    let loaded = scenario.load().map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow!("the scenario's config: {}", lines.join("; "))
    })?;
    eprintln!("{}", scenario.title());
    eprintln!("A simulated cluster; one second here is {speed} seconds there.\n");
    let clock = Clock::scaled(f64::from(speed));
    let start = clock.now();
    let shared = Shared::new(Cluster::new(1, start.stamp()));
    let mut director = Director::new(scenario, start.stamp());
    // What stands at the beginning is there before anybody looks.
    shared.with(|cluster| director.play(start.stamp(), cluster));
    let listener = TcpListener::bind("127.0.0.1:0").await.context("cannot open a port on loopback")?;
    let address = listener.local_addr().context("the port has no address")?;
    let server = serve(shared.clone(), listener, Arc::new(clock));
    let url = format!("http://{address}").parse().context("a loopback address is a URL")?;
    let config = kube::Config::new(url);
    let Program { inbox, mut engine, .. } =
        Program::start(loaded, clock, config, (Outward::system(environment)?, Place::alone()))?;
    let directed = direct(&mut director, &shared, clock);
    let line = async {
        tokio::select! {
            ended = &mut engine => return ended,
            () = directed => {}
        }
        clock.sleep_until(start.boot + scenario.length()).await;
        // The engine is gone only when it failed, which its own end tells.
        let _gone = inbox.send(Signal::Stop).await;
        engine.await
    };
    tokio::select! {
        ended = line => ended.context("the engine panicked")??,
        ended = server => ended.context("the simulated API server failed")?,
    }
    match director.refused() {
        [] => Ok(()),
        refused => bail!("the simulated cluster refused: {}", refused.join("; ")),
    }
}

/// Carries out every command when its time comes.
async fn direct(director: &mut Director, shared: &Shared, clock: Clock) {
    while let Some(at) = director.deadline() {
        alertkube_sim::Clock::sleep_until(&clock, at).await;
        let now = clock.now().stamp();
        shared.with(|cluster| director.play(now, cluster));
    }
}
