//! The open chat: a bounded window of lines over what the store holds. Pure.
//!
//! The window covers the seqs `low..=high` without a hole. Above it, what is not in the window is in the
//! store; only a window that reaches the chat's end takes new entries in. While rows are being loaded, new
//! entries wait and are taken in after the rows, which folding makes safe.

use std::collections::BTreeMap;

use chinwag_proto::{ChatId, Entry, Seq};

use crate::fold::{Line, lines, stands, target};
use crate::store::{Range, Row, amends, entries};

/// Lines in memory; some five screens and more of scrolling in either direction.
const LINES_MAX: usize = 400;
/// Seqs loaded at once.
pub(crate) const STRETCH: u64 = 100;

/// The window.
#[derive(Debug)]
pub(crate) struct Timeline {
    pub(crate) chat: ChatId,
    pub(crate) lines: BTreeMap<Seq, Line>,
    low: Seq,
    high: Seq,
    at_end: bool,
    /// Where the first stretch is to be, if not at the end.
    around: Option<Seq>,
    loading: Option<Loading>,
    waiting: Vec<Entry>,
}

#[derive(Debug)]
struct Loading {
    number: u64,
    from: Seq,
    to: Seq,
    reaches_end: bool,
    older: bool,
}

impl Timeline {
    /// A window that shows nothing yet, at the end of what is held.
    pub(crate) const fn new(chat: ChatId, last: Seq) -> Self {
        Self {
            chat,
            lines: BTreeMap::new(),
            low: last.next(),
            high: last,
            at_end: false,
            around: None,
            loading: None,
            waiting: Vec::new(),
        }
    }

    /// A window that shows nothing yet, around a seq.
    pub(crate) fn around(chat: ChatId, last: Seq, seq: Seq) -> Self {
        Self { around: Some(seq), ..Self::new(chat, last) }
    }

    /// The lowest seq that it covers.
    pub(crate) const fn low(&self) -> Seq {
        self.low
    }

    /// How many messages the chat has up to a seq, where the lines tell.
    pub(crate) fn count_at(&self, seq: Seq) -> Option<u64> {
        let covered = self.low <= seq && seq <= self.high;
        let line = self.lines.range(..=seq).next_back().filter(|_| covered);
        line.map(|(_, line)| line.entry.n)
    }

    /// Whether rows are being loaded.
    pub(crate) const fn is_loading(&self) -> bool {
        self.loading.is_some()
    }

    /// Whether new entries appear in it.
    pub(crate) const fn at_end(&self) -> bool {
        self.at_end
    }

    /// Begins to load the stretch below; what to read, `None` when that is not held or something is being
    /// loaded. `first` and `last` are what is held.
    pub(crate) fn older(&mut self, number: u64, first: Seq, last: Seq) -> Option<Vec<Range>> {
        let fresh = self.low > self.high && !self.at_end;
        if self.loading.is_some() || (self.low <= first && !fresh) {
            return None;
        }
        let to = match self.around {
            Some(seq) if fresh => last.min(Seq::clamped(seq.max(first).get() + STRETCH / 2)),
            _ if fresh => last,
            _ => self.low.prev(),
        };
        let from = first.max(Seq::clamped(to.get().saturating_sub(STRETCH - 1)));
        if fresh {
            (self.low, self.high) = (to.next(), to);
        }
        let loading = Loading { number, from, to, reaches_end: fresh && to == last, older: true };
        Some(self.load(loading))
    }

    /// The same upwards.
    pub(crate) fn newer(&mut self, number: u64, last: Seq) -> Option<Vec<Range>> {
        if self.loading.is_some() || self.at_end {
            return None;
        }
        let from = self.high.next();
        let to = last.min(Seq::clamped(self.high.get() + STRETCH));
        let loading = Loading { number, from, to, reaches_end: to == last, older: false };
        Some(self.load(loading))
    }

    fn load(&mut self, loading: Loading) -> Vec<Range> {
        let ranges =
            vec![entries(self.chat, loading.from, loading.to), amends(self.chat, loading.from, loading.to)];
        self.loading = Some(loading);
        ranges
    }

    /// Rows arrived; whether they were this window's.
    pub(crate) fn on_loaded(&mut self, number: u64, rows: &[Row]) -> bool {
        let Some(loading) = self.loading.take_if(|loading| loading.number == number) else { return false };
        let (lines, amends) = lines(rows.iter().map(|(_, value)| value.as_str()));
        for (seq, line) in lines.into_iter().filter(|(seq, _)| *seq >= loading.from) {
            self.lines.entry(seq).or_insert(line);
        }
        self.low = self.low.min(loading.from);
        self.high = self.high.max(loading.to);
        self.at_end |= loading.reaches_end;
        amends.iter().for_each(|amend| self.fold(amend));
        for entry in std::mem::take(&mut self.waiting) {
            self.take(&entry);
        }
        self.trim(loading.older);
        true
    }

    /// A newly held entry; they come in the order of seq.
    pub(crate) fn on_entry(&mut self, entry: &Entry) {
        if self.loading.is_some() {
            self.waiting.push(entry.clone());
        } else {
            self.take(entry);
            self.trim(false);
        }
    }

    /// What lies below is no longer the user's to see.
    pub(crate) fn begin_at(&mut self, seq: Seq) {
        self.lines = self.lines.split_off(&seq);
        self.low = self.low.max(seq);
        self.high = self.high.max(seq.prev());
        if let Some(loading) = &mut self.loading {
            loading.from = loading.from.max(seq);
            loading.to = loading.to.max(seq.prev());
        }
    }

