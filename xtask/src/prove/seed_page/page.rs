//! The page's commands, word for word and in its order, and what each must come to.

use anyhow::Result;
use serde_json::json;

use super::super::verdict::Figure;
use crate::release::{Console, Said, Seats};

/// From one replica, or from whatever runs, to two of which one leads.
pub(super) const UPGRADE: &str = "helm upgrade alertkube ./helm --reuse-values \\
  --set replicaCount=2 \\
  --set leaderElection.enabled=true \\
  --set leaderElection.namespace=kube-system";
const ROLES: &str = "kubectl get role,rolebinding -n kube-system | grep alertkube";
const PODS: &str = "kubectl get pods -l app.kubernetes.io/name=alertkube";
const LEASE: &str = "kubectl get lease -n kube-system | grep alertkube";
const LEADER: &str = "kubectl exec <leader-pod>   -- wget -qS -O- http://localhost:9090/readyz";
const FOLLOWER: &str = "kubectl exec <follower-pod> -- wget -qS -O- http://localhost:9090/readyz";

/// What the page says and gives no command for.
const REFUSED: &str = "helm template alertkube ./helm --set replicaCount=2";
const STRATEGY: &str = "kubectl get deployment alertkube -o jsonpath={.spec.strategy}";
const PROFILE: &str = "kubectl get lease alertkube -n kube-system -o jsonpath={.spec.leaseDurationSeconds}";
const VERBS: [&str; 7] = ["get", "list", "watch", "create", "update", "patch", "delete"];

/// Types what follows the upgrade, and holds it against the page.
pub(super) fn followed(console: &Console<'_>, seats: &Seats) -> Result<Vec<Figure>> {
    let roles = console.types(ROLES)?;
    let pods = console.types(PODS)?;
    let lease = console.types(LEASE)?;
    let running = pods.out.lines().filter(|line| line.contains("Running")).count();
    let holder = lease.out.split_whitespace().nth(1).unwrap_or_default();
    let begins = holder.starts_with(&format!("{}_", seats.leader.name));
    let mut figures = vec![
        Figure::exactly(format!("`{ROLES}`: lines"), roles.out.lines().count(), 2),
        Figure::exactly(format!("`{PODS}`: running"), running, 2),
        Figure::exactly(format!("`{LEASE}`: the leader holds it"), begins, true),
    ];
    let follower = seats.followers.first().map_or("", |pod| &pod.name);
    for command in [LEADER, FOLLOWER] {
        for url in ["http://localhost:9090/", "http://[::1]:9090/"] {
            let words = command.replace("http://localhost:9090/", url);
            let typed = words.replace("<leader-pod>", &seats.leader.name).replace("<follower-pod>", follower);
            let wanted = if command == LEADER {
                "exit 0, HTTP/1.1 200 OK"
            } else {
                "exit 1, HTTP/1.1 503 Service Unavailable"
            };
            figures.push(Figure::exactly(
                format!("`{words}`"),
                answer(&console.types(&typed)?),
                wanted.to_owned(),
            ));
        }
    }
    for path in ["healthz", "metrics"] {
        let typed = format!("kubectl exec {follower} -- wget -qS -O- http://localhost:9090/{path}");
        let said = answer(&console.types(&typed)?);
        figures.push(Figure::exactly(
            format!("/{path} of the follower"),
            said,
            "exit 0, HTTP/1.1 200 OK".to_owned(),
        ));
    }
    figures.extend(claims(console)?);
    Ok(figures)
}

fn claims(console: &Console<'_>) -> Result<Vec<Figure>> {
    let refused = console.types(REFUSED)?;
    let why = refused.code != 0 && refused.err.contains("leaderElection.enabled=true");
    let role = console.json("kubectl get role -n kube-system -o json")?;
    let ours = role["items"].as_array().into_iter().flatten();
    let mut ours =
        ours.filter(|role| role["metadata"]["name"].as_str().is_some_and(|name| name.contains("alertkube")));
    let rules = ours.next().map(|role| role["rules"].clone()).unwrap_or_default();
    let verbs = |resource: &str| {
        let of = rules.as_array().into_iter().flatten().find(|rule| rule["resources"] == json!([resource]));
        of.map_or_else(String::new, |rule| rule["verbs"].to_string())
    };
    Ok(vec![
        Figure::exactly("two replicas without election are refused with the fix", why, true),
        Figure::exactly("verbs on leases", verbs("leases"), json!(VERBS).to_string()),
        Figure::exactly("verbs on events", verbs("events"), json!(["create", "patch"]).to_string()),
        Figure::exactly("seconds that the Lease lasts", console.does(PROFILE)?, "30".to_owned()),
        strategy(console, r#"RollingUpdate, {"maxSurge":1,"maxUnavailable":0}"#)?,
    ])
}

/// How the Deployment is rolled out.
pub(super) fn strategy(console: &Console<'_>, wanted: &str) -> Result<Figure> {
    let strategy = console.json(STRATEGY)?;
    let kind = strategy["type"].as_str().unwrap_or_default();
    let said = match &strategy["rollingUpdate"] {
        serde_json::Value::Null => kind.to_owned(),
        rolling => format!("{kind}, {rolling}"),
    };
    Ok(Figure::exactly("how it is rolled out", said, wanted.to_owned()))
}

/// The exit code and the status line of a `wget -S`.
fn answer(said: &Said) -> String {
    let status = said.err.lines().find_map(|line| line.trim().strip_prefix("HTTP/1.1 "));
    let status = status.map_or_else(|| said.err.trim().to_owned(), |status| format!("HTTP/1.1 {status}"));
    format!("exit {}, {status}", said.code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_has_the_same_words() {
        let page = include_str!("../../../../docs/high-availability.md");
        for command in [UPGRADE, ROLES, PODS, LEASE, LEADER, FOLLOWER] {
            assert!(page.contains(&format!("\n{command}\n")), "{command}");
        }
    }

    #[test]
    fn an_answer_is_the_code_and_the_status_or_what_was_said_instead() {
        let said = |code, err: &str| Said { code, out: String::new(), err: err.to_owned() };
        assert_eq!(answer(&said(0, "  HTTP/1.1 200 OK\n  date: x\n")), "exit 0, HTTP/1.1 200 OK");
        let refused = "  HTTP/1.1 503 Service Unavailable\nwget: server returned error: HTTP/1.1 503 Service Unavailable\n";
        assert_eq!(answer(&said(1, refused)), "exit 1, HTTP/1.1 503 Service Unavailable");
        assert_eq!(answer(&said(126, "no such file\n")), "exit 126, no such file");
    }
}
