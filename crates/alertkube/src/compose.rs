//! Where everything is put together, and the only place that spawns tasks.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;

use alertkube_api::Loaded;
use alertkube_core::{KindId, LeaseNews, Pace, Skipped};
use alertkube_sinks::{SinkSettings, Stdout};
use anyhow::Context;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot, watch as latest};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cli::VERSION;
use crate::clock::Clock;
use crate::engine::{Engine, Inbox, Parts, Signal};
use crate::env::Environment;
use crate::http::{self, Served};
use crate::kubeconfig;
use crate::lease::{self, Entry, Handle, HeldUntil, Reason};
use crate::limits::{ENGINE_TURNS, RELEASE_WITHIN};
use crate::seating::Seating;
use crate::send::{Outward, Sender, Slot};
use crate::store::{ClusterStore, FileStore, Place as StatePlace, Store};
use crate::telemetry::Telemetry;
use crate::watch::{self, Outlet};

/// What `run` was asked to do.
pub(crate) struct Options {
    pub(crate) loaded: Loaded,
    pub(crate) kubeconfig: Option<PathBuf>,
    pub(crate) state_dir: Option<PathBuf>,
    pub(crate) seating: Seating,
}

/// Runs the controller until a signal ends it.
pub(crate) fn run(options: Options, environment: &Environment) -> anyhow::Result<()> {
    runtime()?.block_on(controller(options, environment))
}

/// The runtime of everything but the watches.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    built.context("cannot start the async runtime")
}

async fn controller(options: Options, environment: &Environment) -> anyhow::Result<()> {
    let Options { loaded, kubeconfig, state_dir, seating } = options;
    tracing::info!(version = VERSION, cluster = loaded.settings.cluster, "alertkube starts");
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    if let Some(words) = loaded.left_out_words() {
        tracing::warn!("{words}");
    }
    let config = kubeconfig::config(kubeconfig.as_deref(), environment).await?;
    tracing::info!(server = %config.cluster_url, "cluster");
    let listener = http::bind(&loaded.metrics_addr).await?;
    if let Some(address) = http::port(&listener) {
        tracing::info!(%address, "serving metrics and health");
    }
    let clock = Clock::real();
    let kept = kept(&loaded, state_dir, &seating, (&config, clock))?;
    let place = Place { seating, kept };
    let program = Program::start(loaded, clock, config, (Outward::system(environment)?, place))?;
    let stop = program.serve(listener);
    let inbox = program.inbox.clone();
    program.tasks.spawn(async move {
        if let Err(error) = stop_on_signal(inbox).await {
            tracing::error!("signals cannot be received: {error}");
        }
    });
    let ended = program.engine.await.context("the engine panicked")?;
    if let Some(lease) = program.lease {
        lease.release(RELEASE_WITHIN).await;
    }
    stop.cancel();
    tracing::info!("alertkube stopped");
    ended
}

/// The place of this process, and where its memory goes.
pub(crate) struct Place {
    pub(crate) seating: Seating,
    pub(crate) kept: Option<(Store, Pace)>,
}

impl Place {
    /// A process by itself that remembers nothing.
    pub(crate) fn alone() -> Place {
        Place { seating: Seating::alone(), kept: None }
    }
}

/// Where the memory goes.
fn kept(
    loaded: &Loaded,
    state_dir: Option<PathBuf>,
    seating: &Seating,
    (config, clock): (&kube::Config, Clock),
) -> anyhow::Result<Option<(Store, Pace)>> {
    if let Some(folder) = state_dir {
        return Ok(Some((Store::Files(FileStore::open(folder)?), Pace::FILES)));
    }
    let Some(persistence) = &loaded.persistence else {
        if seating.electing.is_some() || seating.shard.total > 1 {
            tracing::warn!(
                "persistence.enabled is off: nothing stops two replicas that both believe to lead, and whoever takes \
                 over tells what stands once more"
            );
        }
        return Ok(None);
    };
    let objects = StatePlace::new(persistence, seating.shard, config);
    let store = ClusterStore::new(config.clone(), clock, objects)?;
    Ok(Some((Store::Cluster(Box::new(store)), Pace::API)))
}

/// A running controller.
pub(crate) struct Program {
    pub(crate) inbox: Inbox,
    pub(crate) engine: oneshot::Receiver<anyhow::Result<()>>,
    /// The election, if there is one.
    pub(crate) lease: Option<Handle>,
    tasks: TaskTracker,
    served: Served,
}

