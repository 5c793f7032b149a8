//! Forms, questions with yes or no, and the help.

use chinwag_client::Record;
use chinwag_proto::text::{Name, Username};

use super::overlay::{Form, FormKind, Overlay, Yes};
use super::{Act, Ask, Data, Jump, Model};
use crate::chat::keymap::{self, Action};
use crate::chat::time;

/// Reactions that a digit gives.
pub(in crate::chat) const PALETTE: [&str; 8] = ["👍", "❤️", "😂", "😮", "😢", "🎉", "👀", "✅"];
/// Names of one call, as the contract limits them.
const NAMES_MAX: usize = 100;

impl Model {
    pub(super) fn on_form(&mut self, action: Action, data: &Data) -> Option<()> {
        let Some(Overlay::Form(form)) = self.overlays.last_mut() else { return None };
        match action {
            Action::Up => form.at = form.at.saturating_sub(1),
            Action::Down => form.at = (form.at + 1) % form.fields.len().max(1),
            Action::Back => {
                self.overlays.pop();
            }
            Action::Enter if form.busy => {}
            Action::Enter if form.at + 1 < form.fields.len() => form.at += 1,
            Action::Enter => self.submit(data),
            _ => return None,
        }
        Some(())
    }

    fn submit(&mut self, data: &Data) {
        let Some(Overlay::Form(form)) = self.overlays.last() else { return };
        let asked = self.meant(form, data);
        let Some(Overlay::Form(form)) = self.overlays.last_mut() else { return };
        match asked {
            Err(why) => form.error = Some(why),
            Ok(Meant::Ask(ask)) => {
                (form.busy, form.error) = (true, None);
                self.ask(ask);
            }
            Ok(Meant::Jump(ms)) => {
                self.overlays.pop();
                self.jump = Some(Jump::to_date(ms));
            }
            Ok(Meant::React(chat, seq, key)) => match self.toggle_reaction(chat, seq, &key, data) {
                Ok(()) => {
                    self.overlays.pop();
                }
                Err(why) => {
                    let _ = self.overlays.last_mut().map(|overlay| overlay.fail(why));
                }
            },
        }
    }

    fn meant(&self, form: &Form, data: &Data) -> Result<Meant, String> {
        let first = form.text(0);
        let ask = match &form.kind {
            FormKind::Write => Ask::User(username(&first)?),
            FormKind::AddContact => Ask::AddContact(username(&first)?),
            FormKind::NewGroup => Ask::NewGroup { title: name(&first)?, members: usernames(&form.text(1))? },
            FormKind::AddMembers(chat) => Ask::Add { chat: *chat, names: usernames(&first)? },
            FormKind::Title(chat) => Ask::Title { chat: *chat, title: name(&first)? },
            FormKind::RenameDevice(device) => Ask::RenameDevice { device: *device, name: name(&first)? },
            FormKind::Date => {
                let ms = time::parse_day(&first, data.now_ms, &data.zone);
                return ms.map(Meant::Jump).ok_or_else(|| "That is no day until today".to_owned());
            }
            FormKind::React { chat, seq } => return Ok(Meant::React(*chat, *seq, first)),
        };
        Ok(Meant::Ask(ask))
    }

    /// What is typed into a form may be all that it takes; a search begins anew.
    pub(super) fn form_typed(&mut self, data: &Data) {
        match self.overlays.last_mut() {
            Some(Overlay::Search(_)) => self.searched(),
            Some(Overlay::Form(form)) => {
                form.error = None;
                let digit = form.text(0).parse::<usize>().ok().and_then(|digit| digit.checked_sub(1));
                if let (FormKind::React { .. }, Some(key)) =
                    (&form.kind, digit.and_then(|at| PALETTE.get(at)))
                {
                    form.fields.iter_mut().for_each(|field| field.text.set(key));
                    self.submit(data);
                }
            }
            _ => {}
        }
    }

    pub(super) fn on_confirm(&mut self, action: Action) -> Option<()> {
        if !matches!(action, Action::Yes | Action::Back) {
            return None;
        }
        let Some(Overlay::Confirm(confirm)) = self.overlays.pop() else { return None };
        if action == Action::Yes {
            match confirm.yes {
                Yes::Delete { chat, seq } => {
                    let id = (self.ids)();
                    let record = Record::Delete { target: seq };
                    // The time is for display, which a deletion has none of.
                    self.wish(chinwag_client::Wish::Record { chat, id, at_ms: 0, record });
                }
                Yes::RemoveMember { chat, user } => self.ask(Ask::Remove { chat, user }),
                Yes::Leave(chat) => self.ask(Ask::Leave(chat)),
                Yes::Revoke(device) => self.ask(Ask::Revoke(device)),
                Yes::Block(user) => self.ask(Ask::Block { user, on: true }),
                Yes::LogOut => self.acts.push(Act::LogOut),
            }
        }
        Some(())
    }

    pub(super) fn open_help(&mut self) {
        if !matches!(self.overlays.last(), Some(Overlay::Help { .. })) {
            self.overlays.push(Overlay::Help { top: 0 });
        }
    }

    pub(super) fn on_help(&mut self, action: Action) -> Option<()> {
        let page = usize::from(self.size.1.saturating_sub(6)).max(1);
        let end = (keymap::BINDINGS.len() + 2 * keymap::SECTIONS.len()).saturating_sub(page);
        let Some(Overlay::Help { top }) = self.overlays.last_mut() else { return None };
        match action {
            Action::Up => *top = top.saturating_sub(1),
            Action::Down => *top = (*top + 1).min(end),
            Action::PageUp => *top = top.saturating_sub(page),
            Action::PageDown => *top = (*top + page).min(end),
            Action::Back => {
                self.overlays.pop();
            }
            _ => return None,
        }
        Some(())
    }
}

/// What a form asks for.
enum Meant {
    Ask(Ask),
    Jump(i64),
    React(chinwag_proto::ChatId, chinwag_proto::Seq, String),
}

fn username(text: &str) -> Result<String, String> {
    let text = text.strip_prefix('@').unwrap_or(text);
    text.parse::<Username>().map(|name| name.to_string()).map_err(|why| why.to_string())
}

fn usernames(text: &str) -> Result<Vec<String>, String> {
    let parts = text.split([' ', ',', ';', '\n']).filter(|part| !part.is_empty());
    let mut names: Vec<String> =
        parts.map(|part| username(part).map_err(|why| format!("{part}: {why}"))).collect::<Result<_, _>>()?;
    names.dedup();
    match names.len() {
        0 => Err("At least one user name".to_owned()),
        1..=NAMES_MAX => Ok(names),
        _ => Err(format!("At most {NAMES_MAX} at once")),
    }
}

fn name(text: &str) -> Result<String, String> {
    text.parse::<Name>().map(|name| name.to_string()).map_err(|why| why.to_string())
}
