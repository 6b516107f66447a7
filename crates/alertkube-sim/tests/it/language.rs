//! The scenario language: what it refuses, and how it shows what differs.

use std::time::Duration;

use alertkube_core::Stamp;
use alertkube_sim::{Cluster, Director, Reply, Request, Scenario, Simulation};

const START: Stamp = Stamp::from_seconds(1_795_400_000);

fn problems(text: &str) -> Vec<String> {
    Scenario::parse(text).expect_err("it should not hold").iter().map(ToString::to_string).collect()
}

fn play(text: &str) -> (Scenario, String) {
    let scenario = Scenario::parse(text).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let transcript = Simulation::run(&scenario).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let wrong = transcript.check(&scenario).err().unwrap_or_default();
    (scenario, wrong)
}

#[test]
fn every_problem_is_named_at_once_with_its_place_and_what_was_meant() {
    let text = "# Typos.\n\
                aply pod shop/web-0\n\
                apply pod web-0\n\
                apply pod shop/web-0 wating=CrashLoopBackOff restarts=many\n\
                apply deploymnt shop/web\n\
                advance 5 minutes\n\
                sink stdout donw\n\
                config:\n  clutser: kitchen\n\
                fix pod shop/web-0 now\n\
                at 1:00\n\
                ----\n\
                00:00 stdout frist CrashLoopBackOff shop/web-0\n\
                00:00 stdout first CrashLoopBackOff shop/web-0 severity=urgent\n";
    assert_eq!(
        problems(text),
        [
            "2:1: unknown command `aply` (did you mean `apply`?)",
            "3:11: `web-0` cannot be read (expected NAMESPACE/NAME)",
            "4:22: unknown attribute of a pod `wating` (did you mean `waiting`?)",
            "4:46: `restarts=many` cannot be read (expected a whole number)",
            "5:7: unknown kind `deploymnt` (did you mean `deployment`?)",
            "6:9: the duration `5` lacks a unit (expected a duration such as `30s`, `10m`, `1h30m`, `1.5h` or `2d`)",
            "7:13: unknown state of a sink `donw` (did you mean `down`?)",
            "9:3: clutser: unknown key `clutser` (did you mean `cluster`?)",
            "10:20: unknown attribute of a fix `now` (expected one of container, count)",
            "11:4: `1:00` cannot be read (expected MM:SS or HH:MM:SS)",
            "13:14: unknown action `frist` (did you mean `first`?)",
            "14:48: `severity=urgent` cannot be read (expected critical, warning or info)",
        ]
    );
}

#[test]
fn a_scenario_has_a_title_one_configuration_and_an_order() {
    assert_eq!(
        problems("advance 1m\n"),
        ["1:1: the first line is not the title (expected `# What happens here.`)"]
    );
    assert_eq!(problems("# T\nconfig:\nconfig:\n"), ["3:1: a second `config:`"]);
    assert_eq!(problems("# T\nat 02:00\nat 01:00\n"), ["3:1: 01:00 is over: it is 02:00 already"]);
    assert_eq!(problems("# T\nadvance 3000h\n"), ["2:1: a scenario of more than 720 hours"]);
    assert_eq!(problems("# T\nadvance 1m 2m\n"), ["2:12: `2m` is one word too many"]);
    assert_eq!(problems("# T\napply pod a/b message=\"open\n"), ["2:23: a quote that is not closed"]);
}

