//! Proof `contract`: the suite on the simulator and on a real API server, and what the real one answered.

use anyhow::Result;

use super::verdict::{Figure, Table, Verdict};
use crate::contract::{Outcome, on_both};
use crate::recorded;

pub(super) const SHOWS: &str = "Every behaviour of real API servers that the watch is built for holds on the simulator, \
    and on a real API server where it can be made to show it; what that one answered is kept in `fixtures/real`.";

/// Makes the proof.
pub(super) fn prove() -> Result<Verdict> {
    let outcomes = on_both(false)?;
    let mut verdict = Verdict::default();
    let simulated = outcomes.iter().filter(|outcome| outcome.simulated.is_ok()).count();
    let asked = outcomes.iter().filter(|outcome| outcome.real.is_ok()).count();
    let real = outcomes.iter().filter(|outcome| matches!(outcome.real, Ok(Ok(())))).count();
    let recorded =
        outcomes.iter().filter(|outcome| outcome.real.is_ok() && is_recorded(outcome.name)).count();
    verdict.figures = vec![
        Figure::exactly("cases that hold on the simulator", simulated, outcomes.len()),
        Figure::exactly("cases that hold on a real API server", real, asked),
        Figure::told("cases that a real server cannot be made to show", outcomes.len() - asked),
        Figure::exactly("real answers in `fixtures/real/contract`", recorded, asked),
    ];
    let mut table =
        Table::new("Cases", &["case", "what the server does, and what follows", "simulator", "real server"]);
    for outcome in &outcomes {
        let simulated = word(&mut verdict, outcome, &outcome.simulated);
        let real = match &outcome.real {
            Ok(result) => word(&mut verdict, outcome, result),
            Err(why) => format!("simulator only: {why}"),
        };
        table.row(&[&outcome.name, &outcome.shows, &simulated, &real]);
    }
    verdict.tables.push(table);
    Ok(verdict)
}

fn word(verdict: &mut Verdict, outcome: &Outcome, result: &Result<()>) -> String {
    match result {
        Ok(()) => "holds".to_owned(),
        Err(error) => {
            verdict.notes.push(format!("`{}`: {error:#}", outcome.name));
            "**fails**".to_owned()
        }
    }
}

fn is_recorded(name: &str) -> bool {
    recorded::folder().is_ok_and(|folder| folder.join(format!("contract/{name}.json")).exists())
}
