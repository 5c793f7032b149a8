//! Holding a chat without a hole: which entries are new, and what has to be asked for. Pure.

use chinwag_proto::frame::Page;
use chinwag_proto::{Entry, Seq};

/// How far a chat is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Follow {
    /// Everything up to and with this is held (from the chat's first held seq on).
    pub(crate) last: Seq,
    /// The highest seq that is known to exist: live entries and heads may overtake a page.
    pub(crate) known: Seq,
    /// The request of the `sync` that is under way, and the seq it asked after.
    syncing: Option<(u64, Seq)>,
    /// Live frames were dropped while a page was under way: ask once more after it.
    again: bool,
}

/// What to do about a live entry.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is the next one.
    Pass,
    /// It is held already.
    Known,
    /// Something is missing before it: sync.
    Missing,
}

/// What a page brought.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Turned {
    /// The entries that are new, in order.
    pub(crate) entries: Vec<Entry>,
    /// Set where the page begins above the seq that was asked for.
    pub(crate) begins_at: Option<Seq>,
    /// What comes next.
    pub(crate) next: Next,
}

/// What to do after a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Ask for the next one.
    Sync,
    /// Ask again after a while: the answer does not hold yet what a live frame has promised.
    Later,
    /// Everything is held.
    CaughtUp,
}

impl Follow {
    pub(crate) const fn after(last: Seq) -> Self {
        Self { last, known: last, syncing: None, again: false }
    }

    pub(crate) const fn is_syncing(&self) -> bool {
        self.syncing.is_some()
    }

    pub(crate) fn awaits(&self, request: u64) -> bool {
        self.syncing.is_some_and(|(awaited, _)| awaited == request)
    }

    /// Begins a `sync` with this request; answers after which seq, `None` while another is under way.
    pub(crate) fn begin(&mut self, request: u64) -> Option<Seq> {
        if self.syncing.is_some() {
            return None;
        }
        self.syncing = Some((request, self.last));
        Some(self.last)
    }

    /// What was asked for will not come.
    pub(crate) fn given_up(&mut self) {
        self.syncing = None;
        self.again = false;
    }

    /// A live entry, or an acknowledgment in an entry's place.
    pub(crate) fn on_live(&mut self, seq: Seq) -> Step {
        self.known = self.known.max(seq);
        if seq <= self.last {
            Step::Known
        } else if seq == self.last.next() {
            self.last = seq;
            Step::Pass
        } else {
            Step::Missing
        }
    }

    /// Live frames were dropped, or the chat has this head by another's word.
    pub(crate) fn on_head(&mut self, head: Seq) {
        self.known = self.known.max(head);
        self.again = self.syncing.is_some();
    }

    /// A page that [`Self::awaits`]. The error says how it breaks the protocol.
    pub(crate) fn on_page(&mut self, page: Page) -> Result<Turned, &'static str> {
        let after = self.syncing.take().map_or(self.last, |(_, after)| after);
        self.known = self.known.max(page.head);
        let Some(first) = page.entries.first().map(|entry| entry.seq) else {
            if !page.complete {
                return Err("a page without entries that is not the last");
            }
            return Ok(Turned { entries: Vec::new(), begins_at: None, next: self.after_page(true) });
        };
        let holes = page.entries.iter().zip(page.entries.iter().skip(1)).any(|(a, b)| b.seq != a.seq.next());
        if holes {
            return Err("a page with a hole");
        }
        if first <= after {
            return Err("a page that begins before what was asked for");
        }
        // Between the request and its answer live entries may have come without a hole.
        let begins_at = (first > self.last.next()).then_some(first);
        let held = self.last;
        let entries: Vec<Entry> = page.entries.into_iter().filter(|entry| entry.seq > held).collect();
        self.last = entries.last().map_or(held, |entry| entry.seq);
        let next = if page.complete { self.after_page(false) } else { Next::Sync };
        Ok(Turned { entries, begins_at, next })
    }

    fn after_page(&mut self, empty: bool) -> Next {
        let again = std::mem::take(&mut self.again);
        if self.known <= self.last && !again {
            Next::CaughtUp
        } else if empty && !again {
            Next::Later
        } else {
            Next::Sync
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::{message, seq};
    use chinwag_proto::text::RequestId;

    fn page(numbers: &[u64], after: u64, head: u64) -> Page {
        let to = numbers.last().copied().unwrap_or(after);
        Page {
            id: RequestId::Number(1),
            chat_id: "d.1.2".parse().unwrap(),
            from: seq(numbers.first().copied().unwrap_or(after)),
            to: seq(to),
            head: seq(head),
            complete: to == head,
            entries: numbers.iter().map(|&number| message(number, "hi")).collect(),
        }
    }

    fn syncing(last: u64) -> Follow {
        let mut follow = Follow::after(seq(last));
        assert_eq!(follow.begin(1), Some(seq(last)));
        follow
    }

    #[test]
    fn live_entries_pass_in_order_and_a_hole_is_noticed() {
        let mut follow = Follow::after(seq(3));
        assert_eq!(follow.on_live(seq(3)), Step::Known);
        assert_eq!(follow.on_live(seq(4)), Step::Pass);
        assert_eq!(follow.on_live(seq(6)), Step::Missing);
        assert_eq!((follow.last, follow.known), (seq(4), seq(6)));
    }

    #[test]
    fn one_sync_at_a_time() {
        let mut follow = syncing(1);
        assert!(follow.awaits(1) && !follow.awaits(2) && follow.begin(2).is_none());
        follow.given_up();
        assert_eq!(follow.begin(2), Some(seq(1)));
    }

    #[test]
    fn an_entry_that_overtakes_the_page_is_asked_for_after_it() {
        let mut follow = syncing(1);
        assert_eq!(follow.on_live(seq(4)), Step::Missing);
        let turned = follow.on_page(page(&[2, 3], 1, 3)).unwrap();
        assert_eq!((turned.entries.len(), turned.next), (2, Next::Sync));
    }

    #[test]
    fn what_came_live_before_its_page_is_not_taken_twice() {
        let mut follow = syncing(1);
        assert_eq!(follow.on_live(seq(2)), Step::Pass);
        let turned = follow.on_page(page(&[2, 3], 1, 3)).unwrap();
        assert_eq!((turned.entries.len(), turned.begins_at, turned.next), (1, None, Next::CaughtUp));
    }

    #[test]
    fn a_page_that_lags_behind_a_live_frame_is_asked_for_later_not_at_once() {
        let mut follow = syncing(1);
        assert_eq!(follow.on_live(seq(3)), Step::Missing);
        assert_eq!(follow.on_page(page(&[], 1, 1)).unwrap().next, Next::Later);
    }

    #[test]
    fn frames_dropped_while_a_page_is_under_way_are_asked_for_after_it() {
        let mut follow = syncing(1);
        follow.on_head(Seq::ZERO);
        assert_eq!(follow.on_page(page(&[2], 1, 2)).unwrap().next, Next::Sync);
    }

    #[test]
    fn history_that_begins_later_is_told() {
        let turned = syncing(0).on_page(page(&[5, 6], 0, 6)).unwrap();
        assert_eq!((turned.begins_at, turned.next), (Some(seq(5)), Next::CaughtUp));
    }

    #[test]
    fn a_page_that_breaks_the_protocol_is_not_believed() {
        assert!(syncing(1).on_page(page(&[2, 4], 1, 4)).is_err());
        assert!(syncing(2).on_page(page(&[2, 3], 1, 3)).is_err());
        assert!(syncing(2).on_page(page(&[], 2, 5)).is_err());
    }
}
