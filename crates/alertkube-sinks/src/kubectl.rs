//! The one command with which an on-call engineer looks further.

use alertkube_core::Report;

/// Reasons whose next question is what the container last said, with the flag that asks for the run that ended.
const LOGS: &[(&str, &str)] = &[
    ("CrashLoopBackOff", " --previous"),
    ("ContainerKilled", " --previous"),
    ("ContainerRestart", " --previous"),
    ("ContainerFailed", ""),
    ("ProbeFailing", ""),
];

/// Kinds of alerts that are no objects of the API.
const NO_OBJECTS: &[&str] = &["Derived", "External", "Group"];

/// A command to paste; `None` when a name is not one that Kubernetes itself would admit, since the command goes to a
/// shell.
pub(crate) fn look(report: &Report) -> Option<String> {
    if !is_name(&report.name) || !is_kind(&report.kind) || NO_OBJECTS.contains(&report.kind.as_str()) {
        return None;
    }
    let scope = match report.namespace.as_str() {
        "" => String::new(),
        namespace if is_name(namespace) => format!(" -n {namespace}"),
        _ => return None,
    };
    let name = &report.name;
    Some(match (report.kind.as_str(), logs(report)) {
        ("Pod", Some(flags)) => format!("kubectl{scope} logs {name}{flags} --tail=50"),
        ("Job", _) => format!("kubectl{scope} logs job/{name} --all-containers --tail=50"),
        (kind, _) => format!("kubectl{scope} describe {} {name}", kind.to_ascii_lowercase()),
    })
}

/// Which logs to ask for, if logs are what helps.
fn logs(report: &Report) -> Option<String> {
    let (_, previous) = LOGS.iter().find(|(reason, _)| *reason == report.reason)?;
    let container = report.parts.first().filter(|part| is_name(&part.name));
    Some(container.map_or_else(|| (*previous).to_owned(), |part| format!(" -c {}{previous}", part.name)))
}

/// A DNS subdomain, as names of almost all objects are; nothing in it means anything to a shell.
fn is_name(word: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=253).contains(&word.len())
        && word.bytes().all(|byte| inner(byte) || matches!(byte, b'.' | b'-'))
        && word.bytes().next().is_some_and(inner)
}

fn is_kind(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_mean_nothing_to_a_shell_are_names() {
        for name in ["web-0", "web.example.com", "0", &"a".repeat(253)] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "-A", ".x", "a b", "a;b", "$(x)", "a\nb", "A", "ü", "a/b", "a=b", &"a".repeat(254)]
        {
            assert!(!is_name(name), "{name}");
        }
        assert!(is_kind("StatefulSet") && !is_kind("") && !is_kind("pod --all") && !is_kind("-A"));
    }
}
