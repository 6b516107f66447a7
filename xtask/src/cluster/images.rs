//! The one image of the cluster: a static busybox, written by us, for there is no registry to ask.

use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::machine;
use super::site::{Site, hex};
use super::tar::{Archive, Entry};
use crate::run;

/// The image's name: for sandboxes, and for pods with `imagePullPolicy: Never`.
pub(crate) const NAME: &str = "alertkube.test/busybox:1";
/// What it does when nobody says otherwise: a sandbox waits for ever.
const COMMAND: [&str; 2] = ["/bin/sleep", "2147483647"];
const PATH: &str = "PATH=/bin";

/// Writes the image as an archive that containerd imports.
pub(super) fn write(site: &Site) -> Result<()> {
    let busybox = machine::busybox()?;
    let program = std::fs::read(&busybox).with_context(|| format!("read {}", busybox.display()))?;
    let applets = run::output(Command::new(&busybox).arg("--list"))?;
    let archive = archive(&layer(&program, applets.lines()))?;
    site.write("busybox.tar", &archive).map(drop)
}

/// Imports it into the containerd that runs.
pub(super) fn import(site: &Site) -> Result<()> {
    let mut ctr = super::netns::enter(site, "ctr");
    ctr.arg("--address").arg(site.socket()).args(["--namespace", "k8s.io", "images", "import"]);
    let said = run::output(ctr.arg(site.path("busybox.tar"))).context("import the image")?;
    if !said.contains(NAME) {
        bail!("containerd imported something else than {NAME}: {}", said.trim());
    }
    Ok(())
}

fn layer<'a>(program: &[u8], applets: impl Iterator<Item = &'a str>) -> Vec<u8> {
    let mut layer = Archive::default();
    for folder in ["bin/", "dev/", "etc/", "proc/", "root/", "sys/"] {
        layer.add(folder, Entry::Folder { mode: 0o755 });
    }
    layer.add("tmp/", Entry::Folder { mode: 0o1777 });
    layer.add("etc/passwd", Entry::File { mode: 0o644, contents: b"root:x:0:0:root:/root:/bin/sh\n" });
    layer.add("etc/group", Entry::File { mode: 0o644, contents: b"root:x:0:\n" });
    layer.add("etc/nsswitch.conf", Entry::File { mode: 0o644, contents: b"hosts: files dns\n" });
    layer.add("bin/busybox", Entry::File { mode: 0o755, contents: program });
    for applet in applets.filter(|applet| *applet != "busybox") {
        layer.add(&format!("bin/{applet}"), Entry::Link { to: "busybox" });
    }
    layer.finish()
}

fn archive(layer: &[u8]) -> Result<Vec<u8>> {
    let config = json!({
        "architecture": architecture()?,
        "os": "linux",
        "config": {"Cmd": COMMAND, "Env": [PATH]},
        "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{}", hex(&Sha256::digest(layer)))]},
    })
    .to_string();
    let config_name = format!("{}.json", hex(&Sha256::digest(&config)));
    let manifest = json!([{"Config": config_name, "RepoTags": [NAME], "Layers": ["layer.tar"]}]).to_string();
    let mut archive = Archive::default();
    archive.add(&config_name, Entry::File { mode: 0o644, contents: config.as_bytes() });
    archive.add("layer.tar", Entry::File { mode: 0o644, contents: layer });
    archive.add("manifest.json", Entry::File { mode: 0o644, contents: manifest.as_bytes() });
    Ok(archive.finish())
}

/// The machine's architecture by the name that images use.
fn architecture() -> Result<&'static str> {
    match std::env::consts::ARCH {
        "x86_64" => Ok("amd64"),
        "aarch64" => Ok("arm64"),
        other => bail!("no image for the architecture {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_is_the_same_every_time() {
        let bytes = || archive(&layer(b"program", ["busybox", "sh"].into_iter())).unwrap();
        assert_eq!(bytes(), bytes());
        let text = String::from_utf8_lossy(&bytes()).into_owned();
        assert!(text.contains(r#""RepoTags":["alertkube.test/busybox:1"]"#));
        assert!(text.contains("bin/sh"));
    }
}
