//! The destination guard: where a request may go, decided without asking the network.

use std::fmt;
use std::net::IpAddr;

use alertkube_core::Why;
use url::{Host, Url};

use crate::addresses::forbidden;
use crate::limits;

/// Names of metadata servers; most of them resolve to link-local addresses, but a proxy would not tell.
const METADATA_NAMES: &[&str] = &[
    "metadata",
    "metadata.goog",
    "metadata.google.internal",
    "metadata.azure.internal",
    "metadata.tencentyun.com",
    "metadata.packet.net",
    "metadata.platformequinix.com",
    "instance-data",
    "instance-data.ec2.internal",
];

/// Decides which hosts and addresses may be sent to.
///
/// [`Guard::check_url`] judges a URL before its request: scheme, host names, and hosts that are addresses, which never
/// reach a resolver. [`Guard::admits`] judges every address that a resolver returns, so that the connection goes only
/// to an address that was judged. Behind a proxy it is the proxy that resolves: then only listed hosts may be sent to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guard {
    /// Also forbids loopback, private, shared and reserved addresses.
    pub strict: bool,
    /// Whether requests go through a proxy.
    pub proxied: bool,
    /// The hosts that may be reached through the proxy: `hooks.example.com`, or `.example.com` for all below it.
    pub allowed_hosts: Vec<String>,
}

/// Where a URL leads, without its path, query and credentials: this may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// `http` or `https`.
    pub scheme: &'static str,
    /// A name, or an address in its plain form.
    pub host: String,
    /// The port, the scheme's own if the URL names none.
    pub port: u16,
}

impl Guard {
    /// Judges a URL; what it leads to may then be resolved, and each address asked of [`Guard::admits`].
    pub fn check_url(&self, url: &str) -> Result<Destination, Why> {
        let url = read(url)?;
        let to = destination(&url)?;
        let admitted = match url.host() {
            Some(Host::Ipv4(address)) => self.admits(address.into()),
            Some(Host::Ipv6(address)) => self.admits(address.into()),
            Some(Host::Domain(_)) => {
                !METADATA_NAMES.contains(&to.host.as_str()) && !self.is_own_name(&to.host)
            }
            None => false,
        };
        if admitted && (!self.proxied || self.lists(&to.host)) { Ok(to) } else { Err(Why::Blocked) }
    }

    /// Whether an address may be connected to.
    pub fn admits(&self, address: IpAddr) -> bool {
        !forbidden(address, self.strict)
    }

    /// By RFC 6761 these names always mean this host, whoever resolves them.
    fn is_own_name(&self, host: &str) -> bool {
        self.strict && (host == "localhost" || host.ends_with(".localhost"))
    }

    fn lists(&self, host: &str) -> bool {
        self.allowed_hosts.iter().any(|allowed| {
            let allowed = plain(allowed.trim_start_matches('*'));
            host == allowed || (allowed.starts_with('.') && host.ends_with(&allowed))
        })
    }
}

impl Destination {
    /// Where a URL leads, whether it may be reached or not.
    pub(crate) fn of(url: &str) -> Option<Destination> {
        destination(&read(url).ok()?).ok()
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "{}://{open}{}{close}:{}", self.scheme, self.host, self.port)
    }
}

/// A text that is no URL is as good as none.
fn read(url: &str) -> Result<Url, Why> {
    if url.len() > limits::URL_MAX {
        return Err(Why::Unconfigured);
    }
    Url::parse(url.trim()).map_err(|_| Why::Unconfigured)
}

fn destination(url: &Url) -> Result<Destination, Why> {
    let scheme = match url.scheme() {
        "http" => "http",
        "https" => "https",
        _ => return Err(Why::Blocked),
    };
    let host = match url.host().ok_or(Why::Unconfigured)? {
        Host::Domain(name) => plain(name),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    Ok(Destination { scheme, host, port: url.port_or_known_default().ok_or(Why::Unconfigured)? })
}

/// One spelling for each name: `Metadata.Google.Internal.` is that name too.
fn plain(host: &str) -> String {
    host.trim().trim_end_matches('.').to_ascii_lowercase()
}
