//! The end-to-end tier: the real program on a real cluster, from real faults to a receiver in a process of its own.

use std::path::{Path, PathBuf};
use std::time::Instant;

use alertkube_core::{Kind, KindId};
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::cluster;
use crate::line::{Course, Ear, Fixing, Ground, Program, Proxy, Row, Setup, at_once, pairs, redirected};
use crate::prove::built;
use crate::recorded;

/// The end-to-end tier.
#[derive(clap::Args)]
pub(crate) struct Task {
    /// An alertkube to test instead of the one that is built from this checkout.
    #[arg(long)]
    program: Option<PathBuf>,
    /// Also writes what the faults look like in the API to `fixtures/real/shapes`.
    #[arg(long)]
    record: bool,
}

impl Task {
    /// Does it; fails, and never skips, when the cluster cannot start.
    pub(crate) fn run(self) -> Result<()> {
        let start = Instant::now();
        let program = match self.program {
            Some(program) => program,
            None => built("alertkube", "alertkube", &[])?,
        };
        let cluster = cluster::up().context("the test cluster cannot start")?;
        let ground = Ground::new(&cluster, "e2e")?;
        // What lasts for a while looks different later.
        let fixing = if self.record { Fixing::Together } else { Fixing::AtOnce };
        let rows = line(&ground, &program, fixing).inspect_err(|_| eprintln!("{}", ground.wreck()))?;
        if self.record {
            recorded::shapes(&ground, &rows)?;
        }
        println!("end to end: all as it should be, {:.0} s", start.elapsed().as_secs_f64());
        Ok(())
    }
}

/// A start without an API server and one without the rights on a kind, beside the course of all faults.
fn line(ground: &Ground<'_>, program: &Path, fixing: Fixing) -> Result<Vec<Row>> {
    let kubeconfig = ground.account("alertkube", None)?;
    let ear = Ear::open(ground.cluster(), ground.folder())?;
    let nowhere = Proxy::free_address(ground)?;
    let setup = |name, kubeconfig| Setup {
        program,
        name,
        kubeconfig,
        hook: None,
        conditions: json!({}),
        state: None,
    };
    let (astray, blind) = (redirected(&kubeconfig, nowhere)?, ground.account("blind", Some(KindId::Job))?);
    let mut early = Program::start(ground, &setup("early", &astray))?;
    let mut blind = Program::start(ground, &setup("blind", &blind))?;
    is_unreachable(&mut early)?;
    is_forbidden(&mut blind)?;
    let _way = Proxy::open(ground, nowhere)?;
    ground.grant("blind", None)?;
    let hook = Some(ear.url());
    let main = Setup { hook, conditions: at_once(), ..setup("main", &kubeconfig) };
    let rows = faults(ground, &ear, &main, fixing)?;
    for (program, what) in [(&mut early, "a server that came later"), (&mut blind, "rights that came later")]
    {
        let all = |program: &Program<'_>| Kind::ALL.iter().all(|kind| live(program, kind.id));
        program.until(what, |program| Ok(all(program)))?;
        ensure!(program.stop()? == 0, "after {what} alertkube did not end well; it said:\n{}", program.log());
    }
    println!("an API server that comes late, a kind that is forbidden at first: seen, said, tried again");
    Ok(rows)
}

/// The whole way of every fault: told once, over once, nothing else, a clean end.
fn faults(ground: &Ground<'_>, ear: &Ear, setup: &Setup<'_>, fixing: Fixing) -> Result<Vec<Row>> {
    let mut program = Program::start(ground, setup)?;
    program.await_telling()?;
    let mut course = Course::new(ground, ear, false)?;
    let ran = course.run(&mut program, fixing);
    if ran.is_err() {
        eprintln!("{}", program.log());
    }
    ran?;
    let code = program.stop()?;
    course.settle()?;
    let wrong = course.wrong();
    if !wrong.is_empty() {
        bail!("{}\nalertkube said:\n{}", wrong.join("\n"), program.log());
    }
    ensure!(code == 0, "alertkube ended with {code} on SIGTERM; it said:\n{}", program.log());
    for (fault, row) in pairs(&course.rows) {
        let seconds = |to: Option<&i64>, from: Option<i64>| Some((to? - from?) as f64 / 1000.0);
        let told = seconds(row.told.first(), row.appeared).unwrap_or(f64::NAN);
        let over = seconds(row.resolved.first(), row.fixed).unwrap_or(f64::NAN);
        println!(
            "{:28} told after {told:5.1} s, over {over:5.1} s after its {}",
            fault.reason,
            fault.ending()
        );
    }
    Ok(course.rows)
}

fn is_unreachable(program: &mut Program<'_>) -> Result<()> {
    let counted = |program: &Program<'_>, kind: &Kind| -> Result<bool> {
        let metric = format!("alertkube_watch_lost_total{{kind=\"{}\",why=\"unreachable\"}}", kind.name);
        Ok(program.measure(&metric)?.is_some_and(|times| times >= 1.0))
    };
    program.until("that every kind is unreachable", |program| {
        Kind::ALL.iter().try_fold(true, |all, kind| Ok(all && counted(program, kind)?))
    })?;
    let said = lost(&program.log(), "unreachable");
    ensure!(said.len() == 1, "an outage is one line, and this was {}:\n{}", said.len(), program.log());
    Ok(())
}

fn is_forbidden(program: &mut Program<'_>) -> Result<()> {
    program.await_telling()?;
    let said = lost(&program.log(), "forbidden");
    ensure!(said == ["Job"], "Jobs alone are forbidden, once; said: {said:?}\n{}", program.log());
    for kind in Kind::ALL {
        let wanted = kind.id != KindId::Job;
        ensure!(live(program, kind.id) == wanted, "whether {} is watched is not shown", kind.name);
    }
    let counted = program.measure("alertkube_watch_lost_total{kind=\"Job\",why=\"forbidden\"}")?;
    ensure!(counted.is_some_and(|times| times >= 1.0), "a forbidden kind is not counted");
    Ok(())
}

fn live(program: &Program<'_>, kind: KindId) -> bool {
    let name = format!("alertkube_watch_live{{kind=\"{kind}\"}}");
    program.measure(&name).is_ok_and(|value| value == Some(1.0))
}

/// The kinds that the log says are not heard of, for reasons that begin so.
fn lost(log: &str, why: &str) -> Vec<String> {
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let meant = lines.filter(|line| line["why"].as_str().is_some_and(|text| text.starts_with(why)));
    meant.filter_map(|line| line["kind"].as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_kinds_are_read_from_the_log() {
        let log = "text\n{\"kind\":\"Job\",\"why\":\"forbidden: 403\"}\n{\"kind\":\"Pod\",\"why\":\"unreachable: x\"}\n";
        assert_eq!(lost(log, "forbidden"), ["Job"]);
        assert_eq!(lost(log, "unreachable"), ["Pod"]);
        assert!(lost(log, "missing").is_empty());
    }
}
