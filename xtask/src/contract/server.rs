//! The two servers under the same suite: the simulator, and a real API server.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use alertkube_core::Stamp;
use alertkube_sim::{Clock, Cluster, Fault, Scope, Shared, serve};
use anyhow::{Context, Result, bail};
use futures::future::BoxFuture;
use http::Request;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::wire::write;
use crate::line::{Ground, Proxy, redirected};
use crate::receiver::millis;

/// What is done to a server; a case names it, each server has its own way.
#[derive(Clone, Debug)]
pub(super) enum Hurt {
    /// The credentials are not known.
    Unauthorized,
    /// They are known and have no right on pods.
    Forbidden,
    /// The kind is not served.
    Missing,
    /// The server has not come to the version that is asked for.
    Behind,
    /// The parameters of a streaming list are refused.
    Misunderstood,
    /// Watches go on from a version of long ago, which is forgotten.
    LongAgo,
    /// The token of a list is stale.
    StaleToken,
    /// The connections break.
    Cut,
    /// Something that only the simulator can be made to do.
    OnlySimulated(Fault, Scope),
}

/// A change of what is asked, to make a server answer as it would in rarer circumstances.
#[derive(Clone, Debug)]
pub(super) enum Detour {
    /// This parameter gets this value where it stands.
    Set(&'static str, String),
    /// This one is left out.
    Without(&'static str),
    /// A streaming list gets this one besides.
    Streaming(String),
    /// The next page is asked for with this token, once.
    Token(&'static str),
    /// One word of the path becomes another.
    Swap(&'static str, &'static str),
}

/// The token of a list of version 1 that has come to `b`: `{"v":"meta.k8s.io/v1","rv":1,"start":"b\u0000"}`. Newer
/// versions are still served from memory for a while after etcd has forgotten them.
const OLD_TOKEN: &str = "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJiXHUwMDAwIn0";

/// One server, reached over HTTP.
pub(super) struct Server<'a> {
    pub(super) namespace: String,
    /// Whoever writes.
    admin: Client,
    /// Whoever watches.
    pub(super) subject: Client,
    pub(super) detours: Vec<Detour>,
    side: Side<'a>,
}

enum Side<'a> {
    Simulated { shared: Shared, _front: JoinSet<io::Result<()>> },
    Real(&'a Real<'a>),
}

/// A real server and the ways to it.
pub(super) struct Real<'a> {
    ground: &'a Ground<'a>,
    proxy: Proxy,
    admin: Client,
    known: Client,
    nobody: Client,
    stranger: Client,
}

