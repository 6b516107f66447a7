//! Commands, flags, exit codes, and what is said about bad input.

use crate::program::{command, run, text};

fn fixture(name: &str) -> String {
    format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_spelling_of_version_prints_it() {
    for spelling in ["version", "--version", "-version"] {
        let output = run(&[spelling]);
        assert!(output.status.success(), "{spelling}");
        let said = text(&output.stdout);
        assert!(said.starts_with("alertkube 0."), "{said}");
        assert!(said.contains("\n  rustc ") && said.contains("\n  linux/"), "{said}");
    }
}

#[test]
fn validate_says_yes_with_0_no_with_1_and_asks_for_a_path_with_2() {
    let good = fixture("good.yaml");
    for arguments in
        [vec!["validate", &good], vec!["validate", "--config", &good], vec!["validate", "-config", &good]]
    {
        let output = run(&arguments);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), format!("✓ {good} is valid\n")));
    }
    let named = command(&["validate"]).env("ALERTKUBE_CONFIG", &good).output().expect("the binary runs");
    assert_eq!(named.status.code(), Some(0));
    assert_eq!(run(&["validate"]).status.code(), Some(2));
    assert_eq!(run(&["validate", "--nonsense"]).status.code(), Some(2));
}

#[test]
fn a_bad_file_shows_every_problem_with_its_place_and_the_nearest_word() {
    let bad = fixture("bad.yaml");
    let output = run(&["validate", &bad]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    let expected = [
        (":1:1", "did you mean `cluster`"),
        (":3:", "muteSeconds"),
        (":6:", "did you mean `webhook`"),
        (":8:", "`teams` is not built yet"),
        (":10:", "persistence"),
    ];
    for (place, word) in expected {
        let line = said.lines().find(|line| line.contains(&format!("bad.yaml{place}")));
        assert!(line.is_some_and(|line| line.contains(word)), "{place} {word} in\n{said}");
    }
    assert_eq!(said.lines().count(), expected.len(), "{said}");
    assert_eq!(run(&["run", "--config", &bad]).status.code(), Some(1));
}

#[test]
fn unknown_words_end_with_2() {
    for arguments in [&["--nonsense"][..], &["nonsense"], &["run", "-x"]] {
        assert_eq!(run(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn what_is_not_built_is_refused_by_name_and_accepted_while_off() {
    let output = run(&["-watch-silence-crd=true", "--kubeconfig", "/nowhere"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("--watch-silence-crd: "), "{}", text(&output.stderr));
    let off = run(&["--leader-elect=false", "-watch-silence-crd=false", "--kubeconfig", "/nowhere"]);
    assert!(text(&off.stderr).contains("kubeconfig /nowhere: no such file"), "{}", text(&off.stderr));
    let nonsense =
        command(&["--kubeconfig", "/nowhere"]).env("LEADER_ELECT", "perhaps").output().expect("it runs");
    assert!(text(&nonsense.stderr).contains("LEADER_ELECT: `perhaps` is no boolean"));
}

#[test]
fn what_does_not_go_together_is_refused() {
    let both = run(&["--leader-elect", "--state-dir", "/tmp", "--kubeconfig", "/nowhere"]);
    assert_eq!(both.status.code(), Some(1));
    assert!(text(&both.stderr).contains("--state-dir: "), "{}", text(&both.stderr));
    let lost =
        command(&["--kubeconfig", "/nowhere"]).env("ALERTKUBE_SHARD_TOTAL", "3").output().expect("it runs");
    assert_eq!(lost.status.code(), Some(1));
    assert!(text(&lost.stderr).contains("ALERTKUBE_SHARD_INDEX: not set"), "{}", text(&lost.stderr));
}

#[test]
fn a_kubeconfig_that_is_missing_or_does_not_parse_ends_with_1() {
    for (path, what) in
        [("/nowhere".to_owned(), "no such file"), (fixture("torn.kubeconfig"), "does not parse")]
    {
        let output = run(&["--kubeconfig", &path]);
        assert_eq!(output.status.code(), Some(1), "{path}");
        assert!(text(&output.stderr).contains(what), "{}", text(&output.stderr));
    }
}

#[test]
fn a_secret_shows_in_no_message() {
    let secret = "https://user:hunter2@[not-an-address/T0P/s3cret";
    let config = fixture("webhook.yaml");
    let output =
        command(&["validate", &config]).env("GENERIC_WEBHOOK_URL", secret).output().expect("it runs");
    let said = text(&output.stderr) + &text(&output.stdout);
    assert!(said.contains("GENERIC_WEBHOOK_URL"), "{said}");
    assert!(!said.contains("hunter2") && !said.contains("s3cret"), "{said}");
}

#[test]
fn completions_name_the_commands() {
    for shell in ["bash", "zsh", "fish"] {
        let output = run(&["completions", shell]);
        assert!(output.status.success());
        assert!(text(&output.stdout).contains("simulate"), "{shell}");
    }
}
