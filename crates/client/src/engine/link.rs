//! The connection: made, kept alive, made again with back-off, or not.

use chinwag_proto::ClientFrame;
use chinwag_proto::error::Close;
use chinwag_proto::frame::{Active, Goaway, Open, Ping, Ready, Tag, Watch};
use chinwag_proto::text::RequestId;

use super::Engine;
use crate::backoff::{Backoff, lengthened};
use crate::event::{Change, Connection, Effect, Now, Stop, Timer};
use crate::seal::News;

/// A connection that stood for this long was a good one: the next attempt comes soon.
const GOOD_AFTER_MS: u64 = 5_000;

#[derive(Debug)]
pub(super) struct Link {
    pub(super) connection: Connection,
    backoff: Backoff,
    since_ms: u64,
    pub(super) heard_ms: u64,
    heartbeat_ms: u64,
    goaway: Option<Goaway>,
    url: Option<String>,
}

impl Default for Link {
    fn default() -> Self {
        Self {
            connection: Connection::Stopped(Stop::NotStarted),
            backoff: Backoff::default(),
            since_ms: 0,
            heard_ms: 0,
            heartbeat_ms: 0,
            goaway: None,
            url: None,
        }
    }
}

impl Link {
    /// Whether something may be asked for.
    pub(super) fn is_online(&self) -> bool {
        self.connection == Connection::Online && self.goaway.is_none()
    }
}

impl Engine {
    pub(super) fn connect(&mut self) {
        if matches!(self.link.connection, Connection::Online | Connection::Connecting) {
            return;
        }
        self.link.connection = Connection::Connecting;
        let url = self.link.url.take();
        self.effects.push(Effect::Connect { url });
        self.changed(Change::Connection);
    }

    pub(super) fn on_connected(&mut self, now: Now, ready: &Ready) {
        if self.link.connection != Connection::Connecting {
            return;
        }
        if ready.user_id != self.me {
            self.effects.push(Effect::Disconnect);
            return self.stop(Stop::LoggedOut);
        }
        self.link.connection = Connection::Online;
        self.link.since_ms = now.ms;
        self.link.heard_ms = now.ms;
        self.link.heartbeat_ms = ready.heartbeat_ms.max(2);
        self.set_timer(Timer::Heartbeat, now.ms + self.link.heartbeat_ms / 2);
        self.changed(Change::Connection);
        if !self.live.active {
            self.send(ClientFrame::Active(Active { tag: Tag, on: false }));
        }
        if let Some(timeline) = &self.timeline {
            let chat_id = Some(timeline.chat);
            self.send(ClientFrame::Open(Open { tag: Tag, chat_id }));
        }
        if !self.live.watched.is_empty() {
            let users = self.live.watched.clone();
            self.send(ClientFrame::Watch(Watch { tag: Tag, users }));
        }
        self.seal.on(now, News::Connected(ready));
        self.catch_up();
        self.arm_marks(now);
    }

    pub(super) fn on_disconnected(&mut self, now: Now, code: Option<u16>) {
        if !matches!(self.link.connection, Connection::Online | Connection::Connecting) {
            return;
        }
        match code {
            Some(4401 | 4403) => self.stop(Stop::LoggedOut),
            Some(4409) => self.stop(Stop::Replaced),
            Some(code) if !Close::reconnects(code) => self.stop(Stop::Refused(code)),
            _ => self.wait(now),
        }
    }

    /// The server announces that it closes: what is sent from now on would only be sent again.
    pub(super) fn on_goaway(&mut self, goaway: Goaway) {
        self.link.goaway = Some(goaway);
    }

    /// Drops the connection and comes back later: it is dead, or its other side breaks the protocol.
    pub(super) fn give_up(&mut self, now: Now) {
        self.effects.push(Effect::Disconnect);
        self.wait(now);
    }

    /// Drops the connection.
    pub(super) fn disconnect(&mut self) {
        if matches!(self.link.connection, Connection::Online | Connection::Connecting) {
            self.effects.push(Effect::Disconnect);
        }
    }

    fn wait(&mut self, now: Now) {
        let online = self.link.connection == Connection::Online;
        if online && now.ms.saturating_sub(self.link.since_ms) >= GOOD_AFTER_MS {
            self.link.backoff.reset();
        }
        let goaway = self.link.goaway.take();
        let wait = match &goaway {
            Some(goaway) => lengthened(goaway.reconnect_in_ms, now.dice),
            None => self.link.backoff.next(now.dice),
        };
        self.link.url = goaway.and_then(|goaway| goaway.url);
        let until_ms = now.ms + wait;
        self.link.connection = Connection::Waiting { until_ms };
        self.set_timer(Timer::Reconnect, until_ms);
        self.broke();
    }

    /// Does not come back by itself.
    pub(super) fn stop(&mut self, stop: Stop) {
        self.link.connection = Connection::Stopped(stop);
        self.link.goaway = None;
        self.broke();
    }

    /// What was under way will not come.
    fn broke(&mut self) {
        #[cfg(test)]
        if self.has(super::Fault::OutboxForgottenAtBreak) {
            let lost = |item: &crate::outbox::Item| matches!(item.state, crate::outbox::State::InFlight(_));
            self.outbox.items.retain(|_, item| !lost(item));
        }
        self.outbox.broken();
        self.requests.clear();
        self.fill = None;
        self.paused_until = None;
        self.catch_up_again = false;
        for (id, chat) in &mut self.chats {
            if chat.follow.is_syncing() || chat.put_off {
                chat.follow.given_up();
                chat.put_off = false;
                self.wanted.insert(*id);
            }
        }
        self.live.broke();
        self.changed(Change::Presence);
        self.changed(Change::Connection);
    }

    pub(super) fn on_reconnect_due(&mut self, now: Now) {
        if matches!(self.link.connection, Connection::Waiting { until_ms } if until_ms <= now.ms) {
            self.connect();
        }
    }

    /// The server closes after two silent periods; the client says something twice in one, and gives up on
    /// a server that has been silent for two.
    pub(super) fn on_heartbeat_due(&mut self, now: Now) {
        if self.link.connection != Connection::Online {
            return;
        }
        if now.ms.saturating_sub(self.link.heard_ms) >= 2 * self.link.heartbeat_ms {
            return self.give_up(now);
        }
        let id = RequestId::Number(self.next_number());
        self.send(ClientFrame::Ping(Ping { tag: Tag, id }));
        self.set_timer(Timer::Heartbeat, now.ms + self.link.heartbeat_ms / 2);
    }

    pub(super) fn set_timer(&mut self, timer: Timer, at_ms: u64) {
        self.effects.push(Effect::SetTimer { timer, at_ms });
    }
}
