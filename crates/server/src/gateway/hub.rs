//! The hub: this node's end of the live bus. Finds the connections that an event concerns and puts it
//! into their inboxes; encodes nothing, waits for nothing.
//!
//! Who gets an entry of a group is told by the commit itself, which carries the chat's members after it:
//! the members who are connected here, and those whom the entry has just removed. So there is no table of
//! group members that could be wrong, and no race between connecting and being added or removed.
//!
//! Locks are taken in the order group → user → open chat → inbox. The bus is called within the turn of
//! the key that is subscribed, so that "first" and "last" cannot overtake each other; a bus calls back
//! with none of its own locks held.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chinwag_chat::State;
use chinwag_ports::{Channel, Commit, Event, LiveBus, Subscriber};
use chinwag_proto::frame::TypingNotice;
use chinwag_proto::text::RequestId;
use chinwag_proto::{ChatId, DeviceId, Seq, ServerFrame, UserId};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::connection::Connection;
use super::groups::{Came, Groups};
use super::inbox::{Caps, Pushed};
use super::meters::Meters;
use super::news::{self, News};
use super::outgoing::LiveEntry;
use super::pulse::Pulse;
use super::table::Table;
use crate::service::visibility::Visibility;

/// This node's end of the live bus.
pub(crate) struct Hub {
    bus: Arc<dyn LiveBus>,
    visibility: Arc<Visibility>,
    caps: Caps,
    meters: Arc<Meters>,
    /// Every authenticated connection.
    users: Table<UserId>,
    /// Connections by the chat that they have open.
    open: Table<ChatId>,
    /// Connections by the users whose presence they watch.
    watchers: Table<UserId>,
    groups: Groups,
    connected: AtomicUsize,
    pulse: Pulse,
    suspects: Mutex<Vec<Arc<Connection>>>,
    suspected: Notify,
}

impl Hub {
    pub(crate) fn new(
        bus: Arc<dyn LiveBus>,
        visibility: Arc<Visibility>,
        caps: Caps,
        meters: Arc<Meters>,
    ) -> Self {
        Self {
            groups: Groups::new(Arc::clone(&bus)),
            bus,
            visibility,
            caps,
            meters,
            users: Table::new(),
            open: Table::new(),
            watchers: Table::new(),
            connected: AtomicUsize::new(0),
            pulse: Pulse::default(),
            suspects: Mutex::default(),
            suspected: Notify::new(),
        }
    }

    /// Delivers to a connection from now on: first its user's channel; its groups are joined after that.
    pub(crate) fn attach(&self, connection: &Arc<Connection>) {
        let user = connection.user();
        self.connected.fetch_add(1, Ordering::Relaxed);
        self.users.insert(user, connection, || self.bus.subscribe(Channel::User(user)));
    }

    /// The groups that are heard because a connected user is a member.
    pub(crate) fn groups(&self) -> &Groups {
        &self.groups
    }

    /// Delivers to a connection no more; idempotent. Its groups are left when they next speak and nobody is here.
    pub(crate) fn detach(&self, connection: &Connection) {
        let user = connection.user();
        if !self.users.remove(user, connection.number, || self.bus.unsubscribe(Channel::User(user))) {
            return;
        }
        self.connected.fetch_sub(1, Ordering::Relaxed);
        let screen = connection.inbox().screen.take();
        if let Some(screen) = screen {
            if let Some(chat) = screen.open {
                self.open.remove(chat, connection.number, || {});
            }
            self.unwatch(connection, &screen.watched());
        }
    }

    /// The connection shows another chat, or none.
    pub(crate) fn show(&self, connection: &Arc<Connection>, chat: Option<ChatId>) {
        if let Some(chat) = chat {
            self.open.insert(chat, connection, || {});
        }
        let before = connection.with_screen(|screen| std::mem::replace(&mut screen.open, chat));
        if let Some(before) = before.filter(|&before| Some(before) != chat) {
            self.open.remove(before, connection.number, || {});
        }
    }

    /// The connection watches these users instead of those before.
    pub(crate) fn watch(&self, connection: &Arc<Connection>, users: &[UserId]) {
        let before = connection.with_screen(|screen| {
            let before = screen.watched();
            screen.watch(users);
            before
        });
        for &user in users {
            self.watchers.insert(user, connection, || self.bus.subscribe(Channel::Presence(user)));
        }
        let gone: Vec<_> = before.into_iter().filter(|user| !users.contains(user)).collect();
        self.unwatch(connection, &gone);
    }

