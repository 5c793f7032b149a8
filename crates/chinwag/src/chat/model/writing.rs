//! The field in which a message is written: sending, replies, edits, drafts, names.

use chinwag_client::{Record, Refusal, Wish};
use chinwag_proto::{ChatId, ClientMessageId, Content};

use super::{Data, Given, Model, Pane, Writing};
use crate::chat::data::Row;
use crate::chat::keymap::Action;
use crate::chat::text;

/// Names proposed at once.
const PROPOSALS_MAX: usize = 5;

impl Model {
    pub(super) fn on_compose(&mut self, action: Action, data: &Data) -> Option<()> {
        let page = self.page(data);
        match action {
            Action::Send => self.send(data),
            Action::Newline => self.type_in("\n", data),
            Action::Up => {
                if !self.compose.up() {
                    self.select_newest(data);
                }
            }
            Action::Down => {
                self.compose.down();
            }
            Action::Back => self.back_from_writing(),
            Action::PageUp => self.page_by(-page, data),
            Action::PageDown => self.page_by(page, data),
            Action::Complete => {
                let name = self.proposals(data).first().cloned()?;
                self.compose.complete(&name);
                self.compose_typed();
            }
            _ => return None,
        }
        Some(())
    }

    fn back_from_writing(&mut self) {
        match self.writing {
            Writing::Message => {
                self.save_draft();
                self.enter(Pane::List);
            }
            Writing::Reply(_) => self.writing = Writing::Message,
            Writing::Edit { .. } => self.end_edit(),
        }
    }

    /// Gives an edit up; what stood in the field before comes back.
    pub(super) fn end_edit(&mut self) {
        if let Writing::Edit { kept, .. } = std::mem::replace(&mut self.writing, Writing::Message) {
            self.compose.set(&kept);
        }
    }

    pub(super) fn compose_typed(&mut self) {
        if matches!(self.writing, Writing::Edit { .. }) {
            return;
        }
        self.unsaved = true;
        if let Some(chat) = self.chat {
            self.wish(Wish::Typing { chat, on: !self.compose.is_empty() });
        }
    }

    /// Keeps what stands in the field for the next time.
    pub(super) fn save_draft(&mut self) {
        let text = match &self.writing {
            Writing::Edit { kept, .. } => kept.clone(),
            Writing::Message | Writing::Reply(_) => self.compose.text().to_owned(),
        };
        if let Some(chat) = self.chat.filter(|_| std::mem::take(&mut self.unsaved)) {
            self.wish(Wish::Draft { chat, text });
        }
    }

    fn send(&mut self, data: &Data) {
        let Some(chat) = self.chat else { return };
        if self.row(data).is_some_and(|row| row.gone) {
            return self.tell_bad("You are no longer a member of this chat; the text is kept".to_owned());
        }
        let text = self.compose.text().trim_matches('\n').trim_end().to_owned();
        if text.trim().is_empty() {
            return;
        }
        let content = Content::text(&text);
        match std::mem::replace(&mut self.writing, Writing::Message) {
            Writing::Edit { seq, kept } => {
                self.put(chat, Record::Edit { target: seq, content }, data);
                self.compose.set(&kept);
            }
            writing => {
                let reply_to = if let Writing::Reply(seq) = writing { Some(seq) } else { None };
                let id = self.put(chat, Record::Message { content, reply_to }, data);
                self.given = Some(Given { id, chat, text });
                self.compose.clear();
                self.unsaved = false;
                self.unread_after = None;
                self.go_to_newest(data);
            }
        }
    }

    /// Gives a record to the engine.
    pub(super) fn put(&mut self, chat: ChatId, record: Record, data: &Data) -> ClientMessageId {
        let id = (self.ids)();
        self.wish(Wish::Record { chat, id: id.clone(), at_ms: data.now_ms, record });
        id
    }

    pub(super) fn on_refused(&mut self, id: &ClientMessageId, why: Refusal) {
        let said = match why {
            Refusal::Full => "too much waits to be sent already",
            Refusal::Used => "its id was used before; try again",
            Refusal::Content => "it is empty or too long",
            Refusal::NoStore => "this device can keep nothing any more; quit and look at its disk",
        };
        self.tell_bad(format!("Not taken: {said}"));
        if let Some(given) = self.given.take_if(|given| given.id == *id)
            && self.chat == Some(given.chat)
            && self.compose.is_empty()
        {
            self.compose.set(&given.text);
            self.unsaved = true;
        }
    }

    /// User names that begin as the mention at the cursor does.
    pub(in crate::chat) fn proposals(&self, data: &Data) -> Vec<String> {
        let Some(typed) = self.compose.mention().filter(|_| self.pane == Pane::Compose) else {
            return Vec::new();
        };
        if !matches!(self.chat, Some(ChatId::Group(_))) {
            return Vec::new();
        }
        let typed = typed.to_lowercase();
        // Those who wrote here come first, the latest at the front.
        let lines = self.conversation(data).map_or(&[][..], |c| &c.lines);
        let mut names: Vec<String> = Vec::new();
        let wrote = lines.iter().rev().map(|line| line.sender);
        for user in wrote.chain(data.names.0.keys().copied()).filter(|user| *user != data.me) {
            let Some(name) = data.names.username(user).map(text::one_line) else { continue };
            if name.starts_with(&typed) && !names.contains(&name) {
                names.push(name);
                if names.len() == PROPOSALS_MAX {
                    break;
                }
            }
        }
        names
    }

    /// Whether nothing can be written here any more.
    pub(in crate::chat) fn is_closed(row: Option<&Row>) -> bool {
        row.is_some_and(|row| row.gone)
    }
}