#[test]
fn what_differs_is_shown_among_what_does_not() {
    let text = "# Two pods.\n\
                apply pod shop/a waiting=CrashLoopBackOff\n\
                apply pod shop/b waiting=CrashLoopBackOff\n\
                advance 1m\n\
                ----\n\
                00:00 stdout first CrashLoopBackOff shop/a\n\
                00:30 stdout first CrashLoopBackOff shop/b\n";
    let (scenario, wrong) = play(text);
    let lines: Vec<&str> = wrong.lines().collect();
    assert_eq!(lines[0], "Two pods.");
    assert_eq!(lines[1], "1 expected and not sent (-), 1 sent and not expected (+)");
    assert_eq!(lines[2], "  00:00 stdout first CrashLoopBackOff shop/a");
    assert!(
        lines[3].starts_with("+ 00:00 stdout first CrashLoopBackOff shop/b severity=critical"),
        "{wrong}"
    );
    assert_eq!(lines[4], "- 00:30 stdout first CrashLoopBackOff shop/b");
    let transcript = Simulation::run(&scenario).expect("it holds");
    let rewritten = transcript.rewrite(&scenario);
    assert!(rewritten.starts_with(text.split("----").next().expect("commands")), "{rewritten}");
    assert_eq!(play(&rewritten).1, "");
}

#[test]
fn a_chat_is_held_to_its_order() {
    let text = "# Two pods.\n\
                apply pod shop/a waiting=CrashLoopBackOff\n\
                apply pod shop/b waiting=CrashLoopBackOff\n\
                ----\n\
                00:00 stdout first CrashLoopBackOff shop/b\n\
                00:00 stdout first CrashLoopBackOff shop/a\n";
    assert!(play(text).1.contains("not in this order"));
}

#[test]
fn quiet_is_a_promise() {
    let text = "# Loud.\napply node node-a notready\nquiet 59s\nquiet 5m\nadvance 1m\n";
    let wrong = play(text).1;
    assert!(
        wrong.contains("line 4: not quiet until 05:59: 01:00 stdout first NodeNotReady node-a"),
        "{wrong}"
    );
    assert!(!wrong.contains("line 3"), "{wrong}");
}

#[test]
fn what_cannot_be_done_is_said() {
    let name = "x".repeat(300);
    let (_, wrong) = play(&format!("# Nobody listens.\nsink webhook down\napply pod shop/{name}\n"));
    assert!(wrong.contains("line 2: no route leads to a sink `webhook`"), "{wrong}");
    assert!(wrong.contains("line 3: the cluster refused it"), "{wrong}");
}

#[test]
fn the_same_scenario_always_leads_to_the_same() {
    let text = include_str!("../../../../scenarios/sink_down.txt");
    let run = || {
        let scenario = Scenario::parse(text).expect("it holds");
        let transcript = Simulation::run(&scenario).expect("it holds");
        let facts: Vec<String> = transcript.facts().map(|fact| format!("{fact:?}")).collect();
        (
            facts,
            transcript.texts().map(|(at, sink, text)| format!("{at:?} {sink} {text}")).collect::<Vec<_>>(),
        )
    };
    let first = run();
    assert!(!first.0.is_empty() && !first.1.is_empty());
    assert_eq!(first, run());
}

#[test]
fn a_director_plays_on_any_cluster() {
    let text = "# A crash and its end.\napply pod shop/web-0 owner=deployment/web\nat 01:00\ncrash shop/web-0\nat 02:00\ndelete pod shop/web-0\n";
    let scenario = Scenario::parse(text).expect("it holds");
    assert_eq!(scenario.length(), Duration::from_secs(120));
    let (mut cluster, mut director) = (Cluster::new(1, START), Director::new(&scenario, START));
    let mut seen = Vec::new();
    while let Some(at) = director.deadline() {
        director.play(at, &mut cluster);
        let reply = cluster.request(at, &Request::get("/api/v1/namespaces/shop/pods/web-0"));
        let Reply::Answer(answer) = reply else { panic!("no answer") };
        let container = &answer.value()["status"]["containerStatuses"][0];
        seen.push((at.since(START).as_secs(), answer.code, container["state"].to_string()));
    }
    assert!(seen[0].2.contains("running"), "{seen:?}");
    assert_eq!((seen[1].0, seen[1].1), (60, 200));
    assert!(seen[1].2.contains("CrashLoopBackOff"), "{seen:?}");
    assert_eq!((seen[2].0, seen[2].1), (120, 404));
    assert!(director.refused().is_empty());
}
