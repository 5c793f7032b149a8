//! Latencies and costs as they are printed.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use super::kernel::Cpu;
use crate::exit::Failure;

/// The longest latency that is told apart.
const LONGEST_US: u64 = 120_000_000;

/// Latencies in microseconds, kept with three digits (HdrHistogram, Tene 2012).
pub(super) struct Latencies(Histogram<u64>);

impl Latencies {
    pub(super) fn new() -> Result<Self, Failure> {
        Histogram::new_with_bounds(1, LONGEST_US, 3)
            .map(Self)
            .map_err(|why| Failure::runtime(format!("{why:?}")))
    }

    pub(super) fn record(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(LONGEST_US).max(1));
    }

    pub(super) fn clear(&mut self) {
        self.0.reset();
    }

    pub(super) fn summary(&self) -> Summary {
        let at = |quantile| ms(self.0.value_at_quantile(quantile));
        Summary {
            count: self.0.len(),
            p50_ms: at(0.5),
            p90_ms: at(0.9),
            p99_ms: at(0.99),
            p999_ms: at(0.999),
            max_ms: ms(self.0.max()),
        }
    }
}

fn ms(us: u64) -> f64 {
    // Below 2^53 microseconds exact.
    us as f64 / 1_000.0
}

/// A distribution of latencies, milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    pub(super) count: u64,
    pub(super) p50_ms: f64,
    pub(super) p90_ms: f64,
    pub(super) p99_ms: f64,
    pub(super) p999_ms: f64,
    pub(super) max_ms: f64,
}

impl Summary {
    pub(super) const HEADER: &str = "    p50      p90      p99    p99.9      max  ms";

    pub(super) fn row(&self) -> String {
        let Self { p50_ms, p90_ms, p99_ms, p999_ms, max_ms, .. } = self;
        format!("{p50_ms:>7.2} {p90_ms:>8.2} {p99_ms:>8.2} {p999_ms:>8.2} {max_ms:>8.2}")
    }
}

/// CPU time by message, microseconds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cost {
    pub(super) us_per_message: f64,
    pub(super) user_us: f64,
    pub(super) system_us: f64,
    /// Share of one core over the time of measuring.
    pub(super) cores: f64,
}

impl Cost {
    pub(super) fn of(cpu: Cpu, messages: u64, time: Duration) -> Self {
        let each = |time: Duration| time.as_secs_f64() * 1e6 / (messages.max(1) as f64);
        Self {
            us_per_message: each(cpu.total()),
            user_us: each(cpu.user),
            system_us: each(cpu.system),
            cores: cpu.total().as_secs_f64() / time.as_secs_f64().max(1e-9),
        }
    }

    pub(super) fn sentence(&self) -> String {
        let Self { us_per_message, user_us, system_us, cores } = self;
        format!(
            "{us_per_message:.1} µs a message ({user_us:.1} user + {system_us:.1} system), {cores:.2} cores"
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn quantiles_are_those_of_what_was_recorded() {
        let mut latencies = Latencies::new().unwrap();
        for us in 1..=10_000u64 {
            latencies.record(Duration::from_micros(us));
        }
        let Summary { count, p50_ms, p99_ms, max_ms, .. } = latencies.summary();
        assert_eq!(count, 10_000);
        for (found, expected) in [(p50_ms, 5.0), (p99_ms, 9.9), (max_ms, 10.0)] {
            assert!((found - expected).abs() / expected < 0.002, "{found} {expected}");
        }
    }

    #[test]
    fn a_cost_is_cpu_time_by_message() {
        let cpu = Cpu { user: Duration::from_secs(3), system: Duration::from_secs(1) };
        let cost = Cost::of(cpu, 100_000, Duration::from_secs(8));
        assert!((cost.us_per_message - 40.0).abs() < 1e-9 && (cost.cores - 0.5).abs() < 1e-9);
    }
}
