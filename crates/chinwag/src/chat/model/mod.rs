//! The app without a terminal: what is on screen and what the keys do to it. Inputs and a copy of the world
//! go in, acts come out. Pure.
//!
//! Leaves out drawing and everything that an act sets off. Room for what encryption will bring (linking a
//! device, a safety number): each is one more [`Overlay`].

mod answers;
mod contacts;
mod conversation;
mod devices;
mod follow_up;
mod forms;
mod group;
mod jump;
mod list;
pub(super) mod overlay;
mod search;
mod writing;

use std::collections::BTreeMap;

use chinwag_client::{Refusal, Shown, Wish};
use chinwag_proto::rest::{BlockInfo, Contact, DeviceInfo, Member};
use chinwag_proto::{ChatId, ClientMessageId, DeviceId, Role, Seq, UserId};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::blocks::{Look, Quotes};
use super::data::{Conversation, Data, Row};
use super::editor::Editor;
use super::keymap::{self, Action, Place};
use super::layout::{self, Areas};
use super::scroll::{At, Scroll};
use super::theme::Theme;
pub(super) use forms::PALETTE;
use jump::Jump;
use overlay::Overlay;

/// Bytes of a message, as the contract limits them.
pub(super) const TEXT_BYTES: usize = 16 * 1024;
/// Rows of the field in which a message is written.
const COMPOSE_ROWS: usize = 8;

/// Something that happened.
#[derive(Debug)]
pub(super) enum Input {
    Key(KeyEvent),
    Paste(String),
    Resize(u16, u16),
    /// The terminal's window has the keyboard, or has lost it.
    Focus(bool),
    /// The data are newer.
    Changed,
    /// Nothing was typed for a while.
    Idle,
    Answer(Answer),
    /// A record was not taken.
    Refused(ClientMessageId, Refusal),
    /// An own record was refused by the server.
    Failed(ChatId),
}

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Wish(Wish),
    Ask(Ask),
    Quit,
    Suspend,
    Repaint,
    LogOut,
}

/// A question to the server or to what is held here; its [`Answer`] comes later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    Search { ticket: u64, query: String },
    Look { chat: ChatId, seq: Seq },
    User(String),
    NewGroup { title: String, members: Vec<String> },
    Members(ChatId),
    Add { chat: ChatId, names: Vec<String> },
    Remove { chat: ChatId, user: UserId },
    Role { chat: ChatId, user: UserId, role: Role },
    Title { chat: ChatId, title: String },
    Leave(ChatId),
    Devices,
    RenameDevice { device: DeviceId, name: String },
    Revoke(DeviceId),
    Contacts,
    AddContact(String),
    RemoveContact(UserId),
    Block { user: UserId, on: bool },
}

/// What came of an [`Ask`].
#[derive(Debug)]
pub(super) enum Answer {
    Hits { ticket: u64, hits: Vec<Hit> },
    Looked { chat: ChatId, seq: Seq, line: Option<Box<Shown>> },
    User(UserId),
    Group(ChatId),
    Members { chat: ChatId, members: Vec<Member> },
    Left(ChatId),
    Devices(Vec<DeviceInfo>),
    Contacts { contacts: Vec<Contact>, blocks: Vec<BlockInfo> },
    Failed(String),
}

/// A message found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) chat: ChatId,
    pub(super) line: Shown,
}

/// Which part of the screen has the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pane {
    List,
    Messages,
    Compose,
}

/// What the text being written will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Writing {
    Message,
    Reply(Seq),
    /// Another content for a message; the text that stood there before is kept.
    Edit {
        seq: Seq,
        kept: String,
    },
}

/// A word to the user, until the next key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Notice {
    pub(super) text: String,
    pub(super) bad: bool,
}

/// A message on its way to the engine, kept in case that it is not taken.
#[derive(Debug)]
struct Given {
    id: ClientMessageId,
    chat: ChatId,
    text: String,
}

/// The app.
pub(super) struct Model {
    pub(super) theme: Theme,
    pub(super) size: (u16, u16),
    pub(super) pane: Pane,
    /// The open chat.
    pub(super) chat: Option<ChatId>,
    /// The chat under the cursor of the list.
    pub(super) cursor: Option<ChatId>,
    /// The first row of the list on screen.
    pub(super) list_top: usize,
    /// What a chat's name has to contain.
    pub(super) filter: Option<Editor>,
    pub(super) compose: Editor,
    pub(super) writing: Writing,
    pub(super) scroll: Scroll,
    pub(super) selected: Option<At>,
    pub(super) unread_after: Option<Seq>,
    pub(super) overlays: Vec<Overlay>,
    pub(super) notice: Option<Notice>,
    pub(super) quotes: Quotes,
    /// What is being looked for in the conversation.
    jump: Option<Jump>,
    /// The lines in the data are those of before a jump.
    awaits_lines: bool,
    active: bool,
    /// The text differs from the draft that was kept.
    unsaved: bool,
    given: Option<Given>,
    watched: BTreeMap<UserId, bool>,
    ids: Box<dyn FnMut() -> ClientMessageId + Send>,
    tickets: u64,
    acts: Vec<Act>,
}