impl Program {
    /// Starts the engine, which starts the watches.
    pub(crate) fn start(
        loaded: Loaded,
        clock: Clock,
        config: kube::Config,
        (outward, place): (Outward, Place),
    ) -> anyhow::Result<Program> {
        let tasks = TaskTracker::new();
        let names = loaded.settings.sinks.iter().map(|sink| sink.name.as_str());
        let telemetry = Arc::new(Telemetry::new(VERSION, names));
        telemetry.left_out(&loaded.left_out);
        let note = loaded.left_out_words();
        let sinks = loaded.sinks.into_iter().map(on_this_terminal).collect();
        let sinks = Slot::all(sinks, &loaded.credential_files);
        let (status, published) = latest::channel(None);
        let seed = seed(clock);
        let Place { seating, kept } = place;
        let (store, pace) = kept.unzip();
        let (news, heard) = mpsc::unbounded_channel();
        let (renewed, renewals) = mpsc::unbounded_channel();
        let lease = electing(&seating, &config, (clock, seed), (news, &telemetry))?;
        let held = lease.as_ref().map_or_else(HeldUntil::without_election, Handle::held);
        let resign = lease.clone();
        let skipped_by = Arc::clone(&telemetry);
        let watching = tasks.clone();
        let follow = move |plan, inbox| {
            let outlet = Outlet { inbox, wrap: Signal::Watch, skipped: unreadable(Arc::clone(&skipped_by)) };
            let config = config.clone();
            watch::follow(&plan, seed, clock, (outlet, &watching), config).context("cannot start watching")
        };
        let sender = Sender::new(sinks, clock, outward, (held, Arc::clone(&telemetry), renewed));
        let sender = Arc::new(sender);
        tasks.spawn(Arc::clone(&sender).watch_credentials());
        let parts = Parts {
            settings: Arc::new(loaded.settings),
            clock,
            sender,
            telemetry: Arc::clone(&telemetry),
            station: seating.station(pace),
            store: store.map(Arc::new),
            resign: Box::new(move |why| {
                if let Some(lease) = &resign {
                    lease.announce(Reason::Fenced, why.clone());
                    lease.resign();
                }
            }),
            tasks: tasks.clone(),
            outward: tokio::runtime::Handle::current(),
            status,
            follow: Box::new(follow),
        };
        let engine = Engine::new(parts, seed);
        let inbox = engine.inbox();
        tasks.spawn(forward(heard, inbox.clone(), Signal::Lease));
        tasks.spawn(forward(renewals, inbox.clone(), Signal::Renewed));
        let engine = on_own_thread(engine)?;
        let served = Served { telemetry, status: published, lease: lease.clone(), note };
        Ok(Program { inbox, engine, lease, tasks, served })
    }

    /// Serves metrics and health until the token is cancelled.
    fn serve(&self, listener: TcpListener) -> CancellationToken {
        let stop = CancellationToken::new();
        let Served { telemetry, status, lease, note } = &self.served;
        let (telemetry, lease, note) = (Arc::clone(telemetry), lease.clone(), note.clone());
        let served = Served { telemetry, status: status.clone(), lease, note };
        self.tasks.spawn(http::serve(listener, served, self.tasks.clone(), stop.clone()));
        stop
    }
}

/// Starts the election, whose news go where they are told to.
fn electing(
    seating: &Seating,
    config: &kube::Config,
    (clock, seed): (Clock, u64),
    (news, telemetry): (mpsc::UnboundedSender<LeaseNews>, &Arc<Telemetry>),
) -> anyhow::Result<Option<Handle>> {
    let Some(electing) = &seating.electing else { return Ok(None) };
    let telemetry = Arc::clone(telemetry);
    let hear = move |said: LeaseNews| {
        telemetry.lease(&said);
        // The engine is gone only when nobody asks who leads.
        let _gone = news.send(said);
    };
    let entry = Entry {
        config: config.clone(),
        namespace: electing.namespace.clone(),
        name: seating.lease(),
        candidate: seating.candidate(),
        clock,
        seed,
    };
    lease::start(entry, hear).map(Some)
}

/// Passes news on, in order and without loss.
async fn forward<T>(mut heard: mpsc::UnboundedReceiver<T>, inbox: Inbox, signal: fn(T) -> Signal) {
    while let Some(news) = heard.recv().await {
        if inbox.send(signal(news)).await.is_err() {
            return;
        }
    }
}

/// Runs the engine, and with it the watches that it starts, on one thread of their own.
fn on_own_thread(engine: Engine) -> anyhow::Result<oneshot::Receiver<anyhow::Result<()>>> {
    // The watches hand over one event at a time: asked for more rarely, decoded objects pile up before the engine.
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().event_interval(ENGINE_TURNS).build()?;
    let (done, ended) = oneshot::channel();
    let thread = std::thread::Builder::new().name("engine".to_owned());
    thread.spawn(move || done.send(runtime.block_on(engine.run()))).context("cannot start a thread")?;
    Ok(ended)
}

/// The first signal asks the engine to stop in good order; a second one ends the process as the kernel does.
async fn stop_on_signal(inbox: Inbox) -> anyhow::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    for last in [false, true] {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        if last {
            tracing::warn!(signal = name, "a second signal: stopping at once");
            std::process::exit(1);
        }
        tracing::info!(signal = name, "stopping");
        // The engine is gone when nobody receives it.
        let _gone = inbox.send(Signal::Stop).await;
    }
    Ok(())
}

/// Who hears of objects that cannot be read.
fn unreadable(telemetry: Arc<Telemetry>) -> Arc<dyn Fn(KindId, Skipped) + Send + Sync> {
    Arc::new(move |kind, skipped| telemetry.unreadable(kind, skipped.count, &skipped.last))
}

/// Readable on a terminal, JSON lines otherwise.
fn on_this_terminal(sink: SinkSettings) -> SinkSettings {
    let terminal = std::io::stdout().is_terminal();
    match sink {
        SinkSettings::Stdout(_) => SinkSettings::Stdout(Stdout { pretty: terminal, color: terminal }),
        other => other,
    }
}

/// Differs from start to start: two replicas must not back off in step.
fn seed(clock: Clock) -> u64 {
    let now = clock.now();
    u64::from(std::process::id())
        ^ now.boot.as_nanos() as u64
        ^ (now.wall.as_nanosecond() as u64).rotate_left(32)
}