impl Server<'_> {
    /// A simulated server of its own.
    pub(super) async fn simulated() -> Result<Server<'static>> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("listen")?;
        let address = listener.local_addr().context("read the address")?;
        let shared = Shared::new(Cluster::new(7, now()));
        let mut front = JoinSet::new();
        front.spawn(serve(shared.clone(), listener, Arc::new(RealTime)));
        let uri = format!("http://{address}").parse().context("an address is a URI")?;
        let client = client(Config::new(uri))?;
        let namespace = json!({"metadata": {"name": "shop"}});
        post(&client, "/api/v1/namespaces", &namespace).await?;
        let side = Side::Simulated { shared, _front: front };
        let (admin, subject) = (client.clone(), client);
        Ok(Server { namespace: "shop".to_owned(), admin, subject, detours: Vec::new(), side })
    }

    /// The real server, with no pods in its namespace.
    pub(super) async fn real<'a>(real: &'a Real<'a>) -> Result<Server<'a>> {
        let (admin, subject) = (real.admin.clone(), real.known.clone());
        let namespace = real.ground.namespace().to_owned();
        let server = Server { namespace, admin, subject, detours: Vec::new(), side: Side::Real(real) };
        let all = Request::delete(format!("{}?gracePeriodSeconds=0", server.pods()));
        write(&server.admin, all.body(Vec::new()).context("build a request")?).await?;
        Ok(server)
    }

    /// The word for it in tables.
    pub(super) fn is_real(&self) -> bool {
        matches!(self.side, Side::Real(_))
    }

    /// Creates a pod that no scheduler takes, so that nobody else changes it.
    pub(super) async fn make(&self, name: &str) -> Result<()> {
        let container = json!({"name": "app", "image": "registry.test/app:1"});
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name},
            "spec": {"schedulerName": "nobody", "containers": [container]},
        });
        post(&self.admin, &self.pods(), &pod).await
    }

    /// Changes a pod.
    pub(super) async fn touch(&self, name: &str, word: &str) -> Result<()> {
        let patch = json!({"metadata": {"labels": {"touched": word}}}).to_string();
        let request = Request::patch(format!("{}/{name}", self.pods()));
        let request = request.header("content-type", "application/merge-patch+json").body(patch.into_bytes());
        write(&self.admin, request.context("build a request")?).await.map(drop)
    }

    /// Deletes a pod at once.
    pub(super) async fn remove(&self, name: &str) -> Result<()> {
        let request = Request::delete(format!("{}/{name}?gracePeriodSeconds=0", self.pods()));
        write(&self.admin, request.body(Vec::new()).context("build a request")?).await.map(drop)
    }

    /// Several changes between which nobody reads; the simulator's own doing.
    pub(super) fn at_once(&self, work: impl FnOnce(&mut Cluster, Stamp)) -> Result<()> {
        match &self.side {
            Side::Simulated { shared, .. } => {
                shared.with(|cluster| work(cluster, now()));
                Ok(())
            }
            Side::Real(_) => bail!("only the simulator can be held still"),
        }
    }

    fn pods(&self) -> String {
        format!("/api/v1/namespaces/{}/pods", self.namespace)
    }

    /// Makes something go wrong.
    pub(super) fn hurt(&mut self, hurt: Hurt) -> Result<()> {
        match &hurt {
            Hurt::LongAgo => self.detours.push(Detour::Set("resourceVersion", "1".to_owned())),
            Hurt::Misunderstood if self.is_real() => {
                self.detours.push(Detour::Without("resourceVersionMatch"))
            }
            Hurt::Behind if self.is_real() => {
                // Further than any store of a test has come.
                self.detours.push(Detour::Streaming("resourceVersion=999999999".to_owned()));
            }
            Hurt::Missing if self.is_real() => self.detours.push(Detour::Swap("/pods?", "/unicorns?")),
            Hurt::StaleToken if self.is_real() => self.detours.push(Detour::Token(OLD_TOKEN)),
            _ => {}
        }
        match &self.side {
            Side::Simulated { shared, .. } => simulate(shared, hurt),
            Side::Real(real) => match hurt {
                Hurt::Unauthorized => self.subject = real.stranger.clone(),
                Hurt::Forbidden => self.subject = real.nobody.clone(),
                // Who has no right on a kind is not told that there is none.
                Hurt::Missing => self.subject = real.admin.clone(),
                Hurt::StaleToken => {
                    real.ground.cluster().compact()?;
                }
                Hurt::Cut => {
                    real.proxy.cut();
                }
                Hurt::OnlySimulated(fault, _) => bail!("no real server can be made to do {fault:?}"),
                Hurt::LongAgo | Hurt::Misunderstood | Hurt::Behind => {}
            },
        }
        Ok(())
    }

    /// Makes all well again.
    pub(super) fn heal(&mut self) {
        self.detours.clear();
        match &self.side {
            Side::Simulated { shared, .. } => shared.with(Cluster::heal),
            Side::Real(real) => self.subject = real.known.clone(),
        }
    }

    /// What is really asked for what the machine asks.
    pub(super) fn detoured(&mut self, path_and_query: &str) -> String {
        let asked = self.detours.iter().fold(path_and_query.to_owned(), |path, detour| detour.applied(&path));
        let pages = path_and_query.contains("continue=");
        self.detours.retain(|detour| !(pages && matches!(detour, Detour::Token(_))));
        asked
    }
}

impl Detour {
    fn applied(&self, path_and_query: &str) -> String {
        let Some((path, query)) = path_and_query.split_once('?') else { return path_and_query.to_owned() };
        let is = |pair: &str, key: &str| pair.split('=').next() == Some(key);
        let pairs = query.split('&');
        let query: Vec<String> = match self {
            Detour::Set(key, value) => set(query, key, value),
            Detour::Token(token) => set(query, "continue", token),
            Detour::Without(key) => pairs.filter(|pair| !is(pair, key)).map(str::to_owned).collect(),
            Detour::Streaming(more) if query.contains("sendInitialEvents") => {
                pairs.chain([more.as_str()]).map(str::to_owned).collect()
            }
            Detour::Streaming(_) => return path_and_query.to_owned(),
            Detour::Swap(from, to) => return path_and_query.replacen(from, to, 1),
        };
        format!("{path}?{}", query.join("&"))
    }
}

