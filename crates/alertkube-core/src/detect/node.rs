//! What can be wrong with a node. All but the cordon read one entry of `status.conditions`.

use std::time::Duration;

use crate::detect::condition::{Condition, Finding, Near, Part, Row, Rules};
use crate::detect::findings;
use crate::detect::status::{named, standing};
use crate::detect::words::{lead_and_stated, quote, stated};
use crate::severity::Severity;
use crate::watch::{Node, StatusCondition};

/// What the conditions of nodes have in common.
const NODE: Condition = Condition {
    kind: "Node",
    hold_for: Duration::from_secs(60),
    hold_down: Duration::from_secs(120),
    ..Condition::BASE
};

static ROWS: [Row<Node>; 7] = [
    Row {
        condition: Condition {
            reason: "NodeNotReady",
            severity: Severity::Critical,
            doc: "The kubelet of a node says that it is not ready, or has said nothing for so long that its state is \
                  unknown. Its pods' problems are held back and told as lines of this one. Look at the kubelet, the \
                  container runtime and the network of the machine.",
            ..NODE
        },
        detect: not_ready,
    },
    pressure(
        "NodeMemoryPressure",
        "A node is short of memory. The kubelet evicts pods that use more than they asked for, and the kernel may \
         kill others. Find what grew, move pods away, or add memory.",
        |node, _| stands(node, "MemoryPressure", "short of memory"),
    ),
    pressure(
        "NodeDiskPressure",
        "A node is short of disk space or inodes. The kubelet deletes images and evicts pods. Look for logs, images \
         and `emptyDir` volumes that grew.",
        |node, _| stands(node, "DiskPressure", "short of disk space"),
    ),
    pressure(
        "NodePIDPressure",
        "A node is short of process ids. Some pod starts processes without end, or leaves zombies behind; the \
         kubelet evicts pods until it is better.",
        |node, _| stands(node, "PIDPressure", "short of process ids"),
    ),
    pressure(
        "NodeNetworkUnavailable",
        "The network of a node is not set up. Pods on it reach nothing and are not reached. Look at the network \
         plugin's pod on the node, or at the routes that the cloud provider should have made.",
        |node, _| stands(node, "NetworkUnavailable", "network not set up"),
    ),
    Row {
        condition: Condition {
            reason: "NodeCordon",
            hold_for: Duration::from_secs(1800),
            hold_down: Duration::ZERO,
            doc: "A node has been cordoned for half an hour: no new pod is placed on it. If the maintenance is over, \
                  `kubectl uncordon` it.",
            ..NODE
        },
        detect: cordon,
    },
    Row {
        condition: Condition {
            reason: "NodeProblem",
            doc: "A condition of a node is True that the settings list as a problem, such as those that the node \
                  problem detector sets. The text names each one with its reason and message.",
            ..NODE
        },
        detect: problem,
    },
];

type Detect = fn(&Node, &Near<'_>) -> Option<Finding>;

const fn pressure(reason: &'static str, doc: &'static str, detect: Detect) -> Row<Node> {
    Row { condition: Condition { reason, severity: Severity::Critical, doc, ..NODE }, detect }
}

pub(super) fn rows() -> impl Iterator<Item = &'static Row<Node>> {
    ROWS.iter()
}

/// Runs every condition of nodes; a node that is being deleted is nobody's problem.
pub(super) fn look(node: &Node, near: &Near<'_>, rules: &Rules) -> Vec<(&'static Condition, Finding)> {
    if node.meta.deleted.is_some() { Vec::new() } else { findings(rows(), node, near, rules) }
}

fn not_ready(node: &Node, _near: &Near<'_>) -> Option<Finding> {
    let Some(ready) = named(&node.conditions, "Ready") else {
        return Some(Finding::new("the kubelet has not reported yet").since(node.meta.created));
    };
    let lead = match &*ready.status {
        "True" => return None,
        "Unknown" => "the kubelet stopped reporting",
        _ => "not ready",
    };
    Some(Finding::new(&lead_and_stated(lead, ready)).since(ready.since))
}

fn stands(node: &Node, name: &str, lead: &str) -> Option<Finding> {
    let condition = standing(&node.conditions, name)?;
    Some(Finding::new(&lead_and_stated(lead, condition)).since(condition.since))
}

fn cordon(node: &Node, _near: &Near<'_>) -> Option<Finding> {
    node.cordoned.then(|| Finding::new("cordoned: no new pod is placed here").since(node.cordoned_since))
}