impl Model {
    /// The app as it begins. `ids` gives fresh random ids.
    pub(super) fn new(
        theme: Theme,
        size: (u16, u16),
        ids: Box<dyn FnMut() -> ClientMessageId + Send>,
    ) -> Self {
        Self {
            theme,
            size,
            pane: Pane::List,
            chat: None,
            cursor: None,
            list_top: 0,
            filter: None,
            compose: Editor::new(TEXT_BYTES),
            writing: Writing::Message,
            scroll: Scroll::default(),
            selected: None,
            unread_after: None,
            overlays: Vec::new(),
            notice: None,
            quotes: Quotes::new(),
            jump: None,
            awaits_lines: false,
            active: true,
            unsaved: false,
            given: None,
            watched: BTreeMap::new(),
            ids,
            tickets: 0,
            acts: Vec::new(),
        }
    }

    /// Takes an input in; answers what is to be done, in order.
    pub(super) fn on(&mut self, input: Input, data: &Data) -> Vec<Act> {
        match input {
            Input::Key(key) => {
                self.notice = None;
                self.jump = None;
                self.on_key(key, data);
            }
            Input::Paste(text) => self.on_paste(&text, data),
            Input::Resize(width, height) => self.size = (width, height),
            Input::Focus(on) => {
                self.active = on;
                self.wish(Wish::Active(on));
            }
            Input::Changed => self.awaits_lines = false,
            Input::Idle => self.save_draft(),
            Input::Answer(answer) => self.on_answer(answer, data),
            Input::Refused(id, why) => self.on_refused(&id, why),
            Input::Failed(chat) => {
                let title = data.title(chat);
                self.tell_bad(format!("Not sent in “{title}”: see the message there"));
            }
        }
        self.follow_up(data);
        std::mem::take(&mut self.acts)
    }

    /// Whether a draft waits to be kept.
    pub(super) const fn is_unsaved(&self) -> bool {
        self.unsaved
    }

    /// Whether a new message in a chat is worth a sound: nobody looks at it.
    pub(super) fn wants_bell(&self, chat: ChatId) -> bool {
        !self.active || self.chat != Some(chat)
    }

    /// Where keys go.
    pub(super) fn place(&self) -> Place {
        match (self.overlays.last(), self.pane) {
            (Some(overlay), _) => overlay.place(),
            (None, Pane::List) => Place::List,
            (None, Pane::Messages) => Place::Messages,
            (None, Pane::Compose) => Place::Compose,
        }
    }

    /// The field that takes what is typed.
    fn field(&mut self) -> Option<&mut Editor> {
        if !self.overlays.is_empty() {
            return self.overlays.last_mut().and_then(Overlay::field);
        }
        match self.pane {
            Pane::List => self.filter.as_mut(),
            Pane::Compose => Some(&mut self.compose),
            Pane::Messages => None,
        }
    }

    fn on_key(&mut self, key: KeyEvent, data: &Data) {
        let place = self.place();
        let typing = self.field().is_some();
        // In a field letters are text, whatever they mean elsewhere.
        let text = matches!(key.code, KeyCode::Char(_))
            && !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        if typing && text {
            if let KeyCode::Char(c) = key.code {
                self.type_in(c.encode_utf8(&mut [0; 4]), data);
            }
            return;
        }
        if let Some(action) = keymap::action(place, key)
            && self.on_action(place, action, data)
        {
            return;
        }
        if typing
            && let Some(action) = keymap::action(Place::Field, key)
            && self.on_field(action, data)
        {
            return;
        }
        if let Some(action) = keymap::action(Place::Anywhere, key) {
            self.on_global(action, data);
        }
    }

    /// Whether the place had a use for it.
    fn on_action(&mut self, place: Place, action: Action, data: &Data) -> bool {
        match place {
            Place::List => self.on_list(action, data),
            Place::Messages => self.on_messages(action, data),
            Place::Compose => self.on_compose(action, data),
            Place::Form => self.on_form(action, data),
            Place::Search => self.on_search(action, data),
            Place::Group => self.on_group(action, data),
            Place::Devices => self.on_devices(action),
            Place::Contacts => self.on_contacts(action, data),
            Place::Confirm => self.on_confirm(action),
            Place::Help => self.on_help(action),
            Place::Anywhere | Place::Field | Place::LogIn => return false,
        }
        .is_some()
    }

