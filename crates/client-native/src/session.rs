//! What a client knows and does, without its connection: events in, effects out. Pure.
//!
//! It owns the outbox and the followed chats. Opening sockets, waiting and choosing an address are the
//! driver's.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use chinwag_proto::frame::{Ack, ErrorFrame, Goaway, Page, Ping, Ready, Receiver, Resync, Send, Sync, Tag};
use chinwag_proto::text::RequestId;
use chinwag_proto::{ChatId, ClientFrame, ClientMessageId, Code, Content, Seq, ServerFrame};
use tokio::time::Instant;

use crate::backoff::{Backoff, lengthened};
use crate::client::Happening;
use crate::follow::{Follow, Next, Step};
use crate::outbox::{Outbox, Reply};
use crate::{ClientError, is_passing};

/// Messages that may await their acknowledgment; more wait unread.
const OUTBOX_MAX: usize = 256;
/// Entries asked for at once: the default page of the contract.
const PAGE: u32 = 200;

/// What the program asks for.
pub(crate) enum Command {
    /// A message.
    Send { to: Receiver, id: ClientMessageId, content: Content, reply: Reply },
    /// A chat, from after a seq on.
    Follow { chat: ChatId, after: Seq },
}

/// What the driver has to do.
pub(crate) enum Effect {
    /// Write a frame.
    Write(ClientFrame),
    /// Tell the program.
    Tell(Happening),
    /// Tell whoever sent a message what became of it.
    Answer(Reply, Result<Ack, ClientError>),
}

/// The state of a client between and over its connections.
pub(crate) struct Session {
    outbox: Outbox,
    follows: BTreeMap<ChatId, Follow>,
    requests: u64,
    effects: VecDeque<Effect>,
    /// A connection stands and is not about to be closed.
    open: bool,
    /// Until then the server wants to be left alone.
    paused_until: Option<Instant>,
    pauses: Backoff,
    goaway: Option<Goaway>,
    dice: fn() -> u64,
}

impl Session {
    pub(crate) fn new(dice: fn() -> u64) -> Self {
        Self {
            outbox: Outbox::default(),
            follows: BTreeMap::new(),
            requests: 0,
            effects: VecDeque::new(),
            open: false,
            paused_until: None,
            pauses: Backoff::default(),
            goaway: None,
            dice,
        }
    }

    /// Whether another command may come.
    pub(crate) fn has_room(&self) -> bool {
        self.outbox.len() < OUTBOX_MAX
    }

    /// When [`Self::wake`] is due.
    pub(crate) const fn wake_at(&self) -> Option<Instant> {
        self.paused_until
    }

    pub(crate) fn next_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// A connection stands: what was on its way goes out again, in its order, and every followed chat is
    /// asked for.
    pub(crate) fn connected(&mut self, ready: Ready) {
        self.tell(Happening::Connected(ready));
        self.open = true;
        self.write_outbox();
        let chats: Vec<_> = self.follows.keys().copied().collect();
        for chat in chats {
            self.sync(chat);
        }
    }

    /// The connection broke. Answers what the server had announced before, if it had.
    pub(crate) fn broken(&mut self) -> Option<Goaway> {
        self.open = false;
        self.paused_until = None;
        self.pauses.reset();
        self.outbox.broken();
        for follow in self.follows.values_mut() {
            follow.broken();
        }
        self.goaway.take()
    }

    pub(crate) fn command(&mut self, command: Command) {
        match command {
            Command::Send { to, id, content, reply } => {
                let request = self.next_request();
                let frame = Send {
                    tag: Tag,
                    id: RequestId::Number(request),
                    chat_id: None,
                    to: Some(to),
                    client_message_id: id,
                    content,
                    reply_to: None,
                    resend: false,
                    after: None,
                };
                self.outbox.push(request, frame, reply);
                self.write_outbox();
            }
            Command::Follow { chat, after } => {
                self.follows.insert(chat, Follow::after(after));
                self.sync(chat);
            }
        }
    }

    /// A sign of life is due.
    pub(crate) fn ping(&mut self) {
        let id = RequestId::Number(self.next_request());
        self.write(ClientFrame::Ping(Ping { tag: Tag, id }));
    }

    /// The pause is over.
    pub(crate) fn wake(&mut self) {
        self.paused_until = None;
        self.write_outbox();
        let chats = self.follows.iter().filter(|(_, follow)| follow.is_put_off()).map(|(chat, _)| *chat);
        for chat in chats.collect::<Vec<_>>() {
            self.sync(chat);
        }
    }

    /// A frame arrived. An error means that the connection is of no use any more.
    pub(crate) fn heard(&mut self, frame: ServerFrame, now: Instant) -> Result<(), ClientError> {
        match frame {
            ServerFrame::Ack(ack) => self.on_ack(ack),
            ServerFrame::Error(error) => self.on_error(error, now),
            ServerFrame::Entry(entry) if self.follows.contains_key(&entry.chat_id) => {
                if self.passes(entry.chat_id, entry.seq) {
                    self.tell(Happening::Entry(Box::new(entry)));
                }
            }
            ServerFrame::Entries(page) => return self.on_page(page, now),
            ServerFrame::Resync(resync) => self.on_resync(resync),
            ServerFrame::Goaway(goaway) => {
                // What is sent from now on would only have to be sent again.
                self.open = false;
                self.goaway = Some(goaway.clone());
                self.tell(Happening::Frame(Box::new(ServerFrame::Goaway(goaway))));
            }
            ServerFrame::Pong(_) | ServerFrame::Unknown => {}
            other => self.tell(Happening::Frame(Box::new(other))),
        }
        Ok(())
    }