    fn take(&mut self, entry: &Entry) {
        self.fold(entry);
        if self.at_end && entry.seq > self.high {
            self.high = entry.seq;
            if stands(entry) {
                self.lines.insert(entry.seq, Line::new(entry.clone()));
            }
        }
    }

    fn fold(&mut self, entry: &Entry) {
        if let Some(line) = target(entry).and_then(|target| self.lines.get_mut(&target)) {
            line.fold(entry);
        }
    }

    fn trim(&mut self, from_the_end: bool) {
        while self.lines.len() > LINES_MAX {
            if from_the_end {
                if let Some((seq, _)) = self.lines.pop_last() {
                    self.high = seq.prev();
                    self.at_end = false;
                }
            } else if let Some((seq, _)) = self.lines.pop_first() {
                self.low = seq.next();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::store::{amend_key, entry_key};
    use crate::testing::{entry, message, seq};

    fn chat() -> ChatId {
        "d.1.2".parse().unwrap()
    }

    fn rows(ranges: &[Range], held: &[Entry]) -> Vec<Row> {
        let row = |entry: &Entry| {
            let key = match target(entry) {
                Some(target) => amend_key(chat(), target, entry.seq),
                None => entry_key(chat(), entry.seq),
            };
            (key, serde_json::to_string(entry).unwrap())
        };
        held.iter().map(row).filter(|(key, _)| ranges.iter().any(|range| range.contains(key))).collect()
    }

    fn seqs(timeline: &Timeline) -> (u64, u64, usize) {
        let first = timeline.lines.keys().next().unwrap().get();
        (first, timeline.lines.keys().last().unwrap().get(), timeline.lines.len())
    }

    #[test]
    fn the_newest_stretch_comes_first_and_older_ones_on_demand() {
        let held: Vec<Entry> = (1..=250).map(|n| message(n, "hi")).collect();
        let mut timeline = Timeline::new(chat(), seq(250));
        let ranges = timeline.older(1, seq(1), seq(250)).unwrap();
        assert!(timeline.older(2, seq(1), seq(250)).is_none(), "one load at a time");
        assert!(timeline.on_loaded(1, &rows(&ranges, &held)));
        assert_eq!((seqs(&timeline), timeline.at_end()), ((151, 250, 100), true));
        let ranges = timeline.older(2, seq(1), seq(250)).unwrap();
        timeline.on_loaded(2, &rows(&ranges, &held));
        assert_eq!(seqs(&timeline), (51, 250, 200));
    }

    #[test]
    fn a_window_around_a_seq_grows_in_both_directions() {
        let held: Vec<Entry> = (1..=500).map(|n| message(n, "hi")).collect();
        let mut timeline = Timeline::around(chat(), seq(500), seq(200));
        let ranges = timeline.older(1, seq(1), seq(500)).unwrap();
        timeline.on_loaded(1, &rows(&ranges, &held));
        assert_eq!((seqs(&timeline), timeline.at_end()), ((151, 250, 100), false));
        let ranges = timeline.newer(2, seq(500)).unwrap();
        timeline.on_loaded(2, &rows(&ranges, &held));
        let ranges = timeline.older(3, seq(1), seq(500)).unwrap();
        timeline.on_loaded(3, &rows(&ranges, &held));
        assert_eq!((seqs(&timeline), timeline.at_end()), ((51, 350, 300), false));
        let mut timeline = Timeline::around(chat(), seq(500), seq(490));
        let ranges = timeline.older(1, seq(1), seq(500)).unwrap();
        timeline.on_loaded(1, &rows(&ranges, &held));
        assert_eq!((seqs(&timeline), timeline.at_end()), ((401, 500, 100), true));
    }

    #[test]
    fn entries_that_come_during_a_load_are_folded_after_it() {
        let held = vec![message(1, "one")];
        let mut timeline = Timeline::new(chat(), seq(1));
        let ranges = timeline.older(1, seq(1), seq(1)).unwrap();
        timeline.on_entry(&entry(2, 1, serde_json::json!({ "kind": "delete", "target": 1 })));
        timeline.on_entry(&message(3, "three"));
        timeline.on_loaded(1, &rows(&ranges, &held));
        assert_eq!(seqs(&timeline), (1, 3, 2));
        assert!(timeline.lines[&seq(1)].deleted.is_some());
    }

    #[test]
    fn memory_is_bounded_in_both_directions_and_the_way_back_is_whole() {
        let held: Vec<Entry> = (1..=1_000).map(|n| message(n, "hi")).collect();
        let mut timeline = Timeline::new(chat(), seq(1_000));
        for number in 0.. {
            let Some(ranges) = timeline.older(number, seq(1), seq(1_000)) else { break };
            timeline.on_loaded(number, &rows(&ranges, &held));
            assert!(timeline.lines.len() <= LINES_MAX);
        }
        assert_eq!((seqs(&timeline), timeline.at_end()), ((1, 400, 400), false));
        timeline.on_entry(&message(1_001, "not shown"));
        assert_eq!(seqs(&timeline), (1, 400, 400));
        for number in 2_000.. {
            let Some(ranges) = timeline.newer(number, seq(1_000)) else { break };
            timeline.on_loaded(number, &rows(&ranges, &held));
        }
        assert_eq!((seqs(&timeline), timeline.at_end()), ((601, 1_000, 400), true));
    }
}
