//! The chat list.

use chinwag_client::Wish;
use chinwag_proto::ChatId;

use super::overlay::{Confirm, Form, FormKind, Overlay, Yes};
use super::{Ask, Data, Editor, Model, Row};
use crate::chat::keymap::Action;

/// Rows of the screen that a chat takes.
pub(in crate::chat) const ROWS_PER_CHAT: usize = 2;
/// Bytes of the name of a chat that is looked for.
const FILTER_BYTES: usize = 128;

impl Model {
    /// The chats of the list as it stands, those that the filter leaves.
    pub(in crate::chat) fn listed<'a>(&self, data: &'a Data) -> Vec<&'a Row> {
        let wanted = self.filter.as_ref().map(|filter| filter.text().to_lowercase());
        let fits = |row: &&Row| {
            wanted.as_ref().is_none_or(|wanted| data.title(row.id).to_lowercase().contains(wanted.as_str()))
        };
        data.chats.iter().filter(fits).collect()
    }

    /// Chats that the list has room for.
    pub(in crate::chat) fn list_room(&self) -> usize {
        (usize::from(self.size.1).saturating_sub(2) / ROWS_PER_CHAT).max(1)
    }

    pub(super) fn on_list(&mut self, action: Action, data: &Data) -> Option<()> {
        let page = isize::try_from(self.list_room()).unwrap_or(1);
        match action {
            Action::Up => self.move_cursor(-1, data),
            Action::Down => self.move_cursor(1, data),
            Action::PageUp => self.move_cursor(-page, data),
            Action::PageDown => self.move_cursor(page, data),
            Action::First => self.move_cursor(isize::MIN, data),
            Action::Last => self.move_cursor(isize::MAX, data),
            Action::Enter => {
                let chat = self.cursor.filter(|chat| self.listed(data).iter().any(|row| row.id == *chat));
                self.filter = None;
                if let Some(chat) = chat {
                    self.open(chat, data);
                }
            }
            Action::Back => self.filter = None,
            Action::Filter => self.filter = Some(Editor::new(FILTER_BYTES)),
            Action::NextUnread => self.next_unread(data),
            Action::NewDirect => self.overlays.push(Overlay::Form(Form::new(FormKind::Write))),
            Action::NewGroup => self.overlays.push(Overlay::Form(Form::new(FormKind::NewGroup))),
            Action::Search => self.open_search(),
            Action::Pin => self.with_cursor(data, |row| Wish::Pin { chat: row.id, on: !row.pinned }),
            Action::Mute => self.with_cursor(data, |row| Wish::Mute { chat: row.id, on: !row.muted }),
            Action::Info => self.open_group(self.cursor),
            Action::Contacts => {
                self.overlays.push(Overlay::Contacts(Default::default()));
                self.ask(Ask::Contacts);
            }
            Action::Devices => {
                self.overlays.push(Overlay::Devices(Default::default()));
                self.ask(Ask::Devices);
            }
            Action::Connect => self.wish(Wish::Connect),
            Action::LogOut => self.overlays.push(Overlay::Confirm(Confirm {
                question: "Log this device out? What is held here is deleted, unsent messages too."
                    .to_owned(),
                yes: Yes::LogOut,
            })),
            Action::Quit => self.quit(),
            Action::Help => self.open_help(),
            _ => return None,
        }
        Some(())
    }

    fn with_cursor(&mut self, data: &Data, wish: impl FnOnce(&Row) -> Wish) {
        if let Some(row) = self.cursor.and_then(|chat| data.row(chat)) {
            self.wish(wish(row));
        }
    }

    fn move_cursor(&mut self, by: isize, data: &Data) {
        let chats: Vec<ChatId> = self.listed(data).iter().map(|row| row.id).collect();
        let at = self.cursor.and_then(|chat| chats.iter().position(|other| *other == chat)).unwrap_or(0);
        let to = at.saturating_add_signed(by).min(chats.len().saturating_sub(1));
        self.cursor = chats.get(to).copied();
    }

    pub(super) fn filter_typed(&mut self, data: &Data) {
        self.cursor = self.listed(data).first().map(|row| row.id);
    }

    /// Opens the next or the previous chat of the list.
    pub(super) fn turn_chat(&mut self, forward: bool, data: &Data) {
        let chats: Vec<ChatId> = self.listed(data).iter().map(|row| row.id).collect();
        let at = self.chat.and_then(|chat| chats.iter().position(|other| *other == chat));
        let next = match (at, forward) {
            (None, _) => 0,
            (Some(at), true) => at + 1,
            (Some(at), false) => at.saturating_sub(1),
        };
        if let Some(chat) = chats.get(next).filter(|chat| Some(**chat) != self.chat) {
            self.open(*chat, data);
        }
    }

    fn next_unread(&mut self, data: &Data) {
        let at = self.cursor.and_then(|chat| data.chats.iter().position(|row| row.id == chat)).unwrap_or(0);
        let after = data.chats.iter().cycle().skip(at + 1).take(data.chats.len());
        match after.into_iter().find(|row| row.unread > 0) {
            Some(row) => self.open(row.id, data),
            None => self.tell("Nothing unread".to_owned()),
        }
    }

    /// Keeps the cursor on a chat that there is, and on screen.
    pub(super) fn follow_list(&mut self, data: &Data) {
        let chats: Vec<ChatId> = self.listed(data).iter().map(|row| row.id).collect();
        let at = self.cursor.and_then(|chat| chats.iter().position(|other| *other == chat));
        if at.is_none() {
            self.cursor = chats.first().copied();
        }
        let (at, room) = (at.unwrap_or(0), self.list_room());
        self.list_top =
            self.list_top.min(chats.len().saturating_sub(room)).min(at).max((at + 1).saturating_sub(room));
    }
}
