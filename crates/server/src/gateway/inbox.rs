//! What waits to be written to one connection: bounded, in order, and empty memory while idle. No I/O.
//!
//! Rules kept here:
//! - live frames above the bound are dropped and their chats remembered: once the queue is empty the
//!   client is told to `resync` them. Until it has been told, no further live frame is taken, so that it
//!   hears of the gap before it sees what stands behind it;
//! - acknowledgments are never dropped; their number is bounded by the sends in flight (the tickets);
//! - once the client has been given a chat up to a seq by other means (a page, an ack that had to be sent
//!   ahead of its commit), live entries at or below that seq are passed over: no seq goes down.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use chinwag_proto::frame::{ChangedHead, Resync};
use chinwag_proto::text::RequestId;
use chinwag_proto::{ChatId, Entry, Limits, Seq, ServerFrame, Viewer};

use super::outgoing::LiveEntry;
use super::screen::Screen;

/// Chats that a `resync` names one by one; where more were missed it says `all`.
const MISSED_CHATS_MAX: usize = 64;

/// How long after a page a live entry that stands in it may still arrive.
const FLOOR_MS: u64 = 10_000;

/// How much of live delivery may wait for one connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caps {
    /// Frames.
    pub(crate) frames: usize,
    /// Bytes of their content.
    pub(crate) bytes: usize,
}

impl Caps {
    pub(crate) fn of(limits: &Limits) -> Self {
        Self { frames: limits.live_queue_frames, bytes: limits.server_frame_bytes }
    }
}

/// Something to be written, in its place.
pub(crate) enum Waiting {
    /// A live entry.
    Entry(Arc<LiveEntry>, Viewer),
    /// The acknowledgment in the place of this connection's own entry.
    Ack(Arc<LiveEntry>, RequestId),
    /// The summary of a chat, to be looked up when its turn comes.
    Summary(ChatId),
    /// A frame that may be dropped.
    Frame(Box<ServerFrame>),
    /// What changed in the presence of watched users, to be looked up when its turn comes.
    Presence,
    /// Live frames were dropped.
    Resync(Box<Resync>),
}

/// What became of a live entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// It waits to be written.
    Queued,
    /// The queue is full: its chat will be named in a `resync`.
    Dropped,
    /// The client has it already.
    PassedOver,
}

/// A send that has not been answered yet.
struct Ticket {
    number: u64,
    request: RequestId,
}

/// The client has this chat up to this seq.
struct Floor {
    chat: ChatId,
    seq: Seq,
    since_ms: u64,
}

#[derive(Default)]
struct Missed {
    all: bool,
    chats: BTreeMap<ChatId, Seq>,
}

/// State that a connection has only while something is going on.
#[derive(Default)]
struct Busy {
    tickets: Vec<Ticket>,
    floors: Vec<Floor>,
    missed: Missed,
}

/// What waits for one connection.
#[derive(Default)]
pub(crate) struct Inbox {
    queue: VecDeque<Waiting>,
    live_frames: u32,
    live_bytes: u32,
    presence_waits: bool,
    busy: Option<Box<Busy>>,
    /// What the client has on screen; `None` while it has said nothing of that.
    pub(crate) screen: Option<Box<Screen>>,
}

impl Inbox {
    /// What is to be written next. When the queue is empty after an overflow, that is the `resync`; after
    /// it live delivery goes on.
    pub(crate) fn next(&mut self) -> Option<Waiting> {
        if let Some(waiting) = self.queue.pop_front() {
            match &waiting {
                Waiting::Entry(live, _) => self.uncount(live.bytes()),
                Waiting::Summary(_) | Waiting::Frame(_) => self.uncount(0),
                Waiting::Presence => self.presence_waits = false,
                Waiting::Ack(..) | Waiting::Resync(_) => {}
            }
            return Some(waiting);
        }
        self.queue = VecDeque::new();
        let resync = self.busy.as_mut().and_then(|busy| busy.missed.take());
        self.trim();
        resync.map(|resync| Waiting::Resync(Box::new(resync)))
    }

