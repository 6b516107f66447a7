//! From a text to a scenario, or to all of its problems.

use std::time::Duration;

use alertkube_lang::Problem;

use super::command::{Command, Spoken, read};
use super::words::Line;
use super::{Scenario, Step, clock, expected};
use crate::limits::{SCENARIO_BYTES_MAX, SCENARIO_LENGTH_MAX};

/// What divides commands from expectations: at least four dashes.
const DIVIDER: &str = "----";

/// A text half read.
#[derive(Default)]
struct Draft {
    problems: Vec<Problem>,
    steps: Vec<Step>,
    at: Duration,
    /// First line, indent and text of the configuration.
    config: Option<(usize, usize, String)>,
}

pub(super) fn parse(text: &str) -> Result<Scenario, Vec<Problem>> {
    if text.len() > SCENARIO_BYTES_MAX {
        return Err(vec![Problem::new("", format!("a scenario of more than {SCENARIO_BYTES_MAX} bytes"))]);
    }
    let lines: Vec<&str> = text.lines().collect();
    let divider = lines.iter().position(|line| is_divider(line));
    let mut draft = Draft::default();
    draft.script(&lines[..divider.unwrap_or(lines.len())]);
    let expected = divider.map(|at| draft.expectations(&lines[at + 1..], at + 1));
    let title = lines.first().and_then(|line| line.strip_prefix('#'));
    if title.is_none() {
        let problem = Problem::new("", "the first line is not the title").expected("`# What happens here.`");
        draft.problems.push(Problem { span: Some((1, 1)), ..problem });
    }
    let above = lines[..divider.unwrap_or(lines.len())].iter().map(|line| format!("{line}\n")).collect();
    let scenario = Scenario {
        title: title.unwrap_or_default().trim().to_owned(),
        config: draft.config.as_ref().map(|(_, _, text)| text.clone()),
        length: draft.at,
        steps: draft.steps,
        expected,
        above,
    };
    if let Err(problems) = scenario.load() {
        let place = draft.config.as_ref().map_or((0, 0), |(line, indent, _)| (*line, *indent));
        draft.problems.extend(problems.into_iter().map(|problem| moved(problem, place)));
    }
    draft.problems.sort_by_key(|problem| problem.span);
    if draft.problems.is_empty() { Ok(scenario) } else { Err(draft.problems) }
}

fn is_divider(line: &str) -> bool {
    line.starts_with(DIVIDER) && line.trim_end().bytes().all(|byte| byte == b'-')
}

/// A problem of the configuration has its place in the scenario.
fn moved(problem: Problem, (line, indent): (usize, usize)) -> Problem {
    let span = problem.span.map(|(row, column)| (row + line, column + indent));
    Problem { span: span.or(Some((line.max(1), 1))), ..problem }
}

impl Draft {
    fn script(&mut self, lines: &[&str]) {
        let mut at = 0;
        while let Some(text) = lines.get(at) {
            at += 1;
            if text.trim_end() == "config:" {
                at = self.config(lines, at);
            } else if !text.trim().is_empty() && !text.trim_start().starts_with('#') {
                self.command(at, text);
            }
        }
    }

    /// Takes the indented lines behind `config:`; gives where they end.
    fn config(&mut self, lines: &[&str], begin: usize) -> usize {
        let belongs = |line: &&&str| line.trim().is_empty() || line.starts_with(char::is_whitespace);
        let block: Vec<&str> = lines[begin..].iter().take_while(belongs).copied().collect();
        let full = block.iter().filter(|line| !line.trim().is_empty());
        let indent = full.map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
        let text = block.iter().map(|line| format!("{}\n", line.get(indent..).unwrap_or_default())).collect();
        if self.config.is_some() {
            let problem = Problem::new("", "a second `config:`");
            self.problems.push(Problem { span: Some((begin, 1)), ..problem });
        }
        self.config = Some((begin, indent, text));
        begin + block.len()
    }

    fn command(&mut self, number: usize, text: &str) {
        let line = Line::new(number, text, &mut self.problems);
        match read(line) {
            Some(Spoken::Command(command)) => self.step(number, command),
            Some(Spoken::Both(first, second)) => {
                self.step(number, first);
                self.step(number, second);
            }
            Some(Spoken::Advance(span)) => self.at += span,
            Some(Spoken::At(at)) if at < self.at => {
                let message =
                    format!("{} is over: it is {} already", clock::written(at), clock::written(self.at));
                self.problems.push(Problem { span: Some((number, 1)), ..Problem::new("", message) });
            }
            Some(Spoken::At(at)) => self.at = at,
            None => {}
        }
        if self.at > SCENARIO_LENGTH_MAX {
            let message = format!("a scenario of more than {} hours", SCENARIO_LENGTH_MAX.as_secs() / 3600);
            self.problems.push(Problem { span: Some((number, 1)), ..Problem::new("", message) });
            self.at = Duration::ZERO;
        }
    }

    fn step(&mut self, line: usize, command: Command) {
        let span = if let Command::Quiet(span) = &command { *span } else { Duration::ZERO };
        self.steps.push(Step { line, at: self.at, command });
        self.at += span;
    }

    fn expectations(&mut self, lines: &[&str], above: usize) -> Vec<expected::Expected> {
        let mut found = Vec::new();
        for (at, text) in lines.iter().enumerate() {
            if text.trim().is_empty() || text.trim_start().starts_with('#') {
                continue;
            }
            let line = Line::new(above + at + 1, text, &mut self.problems);
            found.extend(expected::read(text, line));
        }
        found
    }
}
