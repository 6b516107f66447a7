//! Every metric by name. The names of the reference mean what they mean there, so that its dashboards keep working;
//! those whose feature this build lacks are served as 0.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;

use super::book::{Book, Buckets, Counters, Gauges, Histograms, Seconds};

/// The default buckets of the reference's client.
const SEND: Buckets = Buckets(&[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0]);

/// What waits for rates, retries and breakers takes longer.
const DELIVERY: Buckets = Buckets(&[0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 900.0]);

const BLOCKED: Buckets = Buckets(&[0.001, 0.01, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0]);

/// All of them.
pub(super) struct Metrics {
    pub(super) alerts: Alerts,
    pub(super) sinks: Sinks,
    pub(super) watch: Watch,
    pub(super) seats: Seats,
    pub(super) process: Process,
    _later: Later,
    pub(super) book: Book,
}

/// What is wrong in the cluster.
pub(super) struct Alerts {
    pub(super) fired: Counters<3>,
    pub(super) ended: Counters<3>,
    pub(super) suppressed: Counters<1>,
    pub(super) active: Gauge,
    pub(super) pending: Gauge,
    pub(super) quarantined: Counter,
    pub(super) bounds: Counters<1>,
}

/// What is told, and to whom.
pub(super) struct Sinks {
    pub(super) send: Histograms<2>,
    pub(super) delivery: Histograms<1>,
    pub(super) delivered: Counters<2>,
    pub(super) folded: Counters<1>,
    pub(super) errors: Counters<1>,
    pub(super) retries: Counters<2>,
    pub(super) unconfigured: Counters<1>,
    pub(super) left_out: Gauges<1>,
    pub(super) breaker: Gauges<1>,
    pub(super) in_flight: Gauges<1>,
    pub(super) depth: Gauges<1>,
    pub(super) queued: Gauge,
    pub(super) unsettled: Gauge,
    pub(super) dead: Counter,
    pub(super) refused: Gauges<1>,
}

/// What is seen of the cluster.
pub(super) struct Watch {
    pub(super) telling: Gauge,
    pub(super) live: Gauges<1>,
    pub(super) lost: Counters<2>,
    pub(super) objects: Gauges<1>,
    pub(super) kept: Gauge,
    pub(super) unreadable: Counters<1>,
}

/// Who serves, and what is stored.
pub(super) struct Seats {
    pub(super) relaid: Counter,
    pub(super) shards: Gauge,
    pub(super) uncovered: Gauge,
    pub(super) doubled: Gauge,
    pub(super) leader: Gauge,
    pub(super) held: Gauges<1>,
    pub(super) term: Gauges<1>,
    pub(super) takeovers: Counter,
    pub(super) lost: Counter,
    pub(super) fenced: Counter,
    pub(super) foreign: Gauge,
    pub(super) commits: Histograms<1>,
    pub(super) writes: Counters<2>,
    pub(super) bytes: Gauge,
    pub(super) refused: Counter,
    pub(super) unsaved: Gauge,
    pub(super) undurable: Counters<1>,
    pub(super) in_doubt: Gauge,
}

/// This process.
pub(super) struct Process {
    pub(super) build: Gauges<1>,
    pub(super) resident: Gauge,
    pub(super) cpu: Seconds,
}

/// The reference's metrics of features that this build lacks; they are registered, and stay as they are.
struct Later;

impl Metrics {
    pub(super) fn new() -> Metrics {
        let mut book = Book::default();
        Metrics {
            alerts: Alerts::enter(&mut book),
            sinks: Sinks::enter(&mut book),
            watch: Watch::enter(&mut book),
            seats: Seats::enter(&mut book),
            process: Process::enter(&mut book),
            _later: Later::enter(&mut book),
            book,
        }
    }
}

