//! What became of every message of a run, by its number.

use std::ops::Range;
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use super::figures::{Latencies, Summary};
use crate::exit::Failure;

/// The most messages of one run; 9 bytes each are kept.
pub(super) const MESSAGES_MAX: u64 = 20_000_000;

/// One message.
#[derive(Clone, Copy, Default)]
struct Fate {
    /// When it was to be sent, microseconds since the run began.
    due_us: u32,
    deliveries: u16,
    acked: bool,
    refused: bool,
}

/// Everything that a run counts.
pub(super) struct Tally {
    zero: Instant,
    fates: Vec<Fate>,
    /// How often each message is to be delivered.
    audience: u16,
    /// Messages whose latencies count: those due within these microseconds.
    measured_us: Range<u32>,
    acked: u64,
    refused: u64,
    delivered: u64,
    out_of_order: u64,
    resyncs: u64,
    refusal: Option<String>,
    /// From the scheduled time to when the generator handed the frame to the socket.
    late: Latencies,
    to_ack: Latencies,
    to_deliver: Latencies,
}

impl Tally {
    pub(super) fn new(audience: usize) -> Result<Self, Failure> {
        Ok(Self {
            zero: Instant::now(),
            fates: Vec::new(),
            audience: u16::try_from(audience).map_err(Failure::runtime)?,
            measured_us: 0..u32::MAX,
            acked: 0,
            refused: 0,
            delivered: 0,
            out_of_order: 0,
            resyncs: 0,
            refusal: None,
            late: Latencies::new()?,
            to_ack: Latencies::new()?,
            to_deliver: Latencies::new()?,
        })
    }

    /// When the run began.
    pub(super) const fn zero(&self) -> Instant {
        self.zero
    }

    /// Plans messages in advance, evenly spaced: the number of a message tells when it is due.
    pub(super) fn plan(&mut self, count: u64, per_second: u32, warm_up: Duration, measured: Duration) {
        let due = |number: u64| u32::try_from(number * 1_000_000 / u64::from(per_second)).unwrap_or(u32::MAX);
        self.fates = (0..count).map(|number| Fate { due_us: due(number), ..Fate::default() }).collect();
        self.measured_us = us(warm_up)..us(warm_up + measured);
        self.zero = Instant::now();
    }

    /// A message that is due now; its number.
    pub(super) fn due_now(&mut self) -> u64 {
        let number = self.fates.len() as u64;
        self.fates.push(Fate { due_us: us(self.zero.elapsed()), ..Fate::default() });
        number
    }

    /// From now on latencies count anew.
    pub(super) fn measure_anew(&mut self) {
        self.measured_us = us(self.zero.elapsed())..u32::MAX;
        for latencies in [&mut self.late, &mut self.to_ack, &mut self.to_deliver] {
            latencies.clear();
        }
    }

    /// A message was handed to the socket.
    pub(super) fn sent(&mut self, number: u64) {
        let latency = self.latency(number);
        latency.inspect(|latency| self.late.record(*latency));
    }

    pub(super) fn on_ack(&mut self, number: u64) {
        let latency = self.latency(number);
        if let Some(fate) = self.fate(number) {
            fate.acked = true;
            self.acked += 1;
            latency.inspect(|latency| self.to_ack.record(*latency));
        }
    }

    pub(super) fn on_delivery(&mut self, number: u64) {
        let latency = self.latency(number);
        if let Some(fate) = self.fate(number) {
            fate.deliveries = fate.deliveries.saturating_add(1);
            self.delivered += 1;
            latency.inspect(|latency| self.to_deliver.record(*latency));
        }
    }

    pub(super) fn on_refusal(&mut self, number: u64, code: &str) {
        if let Some(fate) = self.fate(number) {
            fate.refused = true;
            self.refused += 1;
            self.refusal.get_or_insert_with(|| code.to_owned());
        }
    }

    /// Something stood where it should not.
    pub(super) fn on_disorder(&mut self) {
        self.out_of_order += 1;
    }

    pub(super) fn on_resync(&mut self) {
        self.resyncs += 1;
    }

    /// Acknowledged so far.
    pub(super) const fn acked(&self) -> u64 {
        self.acked
    }

    /// Whether every message was answered, and every accepted one delivered.
    pub(super) fn is_settled(&self) -> bool {
        self.acked + self.refused >= self.fates.len() as u64
            && self.delivered >= self.acked * u64::from(self.audience)
    }

    /// How many messages are measured.
    pub(super) fn measured(&self) -> u64 {
        self.fates.iter().filter(|fate| self.measured_us.contains(&fate.due_us)).count() as u64
    }

