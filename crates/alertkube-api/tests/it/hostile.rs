//! Text that means harm, or means nothing: an answer comes, it is short, and nothing panics.

use alertkube_api::load;
use proptest::prelude::*;

use crate::given::Given;

const EVERYTHING: &str = include_str!("../../../../examples/everything.yaml");
const MOST_PROBLEMS: usize = 101;
const MOST_BYTES: usize = 2000;

fn check_answer(yaml: &str) {
    if let Err(problems) = load(Some(yaml), &Given::nothing()) {
        assert!(!problems.is_empty() && problems.len() <= MOST_PROBLEMS, "{}", problems.len());
        let longest = problems.iter().map(|problem| problem.to_string().len()).max();
        assert!(longest <= Some(MOST_BYTES), "{longest:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gets_an_answer(text in "\\PC{0,400}") {
        check_answer(&text);
    }

    #[test]
    fn yaml_like_text_gets_an_answer(text in "([a-z]{0,6}|[-:{}\\[\\],&*!|>'\"%@#?<~. ]|\n {0,8}){0,120}") {
        check_answer(&text);
    }

    #[test]
    fn a_valid_file_with_a_change_gets_an_answer(at in 0usize..EVERYTHING.len(), cut in 0usize..40, new in "\\PC{0,12}") {
        let from = floor(at);
        let to = floor((from + cut).min(EVERYTHING.len()));
        check_answer(&format!("{}{new}{}", &EVERYTHING[..from], &EVERYTHING[to.max(from)..]));
    }
}

fn floor(at: usize) -> usize {
    (0..=at).rev().find(|at| EVERYTHING.is_char_boundary(*at)).unwrap_or(0)
}

#[test]
fn bombs_get_a_short_answer() {
    let bombs = [
        "x".repeat(2 << 20),
        "[".repeat(100_000),
        "a: &a [x]\nb: *a\n".repeat(10_000),
        "- ".repeat(100_000),
        format!("cluster: {}", "x".repeat(1 << 19)),
        format!("routing: [{}]", "{},".repeat(20_000)),
        format!("{}: 1", "k".repeat(900)),
        (0..30_000).map(|n| format!("key{n}: 1\n")).collect(),
        format!(
            "conditions:\n{}",
            (0..20_000).map(|n| format!("  Reason{n}: {{for: x}}\n")).collect::<String>()
        ),
        format!("routing:\n{}", "- {match: {namespace: 'a.*b.+c'}, sinks: [stdout]}\n".repeat(8000)),
    ];
    for bomb in bombs {
        check_answer(&bomb);
    }
}
