//! The open chat: opening it, moving in it, and what can be done to a message.

use chinwag_client::{Body, Record, Shown, Status, Wish};
use chinwag_proto::{ChatId, Role, Seq};

use super::overlay::{Confirm, Form, FormKind, Overlay, Yes};
use super::{Data, Jump, Model, Pane, Writing};
use crate::chat::keymap::Action;
use crate::chat::scroll::At;

impl Model {
    /// Opens a chat, at what is unread.
    pub(super) fn open(&mut self, chat: ChatId, data: &Data) {
        self.cursor = Some(chat);
        if self.chat != Some(chat) {
            self.leave();
            self.chat = Some(chat);
            self.wish(Wish::Open(Some(chat)));
            let row = data.row(chat);
            self.unread_after = row.filter(|row| row.unread > 0).map(|row| row.read);
            self.jump = self.unread_after.map(Jump::Unread);
            self.scroll.newest();
            self.selected = None;
            self.compose.set(row.map_or("", |row| &row.draft));
        }
        self.enter(Pane::Compose);
    }

    /// Leaves the open chat as it stands.
    fn leave(&mut self) {
        if let Writing::Edit { kept, .. } = std::mem::replace(&mut self.writing, Writing::Message) {
            self.compose.set(&kept);
        }
        self.save_draft();
        if let Some(chat) = self.chat.filter(|_| !self.compose.is_empty()) {
            self.wish(Wish::Typing { chat, on: false });
        }
        self.quotes.clear();
    }

    /// Gives a pane the keys.
    pub(super) fn enter(&mut self, pane: Pane) {
        self.pane = pane;
        if pane != Pane::List {
            self.filter = None;
        }
    }

    pub(super) fn on_messages(&mut self, action: Action, data: &Data) -> Option<()> {
        let page = self.page(data);
        match action {
            Action::Up => self.select_by(-1, data),
            Action::Down => self.select_by(1, data),
            Action::PageUp => self.page_by(-page, data),
            Action::PageDown => self.page_by(page, data),
            Action::First => self.select_at(0, data),
            Action::Last => self.go_to_newest(data),
            Action::Back => self.enter(Pane::Compose),
            Action::Reply => self.reply(data),
            Action::Edit => self.edit(data),
            Action::Delete => self.delete(data),
            Action::React => self.react(data),
            Action::Retry => self.retry(data),
            Action::Discard => self.discard(data),
            Action::GoToQuoted => {
                if let Some(target) = self.line(data).and_then(|line| line.reply_to) {
                    self.go_to(target, data);
                }
            }
            Action::GoToDate => self.overlays.push(Overlay::Form(Form::new(FormKind::Date))),
            Action::Search => self.open_search(),
            Action::Info => self.open_group(self.chat),
            Action::Help => self.open_help(),
            _ => return None,
        }
        Some(())
    }

    /// The rows of a page.
    pub(super) fn page(&self, data: &Data) -> isize {
        isize::try_from(self.areas(data).messages.height.saturating_sub(2).max(1)).unwrap_or(1)
    }

    /// Scrolls by rows; the selection comes along.
    pub(super) fn page_by(&mut self, rows: isize, data: &Data) {
        self.jump = None;
        self.scrolling(data, |scroll, look, height| scroll.by(look, height, rows));
        if self.pane == Pane::Messages {
            let mut seen = None;
            self.scrolling(data, |scroll, look, height| seen = Some(scroll.visible(look, height)));
            let at = self.selected_place(data);
            if let (Some(seen), Some(at)) = (seen, at) {
                let first = if seen.first < seen.last { seen.first + 1 } else { seen.first };
                self.select_at(at.clamp(first, seen.last), data);
            }
        }
    }

    fn selected_place(&self, data: &Data) -> Option<usize> {
        self.selected.as_ref()?.find(&self.conversation(data)?.lines)
    }

