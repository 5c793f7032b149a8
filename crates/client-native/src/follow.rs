//! Following a chat without a hole: which entries are new, and what has to be asked for. Pure.

use chinwag_proto::frame::Page;
use chinwag_proto::{Entry, Seq};

/// How far a chat has been followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Follow {
    /// Everything up to and with this was passed on.
    pub last: Seq,
    /// The request of the `sync` that is under way.
    pub syncing: Option<u64>,
}

/// What to do about something that arrived.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Pass it on.
    Pass,
    /// It is known already.
    Known,
    /// Something is missing before it: sync after `last`, unless that is under way.
    Missing,
}

impl Follow {
    /// From after a seq on.
    pub const fn after(last: Seq) -> Self {
        Self { last, syncing: None }
    }

    /// A live entry, or an acknowledgment in an entry's place.
    pub fn on_live(&mut self, seq: Seq) -> Step {
        if seq <= self.last {
            Step::Known
        } else if seq == self.last.next() && self.syncing.is_none() {
            self.last = seq;
            Step::Pass
        } else {
            Step::Missing
        }
    }

    /// A page: the entries that are new, and whether to ask for the next page.
    pub fn on_page(&mut self, page: Page) -> (Vec<Entry>, bool) {
        self.syncing = None;
        let last = self.last;
        let fresh: Vec<_> = page.entries.into_iter().filter(|entry| entry.seq > last).collect();
        self.last = self.last.max(page.to);
        (fresh, !page.complete)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn seq(number: u64) -> Seq {
        Seq::new(number).unwrap()
    }

    #[test]
    fn live_entries_pass_in_order_and_a_hole_is_noticed() {
        let mut follow = Follow::after(seq(3));
        assert_eq!(follow.on_live(seq(3)), Step::Known);
        assert_eq!(follow.on_live(seq(4)), Step::Pass);
        assert_eq!(follow.on_live(seq(6)), Step::Missing);
        assert_eq!(follow.last, seq(4));
    }

    #[test]
    fn nothing_passes_live_while_a_page_is_awaited() {
        let mut follow = Follow { last: seq(1), syncing: Some(1) };
        assert_eq!(follow.on_live(seq(2)), Step::Missing);
    }
}