    pub(super) fn latencies(&self) -> (Summary, Summary, Summary) {
        (self.to_deliver.summary(), self.to_ack.summary(), self.late.summary())
    }

    pub(super) fn verdict(&self) -> Verdict {
        let mut verdict = Verdict {
            sent: self.fates.len() as u64,
            acked: self.acked,
            delivered: self.delivered,
            refused: self.refused,
            refusal: self.refusal.clone(),
            unanswered: 0,
            lost: 0,
            duplicated: 0,
            out_of_order: self.out_of_order,
            resyncs: self.resyncs,
        };
        for fate in &self.fates {
            verdict.unanswered += u64::from(!fate.acked && !fate.refused);
            verdict.duplicated += u64::from(fate.deliveries.saturating_sub(self.audience));
            if fate.acked {
                verdict.lost += u64::from(self.audience.saturating_sub(fate.deliveries));
            }
        }
        verdict
    }

    fn fate(&mut self, number: u64) -> Option<&mut Fate> {
        self.fates.get_mut(usize::try_from(number).ok()?)
    }

    /// Since the message was due, where it is one that counts.
    fn latency(&mut self, number: u64) -> Option<Duration> {
        let now = self.zero.elapsed();
        let due_us = self.fate(number)?.due_us;
        let counts = self.measured_us.contains(&due_us);
        counts.then(|| now.saturating_sub(Duration::from_micros(u64::from(due_us))))
    }
}

fn us(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}

/// Whether the promise was kept. `lost`, `duplicated` and `outOfOrder` have to be 0.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Verdict {
    pub(super) sent: u64,
    pub(super) acked: u64,
    pub(super) delivered: u64,
    /// Answered with an error: neither accepted nor lost.
    pub(super) refused: u64,
    /// The first error's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refusal: Option<String>,
    pub(super) unanswered: u64,
    /// Deliveries of acknowledged messages that did not come.
    pub(super) lost: u64,
    pub(super) duplicated: u64,
    /// Frames whose seq did not follow the one before.
    pub(super) out_of_order: u64,
    /// Times the server said that it dropped live frames for a slow connection.
    pub(super) resyncs: u64,
}

impl Verdict {
    pub(super) const fn is_clean(&self) -> bool {
        self.lost == 0 && self.duplicated == 0 && self.out_of_order == 0 && self.unanswered == 0
    }

    pub(super) fn sentence(&self) -> String {
        let Self { sent, acked, refused, unanswered, lost, duplicated, out_of_order, resyncs, .. } = self;
        let code = self.refusal.as_ref().map_or_else(String::new, |code| format!(" ({code})"));
        format!(
            "{sent} sent, {acked} acknowledged, {refused} refused{code}, {unanswered} unanswered; \
             {lost} lost, {duplicated} doubled, {out_of_order} out of order, {resyncs} resyncs"
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn tally(count: u64, audience: usize) -> Tally {
        let mut tally = Tally::new(audience).unwrap();
        tally.plan(count, 1_000_000, Duration::ZERO, Duration::from_secs(1));
        tally
    }

    #[test]
    fn what_was_acknowledged_and_did_not_come_is_lost() {
        let mut tally = tally(3, 2);
        for number in 0..3 {
            tally.on_ack(number);
        }
        for number in [0, 0, 1, 2, 2] {
            tally.on_delivery(number);
        }
        assert!(!tally.is_settled());
        let verdict = tally.verdict();
        assert_eq!((verdict.lost, verdict.duplicated, verdict.unanswered), (1, 0, 0));
        assert!(!verdict.is_clean());
        tally.on_delivery(1);
        assert!(tally.is_settled() && tally.verdict().is_clean());
    }

    #[test]
    fn one_delivery_too_many_is_a_double_and_hides_no_loss() {
        let mut tally = tally(2, 1);
        tally.on_ack(0);
        tally.on_ack(1);
        tally.on_delivery(0);
        tally.on_delivery(0);
        let verdict = tally.verdict();
        assert_eq!((verdict.lost, verdict.duplicated), (1, 1));
    }

    #[test]
    fn what_was_refused_is_not_lost_and_what_was_not_answered_is_no_success() {
        let mut tally = tally(2, 1);
        tally.on_refusal(0, "unavailable");
        let verdict = tally.verdict();
        assert_eq!((verdict.refused, verdict.lost, verdict.unanswered), (1, 0, 1));
        assert!(!verdict.is_clean());
    }
}
