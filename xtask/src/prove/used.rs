//! What a container used of its limits, as figures.

use super::limits::{CPU_LIMIT, MEMORY_LIMIT_MIB};
use super::verdict::Figure;
use crate::release::Use;

/// The limits are in force, `memory_mib` of memory among them, and the chart's own were enough.
pub(super) fn figures(used: Use, memory_mib: f64, what: &dyn Fn(&str) -> String) -> Vec<Figure> {
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let peak = |words, bytes| Figure::at_most(what(words), mib(bytes), MEMORY_LIMIT_MIB, "MiB");
    let share = used.throttled as f64 / used.periods.max(1) as f64 * 100.0;
    vec![
        Figure::exactly(what("memory limit, MiB"), mib(used.memory_limit), memory_mib),
        peak("memory of a container's group, peak", used.memory_peak),
        peak("resident memory of a process, peak", used.resident_peak),
        Figure::exactly(what("CPU limit, processors"), used.cpu_limit, CPU_LIMIT),
        Figure::told(
            what("periods of 0.1 s in which a container had to wait for its CPU"),
            format!("{} of {} ({share:.1} %)", used.throttled, used.periods),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_is_not_in_force_and_a_peak_above_the_charts_are_red() {
        let used = Use {
            memory_limit: 128 << 20,
            memory_peak: 20 << 20,
            resident_peak: 40 << 20,
            cpu_limit: 0.2,
            periods: 100,
            throttled: 5,
        };
        let red = |used: Use| {
            let figures = figures(used, 128.0, &str::to_owned);
            figures.into_iter().filter(|figure| !figure.holds).map(|figure| figure.what).collect::<Vec<_>>()
        };
        assert!(red(used).is_empty());
        assert_eq!(red(Use { memory_limit: 256 << 20, ..used }), ["memory limit, MiB"]);
        assert_eq!(red(Use { resident_peak: 129 << 20, ..used }), ["resident memory of a process, peak"]);
        assert_eq!(red(Use { cpu_limit: 0.5, ..used }), ["CPU limit, processors"]);
    }
}
