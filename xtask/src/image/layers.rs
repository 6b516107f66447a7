//! Images of one layer, as an archive that container runtimes import and as a layout of the Open Container Initiative.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::tar::{Archive, Entry};
use crate::cluster::hex;

/// When everything was made: equal contents give equal images.
const CREATED: &str = "1970-01-01T00:00:00Z";

/// An image of one layer. The format is that of `docker save` and of the OCI image specification 1.0.
pub(crate) struct OneLayer<'a> {
    /// `NAME:TAG`
    pub(crate) name: &'a str,
    /// What is started, as whom, in which environment.
    pub(crate) config: Value,
    /// The files, as an archive.
    pub(crate) layer: Vec<u8>,
}

impl OneLayer<'_> {
    /// What `docker load` and `ctr images import` read.
    pub(crate) fn docker_archive(&self) -> Result<Vec<u8>> {
        let config = self.description()?;
        let config_name = format!("{}.json", sha256(config.as_bytes()));
        let manifest = json!([{"Config": config_name, "RepoTags": [self.name], "Layers": ["layer.tar"]}]);
        let manifest = manifest.to_string();
        let mut archive = Archive::default();
        archive.add(&config_name, Entry::File { mode: 0o644, contents: config.as_bytes() });
        archive.add("layer.tar", Entry::File { mode: 0o644, contents: &self.layer });
        archive.add("manifest.json", Entry::File { mode: 0o644, contents: manifest.as_bytes() });
        Ok(archive.finish())
    }

    /// The files of a layout, by their paths in its folder.
    pub(crate) fn oci_layout(&self) -> Result<BTreeMap<String, Vec<u8>>> {
        let mut files = BTreeMap::new();
        let mut blob = |kind: &str, bytes: Vec<u8>| {
            let (digest, size) = (sha256(&bytes), bytes.len());
            files.insert(format!("blobs/sha256/{digest}"), bytes);
            let media = format!("application/vnd.oci.image.{kind}");
            json!({"mediaType": media, "digest": format!("sha256:{digest}"), "size": size})
        };
        let config = blob("config.v1+json", self.description()?.into_bytes());
        let layer = blob("layer.v1.tar", self.layer.clone());
        let of = "application/vnd.oci.image.manifest.v1+json";
        let manifest = json!({"schemaVersion": 2, "mediaType": of, "config": config, "layers": [layer]});
        let mut manifest = blob("manifest.v1+json", manifest.to_string().into_bytes());
        let tag = self.name.rsplit_once(':').map_or(self.name, |(_, tag)| tag);
        manifest["annotations"] =
            json!({"org.opencontainers.image.ref.name": tag, "io.containerd.image.name": self.name});
        manifest["platform"] = json!({"architecture": architecture()?, "os": "linux"});
        let of = "application/vnd.oci.image.index.v1+json";
        let index = json!({"schemaVersion": 2, "mediaType": of, "manifests": [manifest]});
        files.insert("index.json".to_owned(), index.to_string().into_bytes());
        let layout = json!({"imageLayoutVersion": "1.0.0"}).to_string();
        files.insert("oci-layout".to_owned(), layout.into_bytes());
        Ok(files)
    }

    fn description(&self) -> Result<String> {
        let diff = format!("sha256:{}", sha256(&self.layer));
        let description = json!({
            "architecture": architecture()?,
            "os": "linux",
            "created": CREATED,
            "config": self.config,
            "rootfs": {"type": "layers", "diff_ids": [diff]},
        });
        Ok(description.to_string())
    }
}

fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
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

    fn image() -> OneLayer<'static> {
        let config = json!({"Cmd": ["/a"]});
        OneLayer { name: "a.test/b:1", config, layer: b"a layer".to_vec() }
    }

    #[test]
    fn equal_contents_give_equal_bytes_under_the_name() {
        let archive = image().docker_archive().unwrap();
        assert_eq!(archive, image().docker_archive().unwrap());
        let text = String::from_utf8_lossy(&archive).into_owned();
        assert!(text.contains(r#""RepoTags":["a.test/b:1"]"#) && text.contains("a layer"), "{text}");
    }

    #[test]
    fn every_part_of_a_layout_is_found_under_its_digest() {
        let files = image().oci_layout().unwrap();
        let json = |path: &str| serde_json::from_slice::<Value>(&files[path]).unwrap();
        let blob = |of: &Value| {
            let path = format!("blobs/{}", of["digest"].as_str().unwrap().replace(':', "/"));
            assert_eq!(of["size"], files[&path].len(), "{of}");
            path
        };
        let index = json("index.json");
        assert_eq!(index["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"], "1");
        let manifest = json(&blob(&index["manifests"][0]));
        assert_eq!(files[&blob(&manifest["layers"][0])], b"a layer");
        let config = json(&blob(&manifest["config"]));
        let layer = manifest["layers"][0]["digest"].clone();
        assert_eq!(config["rootfs"]["diff_ids"], json!([layer]));
        assert_eq!(json("oci-layout")["imageLayoutVersion"], "1.0.0");
        assert_eq!(files.len(), 5);
    }
}
