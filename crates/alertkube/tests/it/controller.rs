//! The controller against a simulated cluster: what it prints, how it starts, and how it stops.

use std::process::Command;

use alertkube_sim::{Fault, NodeShape, PodShape, Request, Scope};
use serde_json::Value;

use crate::cluster::{Simulated, kubeconfig};
use crate::program::{Program, Scratch, command};

/// The controller with its metrics on a free port.
fn controller(kubeconfig: &str, arguments: &[&str]) -> Command {
    let mut command = command(&["run", "--kubeconfig", kubeconfig]);
    command.args(arguments).env("METRICS_ADDR", "127.0.0.1:0").env("CLUSTER_NAME", "sim");
    command
}

fn crashing(cluster: &Simulated, name: &str) -> Value {
    PodShape::new("shop", name, cluster.now()).node("node-a").crash_loop(6, 1, cluster.now()).build()
}

fn line(program: &Program, words: &[&str]) -> Value {
    serde_json::from_str(&program.says(words)).expect("a JSON line")
}

#[test]
fn a_problem_is_one_json_line_and_its_deletion_another() {
    let scratch = Scratch::new("line");
    let cluster = Simulated::start(&scratch);
    cluster.apply(NodeShape::new("node-a", cluster.now()).build());
    let program = Program::start(controller(&cluster.kubeconfig, &[]));
    program.logs(&["telling begins"]);
    cluster.apply(crashing(&cluster, "web-0"));
    let firing = line(&program, &["CrashLoopBackOff"]);
    assert_eq!(firing["action"], "first");
    assert_eq!(firing["cluster"], "sim");
    let episode = firing["alerts"][0]["episode"].clone();
    cluster.change(|cluster, now| {
        cluster.request(now, &Request::delete("/api/v1/namespaces/shop/pods/web-0"));
    });
    let resolved = line(&program, &["resolved"]);
    assert_eq!(resolved["alerts"][0]["episode"], episode);
    let (status, rest) = program.stop();
    assert!(status.success());
    assert_eq!(rest, [] as [&str; 0], "nothing else was said");
}

#[test]
fn a_restart_with_its_state_folder_repeats_nothing_and_one_without_tells_a_digest() {
    let scratch = Scratch::new("state");
    let cluster = Simulated::start(&scratch);
    let state = scratch.path("state");
    for (name, again) in [("web-0", false), ("web-1", true)] {
        cluster.apply(crashing(&cluster, name));
        let program = Program::start(controller(&cluster.kubeconfig, &["--state-dir", &state]));
        let told = line(&program, &["CrashLoopBackOff"]);
        assert_eq!(told["alerts"].as_array().map(Vec::len), Some(1));
        assert_eq!(told["alerts"][0]["name"], name);
        let (status, rest) = program.stop();
        assert!(status.success());
        assert_eq!(rest, [] as [&str; 0], "second start: {again}");
    }
    let fresh = Program::start(controller(&cluster.kubeconfig, &[]));
    let digest = line(&fresh, &["digest"]);
    assert_eq!(digest["alerts"].as_array().map(Vec::len), Some(2));
    assert!(fresh.stop().0.success());
}

#[test]
fn unreadable_memory_is_set_aside_and_said() {
    let scratch = Scratch::new("aside");
    let cluster = Simulated::start(&scratch);
    scratch.file("head", "not a memory");
    let program = Program::start(controller(&cluster.kubeconfig, &["--state-dir", &scratch.path("")]));
    program.logs(&["set aside", "head.unreadable"]);
    program.logs(&["telling begins"]);
    assert!(program.stop().0.success());
}

#[test]
fn an_api_server_that_is_away_is_said_and_waited_for() {
    let scratch = Scratch::new("away");
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = nobody.local_addr().expect("an address").port();
    drop(nobody);
    let program = Program::start(controller(&kubeconfig(&scratch, port), &[]));
    let line = program.logs(&["the API server is not heard of", "unreachable"]);
    assert!(line.len() < 600, "one clear line: {line}");
    let (status, rest) = program.stop();
    assert!(status.success());
    assert_eq!(rest, [] as [&str; 0]);
}

#[test]
fn a_forbidden_kind_is_skipped_and_said_and_the_others_are_told() {
    let scratch = Scratch::new("forbidden");
    let cluster = Simulated::start(&scratch);
    cluster.change(|cluster, now| cluster.inject(now, Fault::Forbidden, Scope::all().resource("jobs")));
    let program = Program::start(controller(&cluster.kubeconfig, &[]));
    program.logs(&["Job", "forbidden"]);
    program.logs(&["telling begins"]);
    cluster.apply(crashing(&cluster, "web-0"));
    program.says(&["CrashLoopBackOff"]);
    assert!(program.stop().0.success());
}
