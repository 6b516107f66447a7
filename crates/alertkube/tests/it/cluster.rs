//! A simulated API server on loopback, on the real clock, for the real binary.

use futures::future::BoxFuture;

use std::sync::Arc;
use std::time::Duration;

use alertkube_core::Stamp;
use alertkube_sim::{Clock, Cluster, Shared, serve};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::program::Scratch;

/// A cluster and the file that tells how to reach it.
pub(crate) struct Simulated {
    pub(crate) shared: Shared,
    pub(crate) kubeconfig: String,
    _runtime: Runtime,
}

struct Real;

impl Clock for Real {
    #[expect(
        clippy::disallowed_methods,
        reason = "the binary under test lives in real time, and so does its cluster"
    )]
    fn now(&self) -> Stamp {
        Stamp::from(jiff::Timestamp::now())
    }

    fn sleep_until(&self, until: Stamp) -> BoxFuture<'_, ()> {
        let left: Duration = until.since(self.now());
        Box::pin(async move {
            // Nothing ever comes: the time-out is the clock.
            let _elapsed = tokio::time::timeout(left, std::future::pending::<()>()).await;
        })
    }
}

impl Simulated {
    pub(crate) fn start(scratch: &Scratch) -> Simulated {
        let shared = Shared::new(Cluster::new(7, Real.now()));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let served = shared.clone();
        runtime.spawn(async move {
            let clock: Arc<dyn Clock> = Arc::new(Real);
            serve(served, listener, clock).await
        });
        Simulated { shared, kubeconfig: kubeconfig(scratch, port), _runtime: runtime }
    }

    pub(crate) fn apply(&self, object: Value) {
        self.shared.with(|cluster| cluster.apply(Real.now(), object)).expect("a sound object");
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Cluster, Stamp)) {
        self.shared.with(|cluster| change(cluster, Real.now()));
    }

    pub(crate) fn now(&self) -> Stamp {
        Real.now()
    }
}

/// A kubeconfig for a plain HTTP server on loopback.
pub(crate) fn kubeconfig(scratch: &Scratch, port: u16) -> String {
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: sim\n\
         clusters: [{{name: sim, cluster: {{server: 'http://127.0.0.1:{port}'}}}}]\n\
         users: [{{name: sim, user: {{}}}}]\n\
         contexts: [{{name: sim, context: {{cluster: sim, user: sim}}}}]\n"
    );
    scratch.file("kubeconfig", &text)
}
