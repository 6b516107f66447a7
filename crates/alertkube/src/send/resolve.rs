//! Names to addresses, through the destination guard: the connection goes only to an address that was judged, so a
//! name that changes its mind between a check and the connection gains nothing.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use alertkube_sinks::Guard;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;

use super::proxy::Proxies;

/// Asks the system, or in tests a table.
pub(crate) type Lookup = Arc<
    dyn Fn(String) -> Pin<Box<dyn Future<Output = std::io::Result<Vec<SocketAddr>>> + Send>> + Send + Sync,
>;

/// The system's resolver.
pub(crate) fn system() -> Lookup {
    Arc::new(|name| Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) }))
}

/// Why a name leads nowhere.
#[derive(Debug, Error)]
pub(super) enum Nowhere {
    #[error("the name does not resolve")]
    Unknown(#[source] std::io::Error),
    #[error("every address of the name is forbidden by the destination guard")]
    Forbidden,
}

/// A resolver that returns only what the guard admits.
pub(super) struct Filter {
    pub(super) guard: Guard,
    pub(super) proxies: Proxies,
    pub(super) lookup: Lookup,
}

impl Resolve for Filter {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.guard.clone();
        // Most proxies have private addresses; what may be reached through them is judged by name, before.
        let chosen = guard.proxied && self.proxies.is_proxy(name.as_str());
        let found = (self.lookup)(name.as_str().to_owned());
        Box::pin(async move {
            let mut addresses = found.await.map_err(Nowhere::Unknown)?;
            if addresses.is_empty() {
                let none = std::io::Error::new(std::io::ErrorKind::NotFound, "no addresses");
                return Err(Nowhere::Unknown(none).into());
            }
            addresses.retain(|address| chosen || guard.admits(address.ip()));
            if addresses.is_empty() {
                return Err(Nowhere::Forbidden.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
