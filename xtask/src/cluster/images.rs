//! Images of the cluster, which has no registry to ask: its own, a static busybox, and those that are brought to it.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::machine;
use super::site::Site;
use crate::image::{Archive, Entry, OneLayer};
use crate::run;

/// The image's name: for sandboxes, and for pods with `imagePullPolicy: Never`.
pub(crate) const NAME: &str = "alertkube.test/busybox:1";
/// What it does when nobody says otherwise: a sandbox waits for ever.
const COMMAND: [&str; 2] = ["/bin/sleep", "2147483647"];
const PATH: &str = "PATH=/bin";

/// The file that it is written to.
const ARCHIVE: &str = "busybox.tar";

/// Writes the image as an archive that containerd imports.
pub(super) fn write(site: &Site) -> Result<()> {
    let busybox = machine::busybox()?;
    let program = std::fs::read(&busybox).with_context(|| format!("read {}", busybox.display()))?;
    let applets = run::output(Command::new(&busybox).arg("--list"))?;
    let config = json!({"Cmd": COMMAND, "Env": [PATH]});
    let image = OneLayer { name: NAME, config, layer: layer(&program, applets.lines()) };
    site.write(ARCHIVE, &image.docker_archive()?).map(drop)
}

/// Imports it into the containerd that runs.
pub(super) fn import_own(site: &Site) -> Result<()> {
    import(site, &site.path(ARCHIVE), NAME)
}

/// Imports an archive, which is to hold the image of that name.
pub(super) fn import(site: &Site, archive: &Path, name: &str) -> Result<()> {
    let said = run::output(ctr(site).args(["images", "import"]).arg(archive)).context("import an image")?;
    if !said.contains(name) {
        bail!("containerd imported something else than {name}: {}", said.trim());
    }
    Ok(())
}

/// The number of the process that a container began with.
pub(super) fn process_of(site: &Site, container: &str) -> Result<u32> {
    let said = run::output(ctr(site).args(["tasks", "list"])).context("list the containers that run")?;
    let process = process(&said, container);
    process.with_context(|| format!("containerd knows no container {container} that runs"))
}

/// The second column of the line that begins with the container's id.
fn process(said: &str, container: &str) -> Option<u32> {
    let mut lines = said.lines().map(str::split_whitespace);
    lines.find_map(|mut words| (words.next()? == container).then(|| words.next()?.parse().ok())?)
}

/// containerd's own client, about the containers of Kubernetes.
fn ctr(site: &Site) -> Command {
    let mut ctr = super::netns::enter(site, "ctr");
    ctr.arg("--address").arg(site.socket()).args(["--namespace", "k8s.io"]);
    ctr
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layer_is_the_same_every_time_and_has_the_applets() {
        let bytes = || layer(b"program", ["busybox", "sh"].into_iter());
        assert_eq!(bytes(), bytes());
        assert!(String::from_utf8_lossy(&bytes()).contains("bin/sh"));
    }

    #[test]
    fn a_container_is_found_by_its_whole_id() {
        let said = "TASK    PID    STATUS\nabc1    17     RUNNING\nabc     4711   RUNNING\n";
        assert_eq!((process(said, "abc"), process(said, "ab")), (Some(4711), None));
    }
}
