//! `JobFailed` and `JobRunningTooLong`: a Job gave up, or takes longer than it may.

use crate::detect::condition::{Condition, Finding, Near, Row};
use crate::detect::limits::FAILURE_AGE_MAX;
use crate::detect::status::{open_until, standing};
use crate::detect::words::stated;
use crate::severity::Severity;
use crate::watch::Workload;

const JOB: Condition = Condition { kind: "Job", ..Condition::BASE };

pub(super) static ROWS: [Row<Workload>; 2] = [
    Row {
        condition: Condition {
            reason: "JobFailed",
            severity: Severity::Critical,
            doc: "A Job has failed for good within the last day; the text says why, such as a back-off limit that \
                  was reached or a deadline that passed. What is wrong with its pods is told as lines of this. It \
                  ends when the Job is deleted.",
            ..JOB
        },
        detect: failed,
    },
    Row {
        condition: Condition {
            reason: "JobRunningTooLong",
            doc: "A Job has run for longer than `conditions.JobRunningTooLong.limit` allows. Without that setting no \
                  run is too long. Look at whether its pods still make progress.",
            ..JOB
        },
        detect: too_long,
    },
];

fn failed(job: &Workload, near: &Near<'_>) -> Option<Finding> {
    let condition = standing(&job.conditions, "Failed")?;
    let since = condition.since.or(job.finished).or(job.started);
    let until = match since {
        Some(since) => Some(open_until(since, FAILURE_AGE_MAX, near.now)?),
        None => None,
    };
    let text = match stated(condition) {
        stated if stated.is_empty() => "failed".to_owned(),
        stated => stated,
    };
    Some(Finding::new(&text).since(since).until(until))
}

fn too_long(job: &Workload, near: &Near<'_>) -> Option<Finding> {
    let limit = near.behavior.job_limit?;
    let over = |name: &str| standing(&job.conditions, name).is_some();
    if job.suspended || job.finished.is_some() || over("Complete") || over("Failed") {
        return None;
    }
    // Before the limit has passed the finding lies ahead.
    let since = job.started?.plus(limit);
    Some(Finding::new(&format!("has run for longer than {} s", limit.as_secs())).since(Some(since)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::detect::fixtures::{Scene, ago, check, status, workload};
    use crate::watch::{KindId, StatusCondition};

    fn job(conditions: Vec<StatusCondition>) -> Workload {
        Workload { started: Some(ago(900)), failed: 7, conditions, ..workload() }
    }

    fn gave_up() -> Workload {
        job(vec![status("Failed", "True", "BackoffLimitExceeded", ago(100))])
    }

    #[test]
    fn a_failure_stands_for_a_day() {
        let found = Scene::new().find((KindId::Job, gave_up()), "JobFailed").expect("it failed");
        assert_eq!((found.since, found.until), (Some(ago(100)), Some(ago(100 - 86_400))));
        check(&Scene::new(), (KindId::Job, gave_up()), &["JobFailed: BackoffLimitExceeded: as it is"]);
        check(&Scene::new().after(86_299), (KindId::Job, gave_up()), &["JobFailed"]);
        check(&Scene::new().after(86_300), (KindId::Job, gave_up()), &[]);
    }

    #[test]
    fn a_job_that_runs_completes_or_retries_finds_nothing() {
        for conditions in [
            Vec::new(),
            vec![status("Complete", "True", "", ago(5))],
            vec![status("Failed", "False", "", ago(5))],
            vec![status("FailureTarget", "True", "", ago(5))],
        ] {
            check(&Scene::new(), (KindId::Job, job(conditions)), &[]);
        }
    }

    #[test]
    fn a_run_is_too_long_from_its_limit_on_if_there_is_one() {
        let mut scene = Scene::new();
        scene.settings.behavior.job_limit = Some(Duration::from_secs(1000));
        let running = || job(Vec::new());
        check(&scene, (KindId::Job, running()), &["JobRunningTooLong: has run for longer than 1000 s"]);
        let found = scene.find((KindId::Job, running()), "JobRunningTooLong").expect("it runs");
        assert_eq!(found.since, Some(ago(-100)));
        for over in [
            Workload { suspended: true, ..running() },
            Workload { finished: Some(ago(1)), ..running() },
            Workload { started: None, ..running() },
            job(vec![status("Complete", "True", "", ago(5))]),
        ] {
            check(&scene, (KindId::Job, over), &[]);
        }
        check(&scene, (KindId::Job, gave_up()), &["JobFailed"]);
    }
}
