//! State objects as they go over the wire: ConfigMaps with `data.meta` and `binaryData.body`, or Secrets with both in
//! `data`.

use std::collections::BTreeMap;

use alertkube_api::PersistenceKind;
use alertkube_core::Content;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize;

const META: &str = "meta";
const BODY: &str = "body";

/// The Go program's snapshot, newest form first: gzip under `binaryData`, plain JSON under `data`.
const SNAPSHOT_GZIP: &str = "snapshot.json.gz";
const SNAPSHOT_PLAIN: &str = "snapshot.json";

/// What every state object carries.
const LABELS: [(&str, &str); 2] =
    [("app.kubernetes.io/managed-by", "alertkube"), ("app.kubernetes.io/name", "alertkube")];

/// A state object as the server has it.
pub(super) struct Object {
    pub(super) metadata: ObjectMeta,
    pub(super) content: Content,
}

/// The plural in paths.
pub(super) fn plural(kind: PersistenceKind) -> &'static str {
    match kind {
        PersistenceKind::ConfigMap => "configmaps",
        PersistenceKind::Secret => "secrets",
    }
}

/// Reads an object. Content that somebody took out of it is empty, which the ledger will not take for its own.
pub(super) fn decode(kind: PersistenceKind, bytes: &[u8]) -> Result<Object, serde_json::Error> {
    let (metadata, meta, body) = match kind {
        PersistenceKind::ConfigMap => {
            let ConfigMap { metadata, data, binary_data, .. } = serde_json::from_slice(bytes)?;
            let meta = data.and_then(|mut data| data.remove(META)).unwrap_or_default();
            let body = binary_data.and_then(|mut data| data.remove(BODY)).unwrap_or_default();
            (metadata, meta, body.0)
        }
        PersistenceKind::Secret => {
            let Secret { metadata, data, .. } = serde_json::from_slice(bytes)?;
            let mut data = data.unwrap_or_default();
            let [meta, body] = [META, BODY].map(|key| data.remove(key).unwrap_or_default().0);
            (metadata, String::from_utf8_lossy(&meta).into_owned(), body)
        }
    };
    Ok(Object { metadata: kept(metadata), content: Content { meta, body } })
}

/// Writes an object; labels, annotations and owners that others gave it stay.
pub(super) fn encode(
    kind: PersistenceKind,
    mut metadata: ObjectMeta,
    content: Content,
) -> serde_json::Result<Vec<u8>> {
    let labels = metadata.labels.get_or_insert_default();
    labels.extend(LABELS.map(|(key, value)| (key.to_owned(), value.to_owned())));
    let Content { meta, body } = content;
    match kind {
        PersistenceKind::ConfigMap => serde_json::to_vec(&ConfigMap {
            metadata,
            data: Some(BTreeMap::from([(META.to_owned(), meta)])),
            binary_data: Some(BTreeMap::from([(BODY.to_owned(), ByteString(body))])),
            immutable: None,
        }),
        PersistenceKind::Secret => serde_json::to_vec(&Secret {
            metadata,
            type_: Some("Opaque".to_owned()),
            data: Some(BTreeMap::from([
                (META.to_owned(), ByteString(meta.into_bytes())),
                (BODY.to_owned(), ByteString(body)),
            ])),
            ..Secret::default()
        }),
    }
}

/// The metadata in the answer to a write, which repeats the whole object.
pub(super) fn metadata(bytes: &[u8]) -> Result<ObjectMeta, serde_json::Error> {
    #[derive(Deserialize)]
    struct Written {
        metadata: ObjectMeta,
    }
    let Written { metadata } = serde_json::from_slice(bytes)?;
    Ok(kept(metadata))
}

/// A replace without managed fields leaves them as they are, so they need not be kept.
fn kept(metadata: ObjectMeta) -> ObjectMeta {
    ObjectMeta { managed_fields: None, ..metadata }
}

/// The snapshot in the Go program's ConfigMap.
pub(super) fn snapshot(bytes: &[u8]) -> Result<Option<Vec<u8>>, serde_json::Error> {
    let ConfigMap { data, binary_data, .. } = serde_json::from_slice(bytes)?;
    let gzip = binary_data.and_then(|mut data| data.remove(SNAPSHOT_GZIP)).map(|bytes| bytes.0);
    Ok(gzip.or_else(|| data?.remove(SNAPSHOT_PLAIN).map(String::into_bytes)))
}
