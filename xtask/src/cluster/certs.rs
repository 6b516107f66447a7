//! The authority of the cluster and one certificate per part, made with openssl.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::site::{API_SERVICE_ADDRESS, NODE, NODE_ADDRESS, Site};
use crate::run;

/// No defaults of the system's own openssl.cnf: they would add extensions twice.
const OPENSSL_SETTINGS: &[u8] = b"[req]\ndistinguished_name = dn\n[dn]\n";
const DAYS: &str = "365";

/// Whose certificate: file name, subject, and what it may be used for.
struct Holder {
    file: &'static str,
    subject: String,
    server_names: Option<String>,
}

/// Makes all keys and certificates in `pki/`.
pub(super) fn make(site: &Site) -> Result<()> {
    site.write("pki/openssl.cnf", OPENSSL_SETTINGS)?;
    authority(site)?;
    for holder in holders() {
        certificate(site, &holder).with_context(|| format!("make the certificate {}", holder.file))?;
    }
    service_account_keys(site)
}

/// The parts that speak to the API server as clients, each with its subject.
fn holders() -> Vec<Holder> {
    let client = |file, subject: &str| Holder { file, subject: subject.to_owned(), server_names: None };
    let api_names = format!(
        "IP:127.0.0.1,IP:{NODE_ADDRESS},IP:{API_SERVICE_ADDRESS},DNS:localhost,DNS:kubernetes,\
         DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
    );
    let node_names = format!("IP:{NODE_ADDRESS},DNS:{NODE}");
    vec![
        client("admin", "/O=system:masters/CN=test-admin"),
        client("controller-manager", "/CN=system:kube-controller-manager"),
        client("scheduler", "/CN=system:kube-scheduler"),
        client("proxy", "/CN=system:kube-proxy"),
        client("api-to-kubelet", "/O=system:masters/CN=kube-apiserver"),
        Holder { server_names: Some(api_names), ..client("api", "/CN=kube-apiserver") },
        Holder {
            server_names: Some(node_names),
            ..client("node", &format!("/O=system:nodes/CN=system:node:{NODE}"))
        },
    ]
}

fn authority(site: &Site) -> Result<()> {
    let mut request = request(site, "ca", "/CN=alertkube-test-authority");
    request.args(["-addext", "basicConstraints=critical,CA:TRUE"]);
    request.args(["-addext", "keyUsage=critical,keyCertSign,digitalSignature"]);
    run::output(&mut request).map(drop).context("make the certificate authority")
}

fn certificate(site: &Site, holder: &Holder) -> Result<()> {
    let mut request = request(site, holder.file, &holder.subject);
    request.arg("-CA").arg(site.path("pki/ca.crt")).arg("-CAkey").arg(site.path("pki/ca.key"));
    request.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    request.args(["-addext", "extendedKeyUsage=clientAuth,serverAuth"]);
    if let Some(names) = &holder.server_names {
        request.arg("-addext").arg(format!("subjectAltName={names}"));
    }
    run::output(&mut request).map(drop)
}

fn request(site: &Site, file: &str, subject: &str) -> Command {
    let pki = |name: &str| site.path("pki").join(name);
    let mut request = Command::new("openssl");
    request.args(["req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    request.args(["-days", DAYS, "-subj", subject]).arg("-config").arg(pki("openssl.cnf"));
    request.arg("-keyout").arg(pki(&format!("{file}.key"))).arg("-out").arg(pki(&format!("{file}.crt")));
    request
}

fn service_account_keys(site: &Site) -> Result<()> {
    let (key, public) = (site.path("pki/service-accounts.key"), site.path("pki/service-accounts.pub"));
    openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out"], &[&key])?;
    openssl(&["pkey", "-pubout", "-in"], &[&key, Path::new("-out"), &public])
}

fn openssl(words: &[&str], paths: &[&Path]) -> Result<()> {
    run::output(Command::new("openssl").args(words).args(paths))
        .map(drop)
        .context("make service account keys")
}