impl Alerts {
    fn enter(book: &mut Book) -> Alerts {
        let alert = ["kind", "severity", "reason"];
        Alerts {
            fired: book.counters("alertkube_alerts_total", alert, "Alerts that began to fire"),
            ended: book.counters("alertkube_alerts_ended_total", alert, "Alerts that ended"),
            suppressed: book.counters(
                "alertkube_alerts_suppressed_total",
                ["reason"],
                "Alerts that were due and were held back, by who held them; counted when the holder changes",
            ),
            active: book.gauge("alertkube_active_alerts", "Alerts that fire or resolve now"),
            pending: book.gauge("alertkube_pending_alerts", "Alerts that hold, but not yet for long enough"),
            quarantined: book.counter(
                "alertkube_quarantined_objects_total",
                "Objects that are no longer looked at because a condition panicked on them",
            ),
            bounds: book.counters("alertkube_bounds_reached_total", ["bound"], "Bounds that were reached"),
        }
    }
}

impl Sinks {
    fn enter(book: &mut Book) -> Sinks {
        let sink = ["sink"];
        Sinks {
            send: book.histograms(
                "alertkube_sink_send_seconds",
                ["sink", "result"],
                SEND,
                "How long one try took, by whether the sink took the message (ok, error)",
            ),
            delivery: book.histograms(
                "alertkube_delivery_seconds",
                sink,
                DELIVERY,
                "From the last decision what to tell until the sink had taken it",
            ),
            delivered: book.counters(
                "alertkube_delivered_total",
                ["sink", "action"],
                "Messages that a sink took, by what they said",
            ),
            folded: book.counters(
                "alertkube_alerts_folded_total",
                sink,
                "Problems that a sink was told of in a digest: at a first run, or faster than its rate allows one by one",
            ),
            errors: book.counters("alertkube_sink_errors_total", sink, "Tries that failed"),
            retries: book.counters(
                "alertkube_retries_total",
                ["sink", "why"],
                "Tries that failed and are repeated, by why they failed",
            ),
            unconfigured: book.counters(
                "alertkube_sink_noop_total",
                sink,
                "Messages that a sink could not be sent because it has no address or credential",
            ),
            left_out: book.gauges(
                "alertkube_default_sink_left_out",
                sink,
                "1 for a sink that would be told by default, had it a credential; there is none where routes are given",
            ),
            breaker: book.gauges(
                "alertkube_sink_breaker_open",
                sink,
                "1 while the breaker of a sink is open",
            ),
            in_flight: book.gauges("alertkube_dispatch_inflight", sink, "Messages that are on their way"),
            depth: book.gauges("alertkube_sink_queue_depth", sink, "Messages that wait for a sink"),
            queued: book
                .gauge("alertkube_dispatch_queue_depth", "Messages that wait, for all sinks together"),
            unsettled: book.gauge("alertkube_outbox_pending", "Messages that wait or are on their way"),
            dead: book.counter("alertkube_dead_letter_total", "Messages that a sink refused for good"),
            refused: book.gauges(
                "alertkube_dead_letters",
                sink,
                "Problems and ends that a sink refused and ought to hear of; they are tried again",
            ),
        }
    }
}

impl Watch {
    fn enter(book: &mut Book) -> Watch {
        let kind = ["kind"];
        Watch {
            telling: book.gauge("alertkube_telling", "1 once the picture was complete and telling began"),
            live: book.gauges("alertkube_watch_live", kind, "1 while a kind is listed and watched"),
            lost: book.counters(
                "alertkube_watch_lost_total",
                ["kind", "why"],
                "Times a kind was no longer heard of, by why",
            ),
            objects: book.gauges(
                "alertkube_objects",
                kind,
                "Objects of a kind in the cluster, as far as is known",
            ),
            kept: book.gauge("alertkube_objects_kept", "Objects whose views are kept in memory"),
            unreadable: book.counters(
                "alertkube_unreadable_objects_total",
                kind,
                "Objects and lines of a watch that were passed over because they cannot be read",
            ),
        }
    }
}

