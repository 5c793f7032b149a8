//! A small world to look at: four users, a handful of chats, an afternoon of messages.

use std::collections::BTreeMap;

use chinwag_client::{Body, Shown, Status, Wish};
use chinwag_proto::frame::{PresenceStatus, Status as Presence};
use chinwag_proto::{ChatId, ClientMessageId, Content, Role, Seq, Timestamp, UserId};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::chat::data::{Conversation, Data, Link, Name, Names, Preview, Row};
use crate::chat::draw::draw;
use crate::chat::model::{Act, Input, Model};
use crate::chat::theme::Theme;

/// Tuesday afternoon in Berlin.
pub(super) const NOW: &str = "2026-11-24T15:30:00Z";

pub(super) fn ms(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_ms()
}

pub(super) fn user(number: u64) -> UserId {
    UserId::new(number).unwrap()
}

pub(super) fn seq(number: u64) -> Seq {
    Seq::new(number).unwrap()
}

pub(super) fn chat(id: &str) -> ChatId {
    id.parse().unwrap()
}

pub(super) fn row(id: &str, unread: u64, at: &str, sender: u64, text: &str) -> Row {
    Row {
        id: chat(id),
        title: None,
        role: Role::Member,
        members: None,
        unread,
        read: seq(1),
        first: seq(1),
        last: seq(99),
        pinned: false,
        muted: false,
        gone: false,
        last_at_ms: ms(at),
        preview: Some(Preview { sender: user(sender), text: Some(text.to_owned()) }),
        draft: String::new(),
        typing: Vec::new(),
    }
}

/// A message of somebody, with his seq as its time: a minute each.
pub(super) fn message(number: u64, sender: u64, text: &str) -> Shown {
    let own = sender == 1;
    Shown {
        seq: Some(seq(number)),
        id: own.then(|| format!("own{number}").parse().unwrap()),
        sender: user(sender),
        at_ms: ms("2026-11-24T13:00:00Z") + i64::try_from(number).unwrap() * 60_000,
        reply_to: None,
        body: Body::Content(Content::text(text)),
        edited: false,
        reactions: BTreeMap::new(),
        status: if own { Status::Read } else { Status::Received },
        pending: Vec::new(),
    }
}

pub(super) fn data(lines: Vec<Shown>) -> Data {
    let name = |name: &str, shown: &str| Name { username: Some(name.into()), shown: Some(shown.into()) };
    let there = |number, status, last_seen: Option<&str>| {
        let last_seen = last_seen.map(|at| at.parse().unwrap());
        (user(number), PresenceStatus { user_id: user(number), status, last_seen })
    };
    let mut group = row("g.7", 3, "2026-11-24T15:12:00Z", 3, "shall we take the early train?");
    (group.title, group.members, group.role) = (Some("Lisbon trip".into()), Some(4), Role::Admin);
    let mut notes = row("d.1.1", 0, "2026-11-23T10:00:00Z", 1, "buy stamps");
    notes.pinned = true;
    let mut eve = row("d.1.4", 0, "2026-11-20T10:00:00Z", 4, "thanks!");
    eve.muted = true;
    let bob = row("d.1.2", 0, "2026-11-24T15:29:00Z", 2, "see you there");
    Data {
        me: user(1),
        now_ms: ms(NOW),
        zone: TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap(),
        link: Link::Online,
        trouble: None,
        listed: true,
        unsettled: 0,
        chats: vec![notes, bob, group, eve],
        open: Some(Conversation { chat: chat("d.1.2"), lines, above: false, below: false }),
        names: Names(BTreeMap::from([
            (user(1), name("alice", "Alice")),
            (user(2), name("bob", "Bob")),
            (user(3), name("carol", "Carol Danvers")),
            (user(4), name("eve", "Eve")),
        ])),
        presence: BTreeMap::from([
            there(2, Presence::Online, None),
            there(4, Presence::Offline, Some("2026-11-24T15:12:00Z")),
        ]),
    }
}

/// Somebody at a screen.
pub(super) struct Someone {
    pub(super) model: Model,
    pub(super) data: Data,
    pub(super) acts: Vec<Act>,
}

impl Someone {
    pub(super) fn at(size: (u16, u16), colour: bool, data: Data) -> Self {
        let mut count = 0;
        let ids = Box::new(move || -> ClientMessageId {
            count += 1;
            format!("id{count}").parse().unwrap()
        });
        let mut someone = Self { model: Model::new(Theme { colour }, size, ids), data, acts: Vec::new() };
        someone.gets(Input::Changed);
        someone.acts.clear();
        someone
    }

    pub(super) fn gets(&mut self, input: Input) {
        let acts = self.model.on(input, &self.data);
        self.acts.extend(acts);
    }

    /// Presses keys by name: `j`, `Enter`, `Alt+Enter`, `Ctrl+C`; other words are typed.
    pub(super) fn presses(&mut self, keys: &str) -> &mut Self {
        for name in keys.split(' ') {
            self.gets(Input::Key(key(name)));
        }
        self
    }

    pub(super) fn types(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            self.gets(Input::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)));
        }
        self
    }

    /// Opens the chat with Bob, whose lines are loaded.
    pub(super) fn opens_bob(&mut self) -> &mut Self {
        self.presses("Down Enter");
        self.acts.clear();
        self
    }

    pub(super) fn wishes(&self) -> Vec<&Wish> {
        self.acts.iter().filter_map(|act| if let Act::Wish(wish) = act { Some(wish) } else { None }).collect()
    }

    /// The screen as text.
    pub(super) fn sees(&self) -> String {
        let (width, height) = self.model.size;
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(&self.model, &self.data, frame)).unwrap();
        text_of(terminal.backend())
    }
}

/// The characters of a screen, trailing spaces left out.
pub(super) fn text_of(backend: &TestBackend) -> String {
    let buffer = backend.buffer();
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let mut row = String::new();
        let mut hidden = 0;
        for x in 0..buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            if hidden == 0 {
                row.push_str(symbol);
                hidden = crate::chat::text::width(symbol).saturating_sub(1);
            } else {
                hidden -= 1;
            }
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

fn key(name: &str) -> KeyEvent {
    let (modifiers, name) = match name.split_once('+') {
        Some(("Ctrl", rest)) => (KeyModifiers::CONTROL, rest.to_lowercase()),
        Some(("Alt", rest)) => (KeyModifiers::ALT, rest.to_owned()),
        _ => (KeyModifiers::NONE, name.to_owned()),
    };
    let code = match name.as_str() {
        "Enter" => KeyCode::Enter,
        "Esc" => KeyCode::Esc,
        "Tab" => KeyCode::Tab,
        "BackTab" => KeyCode::BackTab,
        "Up" => KeyCode::Up,
        "Down" => KeyCode::Down,
        "Left" => KeyCode::Left,
        "PgUp" => KeyCode::PageUp,
        "PgDn" => KeyCode::PageDown,
        "Home" => KeyCode::Home,
        "End" => KeyCode::End,
        "F1" => KeyCode::F(1),
        letter => KeyCode::Char(letter.chars().next().unwrap()),
    };
    KeyEvent::new(code, modifiers)
}
