//! An admission webhook that has its own mind about state: an HTTPS server in the cluster's network.

use std::io::{BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

use crate::cluster::{Cluster, Serving};
use crate::receiver;

/// What it answers at a path, beside 403.
pub(super) const TOO_LARGE: &str = "too-large";
/// See [`TOO_LARGE`].
pub(super) const DENY: &str = "deny";

/// The webhook; it listens until this program ends.
pub(super) struct Webhook {
    authority: String,
    port: u16,
}

impl Webhook {
    /// Begins to listen.
    pub(super) fn open(cluster: &Cluster) -> Result<Webhook> {
        let Serving { certificate, key, authority } = cluster.serving()?;
        let config = Arc::new(config(&certificate, &key)?);
        let authority = std::fs::read_to_string(authority).context("read the authority's certificate")?;
        // Threads stay in the network in which they were started.
        let opened = cluster.inside(|| -> Result<u16> {
            let listener = TcpListener::bind("127.0.0.1:0").context("listen")?;
            let port = listener.local_addr()?.port();
            thread::spawn(move || {
                for stream in listener.incoming().map_while(Result::ok) {
                    let config = Arc::clone(&config);
                    thread::spawn(move || {
                        serve(stream, config).unwrap_or_else(|error| eprintln!("{error:#}"))
                    });
                }
            });
            Ok(port)
        });
        Ok(Webhook { authority, port: opened?? })
    }

    /// The object that has the API server ask it about the ConfigMaps of a namespace; at port 1 nobody listens.
    pub(super) fn configuration(&self, namespace: &str, answer: Option<&str>) -> Value {
        let (port, answer) = answer.map_or((1, DENY), |answer| (self.port, answer));
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingWebhookConfiguration",
            "metadata": {"name": name(namespace)},
            "webhooks": [{
                "name": "state.alertkube.test",
                "admissionReviewVersions": ["v1"],
                "sideEffects": "None",
                "failurePolicy": "Fail",
                "timeoutSeconds": 5,
                "clientConfig": {
                    "url": format!("https://127.0.0.1:{port}/{answer}"),
                    "caBundle": base64(self.authority.as_bytes()),
                },
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
                "rules": [{
                    "apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"],
                    "operations": ["CREATE", "UPDATE"],
                }],
            }],
        })
    }
}

/// The name of a namespace's webhook configuration.
pub(super) fn name(namespace: &str) -> String {
    format!("state-{namespace}")
}

fn config(certificate: &Path, key: &Path) -> Result<ServerConfig> {
    let certificate = CertificateDer::from_pem_file(certificate).context("read a certificate")?;
    let key = PrivateKeyDer::from_pem_file(key).context("read a key")?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.with_no_client_auth().with_single_cert(vec![certificate], key)?)
}

fn serve(stream: TcpStream, config: Arc<ServerConfig>) -> Result<()> {
    let mut reader = BufReader::new(StreamOwned::new(ServerConnection::new(config)?, stream));
    // Whoever breaks off has what he wanted.
    while let Ok(Some(request)) = receiver::read(&mut reader) {
        let review: Value = serde_json::from_slice(&request.body).context("a review that is no JSON")?;
        let body = answer(&request.path, &review).to_string();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length";
        reader.get_mut().write_all(format!("{head}: {}\r\n\r\n{body}", body.len()).as_bytes())?;
    }
    Ok(())
}

fn answer(path: &str, review: &Value) -> Value {
    let status = match path.contains(TOO_LARGE) {
        true => json!({"code": 413, "message": "Request entity too large: no state beyond this"}),
        false => json!({"code": 403, "message": "no state on Fridays"}),
    };
    json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "response": {"uid": review["request"]["uid"], "allowed": false, "status": status},
    })
}

/// Base64 as objects have it.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(*three.get(at).unwrap_or(&0)));
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at) & 63) as usize];
            text.push(if at > three.len() { '=' } else { char::from(letter) });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_review_is_refused_as_its_path_says() {
        let review = json!({"request": {"uid": "u"}});
        let denied = answer("/deny", &review);
        assert_eq!(
            (&denied["response"]["uid"], &denied["response"]["allowed"]),
            (&json!("u"), &json!(false))
        );
        let code = |path| answer(path, &review)["response"]["status"]["code"].as_u64();
        assert_eq!((code("/deny?timeout=5s"), code("/too-large?timeout=5s")), (Some(403), Some(413)));
    }

    #[test]
    fn base64_fills_up() {
        let of = ["", "a", "ab", "abc", "abcd"].map(|text| base64(text.as_bytes()));
        assert_eq!(of, ["", "YQ==", "YWI=", "YWJj", "YWJjZA=="]);
    }
}