    fn unwatch(&self, connection: &Connection, users: &[UserId]) {
        for &user in users {
            self.watchers.remove(user, connection.number, || self.bus.unsubscribe(Channel::Presence(user)));
        }
    }

    /// How many connections are delivered to.
    pub(crate) fn connected(&self) -> usize {
        self.connected.load(Ordering::Relaxed)
    }

    /// Every authenticated connection, part by part.
    pub(crate) fn users(&self) -> &Table<UserId> {
        &self.users
    }

    /// What is told once a second.
    pub(crate) fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    /// How much may wait for a connection.
    pub(crate) fn caps(&self) -> Caps {
        self.caps
    }

    /// The device has a claim: its connections here with a lower one have been replaced.
    pub(crate) fn claimed(&self, user: UserId, device: DeviceId, claim: u64) {
        self.users.each(user, |connection| {
            if connection.device() == device {
                connection.hears_claim(claim);
            }
        });
    }

    /// Connections whose token may have died, when there are any.
    pub(crate) async fn suspects(&self) -> Vec<Arc<Connection>> {
        self.suspected.notified().await;
        std::mem::take(&mut *self.suspects.lock())
    }

    /// The same without waiting.
    pub(crate) fn suspect(&self, connection: &Arc<Connection>) {
        self.suspects.lock().push(Arc::clone(connection));
        self.suspected.notify_one();
    }

    fn on_commit(&self, channel: Channel, commit: &Commit) {
        match (commit.entry.chat_id, channel) {
            (group @ ChatId::Group(_), Channel::Group(_)) => {
                self.groups.turn(group, commit.entry.seq, Came::ByGroup, || self.deliver_to_group(commit));
            }
            (group @ ChatId::Group(_), _) => {
                self.groups.turn(group, commit.entry.seq, Came::ByUser, || self.deliver_to_group(commit));
            }
            (_, Channel::User(user)) => {
                let (live, news) = (live_of(commit), News::of(commit));
                self.users.each(user, |connection| self.deliver(connection, commit, &live, &news));
            }
            _ => {}
        }
    }

    /// Delivers to all members who are connected here and to those who are members no longer. Answers
    /// whether any of them is connected here: the commit that removes the last one still comes by his own
    /// channel, and is known by its seq until the group speaks again.
    fn deliver_to_group(&self, commit: &Commit) -> bool {
        let (live, news) = (live_of(commit), News::of(commit));
        let mut any = false;
        self.members_here(&commit.state, |connection| {
            any = true;
            self.deliver(connection, commit, &live, &news);
        });
        for user in news::gone(commit) {
            self.users.each(user, |connection| {
                any = true;
                self.deliver(connection, commit, &live, &News::Nobody);
                self.close_chat(connection, commit.entry.chat_id);
            });
        }
        any
    }

    /// Calls `each` for the connections of a chat's members. It must not come back to the users.
    fn members_here(&self, state: &State, mut each: impl FnMut(&Arc<Connection>)) {
        if state.members.len() <= self.connected() {
            state.members.keys().for_each(|&user| self.users.each(user, &mut each));
            return;
        }
        // Fewer connections than members: ask the connections.
        for part in 0..Table::<UserId>::parts() {
            let connections = self.users.part(part);
            let members =
                connections.iter().filter(|connection| state.members.contains_key(&connection.user()));
            members.for_each(&mut each);
        }
    }

    /// Leaves a group that has no member here any more.
    pub(crate) fn leave_if_empty(&self, group: ChatId, state: &State) {
        self.groups.leave(group, || {
            let mut any = false;
            self.members_here(state, |_| any = true);
            any
        });
    }

    /// Commits of a chat up to `head` did not come by the bus: tells the members here.
    pub(crate) fn missed(&self, chat: ChatId, head: Seq, state: &State) {
        self.members_here(state, |connection| {
            connection.inbox().miss(chat, head);
            connection.wake();
        });
    }

    fn deliver(&self, connection: &Arc<Connection>, commit: &Commit, live: &Arc<LiveEntry>, news: &News) {
        let summary = news.concerns(connection.user());
        let own = commit.origin.as_ref().filter(|origin| {
            origin.connection == connection.number && commit.entry.device_id == connection.device()
        });
        if let Some(origin) = own
            && let RequestId::Number(ticket) = origin.request
            && connection.acknowledge(ticket, live, summary)
        {
            return;
        }
        if connection.deliver(live, summary, self.caps) == Pushed::Dropped {
            self.meters.dropped.increment(1);
        }
    }

