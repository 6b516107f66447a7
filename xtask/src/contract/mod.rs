//! The contract suite: the core's watch machine on the simulator and on a real API server, case by case.

mod cases;
mod desk;
mod limits;
mod server;
mod wire;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use self::cases::{CASES, Case};
use self::desk::Desk;
use self::server::{Real, Server};
use self::wire::Exchange;
use crate::cluster;
use crate::line::Ground;
use crate::recorded;

/// The contract suite.
#[derive(clap::Args)]
pub(crate) struct Task {
    /// Also writes what the real server answered to `fixtures/real/contract`.
    #[arg(long)]
    record: bool,
}

/// What one case came to.
pub(crate) struct Outcome {
    /// Its name.
    pub(crate) name: &'static str,
    /// What the server does, and what follows.
    pub(crate) shows: &'static str,
    /// On the simulator.
    pub(crate) simulated: Result<()>,
    /// On the real server; the error says why not where it was not asked.
    pub(crate) real: Asked,
}

/// What a real server came to, or why it was not asked.
type Asked = Result<Result<()>, &'static str>;

impl Task {
    /// Does it.
    pub(crate) fn run(self) -> Result<()> {
        let outcomes = on_both(self.record)?;
        let mut failed = 0;
        for Outcome { name, simulated, real, .. } in &outcomes {
            let word = |result: &Result<()>| match result {
                Ok(()) => "holds".to_owned(),
                Err(error) => format!("FAILS: {error:#}"),
            };
            let on_real = real.as_ref().map_or_else(|why| format!("simulator only: {why}"), word);
            println!("{name:16} simulator: {}; real server: {on_real}", word(simulated));
            failed += usize::from(simulated.is_err()) + usize::from(matches!(real, Ok(Err(_))));
        }
        if failed > 0 {
            bail!("{failed} cases fail");
        }
        Ok(())
    }
}

/// Every case on both servers.
pub(crate) fn on_both(record: bool) -> Result<Vec<Outcome>> {
    let simulated = runtime()?.block_on(on_simulator());
    let cluster = cluster::up().context("the test cluster cannot start")?;
    cluster.age().context("the test cluster cannot be aged")?;
    let ground = Ground::new(&cluster, "contract")?;
    let real = cluster.inside(|| runtime()?.block_on(on_real(&ground, record)))??;
    let results = simulated.into_iter().zip(real);
    let outcomes = CASES.iter().zip(results).map(|(case, (simulated, real))| Outcome {
        name: case.name,
        shows: case.shows,
        simulated,
        real,
    });
    Ok(outcomes.collect())
}

/// One thread: whoever makes sockets must be in the cluster's network.
fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the async runtime")
}

async fn on_simulator() -> Vec<Result<()>> {
    let mut results = Vec::new();
    for case in CASES {
        results.push(match Server::simulated().await {
            Ok(server) => carried_out(case, server).await.map(drop),
            Err(error) => Err(error),
        });
    }
    results
}

async fn on_real(ground: &Ground<'_>, record: bool) -> Result<Vec<Asked>> {
    let real = Real::reach(ground).await?;
    let mut results = Vec::new();
    for case in CASES {
        if !case.only_simulated.is_empty() {
            results.push(Err(case.only_simulated));
            continue;
        }
        let done = carried_out(case, Server::real(&real).await?).await;
        if let (Ok(exchanges), true) = (&done, record) {
            write(case, ground, exchanges)?;
        }
        results.push(Ok(done.map(drop)));
    }
    Ok(results)
}

async fn carried_out(case: &Case, server: Server<'_>) -> Result<Vec<Exchange>> {
    let mut desk = Desk::new(server);
    (case.run)(&mut desk).await?;
    Ok(desk.answers().cloned().collect())
}

fn write(case: &Case, ground: &Ground<'_>, exchanges: &[Exchange]) -> Result<()> {
    let said: Vec<Value> = exchanges.iter().map(Exchange::recorded).collect();
    let text = json!({"shows": case.shows, "exchanges": said}).to_string();
    let value = serde_json::from_str(&text.replace(ground.namespace(), "shop")).context("read it again")?;
    recorded::write(&format!("contract/{}.json", case.name), &value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_holds_on_the_simulator() {
        let results = runtime().unwrap().block_on(on_simulator());
        let failed =
            |(case, result): (&Case, Result<()>)| Some(format!("{}: {:#}", case.name, result.err()?));
        let failed: Vec<String> = CASES.iter().zip(results).filter_map(failed).collect();
        assert!(failed.is_empty(), "{}", failed.join("\n"));
    }

    #[test]
    fn every_case_has_a_name_of_its_own() {
        let mut names: Vec<&str> = CASES.iter().map(|case| case.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), CASES.len());
    }
}