    /// The selected line.
    pub(super) fn line<'a>(&self, data: &'a Data) -> Option<&'a Shown> {
        self.conversation(data)?.lines.get(self.selected_place(data)?)
    }

    fn select_by(&mut self, by: isize, data: &Data) {
        let Some(conversation) = self.conversation(data) else { return };
        let end = conversation.lines.len().saturating_sub(1);
        let to = self.selected_place(data).map_or(end, |at| at.saturating_add_signed(by));
        if to > end {
            // Below the newest message is the field; below the newest that is loaded, more is on its way.
            if !conversation.below {
                self.enter(Pane::Compose);
            }
            return;
        }
        self.select_at(to, data);
    }

    pub(super) fn select_at(&mut self, place: usize, data: &Data) {
        self.jump = None;
        self.selected = self.conversation(data).and_then(|c| c.lines.get(place)).and_then(At::of);
        self.scrolling(data, |scroll, look, height| scroll.show(look, height, place));
    }

    /// Selects the newest line and gives the messages the keys.
    pub(super) fn select_newest(&mut self, data: &Data) {
        let Some(end) = self.conversation(data).and_then(|c| c.lines.len().checked_sub(1)) else { return };
        self.enter(Pane::Messages);
        if self.scroll.is_newest() {
            return self.select_at(end, data);
        }
        let mut last = end;
        self.scrolling(data, |scroll, look, height| last = scroll.visible(look, height).last);
        self.select_at(last, data);
    }

    pub(super) fn go_to_newest(&mut self, data: &Data) {
        self.jump = None;
        if self.conversation(data).is_some_and(|conversation| conversation.below) {
            self.wish(Wish::Newest);
        }
        self.scroll.newest();
        if self.pane == Pane::Messages {
            self.selected = self.conversation(data).and_then(|c| c.lines.last()).and_then(At::of);
        }
    }

    /// Goes to a message of the open chat.
    pub(super) fn go_to(&mut self, seq: Seq, data: &Data) {
        let held = self
            .conversation(data)
            .and_then(|c| At::Seq(seq).find(&c.lines).or_else(|| place_of(seq, &c.lines)));
        match held {
            Some(place) => self.centre(place, data),
            None => {
                self.jump = Some(Jump::Seq(seq));
                self.open_at(seq);
            }
        }
    }

    /// Selects a line and brings it to the middle.
    pub(super) fn centre(&mut self, place: usize, data: &Data) {
        self.jump = None;
        self.enter(Pane::Messages);
        self.selected = self.conversation(data).and_then(|c| c.lines.get(place)).and_then(At::of);
        self.scrolling(data, |scroll, look, height| scroll.centre(look, height, place));
    }

    /// The selected message, where the server has it and it is not deleted.
    fn message<'a>(&mut self, data: &'a Data) -> Option<(ChatId, Seq, &'a Shown)> {
        let (chat, line) = (self.chat?, self.line(data)?);
        match (&line.body, line.seq) {
            (Body::Event(_), _) => self.tell("That is no message".to_owned()),
            (Body::Deleted, _) => self.tell("That message is deleted".to_owned()),
            (_, None) => self.tell("Wait until the server has the message".to_owned()),
            (_, Some(_)) if self.row(data).is_some_and(|row| row.gone) => {
                self.tell("You are no longer a member of this chat".to_owned());
            }
            (_, Some(seq)) => return Some((chat, seq, line)),
        }
        None
    }

    fn reply(&mut self, data: &Data) {
        if let Some((_, seq, _)) = self.message(data) {
            self.end_edit();
            self.writing = Writing::Reply(seq);
            self.enter(Pane::Compose);
        }
    }

    fn edit(&mut self, data: &Data) {
        let Some((_, seq, line)) = self.message(data) else { return };
        let Body::Content(content) = &line.body else { return };
        if line.sender != data.me {
            return self.tell("Only your own messages can be edited".to_owned());
        }
        self.end_edit();
        let kept = self.compose.take();
        self.compose.set(&content.fallback());
        self.writing = Writing::Edit { seq, kept };
        self.enter(Pane::Compose);
    }

    fn delete(&mut self, data: &Data) {
        let Some((chat, seq, line)) = self.message(data) else { return };
        let admin =
            matches!(chat, ChatId::Group(_)) && self.row(data).is_some_and(|row| row.role >= Role::Admin);
        if line.sender != data.me && !admin {
            return self.tell("Only your own messages can be deleted".to_owned());
        }
        let question = "Delete this message for everybody?".to_owned();
        self.overlays.push(Overlay::Confirm(Confirm { question, yes: Yes::Delete { chat, seq } }));
    }

    fn react(&mut self, data: &Data) {
        if let Some((chat, seq, _)) = self.message(data) {
            self.overlays.push(Overlay::Form(Form::new(FormKind::React { chat, seq })));
        }
    }

    /// Puts a reaction, or takes it back where it stands.
    pub(super) fn toggle_reaction(
        &mut self,
        chat: ChatId,
        seq: Seq,
        key: &str,
        data: &Data,
    ) -> Result<(), String> {
        let key = key.trim().parse().map_err(|_| "A reaction is an emoji or a short word".to_owned())?;
        let line = data.conversation(chat).and_then(|c| c.lines.iter().find(|line| line.seq == Some(seq)));
        let stands =
            line.is_some_and(|line| line.reactions.get(&key).is_some_and(|who| who.contains(&data.me)));
        self.put(chat, Record::React { target: seq, key, on: !stands }, data);
        Ok(())
    }

    /// Ids of own records of the selected line that were refused.
    fn failed(&self, data: &Data) -> Vec<chinwag_proto::ClientMessageId> {
        let Some(line) = self.line(data) else { return Vec::new() };
        let message = line.id.clone().filter(|_| matches!(line.status, Status::Failed(_)));
        let changes = line.pending.iter().filter(|p| p.failed.is_some()).map(|p| p.id.clone());
        message.into_iter().chain(changes).collect()
    }

    fn retry(&mut self, data: &Data) {
        let (Some(chat), failed) = (self.chat, self.failed(data)) else { return };
        if failed.is_empty() {
            self.tell("Nothing of this message has failed".to_owned());
        }
        for id in failed {
            let fresh = (self.ids)();
            self.wish(Wish::Retry { chat, id, fresh });
        }
    }

    fn discard(&mut self, data: &Data) {
        let (Some(chat), mut failed) = (self.chat, self.failed(data)) else { return };
        // What was never on its way can be taken back as well: offline, it waits here.
        let waiting =
            self.line(data).filter(|line| line.status == Status::Sending).and_then(|line| line.id.clone());
        failed.extend(waiting);
        if failed.is_empty() {
            self.tell("The server has this message; d deletes it".to_owned());
        }
        for id in failed {
            self.wish(Wish::Discard { chat, id });
        }
    }
}

/// The place of a seq among lines that span it; of the next one where it shows nothing itself.
pub(super) fn place_of(seq: Seq, lines: &[Shown]) -> Option<usize> {
    let first = lines.first()?.seq?;
    let place = lines.iter().position(|line| line.seq.is_some_and(|at| at >= seq))?;
    (first <= seq).then_some(place)
}
