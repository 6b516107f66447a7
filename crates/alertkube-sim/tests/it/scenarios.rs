//! Every scenario of the folder `scenarios`, one test each. `UPDATE=1` writes what was sent below the line of those
//! that fail.

use std::path::PathBuf;

use alertkube_sim::{Scenario, Simulation};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../scenarios")
}

/// Plays a scenario and holds what was sent against what it expects.
#[expect(clippy::disallowed_methods, reason = "scenarios belong to the tests")]
fn check(name: &str, text: &str) {
    let read = |problems: Vec<alertkube_lang::Problem>| -> String {
        problems.iter().map(|problem| format!("scenarios/{name}.txt:{problem}\n")).collect()
    };
    let scenario = Scenario::parse(text).map_err(read).unwrap_or_else(|wrong| panic!("{wrong}"));
    let transcript = Simulation::run(&scenario).map_err(read).unwrap_or_else(|wrong| panic!("{wrong}"));
    let Err(wrong) = transcript.check(&scenario) else { return };
    if std::env::var("UPDATE").is_ok_and(|value| value == "1") {
        let path = folder().join(format!("{name}.txt"));
        std::fs::write(path, transcript.rewrite(&scenario)).expect("the scenario can be written");
    }
    panic!("{name}: {wrong}");
}

macro_rules! scenarios {
    ($($name:ident)+) => {
        $(#[test]
        fn $name() {
            check(stringify!($name), include_str!(concat!("../../../../scenarios/", stringify!($name), ".txt")));
        })+

        const LISTED: &[&str] = &[$(stringify!($name)),+];
    };
}

scenarios! {
    api_away
    crash_loop
    daemonset
    deadline_raises
    deletion_resolves
    demo
    deployment_deadline
    evicted
    failed_mount
    filters
    filters_off
    first_run_all
    first_run_digest
    first_run_silent
    forbidden_kind
    fresh_cluster
    fresh_cluster_unstamped
    image_pull
    inhibition
    inhibition_off
    job_failed
    mute_flap
    mute_off
    node_not_ready
    node_not_ready_off
    oom_kill
    probe_failing
    rates
    repeat
    repeat_off
    restart_forgetting
    restart_with_memory
    rollout_and_drain
    rollout_stuck
    routing
    severity_override
    silence_annotation
    silence_annotation_off
    sink_down
    startup_grace
    statefulset
    storm_folded
    storm_unfolded
    two_containers
    unschedulable
    update_held_back
    watch_faults
}

#[test]
fn every_scenario_of_the_folder_is_listed() {
    let entries = std::fs::read_dir(folder()).expect("the folder is there");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> =
        names.filter_map(|name| Some(name.strip_suffix(".txt")?.to_owned())).collect();
    names.sort();
    assert_eq!(names, LISTED);
}
