//! Where logs go and how they look.

use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Logs to standard error, since standard output belongs to the sink of that name: text on a terminal, JSON otherwise.
/// A second call changes nothing.
pub(crate) fn install(verbosity: u8) {
    install_targets(targets(verbosity));
}

/// Only what is wrong is logged, so that nothing stands between the words of the sinks.
pub(crate) fn install_quiet() {
    install_targets(targets(0).with_target("alertkube", LevelFilter::WARN));
}

fn install_targets(targets: Targets) {
    let terminal = std::io::stderr().is_terminal();
    let layer = fmt::layer().with_writer(std::io::stderr);
    let layer = if terminal { layer.compact().boxed() } else { layer.json().flatten_event(true).boxed() };
    // The error only says that logs are installed already.
    let _installed = tracing_subscriber::registry().with(layer.with_filter(targets)).try_init();
}

/// Ours as asked for. Libraries stay at warnings, whatever is asked: in their finer words stand headers and addresses,
/// and with them credentials. The Kubernetes client is silent, since it repeats at every retry what we say once.
fn targets(verbosity: u8) -> Targets {
    let ours = match verbosity {
        0 => LevelFilter::INFO,
        1 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let targets = Targets::new().with_default(LevelFilter::WARN).with_target("alertkube", ours);
    targets.with_target("kube_client", LevelFilter::OFF)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn verbosity_is_ours_alone() {
        for (verbosity, ours) in [(0, Level::INFO), (1, Level::DEBUG), (2, Level::TRACE), (9, Level::TRACE)] {
            let targets = targets(verbosity);
            assert!(targets.would_enable("alertkube::engine", &ours), "{verbosity}");
            assert!(!targets.would_enable("hyper_util::client", &Level::INFO), "{verbosity}");
            assert!(!targets.would_enable("kube_client::client::builder", &Level::ERROR), "{verbosity}");
        }
        assert!(!targets(0).would_enable("alertkube::engine", &Level::DEBUG));
    }
}