    fn on_ack(&mut self, ack: Ack) {
        if self.passes(ack.chat_id, ack.seq) {
            self.tell(Happening::Acked(ack.clone()));
        }
        if let Some(reply) = number(&ack.id).and_then(|request| self.outbox.settle(request)) {
            self.pauses.reset();
            self.effects.push_back(Effect::Answer(reply, Ok(ack)));
        }
    }

    fn on_error(&mut self, error: ErrorFrame, now: Instant) {
        let Some(request) = error.id.as_ref().and_then(number) else {
            return self.tell(Happening::Frame(Box::new(ServerFrame::Error(error))));
        };
        let followed = self.follows.iter().find(|(_, follow)| follow.awaits(request)).map(|(chat, _)| *chat);
        if let Some(chat) = followed {
            self.on_sync_error(chat, error, now);
        } else if is_passing(error.code) && self.outbox.put_off(request) {
            self.pause(error.retry_after_ms, now);
        } else if let Some(reply) = self.outbox.settle(request) {
            self.effects.push_back(Effect::Answer(reply, Err(refusal(error))));
        } else {
            self.tell(Happening::Frame(Box::new(ServerFrame::Error(error))));
        }
    }

    fn on_sync_error(&mut self, chat: ChatId, error: ErrorFrame, now: Instant) {
        let Some(follow) = self.follows.get_mut(&chat) else { return };
        if is_passing(error.code) {
            follow.put_off();
            self.pause(error.retry_after_ms, now);
        } else if error.code == Code::NotFound
            && matches!(chat, ChatId::Direct(..))
            && follow.last() == Seq::ZERO
        {
            let next = follow.not_there_yet();
            self.go_on(chat, next, now);
        } else {
            self.follows.remove(&chat);
            let head = error.head;
            self.tell(Happening::FollowEnded { chat, head, error: refusal(error) });
        }
    }

    fn on_page(&mut self, page: Page, now: Instant) -> Result<(), ClientError> {
        let chat = page.chat_id;
        let awaited = number(&page.id);
        let Some(follow) = self.follows.get_mut(&chat) else { return Ok(()) };
        if !awaited.is_some_and(|request| follow.awaits(request)) {
            return Ok(());
        }
        let turned =
            follow.on_page(page).map_err(|what| ClientError::Broken(format!("the server sent {what}")))?;
        if let Some(begins_at) = turned.begins_at {
            self.tell(Happening::BeginsAt { chat, seq: begins_at });
        }
        for entry in turned.entries {
            self.tell(Happening::Entry(Box::new(entry)));
        }
        self.go_on(chat, turned.next, now);
        Ok(())
    }

    fn on_resync(&mut self, resync: Resync) {
        let mut heads: BTreeMap<ChatId, Seq> = BTreeMap::new();
        if resync.all == Some(true) {
            heads.extend(self.follows.keys().map(|chat| (*chat, Seq::ZERO)));
        }
        heads.extend(resync.chats.unwrap_or_default().into_iter().map(|chat| (chat.chat_id, chat.head)));
        for (chat, head) in heads {
            if let Some(follow) = self.follows.get_mut(&chat) {
                follow.on_resync(head);
                self.sync(chat);
            }
        }
    }

    fn go_on(&mut self, chat: ChatId, next: Next, now: Instant) {
        match next {
            Next::CaughtUp => self.tell(Happening::CaughtUp { chat }),
            Next::Sync => self.sync(chat),
            Next::SyncLater => self.pause(None, now),
        }
    }

    /// Whether a live entry is the next one; what is missing before it is asked for.
    fn passes(&mut self, chat: ChatId, seq: Seq) -> bool {
        let step = self.follows.get_mut(&chat).map(|follow| follow.on_live(seq));
        if step == Some(Step::Missing) {
            self.sync(chat);
        }
        step == Some(Step::Pass)
    }

    fn sync(&mut self, chat: ChatId) {
        let put_off = self.follows.get(&chat).is_some_and(Follow::is_put_off);
        if !self.open || put_off && self.paused_until.is_some() {
            return;
        }
        let request = self.next_request();
        if let Some(after) = self.follows.get_mut(&chat).and_then(|follow| follow.begin(request)) {
            let id = RequestId::Number(request);
            self.write(ClientFrame::Sync(Sync { tag: Tag, id, chat_id: chat, after, limit: Some(PAGE) }));
        }
    }

    /// While the server wants to be left alone nothing goes out, so that the order is kept.
    fn write_outbox(&mut self) {
        while self.open && self.paused_until.is_none() {
            let Some(frame) = self.outbox.next() else { return };
            self.write(ClientFrame::Send(frame));
        }
    }

    fn pause(&mut self, retry_after_ms: Option<u64>, now: Instant) {
        let dice = (self.dice)();
        let wait = match retry_after_ms {
            Some(ms) => lengthened(Duration::from_millis(ms), dice),
            None => self.pauses.next(dice),
        };
        self.paused_until = self.paused_until.max(Some(now + wait));
    }

    fn write(&mut self, frame: ClientFrame) {
        self.effects.push_back(Effect::Write(frame));
    }

    fn tell(&mut self, happening: Happening) {
        self.effects.push_back(Effect::Tell(happening));
    }

    fn next_request(&mut self) -> u64 {
        self.requests += 1;
        self.requests
    }
}

fn number(id: &RequestId) -> Option<u64> {
    match id {
        RequestId::Number(number) => Some(*number),
        RequestId::Text(_) => None,
    }
}

fn refusal(error: ErrorFrame) -> ClientError {
    ClientError::Refused { code: error.code, detail: error.detail, retry_after_ms: error.retry_after_ms }
}
