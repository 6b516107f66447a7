//! The proxies of the environment, read by us and not by the HTTP client, so that the guard and the client go by
//! the same list.

use std::collections::BTreeSet;

use anyhow::{Context, bail};
use reqwest::{NoProxy, Proxy, Url};

/// Proxies that requests go through.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies {
    rules: Vec<Proxy>,
    hosts: BTreeSet<String>,
}

impl Proxies {
    /// Reads `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`; in small letters they count first, as with curl.
    pub(crate) fn read<'a>(variable: impl Fn(&str) -> Option<&'a str>) -> anyhow::Result<Proxies> {
        let get = |name: &str| {
            let named = [name.to_lowercase(), name.to_owned()];
            named.iter().find_map(|name| variable(name).filter(|text| !text.is_empty()))
        };
        let except = get("NO_PROXY").and_then(NoProxy::from_string);
        let mut proxies = Proxies::default();
        for (name, rule) in [
            ("HTTPS_PROXY", Proxy::https::<Url> as fn(Url) -> reqwest::Result<Proxy>),
            ("HTTP_PROXY", Proxy::http::<Url>),
            ("ALL_PROXY", Proxy::all::<Url>),
        ] {
            let Some(text) = get(name) else { continue };
            // The text may hold a password: what is wrong with it is said without it.
            let (url, host) =
                address(text).with_context(|| format!("{name} is no proxy that can be used"))?;
            let rule = rule(url).map_err(|_| anyhow::anyhow!("{name} is no address of a proxy"))?;
            proxies.rules.push(rule.no_proxy(except.clone()));
            proxies.hosts.insert(host);
        }
        Ok(proxies)
    }

    /// The rules, in the order in which they are asked.
    pub(super) fn rules(&self) -> impl Iterator<Item = Proxy> {
        self.rules.iter().cloned()
    }

    /// Whether a name is that of a proxy, which the user chose and no alert can change.
    pub(super) fn is_proxy(&self, name: &str) -> bool {
        self.hosts.contains(name)
    }
}

fn address(text: &str) -> anyhow::Result<(Url, String)> {
    let full = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let url: Url = full.parse()?;
    if !matches!(url.scheme(), "http" | "https") {
        bail!("expected an http or https proxy, found {}", url.scheme());
    }
    let host = url.host_str().context("it names no host")?.to_owned();
    Ok((url, host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &'static str)]) -> anyhow::Result<Proxies> {
        Proxies::read(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, text)| *text))
    }

    #[test]
    fn small_letters_count_first_and_a_missing_scheme_is_http() {
        let proxies =
            read(&[("HTTP_PROXY", "http://upper:1"), ("http_proxy", "lower:3128")]).expect("proxies");
        assert!(proxies.is_proxy("lower") && !proxies.is_proxy("upper"));
        assert_eq!(proxies.rules().count(), 1);
        assert_eq!(read(&[("ALL_PROXY", "")]).expect("none").rules().count(), 0);
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for text in
            ["socks5://user:secret@proxy:1080", "http://user:secret@:80", "http://user:secret@proxy:port"]
        {
            let error = format!("{:#}", read(&[("HTTPS_PROXY", text)]).expect_err(text));
            assert!(error.contains("HTTPS_PROXY") && !error.contains("secret"), "{error}");
        }
    }
}