impl Seats {
    fn enter(book: &mut Book) -> Seats {
        let (seat, part) = (["seat"], ["part", "result"]);
        Seats {
            leader: book.gauge("alertkube_leader", "1 while this replica is the one that tells"),
            held: book.gauges("alertkube_seat_held", seat, "1 while this replica serves the seat (shard)"),
            term: book.gauges(
                "alertkube_seat_term",
                seat,
                "Term of the seat's stored state while it is served here; it rises with every takeover",
            ),
            takeovers: book.counter("alertkube_takeovers_total", "Times this replica began to serve its seat"),
            lost: book.counter("alertkube_seat_lost_total", "Times the Lease of the seat was lost"),
            fenced: book.counter(
                "alertkube_fenced_total",
                "Times another replica sealed the state that this one served",
            ),
            foreign: book.gauge(
                "alertkube_lease_foreign",
                "1 while a replica of another release holds the Lease: only one of the two works",
            ),
            commits: book.histograms(
                "alertkube_commit_seconds",
                ["result"],
                SEND,
                "How long a commit of the stored state took, by whether it was taken (ok, error)",
            ),
            writes: book.counters(
                "alertkube_state_writes_total",
                part,
                "Writes of stored state by part (head, journal, bucket) and result (ok, conflict, refused, unknown)",
            ),
            relaid: book.counter(
                "alertkube_shard_layouts_total",
                "Times this replica went over to another number of shards",
            ),
            shards: book.gauge("alertkube_shards", "Number of shards that this replica goes by"),
            uncovered: book.gauge("alertkube_shards_uncovered", "Other shards that nobody serves"),
            doubled: book.gauge(
                "alertkube_shards_doubled",
                "1 while another process has the shard of this replica as well, and one of the two is fenced",
            ),
            bytes: book.gauge("alertkube_state_snapshot_bytes", "Bytes of the last commit of the stored state"),
            refused: book.counter(
                "alertkube_state_save_skipped_total",
                "Times the store began to refuse what is written",
            ),
            unsaved: book.gauge("alertkube_state_unsaved", "1 while the store refuses what is written"),
            undurable: book.counters(
                "alertkube_undurable_total",
                ["sink"],
                "Messages that were sent though the store did not take their intent",
            ),
            in_doubt: book.gauge(
                "alertkube_in_doubt",
                "Messages whose intent is stored, or about to be, and whose outcome is not known yet",
            ),
        }
    }
}

impl Process {
    fn enter(book: &mut Book) -> Process {
        Process {
            build: book.gauges("alertkube_build_info", ["version"], "Always 1; the label is the version"),
            resident: book.gauge("process_resident_memory_bytes", "Resident memory of this process"),
            cpu: book.seconds("process_cpu_seconds_total", "User and system time of this process"),
        }
    }
}

impl Later {
    fn enter(book: &mut Book) -> Later {
        book.counter("alertkube_dispatch_queue_full_total", "Always 0: no queue here blocks or drops");
        book.histogram(
            "alertkube_dispatch_enqueue_blocked_seconds",
            BLOCKED,
            "Always empty: no queue here blocks",
        );
        book.counter(
            "alertkube_dispatch_resolve_retries_total",
            "Always 0: counted in alertkube_retries_total",
        );
        book.counter("alertkube_dispatch_dropped_total", "Always 0: nothing is dropped");
        book.counter("alertkube_alerts_dropped_total", "Always 0: nothing is dropped");
        book.counter("alertkube_outbox_replay_foreign_total", "Always 0 until there are shards");
        book.counter("alertkube_escalations_total", "Always 0 until there are escalations");
        book.counter("alertkube_enrichment_saturated_total", "Always 0 until there is enrichment");
        let received = book.counters(
            "alertkube_received_alerts_total",
            ["status"],
            "Always 0 until there is a receiver for Alertmanager",
        );
        ["firing", "resolved"].iter().for_each(|status| received.add([status], 0));
        book.counters("alertkube_cloud_poll_errors_total", ["source"], "None until there are cloud sources");
        book.counters(
            "alertkube_cloud_poll_truncated_total",
            ["source"],
            "None until there are cloud sources",
        );
        let changes = book.counters(
            "alertkube_runtime_mutations_total",
            ["action"],
            "Always 0 until there is an API for changes",
        );
        for action in ["silence_create", "silence_delete", "channel_test", "channel_test_ref"] {
            changes.add([action], 0);
        }
        Later
    }
}
