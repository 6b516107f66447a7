//! The seven programs of the cluster, each with its flags.

use std::path::Path;
use std::process::Command;

use super::netns;
use super::site::{API_PORT, NODE, NODE_ADDRESS, POD_RANGE, SERVICE_RANGE, Site};

/// Where etcd listens, inside the namespace.
pub(super) const ETCD_URL: &str = "http://127.0.0.1:2379";

/// One program of the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Part {
    /// The store.
    Etcd,
    /// Runs containers.
    Containerd,
    /// The API server.
    ApiServer,
    /// Deployments, Jobs, node life and the rest.
    ControllerManager,
    /// Gives pods their node.
    Scheduler,
    /// Makes Service addresses work.
    Proxy,
    /// The node's agent.
    Kubelet,
}

impl Part {
    /// All of them, in the order in which they start.
    pub(super) const ALL: [Self; 7] = [
        Self::Etcd,
        Self::Containerd,
        Self::ApiServer,
        Self::ControllerManager,
        Self::Scheduler,
        Self::Proxy,
        Self::Kubelet,
    ];

    /// The name of its record and its log.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::Containerd => "containerd",
            Self::ApiServer => "kube-apiserver",
            Self::ControllerManager => "kube-controller-manager",
            Self::Scheduler => "kube-scheduler",
            Self::Proxy => "kube-proxy",
            Self::Kubelet => "kubelet",
        }
    }

    /// The command that starts it inside the namespace.
    pub(super) fn command(self, site: &Site, programs: &Path) -> Command {
        let program = match self {
            Self::Containerd => Path::new("containerd").to_owned(),
            _ => programs.join(self.name()),
        };
        let mut command = netns::enter(site, program);
        for (flag, value) in self.flags(site) {
            command.arg(format!("--{flag}={value}"));
        }
        command
    }

    fn flags(self, site: &Site) -> Vec<(&'static str, String)> {
        let kubeconfig = |of: &str| ("kubeconfig", site.text(&format!("kubeconfig/{of}.json")));
        match self {
            Self::Etcd => etcd(site),
            Self::Containerd => vec![("config", site.text("containerd.toml"))],
            Self::ApiServer => api_server(site),
            Self::ControllerManager => {
                let mut flags = vec![kubeconfig("controller-manager")];
                flags.extend(controllers(site));
                flags
            }
            Self::Scheduler => {
                let mut flags = vec![kubeconfig("scheduler")];
                flags.extend(owned(&[("leader-elect", "false"), ("bind-address", "127.0.0.1")]));
                flags
            }
            Self::Proxy => {
                let mut flags = vec![kubeconfig("proxy")];
                flags.extend(proxy());
                flags
            }
            Self::Kubelet => {
                let mut flags = vec![kubeconfig("node"), ("config", site.text("kubelet.json"))];
                flags.push(("root-dir", site.text("kubelet")));
                flags.push(("cert-dir", site.text("kubelet/pki")));
                flags.extend(owned(&[("node-ip", NODE_ADDRESS), ("hostname-override", NODE)]));
                flags
            }
        }
    }
}

fn owned(flags: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    flags.iter().map(|(flag, value)| (*flag, (*value).to_owned())).collect()
}

fn etcd(site: &Site) -> Vec<(&'static str, String)> {
    const PEER_URL: &str = "http://127.0.0.1:2380";
    let mut flags = vec![("data-dir", site.text("etcd")), ("initial-cluster", format!("{NODE}={PEER_URL}"))];
    flags.extend(owned(&[
        ("name", NODE),
        ("listen-client-urls", ETCD_URL),
        ("advertise-client-urls", ETCD_URL),
        ("listen-peer-urls", PEER_URL),
        ("initial-advertise-peer-urls", PEER_URL),
        // The data dies with the cluster, and a sync per write would set the pace of every test.
        ("unsafe-no-fsync", "true"),
        ("quota-backend-bytes", "8589934592"),
    ]));
    flags
}

fn api_server(site: &Site) -> Vec<(&'static str, String)> {
    let pki = |flag, file: &str| (flag, site.text(&format!("pki/{file}")));
    let mut flags = owned(&[
        ("etcd-servers", ETCD_URL),
        ("bind-address", "0.0.0.0"),
        ("advertise-address", NODE_ADDRESS),
        // Its own entry would go with it whenever a test stops it: we write the EndpointSlice, which stays.
        ("endpoint-reconciler-type", "none"),
        ("authorization-mode", "Node,RBAC"),
        ("enable-admission-plugins", "NodeRestriction"),
        ("anonymous-auth", "false"),
        ("allow-privileged", "true"),
        ("service-cluster-ip-range", SERVICE_RANGE),
        ("kubelet-preferred-address-types", "InternalIP"),
        ("service-account-issuer", "https://kubernetes.default.svc"),
    ]);
    flags.extend([
        ("secure-port", API_PORT.to_string()),
        pki("client-ca-file", "ca.crt"),
        pki("tls-cert-file", "api.crt"),
        pki("tls-private-key-file", "api.key"),
        pki("kubelet-certificate-authority", "ca.crt"),
        pki("kubelet-client-certificate", "api-to-kubelet.crt"),
        pki("kubelet-client-key", "api-to-kubelet.key"),
        pki("service-account-key-file", "service-accounts.pub"),
        pki("service-account-signing-key-file", "service-accounts.key"),
    ]);
    flags
}

fn controllers(site: &Site) -> Vec<(&'static str, String)> {
    let mut flags = owned(&[
        ("leader-elect", "false"),
        ("bind-address", "127.0.0.1"),
        ("use-service-account-credentials", "true"),
        ("kube-api-qps", "200"),
        ("kube-api-burst", "400"),
    ]);
    flags.push(("flex-volume-plugin-dir", site.text("volume-plugins")));
    flags.push(("root-ca-file", site.text("pki/ca.crt")));
    flags.push(("service-account-private-key-file", site.text("pki/service-accounts.key")));
    flags
}

fn proxy() -> Vec<(&'static str, String)> {
    owned(&[
        ("proxy-mode", "iptables"),
        ("cluster-cidr", POD_RANGE),
        ("hostname-override", NODE),
        // These limits are the machine's, not the namespace's, and may not be written from it.
        ("conntrack-max-per-core", "0"),
        ("conntrack-tcp-timeout-established", "0"),
        ("conntrack-tcp-timeout-close-wait", "0"),
    ])
}