fn problem(node: &Node, near: &Near<'_>) -> Option<Finding> {
    let listed =
        |condition: &&StatusCondition| near.node_problems.iter().any(|name| **name == *condition.name);
    let standing = || node.conditions.iter().filter(|condition| &*condition.status == "True").filter(listed);
    let parts =
        standing().map(|condition| Part { name: quote(&condition.name), text: stated(condition) }).collect();
    Some(Finding::of_parts(parts)?.since(standing().filter_map(|condition| condition.since).min()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::fixtures::{Scene, ago, check, node, status};
    use crate::watch::Meta;

    /// The healthy node with one condition as given.
    fn with(condition: StatusCondition) -> Node {
        let mut node = node();
        node.conditions.retain(|other| other.name != condition.name);
        node.conditions.push(condition);
        node
    }

    #[test]
    fn a_healthy_node_or_one_that_leaves_finds_nothing_and_is_not_kept() {
        let look = Scene::new().look(&node().into());
        assert!(look.findings.is_empty() && !look.keep && look.again.is_none());
        let gone = Meta { deleted: Some(ago(1)), ..node().meta };
        check(&Scene::new(), Node { meta: gone, conditions: Vec::new(), cordoned: true, ..node() }, &[]);
    }

    #[test]
    fn false_unknown_and_missing_are_all_not_ready() {
        check(
            &Scene::new(),
            with(status("Ready", "False", "KubeletNotReady", ago(9))),
            &["NodeNotReady: not ready: KubeletNotReady: as it is"],
        );
        let lost = with(status("Ready", "Unknown", "NodeStatusUnknown", ago(9)));
        check(
            &Scene::new(),
            lost.clone(),
            &["NodeNotReady: the kubelet stopped reporting: NodeStatusUnknown: as it is"],
        );
        assert_eq!(Scene::new().find(lost, "NodeNotReady").and_then(|finding| finding.since), Some(ago(9)));
        let bare = Node { conditions: Vec::new(), ..node() };
        check(&Scene::new(), bare.clone(), &["NodeNotReady: the kubelet has not reported yet"]);
        assert_eq!(
            Scene::new().find(bare, "NodeNotReady").and_then(|finding| finding.since),
            Some(ago(7200))
        );
    }

    #[test]
    fn each_pressure_is_found_while_it_is_true() {
        for (name, reason) in [
            ("MemoryPressure", "NodeMemoryPressure"),
            ("DiskPressure", "NodeDiskPressure"),
            ("PIDPressure", "NodePIDPressure"),
            ("NetworkUnavailable", "NodeNetworkUnavailable"),
        ] {
            check(&Scene::new(), with(status(name, "True", "Low", ago(9))), &[reason]);
            check(&Scene::new(), with(status(name, "Unknown", "Lost", ago(9))), &[]);
            let found =
                Scene::new().find(with(status(name, "True", "Low", ago(9))), reason).expect("it stands");
            assert_eq!(found.since, Some(ago(9)));
            assert!(found.text.ends_with(": Low: as it is"));
        }
    }

    #[test]
    fn a_cordon_counts_from_its_taint() {
        let cordoned = Node { cordoned: true, cordoned_since: Some(ago(99)), ..node() };
        check(&Scene::new(), cordoned.clone(), &["NodeCordon: cordoned"]);
        assert_eq!(
            Scene::new().find(cordoned, "NodeCordon").and_then(|finding| finding.since),
            Some(ago(99))
        );
    }

    #[test]
    fn only_problems_that_the_settings_list_are_found_each_as_a_part() {
        let mut sick = with(status("KernelDeadlock", "True", "Docker\nHung", ago(9)));
        sick.conditions.push(status("ReadonlyFilesystem", "True", "", ago(99)));
        sick.conditions.push(status("CorruptDisk", "False", "", ago(99)));
        check(&Scene::new(), sick.clone(), &[]);
        let mut scene = Scene::new();
        scene.settings.node_problems =
            ["KernelDeadlock", "ReadonlyFilesystem", "CorruptDisk"].map(str::to_owned).into();
        check(
            &scene,
            sick.clone(),
            &["NodeProblem: KernelDeadlock: Docker Hung: as it is; ReadonlyFilesystem: as it is"],
        );
        let found = scene.find(sick, "NodeProblem").expect("two stand");
        assert_eq!((found.since, found.parts.len()), (Some(ago(99)), 2));
    }
}
