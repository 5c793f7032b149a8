//! Following a chat without a hole: which entries are new, and what has to be asked for. Pure.

use chinwag_proto::frame::Page;
use chinwag_proto::{Entry, Seq};

/// How far a chat has been followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Follow {
    /// Everything up to and with this was passed on.
    last: Seq,
    /// The request of the `sync` that is under way.
    syncing: Option<u64>,
    /// The highest seq that is known to exist: live entries and heads may overtake a page.
    known: Seq,
    /// Live frames were dropped while a page was under way: ask once more after it.
    again: bool,
    /// A `sync` was put off: the server could not answer it just now.
    put_off: bool,
}

/// What to do about a live entry, or an acknowledgment in an entry's place.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Pass it on.
    Pass,
    /// It was passed on already.
    Known,
    /// Something is missing before it: sync, unless that is under way.
    Missing,
}

/// What to do after a page.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Ask for the next one.
    Sync,
    /// Ask again after a while: the answer does not hold yet what a live frame has promised.
    SyncLater,
    /// All there is was passed on.
    CaughtUp,
}

/// What a page brought.
#[derive(Debug, PartialEq, Eq)]
pub struct Turned {
    /// The entries that are new, in order.
    pub entries: Vec<Entry>,
    /// Set where the page begins above the seq that was asked for: what lies before is not kept, or not
    /// this user's to see.
    pub begins_at: Option<Seq>,
    /// What comes next.
    pub next: Next,
}

impl Follow {
    /// From after a seq on.
    pub const fn after(last: Seq) -> Self {
        Self { last, syncing: None, known: last, again: false, put_off: false }
    }

    /// Everything up to and with this was passed on.
    pub const fn last(&self) -> Seq {
        self.last
    }

    /// Whether this request is the chat's `sync`.
    pub fn awaits(&self, request: u64) -> bool {
        self.syncing == Some(request)
    }

    /// Whether a `sync` was put off.
    pub const fn is_put_off(&self) -> bool {
        self.put_off
    }

    /// Begins a `sync` with this request; `None` while another is under way.
    pub fn begin(&mut self, request: u64) -> Option<Seq> {
        if self.syncing.is_some() {
            return None;
        }
        self.syncing = Some(request);
        self.put_off = false;
        Some(self.last)
    }

    /// The connection broke: what was asked for will not come.
    pub fn broken(&mut self) {
        self.syncing = None;
        self.again = false;
        self.put_off = false;
    }

    /// The `sync` was refused for now.
    pub fn put_off(&mut self) {
        self.syncing = None;
        self.put_off = true;
    }

    /// The `sync` was refused because there is no such chat yet: the first entry will come live.
    pub fn not_there_yet(&mut self) -> Next {
        self.syncing = None;
        self.after_page(true)
    }

    /// A live entry, or an acknowledgment in an entry's place.
    pub fn on_live(&mut self, seq: Seq) -> Step {
        self.known = self.known.max(seq);
        if seq <= self.last {
            Step::Known
        } else if seq == self.last.next() && self.syncing.is_none() {
            self.last = seq;
            Step::Pass
        } else {
            Step::Missing
        }
    }

    /// Live frames were dropped; the chat has this head at least.
    pub fn on_resync(&mut self, head: Seq) {
        self.known = self.known.max(head);
        self.again = self.syncing.is_some();
    }

    /// A page. The error says how it breaks the protocol.
    pub fn on_page(&mut self, page: Page) -> Result<Turned, &'static str> {
        self.syncing = None;
        self.known = self.known.max(page.head);
        let empty = page.entries.is_empty();
        let Some(first) = page.entries.first().map(|entry| entry.seq) else {
            if !page.complete {
                return Err("a page without entries that is not the last");
            }
            return Ok(Turned { entries: Vec::new(), begins_at: None, next: self.after_page(empty) });
        };
        let mut expected = first;
        for entry in &page.entries {
            if entry.seq != expected {
                return Err("a page with a hole");
            }
            expected = expected.next();
        }
        if first <= self.last {
            return Err("a page that begins before what was asked for");
        }
        let begins_at = (first > self.last.next()).then_some(first);
        self.last = expected.prev();
        let next = if page.complete { self.after_page(empty) } else { Next::Sync };
        Ok(Turned { entries: page.entries, begins_at, next })
    }

    fn after_page(&mut self, empty: bool) -> Next {
        let again = std::mem::take(&mut self.again);
        if self.known <= self.last && !again {
            Next::CaughtUp
        } else if empty && !again {
            self.put_off = true;
            Next::SyncLater
        } else {
            Next::Sync
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use chinwag_proto::text::RequestId;

    fn seq(number: u64) -> Seq {
        Seq::new(number).unwrap()
    }

    fn entry(number: u64) -> Entry {
        serde_json::from_value(serde_json::json!({
            "v": 1, "chatId": "d.1.2", "seq": number, "n": number, "messageId": "9", "kind": "message",
            "senderId": "1", "deviceId": "3", "createdAt": "2026-01-01T00:00:00.000Z", "content": "hi",
        }))
        .unwrap()
    }

    fn page(numbers: &[u64], after: u64, head: u64) -> Page {
        let to = numbers.last().copied().unwrap_or(after);
        Page {
            id: RequestId::Number(1),
            chat_id: "d.1.2".parse().unwrap(),
            from: seq(numbers.first().copied().unwrap_or(after)),
            to: seq(to),
            head: seq(head),
            complete: to == head,
            entries: numbers.iter().map(|&number| entry(number)).collect(),
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
        assert_eq!(follow.last(), seq(4));
    }

    #[test]
    fn one_sync_at_a_time() {
        let mut follow = syncing(1);
        assert!(follow.awaits(1) && !follow.awaits(2));
        assert_eq!(follow.begin(2), None);
        follow.broken();
        assert_eq!(follow.begin(2), Some(seq(1)));
    }

    #[test]
    fn an_entry_that_overtakes_the_page_is_asked_for_after_it() {
        let mut follow = syncing(1);
        assert_eq!(follow.on_live(seq(4)), Step::Missing);
        let turned = follow.on_page(page(&[2, 3], 1, 3)).unwrap();
        assert_eq!((turned.entries.len(), turned.next), (2, Next::Sync));
        follow.begin(2);
        let turned = follow.on_page(page(&[4], 3, 4)).unwrap();
        assert_eq!((turned.entries.len(), turned.next), (1, Next::CaughtUp));
    }

    #[test]
    fn a_page_that_lags_behind_a_live_frame_is_asked_for_later_not_at_once() {
        let mut follow = syncing(1);
        assert_eq!(follow.on_live(seq(3)), Step::Missing);
        assert_eq!(follow.on_page(page(&[], 1, 1)).unwrap().next, Next::SyncLater);
        assert!(follow.is_put_off());
    }

    #[test]
    fn frames_dropped_while_a_page_is_under_way_are_asked_for_after_it() {
        let mut follow = syncing(1);
        follow.on_resync(Seq::ZERO);
        assert_eq!(follow.on_page(page(&[2], 1, 2)).unwrap().next, Next::Sync);
        follow.begin(2);
        assert_eq!(follow.on_page(page(&[], 2, 2)).unwrap().next, Next::CaughtUp);
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
