//! `cargo xtask image`: the image without an engine, from the list that the Dockerfile has too.

mod contents;
#[cfg(test)]
mod dockerfile;
mod layers;
mod tar;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::cluster::Cluster;
use crate::prove::built;
use crate::{checkout, cluster};

pub(crate) use layers::OneLayer;
pub(crate) use tar::{Archive, Entry};

/// The image's name: project and version, which is what the chart asks for without a word.
pub(crate) const NAME: &str = concat!("alertkube:v", env!("CARGO_PKG_VERSION"));

/// Builds the image without an engine.
#[derive(clap::Args)]
pub(crate) struct Task {
    /// An alertkube to take instead of the one that is built from this checkout.
    #[arg(long)]
    program: Option<PathBuf>,
    /// Folder that the image is written to; `image` beside the program without a word.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Imports it into the test cluster, which is started when it is not up.
    #[arg(long)]
    load: bool,
}

impl Task {
    /// Does it.
    pub(crate) fn run(self) -> Result<()> {
        let program = match self.program {
            Some(program) => program,
            None => built("alertkube", "alertkube", &["--profile", "dist"])?,
        };
        let out = match self.out {
            Some(out) => out,
            None => beside(&program)?,
        };
        let archive = write(&program, &out)?;
        println!("{NAME}\n  for an engine or containerd  {}", archive.display());
        println!("  OCI layout                   {}", layout(&out).display());
        if self.load {
            cluster::up()?.load(&archive, NAME)?;
            println!("  imported into the test cluster; use it with imagePullPolicy: Never");
        }
        Ok(())
    }
}

/// Imports an image of the program into a cluster.
pub(crate) fn load(cluster: &Cluster, program: &Path) -> Result<()> {
    cluster.load(&write(program, &beside(program)?)?, NAME)
}

fn beside(program: &Path) -> Result<PathBuf> {
    Ok(program.parent().context("a program lies in a folder")?.join("image"))
}

/// Writes the image with that program, as an archive, which is returned, and as a layout beside it.
fn write(program: &Path, out: &Path) -> Result<PathBuf> {
    let layer = contents::layer(program, &checkout::root()?)?;
    let image = OneLayer { name: NAME, config: contents::config(), layer };
    let archive = out.join(format!("{}.tar", NAME.replace(':', "-")));
    put(&archive, &image.docker_archive()?)?;
    let layout = layout(out);
    if layout.exists() {
        fs::remove_dir_all(&layout).with_context(|| format!("clear {}", layout.display()))?;
    }
    image.oci_layout()?.iter().try_for_each(|(path, bytes)| put(&layout.join(path), bytes))?;
    Ok(archive)
}

fn layout(out: &Path) -> PathBuf {
    out.join(format!("{}-oci", NAME.replace(':', "-")))
}

fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().context("a file lies in a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    fs::write(path, bytes).with_context(|| format!("write {}", path.display()))
}
