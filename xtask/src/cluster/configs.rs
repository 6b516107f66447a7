//! The files that the programs read: kubeconfigs, containerd's, the pod network's and the kubelet's.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::cgroups;
use super::machine;
use super::netns::BRIDGE;
use super::site::{API_PORT, NODE_ADDRESS, POD_RANGE, Site};
use super::{images, site};

/// Writes all of them.
pub(super) fn write(site: &Site) -> Result<()> {
    for part in ["admin", "controller-manager", "scheduler", "proxy", "node"] {
        write_json(site, &format!("kubeconfig/{part}.json"), &certificate_kubeconfig(site, part))?;
    }
    write_json(site, "cni/10-pods.conflist", &pod_network(site))?;
    write_json(site, "kubelet.json", &kubelet(site))?;
    site.write("containerd.toml", containerd(site, machine::plugin_folder()?).as_bytes()).map(drop)
}

/// Writes the value as JSON, which every reader of YAML takes as well.
fn write_json(site: &Site, inside: &str, value: &Value) -> Result<std::path::PathBuf> {
    let text = serde_json::to_vec_pretty(value).context("write JSON")?;
    site.write(inside, &text)
}

/// A kubeconfig with one cluster and one user.
pub(super) fn kubeconfig(cluster: &Value, user: &Value) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": "test", "user": user}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
    })
}

/// Where the API server is reached from inside the namespace.
fn server() -> String {
    format!("https://{NODE_ADDRESS}:{API_PORT}")
}

fn certificate_kubeconfig(site: &Site, part: &str) -> Value {
    let cluster = json!({"server": server(), "certificate-authority": site.text("pki/ca.crt")});
    let user = json!({
        "client-certificate": site.text(&format!("pki/{part}.crt")),
        "client-key": site.text(&format!("pki/{part}.key")),
    });
    kubeconfig(&cluster, &user)
}

fn pod_network(site: &Site) -> Value {
    json!({
        "cniVersion": "0.4.0",
        "name": site.name(),
        "plugins": [
            {
                "type": "bridge", "bridge": BRIDGE, "isGateway": true, "ipMasq": false, "hairpinMode": true,
                "ipam": {
                    "type": "host-local",
                    "dataDir": site.path("addresses"),
                    "ranges": [[{
                        "subnet": POD_RANGE,
                        "rangeStart": site::FIRST_POD_ADDRESS,
                        "rangeEnd": site::LAST_POD_ADDRESS,
                    }]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                },
            },
            {"type": "portmap", "capabilities": {"portMappings": true}},
        ],
    })
}

fn kubelet(site: &Site) -> Value {
    json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": NODE_ADDRESS,
        "authentication": {
            "anonymous": {"enabled": false},
            "webhook": {"enabled": true},
            "x509": {"clientCAFile": site.path("pki/ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": site.path("pki/node.crt"),
        "tlsPrivateKeyFile": site.path("pki/node.key"),
        "containerRuntimeEndpoint": format!("unix://{}", site.socket().display()),
        "cgroupDriver": "cgroupfs",
        // Its own root: a second kubelet below one root would kill the first one's pods as strangers.
        "cgroupRoot": cgroups::root(site),
        "failCgroupV1": false,
        "failSwapOn": false,
        "enforceNodeAllocatable": [],
        // There is no cluster DNS. A name server that refuses at once spares each pod a warning and a wait.
        "clusterDNS": [NODE_ADDRESS],
        "clusterDomain": "cluster.local",
        "resolvConf": "",
        "podLogsDir": site.path("pod-logs"),
        "volumePluginDir": site.path("volume-plugins"),
        "maxPods": 250,
        // Between two back-offs the kubelet shows a crash loop only at its next regular look, and the default
        // minute would leave a container that ends at once `terminated` through its first three back-offs.
        "syncFrequency": "5s",
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {"memory.available": "50Mi", "nodefs.available": "1%", "nodefs.inodesFree": "1%"},
    })
}

fn containerd(site: &Site, plugin_folder: &str) -> String {
    let at = |inside: &str| site.text(inside);
    let cri = "plugins.\"io.containerd.grpc.v1.cri\"";
    let runc = format!("{cri}.containerd.runtimes.runc");
    format!(
        r#"version = 2
root = "{root}"
state = "{state}"
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
]
[grpc]
address = "{socket}"
[plugins."io.containerd.internal.v1.opt"]
path = "{opt}"
[{cri}]
sandbox_image = "{image}"
# Without CAP_SYS_RESOURCE no score below our own may be set, and every sandbox would fail.
restrict_oom_score_adj = true
disable_apparmor = true
# Below our folder, where they are found and unmounted, not as cni-* beside everyone's namespaces.
netns_mounts_under_state_dir = true
[{cri}.cni]
bin_dir = "{plugin_folder}"
conf_dir = "{cni}"
[{runc}]
runtime_type = "io.containerd.runc.v2"
[{runc}.options]
Root = "{runc_root}"
"#,
        root = at("containerd"),
        state = at("containerd-state"),
        socket = site.socket().display(),
        opt = at("containerd-opt"),
        image = images::NAME,
        cni = at("cni"),
        runc_root = at("runc"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_containerd_lies_in_the_state_folder() {
        let site = Site::of_this_checkout().unwrap();
        let text = containerd(&site, "/plugins");
        for setting in ["root = ", "state = ", "address = ", "path = ", "conf_dir = ", "Root = "] {
            let line = text.lines().find(|line| line.starts_with(setting)).expect(setting);
            assert!(line.contains(&site.state().display().to_string()), "{line}");
        }
        assert!(toml::from_str::<toml::Value>(&text).is_ok());
    }

    #[test]
    fn kubelets_of_two_checkouts_share_no_folder() {
        let site = Site::of_this_checkout().unwrap();
        let settings = kubelet(&site);
        for key in ["cgroupRoot", "podLogsDir", "volumePluginDir", "containerRuntimeEndpoint"] {
            assert!(settings[key].as_str().is_some_and(|path| path.contains(site.name())), "{key}");
        }
    }

    #[test]
    fn a_kubeconfig_points_at_the_cluster_from_inside() {
        let site = Site::of_this_checkout().unwrap();
        let config = certificate_kubeconfig(&site, "admin");
        assert_eq!(config["clusters"][0]["cluster"]["server"], "https://10.88.0.1:6443");
        assert_eq!(config["users"][0]["user"]["client-key"], site.text("pki/admin.key"));
    }
}
