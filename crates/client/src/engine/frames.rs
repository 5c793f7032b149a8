//! What the server says.

use chinwag_proto::frame::{Ack, ErrorFrame};
use chinwag_proto::text::RequestId;
use chinwag_proto::{Code, ServerFrame};

use super::{Asked, Engine};
use crate::backoff::lengthened;
use crate::event::{Now, Timer};

impl Engine {
    pub(super) fn on_frame(&mut self, now: Now, frame: ServerFrame) {
        if self.link.connection != crate::event::Connection::Online {
            return;
        }
        self.link.heard_ms = now.ms;
        match frame {
            ServerFrame::Ack(ack) => self.on_ack(now, &ack),
            ServerFrame::Entry(entry) => self.on_live(now, entry),
            ServerFrame::Entries(page) => self.on_page(now, page),
            ServerFrame::Heads(answer) => self.on_heads(&answer),
            ServerFrame::Chats(page) => self.on_chats(now, page),
            ServerFrame::Chat(summary) => self.on_summary(now, &summary),
            ServerFrame::Resync(resync) => self.on_resync(resync),
            ServerFrame::Error(error) => self.on_error(now, error),
            ServerFrame::Cursors(cursors) => self.on_cursors(&cursors),
            ServerFrame::Typing(notice) => self.on_typing(now, &notice),
            ServerFrame::Presence(presence) => self.on_presence(presence),
            ServerFrame::Goaway(goaway) => self.on_goaway(goaway),
            ServerFrame::Ready(_) | ServerFrame::Pong(_) | ServerFrame::Unknown => {}
        }
    }

    fn on_error(&mut self, now: Now, error: ErrorFrame) {
        let Some(request) = error.id.as_ref().and_then(number) else { return };
        match self.requests.remove(&request) {
            Some(Asked::Sync(chat)) => self.on_sync_refused(now, chat, &error),
            Some(Asked::Heads | Asked::Chats) => {
                // Whatever the reason: without the list nothing is known, so it is asked for again.
                self.catch_up_again = true;
                self.pause(now, error.retry_after_ms);
            }
            Some(Asked::Fill) => self.on_fill_refused(now, &error),
            None => {
                if let Some(order) = self.outbox.in_flight(request) {
                    self.on_refused(now, order, error);
                } else if let Some(chat) = self.outbox.mls_in_flight(request) {
                    self.on_mls_refused(now, chat, &error);
                }
            }
        }
    }

    fn on_ack(&mut self, now: Now, ack: &Ack) {
        let order = number(&ack.id).and_then(|request| self.outbox.in_flight(request));
        if let Some(chat) = number(&ack.id).and_then(|request| self.outbox.mls_in_flight(request)) {
            self.on_mls_acked(chat, ack.seq);
        }
        self.pauses.reset();
        self.on_acked(now, order, ack);
    }

    /// The server wants to be left alone.
    pub(super) fn pause(&mut self, now: Now, retry_after_ms: Option<u64>) {
        let wait = match retry_after_ms {
            Some(ms) => lengthened(ms, now.dice),
            None => self.pauses.next(now.dice),
        };
        let until = self.paused_until.unwrap_or(0).max(now.ms + wait);
        self.paused_until = Some(until);
        self.set_timer(Timer::Pause, until);
    }

    pub(super) fn on_pause_over(&mut self, now: Now) {
        if self.paused_until.is_none_or(|until| until > now.ms) {
            return;
        }
        self.paused_until = None;
        for chat in self.chats.values_mut() {
            chat.put_off = false;
        }
        self.catch_up_if_due();
    }
}

pub(super) fn number(id: &RequestId) -> Option<u64> {
    match id {
        RequestId::Number(number) => Some(*number),
        RequestId::Text(_) => None,
    }
}

/// Whether the same request may succeed a little later.
pub(super) const fn is_passing(code: Code) -> bool {
    matches!(code, Code::RateLimited | Code::Unavailable | Code::Internal | Code::Unauthenticated)
}