fn set(query: &str, key: &str, value: &str) -> Vec<String> {
    let is = |pair: &str| pair.split('=').next() == Some(key);
    query.split('&').map(|pair| if is(pair) { format!("{key}={value}") } else { pair.to_owned() }).collect()
}

fn simulate(shared: &Shared, hurt: Hurt) {
    let pods = || Scope::all().resource("pods");
    let (fault, scope) = match hurt {
        Hurt::Unauthorized => (Fault::Unauthorized, pods()),
        Hurt::Forbidden => (Fault::Forbidden, pods()),
        Hurt::Missing => (Fault::Missing, pods()),
        Hurt::Behind => (Fault::VersionTooLarge, pods()),
        Hurt::Misunderstood => (Fault::NoWatchList, pods()),
        Hurt::LongAgo => (Fault::Compact, Scope::all()),
        Hurt::StaleToken => (Fault::StaleContinue, pods().times(1)),
        Hurt::Cut => (Fault::CutWatches { times: 1, every_millis: 1 }, Scope::all()),
        Hurt::OnlySimulated(fault, scope) => (fault, scope),
    };
    shared.with(|cluster| cluster.inject(now(), fault, scope));
}

impl<'a> Real<'a> {
    /// Ways to the server of the ground: as its administrator, and as accounts with all rights, none, and no name.
    /// The accounts go through a proxy.
    pub(super) async fn reach(ground: &'a Ground<'a>) -> Result<Real<'a>> {
        let address = Proxy::free_address(ground)?;
        let proxy = Proxy::open(ground, address)?;
        let known = redirected(&ground.account("known", None)?, address)?;
        let nobody = ground.cluster().service_account_kubeconfig(ground.namespace(), "nobody")?;
        let nobody = redirected(&nobody, address)?;
        let mut stranger = Kubeconfig::read_from(&known).context("read a kubeconfig")?;
        for user in stranger.auth_infos.iter_mut().filter_map(|named| named.auth_info.as_mut()) {
            user.token = Some("nonsense".to_owned().into());
        }
        let read = |path: &std::path::Path| Kubeconfig::read_from(path).context("read a kubeconfig");
        Ok(Real {
            ground,
            proxy,
            admin: dial(read(&ground.cluster().kubeconfig())?).await?,
            known: dial(read(&known)?).await?,
            nobody: dial(read(&nobody)?).await?,
            stranger: dial(stranger).await?,
        })
    }
}

async fn dial(kubeconfig: Kubeconfig) -> Result<Client> {
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
    client(config.context("the kubeconfig is not usable")?)
}

/// As the program's own transport: nothing is repeated or timed out but by the watch machine.
fn client(mut config: Config) -> Result<Client> {
    config.default_retry = false;
    config.read_timeout = None;
    config.proxy_url = None;
    Client::try_from(config).context("make a client")
}

async fn post(client: &Client, path: &str, object: &Value) -> Result<()> {
    let request = Request::post(path).header("content-type", "application/json");
    write(client, request.body(object.to_string().into_bytes()).context("build a request")?).await.map(drop)
}

fn now() -> Stamp {
    Stamp::from_millis(millis())
}

/// The simulated cluster on the world's clock.
struct RealTime;

impl Clock for RealTime {
    fn now(&self) -> Stamp {
        now()
    }

    fn sleep_until(&self, at: Stamp) -> BoxFuture<'_, ()> {
        let left = u64::try_from(at.millis() - millis()).unwrap_or(0);
        Box::pin(tokio::time::sleep(Duration::from_millis(left)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detours_change_what_they_name_and_nothing_else() {
        let path = "/api/v1/pods?watch=true&timeoutSeconds=95&resourceVersion=17";
        let set = Detour::Set("timeoutSeconds", "2".to_owned()).applied(path);
        assert_eq!(set, "/api/v1/pods?watch=true&timeoutSeconds=2&resourceVersion=17");
        let without = Detour::Without("watch").applied(path);
        assert_eq!(without, "/api/v1/pods?timeoutSeconds=95&resourceVersion=17");
        assert_eq!(Detour::Streaming("a=b".to_owned()).applied(path), path);
        assert_eq!(Detour::Swap("/pods?", "/x?").applied(path), path.replace("pods", "x"));
    }
}
