//! The book of metrics: whoever needs one enters its name, labels and meaning here and gets the metric back, so that
//! the page of the documentation, the golden file and what is served are one list.

use std::fmt::Write;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::text::encode_registry;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};

/// One metric as the documentation shows it.
#[cfg_attr(not(test), expect(dead_code, reason = "the tests that keep the documentation read all of it"))]
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) labels: Vec<&'static str>,
    pub(super) help: &'static str,
}

/// Every metric, in the order of the documentation.
#[derive(Default)]
pub(super) struct Book {
    registry: Registry,
    pub(super) entries: Vec<Entry>,
}

/// A counter of seconds.
pub(super) type Seconds = Counter<f64, AtomicU64>;

/// Names and values of `N` labels.
type Labels<const N: usize> = [(&'static str, String); N];

/// Counters with `N` labels.
pub(super) struct Counters<const N: usize>(Series<N, Counter>);

/// Gauges with `N` labels.
pub(super) struct Gauges<const N: usize>(Series<N, Gauge>);

/// Histograms with `N` labels.
pub(super) struct Histograms<const N: usize>(Series<N, Histogram, Buckets>);

struct Series<const N: usize, M, C = fn() -> M> {
    names: [&'static str; N],
    family: Family<Labels<N>, M, C>,
}

/// Upper bounds of the buckets of a histogram, in seconds.
#[derive(Clone)]
pub(super) struct Buckets(pub(super) &'static [f64]);

impl MetricConstructor<Histogram> for Buckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new(self.0.iter().copied())
    }
}

impl Book {
    pub(super) fn counter(&mut self, name: &'static str, help: &'static str) -> Counter {
        self.enter((name, "counter", &[], help), Counter::default())
    }

    pub(super) fn seconds(&mut self, name: &'static str, help: &'static str) -> Seconds {
        self.enter((name, "counter", &[], help), Seconds::default())
    }

    pub(super) fn gauge(&mut self, name: &'static str, help: &'static str) -> Gauge {
        self.enter((name, "gauge", &[], help), Gauge::default())
    }

    pub(super) fn histogram(
        &mut self,
        name: &'static str,
        buckets: Buckets,
        help: &'static str,
    ) -> Histogram {
        self.enter((name, "histogram", &[], help), buckets.new_metric())
    }

    pub(super) fn counters<const N: usize>(
        &mut self,
        name: &'static str,
        names: [&'static str; N],
        help: &'static str,
    ) -> Counters<N> {
        let family = self.enter((name, "counter", &names, help), Family::default());
        Counters(Series { names, family })
    }

    pub(super) fn gauges<const N: usize>(
        &mut self,
        name: &'static str,
        names: [&'static str; N],
        help: &'static str,
    ) -> Gauges<N> {
        let family = self.enter((name, "gauge", &names, help), Family::default());
        Gauges(Series { names, family })
    }

    pub(super) fn histograms<const N: usize>(
        &mut self,
        name: &'static str,
        names: [&'static str; N],
        buckets: Buckets,
        help: &'static str,
    ) -> Histograms<N> {
        let family = Family::new_with_constructor(buckets);
        Histograms(Series { names, family: self.enter((name, "histogram", &names, help), family) })
    }

    fn enter<M: Metric + Clone>(
        &mut self,
        (name, kind, labels, help): (&'static str, &'static str, &[&'static str], &'static str),
        metric: M,
    ) -> M {
        // The encoder adds `_total` to every counter, and a full stop to every text.
        let stem = if kind == "counter" { name.strip_suffix("_total").unwrap_or(name) } else { name };
        self.registry.register(stem, help, metric.clone());
        self.entries.push(Entry { name, kind, labels: labels.to_vec(), help });
        metric
    }

    /// Everything in the plain text format, version 0.0.4, which every scraper reads. The encoder writes OpenMetrics:
    /// there the counter `x` has the sample `x_total`, here the counter itself is called so.
    pub(super) fn text(&self) -> String {
        let mut open = String::new();
        // Writing into a text cannot fail.
        let _infallible = encode_registry(&mut open, &self.registry);
        let mut plain = String::with_capacity(open.len());
        for line in open.lines() {
            let mut words = line.splitn(4, ' ');
            let counter = match (words.next(), words.next(), words.next(), words.next()) {
                (Some("#"), Some(word @ ("HELP" | "TYPE")), Some(stem), Some(rest)) => {
                    self.counter_of(stem).map(|name| (word, name, rest))
                }
                _ => None,
            };
            let _infallible = match counter {
                Some((word, name, rest)) => writeln!(plain, "# {word} {name} {rest}"),
                None => writeln!(plain, "{line}"),
            };
        }
        plain
    }

    fn counter_of(&self, stem: &str) -> Option<&'static str> {
        let of = |entry: &&Entry| entry.kind == "counter" && entry.name.strip_suffix("_total") == Some(stem);
        self.entries.iter().find(of).map(|entry| entry.name)
    }
}

impl<const N: usize> Counters<N> {
    /// Adds to the counter of these label values, which must come from closed sets; 0 makes it show.
    pub(super) fn add(&self, values: [&str; N], by: u64) {
        self.0.family.get_or_create(&self.0.labels(values)).inc_by(by);
    }
}

impl<const N: usize> Gauges<N> {
    /// Sets the gauge of these label values, which must come from closed sets.
    pub(super) fn set(&self, values: [&str; N], to: i64) {
        self.0.family.get_or_create(&self.0.labels(values)).set(to);
    }
}

impl<const N: usize> Histograms<N> {
    /// Observes under these label values, which must come from closed sets.
    pub(super) fn observe(&self, values: [&str; N], seconds: f64) {
        self.0.family.get_or_create(&self.0.labels(values)).observe(seconds);
    }
}

impl<const N: usize, M, C> Series<N, M, C> {
    fn labels(&self, values: [&str; N]) -> Labels<N> {
        std::array::from_fn(|at| (self.names[at], values[at].to_owned()))
    }
}