    fn on_global(&mut self, action: Action, data: &Data) {
        match action {
            Action::Quit => self.quit(),
            Action::Suspend => {
                self.save_draft();
                self.acts.push(Act::Suspend);
            }
            Action::Repaint => self.acts.push(Act::Repaint),
            Action::Help => self.open_help(),
            Action::Search => self.open_search(),
            _ if !self.overlays.is_empty() => {}
            Action::NextPane => self.turn_pane(true),
            Action::PreviousPane => self.turn_pane(false),
            Action::NextChat => self.turn_chat(true, data),
            Action::PreviousChat => self.turn_chat(false, data),
            _ => {}
        }
    }

    fn quit(&mut self) {
        self.save_draft();
        self.acts.push(Act::Quit);
    }

    fn turn_pane(&mut self, forward: bool) {
        if self.chat.is_none() {
            return;
        }
        let next = match (self.pane, forward) {
            (Pane::List, true) | (Pane::Compose, false) => Pane::Messages,
            (Pane::Messages, true) | (Pane::List, false) => Pane::Compose,
            (Pane::Compose, true) | (Pane::Messages, false) => Pane::List,
        };
        self.enter(next);
    }

    fn on_paste(&mut self, text: &str, data: &Data) {
        if self.field().is_none() && self.overlays.is_empty() && self.chat.is_some() {
            self.enter(Pane::Compose);
        }
        self.type_in(text, data);
    }

    fn type_in(&mut self, text: &str, data: &Data) {
        let whole = self.field().is_none_or(|field| field.insert(text));
        if !whole {
            self.tell_bad("That is as long as a text may be; the rest was left out".to_owned());
        }
        self.typed(data);
    }

    /// Whether the field had a use for it.
    fn on_field(&mut self, action: Action, data: &Data) -> bool {
        let Some(field) = self.field() else { return false };
        match action {
            Action::Left => field.left(),
            Action::Right => field.right(),
            Action::WordLeft => field.word_left(),
            Action::WordRight => field.word_right(),
            Action::LineStart => field.home(),
            Action::LineEnd => field.end(),
            Action::Backspace => field.backspace(),
            Action::DeleteNext => field.delete(),
            Action::DeleteWord => field.delete_word(),
            Action::DeleteToStart => field.delete_to_home(),
            Action::DeleteToEnd => field.delete_to_end(),
            _ => return false,
        }
        self.typed(data);
        true
    }

    /// The text of a field may be another.
    fn typed(&mut self, data: &Data) {
        if !self.overlays.is_empty() {
            self.form_typed(data);
        } else if self.pane == Pane::Compose {
            self.compose_typed();
        } else {
            self.filter_typed(data);
        }
    }

    fn wish(&mut self, wish: Wish) {
        self.acts.push(Act::Wish(wish));
    }

    fn ask(&mut self, ask: Ask) {
        self.acts.push(Act::Ask(ask));
    }

    fn tell(&mut self, text: String) {
        self.notice = Some(Notice { text, bad: false });
    }

    fn tell_bad(&mut self, text: String) {
        self.notice = Some(Notice { text, bad: true });
    }

    /// The row of the open chat.
    pub(super) fn row<'a>(&self, data: &'a Data) -> Option<&'a Row> {
        data.row(self.chat?)
    }

    /// The open chat's lines.
    pub(super) fn conversation<'a>(&self, data: &'a Data) -> Option<&'a Conversation> {
        data.conversation(self.chat?)
    }

    /// Where everything is on the screen.
    pub(super) fn areas(&self, data: &Data) -> Areas {
        let width = usize::from(layout::conversation_width(self.size)).saturating_sub(4);
        let rows = self.compose.rows(width).0.len().min(COMPOSE_ROWS);
        let banner = self.banner_rows(data);
        layout::areas(
            self.size,
            self.pane == Pane::List || self.chat.is_none(),
            u16::try_from(banner).unwrap_or(1),
            u16::try_from(rows).unwrap_or(1),
        )
    }

    fn banner_rows(&self, data: &Data) -> usize {
        usize::from(self.writing != Writing::Message) + usize::from(!self.proposals(data).is_empty())
    }

    /// What the rows of the open chat depend on.
    pub(super) fn look<'a>(&'a self, data: &'a Data, width: usize) -> Option<Look<'a>> {
        let conversation = self.conversation(data)?;
        let selected = self.selected.as_ref().filter(|_| self.pane == Pane::Messages);
        Some(Look {
            data,
            chat: conversation.chat,
            lines: &conversation.lines,
            quotes: &self.quotes,
            width,
            theme: self.theme,
            selected: selected.and_then(|at| at.find(&conversation.lines)),
            unread_after: self.unread_after,
        })
    }

    /// Lets the scroll move over the rows on screen.
    fn scrolling(&mut self, data: &Data, moves: impl FnOnce(&mut Scroll, &Look<'_>, usize)) {
        let area = self.areas(data).messages;
        let mut scroll = self.scroll.clone();
        if let Some(look) = self.look(data, usize::from(area.width)) {
            moves(&mut scroll, &look, usize::from(area.height));
        }
        self.scroll = scroll;
    }
}
