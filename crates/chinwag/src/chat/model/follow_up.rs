//! What follows from the state after every input: history is fetched before it is needed, marks are raised
//! for what was seen, presence is watched of those on screen.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_client::{Body, Shown, Wish};
use chinwag_proto::{Seq, UserId};

use super::overlay::Overlay;
use super::{Ask, Data, Model, Pane, Row};
use crate::chat::layout;

/// Lines between the screen and the end of what is loaded, below which more is fetched.
const AHEAD: usize = 30;
/// Users whose presence is watched, as the contract limits them.
const WATCHED_MAX: usize = 200;
/// Members and contacts whose names are looked up.
const LISTED_MAX: usize = 100;

impl Model {
    pub(super) fn follow_up(&mut self, data: &Data) {
        self.follow_list(data);
        self.continue_jump(data);
        self.keep_selection(data);
        self.follow_conversation(data);
        self.watch(data);
    }

    /// A selected line that is gone (discarded, or no longer loaded) gives way to the newest on screen.
    fn keep_selection(&mut self, data: &Data) {
        if self.pane != Pane::Messages || self.jump.is_some() {
            return;
        }
        let Some(conversation) = self.conversation(data) else { return };
        if conversation.lines.is_empty() {
            return;
        }
        let gone = self.selected.as_ref().is_none_or(|at| at.find(&conversation.lines).is_none());
        if gone {
            self.selected = None;
            self.select_newest(data);
        }
    }

    fn follow_conversation(&mut self, data: &Data) {
        let Some(conversation) = self.conversation(data) else { return };
        let area = self.areas(data).messages;
        let Some(look) = self.look(data, usize::from(area.width)) else { return };
        let visible = self.scroll.visible(&look, usize::from(area.height));
        let mut wishes = Vec::new();
        if conversation.above && visible.first < AHEAD {
            wishes.push(Wish::Older);
        }
        if conversation.below && visible.last + AHEAD >= conversation.lines.len() {
            wishes.push(Wish::Newer);
        }
        let shown = conversation.lines.get(visible.first..=visible.last).unwrap_or_default();
        let seen = shown.iter().rev().find_map(|line| line.seq);
        let asks = self.missing_quotes(conversation.lines.as_slice(), shown);
        if let (Some(seen), Some(row)) = (seen, self.row(data).filter(|_| self.sees_conversation()))
            && seen > row.read
            && row.unread > 0
        {
            wishes.push(Wish::Read { chat: row.id, seq: seen });
        }
        let unread =
            self.row(data).filter(|row| row.unread > 0 && !self.sees_conversation()).map(|row| row.read);
        // What comes while nobody looks is marked as new for whoever comes back.
        if self.unread_after.is_none() && unread.is_some() {
            self.unread_after = unread;
        }
        wishes.into_iter().for_each(|wish| self.wish(wish));
        for ask in asks {
            if let Ask::Look { chat, seq } = ask {
                self.quotes.insert((chat, seq), None);
            }
            self.ask(ask);
        }
    }

    /// Messages that are answered on screen and are not loaded.
    fn missing_quotes(&self, lines: &[Shown], shown: &[Shown]) -> Vec<Ask> {
        let Some(chat) = self.chat else { return Vec::new() };
        let targets: BTreeSet<_> = shown.iter().filter_map(|line| line.reply_to).collect();
        let missing = |seq: &chinwag_proto::Seq| {
            !self.quotes.contains_key(&(chat, *seq)) && !lines.iter().any(|line| line.seq == Some(*seq))
        };
        targets.into_iter().filter(missing).map(|seq| Ask::Look { chat, seq }).collect()
    }

    /// Whether the user has the conversation before his eyes.
    fn sees_conversation(&self) -> bool {
        self.active
            && self.overlays.is_empty()
            && (layout::has_two_panes(self.size) || self.pane != Pane::List)
    }

    /// Watches the other sides of direct chats; anew when a chat has begun, which gives the right to.
    fn watch(&mut self, data: &Data) {
        let begun = |row: &Row| (row.id.peer(data.me), row.last > Seq::ZERO);
        let peers = data.chats.iter().map(begun).filter_map(|(peer, begun)| Some((peer?, begun)));
        let of_open = self.chat.filter(|chat| data.row(*chat).is_none()).and_then(|chat| chat.peer(data.me));
        let all =
            of_open.map(|peer| (peer, false)).into_iter().chain(peers).filter(|(peer, _)| *peer != data.me);
        let users: BTreeMap<UserId, bool> = all.take(WATCHED_MAX).collect();
        if users != self.watched {
            self.wish(Wish::Watch(users.keys().copied().collect()));
            self.watched = users;
        }
    }

    /// Users whose names the screen needs.
    pub(in crate::chat) fn wanted_names(&self, data: &Data) -> BTreeSet<UserId> {
        let peers = data.chats.iter().filter_map(|row| row.id.peer(data.me));
        let previews = data.chats.iter().filter_map(|row| row.preview.as_ref()).map(|preview| preview.sender);
        let typing = data.chats.iter().flat_map(|row| row.typing.iter().copied());
        let mut users: BTreeSet<UserId> = peers.chain(previews).chain(typing).chain([data.me]).collect();
        for line in data.open.iter().flat_map(|open| &open.lines) {
            users.insert(line.sender);
            if let Body::Event(event) = &line.body {
                users.extend(concerned(event));
            }
        }
        for overlay in &self.overlays {
            match overlay {
                Overlay::Group(group) => {
                    users
                        .extend(group.members.iter().flatten().take(LISTED_MAX).map(|member| member.user_id));
                }
                Overlay::Contacts(people) => {
                    users.extend(people.all().into_iter().take(LISTED_MAX).map(|(user, ..)| user));
                }
                _ => {}
            }
        }
        users.retain(|user| !data.names.0.contains_key(user));
        users
    }
}

fn concerned(event: &chinwag_proto::Body) -> Vec<UserId> {
    use chinwag_proto::Body as Entry;
    match event {
        Entry::Member { changes } | Entry::Mls { changes, .. } => changes.iter().map(|c| c.user_id).collect(),
        Entry::Chat(change) => change.members.iter().flatten().map(|founder| founder.user_id).collect(),
        _ => Vec::new(),
    }
}