    /// Whether nothing waits and no send awaits its answer.
    pub(crate) fn is_idle(&self) -> bool {
        self.queue.is_empty()
            && self.busy.as_ref().is_none_or(|busy| busy.tickets.is_empty() && busy.missed.is_empty())
    }

    /// Puts a live entry behind what waits; `summary`: with the chat's summary before it.
    pub(crate) fn push_entry(
        &mut self,
        live: &Arc<LiveEntry>,
        viewer: Viewer,
        summary: bool,
        caps: Caps,
    ) -> Pushed {
        let entry = live.entry();
        if self.passes_over(entry) {
            return Pushed::PassedOver;
        }
        if !self.has_room(live.bytes(), caps) {
            self.busy().missed.add(entry.chat_id, entry.seq);
            return Pushed::Dropped;
        }
        if summary {
            self.count(0);
            self.queue.push_back(Waiting::Summary(entry.chat_id));
        }
        self.count(live.bytes());
        self.queue.push_back(Waiting::Entry(Arc::clone(live), viewer));
        Pushed::Queued
    }

    /// Puts a frame behind what waits, unless the queue is full.
    pub(crate) fn push_frame(&mut self, frame: ServerFrame, caps: Caps) -> Pushed {
        if !self.has_room(0, caps) {
            return Pushed::Dropped;
        }
        self.count(0);
        self.queue.push_back(Waiting::Frame(Box::new(frame)));
        Pushed::Queued
    }

    /// Puts a frame that is never dropped behind what waits; for one that ends the connection.
    pub(crate) fn push_last(&mut self, frame: ServerFrame) {
        self.count(0);
        self.queue.push_back(Waiting::Frame(Box::new(frame)));
    }

    /// Notes that watched users may have changed.
    pub(crate) fn push_presence(&mut self) {
        if !std::mem::replace(&mut self.presence_waits, true) {
            self.queue.push_back(Waiting::Presence);
        }
    }

    /// Whether so many bytes more may wait.
    pub(crate) fn has_room(&self, bytes: usize, caps: Caps) -> bool {
        let missing = self.busy.as_ref().is_some_and(|busy| !busy.missed.is_empty());
        !missing
            && (self.live_frames as usize) < caps.frames
            && self.live_bytes as usize + bytes <= caps.bytes
    }

    /// Tells the client to sync everything: events may have been lost.
    pub(crate) fn miss_all(&mut self) {
        self.busy().missed.all = true;
    }

    /// Tells the client that it may have missed entries of a chat.
    pub(crate) fn miss(&mut self, chat: ChatId, head: Seq) {
        self.busy().missed.add(chat, head);
    }

    /// Begins a send: its acknowledgment will stand in its entry's place.
    pub(crate) fn begin(&mut self, number: u64, request: RequestId) {
        self.busy().tickets.push(Ticket { number, request });
    }

    /// Whether a send still awaits its answer.
    pub(crate) fn awaits(&self, number: u64) -> bool {
        self.busy.as_ref().is_some_and(|busy| busy.tickets.iter().any(|ticket| ticket.number == number))
    }

    /// Ends a send whose answer is given otherwise; `None`: it has been answered.
    pub(crate) fn end(&mut self, number: u64) -> Option<RequestId> {
        let tickets = &mut self.busy.as_mut()?.tickets;
        let at = tickets.iter().position(|ticket| ticket.number == number)?;
        Some(tickets.remove(at).request)
    }

    /// Acknowledges a send in the place of its entry. `false`: it has been answered; the entry is to be
    /// delivered as any other.
    pub(crate) fn acknowledge(&mut self, number: u64, live: &Arc<LiveEntry>, summary: bool) -> bool {
        let Some(request) = self.end(number) else {
            return false;
        };
        if summary {
            self.count(0);
            self.queue.push_back(Waiting::Summary(live.entry().chat_id));
        }
        self.queue.push_back(Waiting::Ack(Arc::clone(live), request));
        true
    }