    /// Who is no member any more has the chat open no more.
    fn close_chat(&self, connection: &Connection, chat: ChatId) {
        let mut inbox = connection.inbox();
        if let Some(screen) = inbox.screen.as_mut().filter(|screen| screen.open == Some(chat)) {
            screen.open = None;
            drop(inbox);
            self.open.remove(chat, connection.number, || {});
        }
    }

    fn on_cursor(&self, channel: Channel, event: &Event) {
        let Event::Cursor { chat, mark, .. } = event else {
            return;
        };
        let tell = |connection: &Arc<Connection>| {
            let told = connection.with_screen(|screen| {
                let own = connection.user() == mark.user_id && screen.has_raised(*chat, mark);
                if !own {
                    screen.mark(*chat, mark);
                }
                !own
            });
            if told {
                self.pulse.add(connection);
            }
        };
        match channel {
            Channel::User(user) => self.users.each(user, tell),
            // His own devices hear of it by his own channel.
            Channel::Group(group) => self.open.each(group, |connection| {
                if connection.user() != mark.user_id {
                    tell(connection);
                }
            }),
            Channel::Presence(_) => {}
        }
    }

    fn on_typing(&self, channel: Channel, chat: ChatId, user: UserId, on: bool) {
        let tell = |connection: &Arc<Connection>| {
            let shows = connection.inbox().screen.as_ref().is_some_and(|screen| {
                screen.open == Some(chat) && !(connection.user() == user && screen.has_typed(chat, on))
            });
            if shows {
                let notice = TypingNotice { chat_id: chat, user_id: user, on };
                if connection.tell(ServerFrame::Typing(notice), self.caps) == Pushed::Dropped {
                    self.meters.dropped.increment(1);
                }
            }
        };
        match channel {
            Channel::User(user) => self.users.each(user, tell),
            Channel::Group(group) => self.open.each(group, tell),
            Channel::Presence(_) => {}
        }
    }

    /// A user's presence may have changed, or (with `rights`) who may see it.
    fn on_presence(&self, user: UserId, rights: bool) {
        self.watchers.each(user, |connection| {
            if connection.with_screen(|screen| screen.stir(user, rights)) {
                self.pulse.add(connection);
            }
        });
    }

    fn on_changed(&self, channel: Channel, user: UserId) {
        self.visibility.forget(user);
        match channel {
            Channel::Presence(_) => self.on_presence(user, true),
            // Whom he blocks decides whom he sees.
            _ => self.users.each(user, |connection| self.stir_all(connection)),
        }
    }

    /// Looks again at everybody whom a connection watches.
    pub(crate) fn stir_all(&self, connection: &Arc<Connection>) {
        let watches = connection.inbox().screen.as_mut().is_some_and(|screen| screen.stir_all());
        if watches {
            self.pulse.add(connection);
        }
    }
}

fn live_of(commit: &Commit) -> Arc<LiveEntry> {
    Arc::new(LiveEntry::new(Arc::clone(&commit.entry)))
}

impl Subscriber for Hub {
    fn on_event(&self, channel: Channel, event: &Arc<Event>) {
        match &**event {
            Event::Commit(commit) => self.on_commit(channel, commit),
            Event::Cursor { .. } => self.on_cursor(channel, event),
            Event::Typing { chat, user, on } => self.on_typing(channel, *chat, *user, *on),
            Event::Presence { user } => self.on_presence(*user, false),
            Event::Changed { user } => self.on_changed(channel, *user),
            Event::Claimed { device, claim } => {
                if let Channel::User(user) = channel {
                    self.claimed(user, *device, *claim);
                }
            }
            Event::Revoked { devices } => {
                if let Channel::User(user) = channel {
                    // A device may have a new token already: whether its connection's own died is looked up.
                    self.users.each(user, |connection| {
                        if devices.contains(&connection.device()) {
                            self.suspect(connection);
                        }
                    });
                }
            }
        }
    }

    fn on_reset(&self) {
        self.groups.forget_seqs();
        for part in 0..Table::<UserId>::parts() {
            for connection in self.users.part(part) {
                connection.inbox().miss_all();
                connection.wake();
                self.stir_all(&connection);
                self.suspect(&connection);
            }
        }
    }
}