    /// The client is being given a chat up to `to` by other means. What waits of it up to there is taken
    /// out; acknowledgments among that are answered, to be written first.
    pub(crate) fn overtake(
        &mut self,
        chat: ChatId,
        to: Seq,
        now_ms: u64,
    ) -> Vec<(Arc<LiveEntry>, RequestId)> {
        let mut acks = Vec::new();
        let mut kept = VecDeque::with_capacity(self.queue.len());
        let covered = |entry: &Entry| entry.chat_id == chat && entry.seq <= to;
        for waiting in std::mem::take(&mut self.queue) {
            match waiting {
                Waiting::Entry(live, _) if covered(live.entry()) => self.uncount(live.bytes()),
                Waiting::Ack(live, request) if covered(live.entry()) => acks.push((live, request)),
                waiting => kept.push_back(waiting),
            }
        }
        self.queue = kept;
        let busy = self.busy();
        if busy.missed.chats.get(&chat).is_some_and(|&missed| missed <= to) {
            busy.missed.chats.remove(&chat);
        }
        busy.floors.retain(|floor| floor.chat != chat);
        busy.floors.push(Floor { chat, seq: to, since_ms: now_ms });
        acks
    }

    /// Forgets what mattered for a moment only: floors (whatever stood below them has long been
    /// published), the client's own last marks and notices.
    pub(crate) fn expire(&mut self, now_ms: u64) {
        if let Some(busy) = &mut self.busy {
            busy.floors.retain(|floor| now_ms < floor.since_ms + FLOOR_MS);
        }
        if let Some(screen) = &mut self.screen {
            screen.expire(now_ms);
        }
        self.trim();
    }

    /// Whether the client has this entry already. Entries of a chat are published in order: the first one
    /// above a floor makes the floor needless.
    fn passes_over(&mut self, entry: &Entry) -> bool {
        let Some(busy) = &mut self.busy else {
            return false;
        };
        let Some(at) = busy.floors.iter().position(|floor| floor.chat == entry.chat_id) else {
            return false;
        };
        if entry.seq <= busy.floors[at].seq {
            return true;
        }
        busy.floors.swap_remove(at);
        false
    }

    fn busy(&mut self) -> &mut Busy {
        self.busy.get_or_insert_default()
    }

    fn count(&mut self, bytes: usize) {
        self.live_frames += 1;
        self.live_bytes = self.live_bytes.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
    }

    fn uncount(&mut self, bytes: usize) {
        self.live_frames = self.live_frames.saturating_sub(1);
        self.live_bytes = self.live_bytes.saturating_sub(u32::try_from(bytes).unwrap_or(u32::MAX));
    }

    fn trim(&mut self) {
        let is_over =
            |busy: &Busy| busy.tickets.is_empty() && busy.floors.is_empty() && busy.missed.is_empty();
        if self.busy.as_deref().is_some_and(is_over) {
            self.busy = None;
        }
        if self.screen.as_deref().is_some_and(Screen::is_blank) {
            self.screen = None;
        }
    }
}

impl Missed {
    fn is_empty(&self) -> bool {
        !self.all && self.chats.is_empty()
    }

    fn add(&mut self, chat: ChatId, seq: Seq) {
        if self.all {
            return;
        }
        if self.chats.len() >= MISSED_CHATS_MAX && !self.chats.contains_key(&chat) {
            *self = Self { all: true, chats: BTreeMap::new() };
            return;
        }
        let head = self.chats.entry(chat).or_insert(seq);
        *head = seq.max(*head);
    }

    fn take(&mut self) -> Option<Resync> {
        if self.is_empty() {
            return None;
        }
        let missed = std::mem::take(self);
        if missed.all {
            return Some(Resync { chats: None, all: Some(true) });
        }
        let heads = missed.chats.into_iter().map(|(chat_id, head)| ChangedHead { chat_id, head });
        Some(Resync { chats: Some(heads.collect()), all: None })
    }
}

#[cfg(test)]
#[path = "inbox_tests.rs"]
mod tests;
