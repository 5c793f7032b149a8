//! Contacts, and those who are blocked.

use chinwag_proto::{ChatId, UserId};

use super::overlay::{Confirm, Form, FormKind, Overlay, People, Yes, step};
use super::{Ask, Data, Model};
use crate::chat::keymap::Action;

impl People {
    /// Everybody in the list, contacts first; whether he is a contact, whether he is blocked.
    pub(in crate::chat) fn all(&self) -> Vec<(UserId, bool, bool)> {
        let is_blocked = |user| self.blocks.iter().any(|block| block.user_id == user);
        let contacts: Vec<UserId> = self.contacts.iter().flatten().map(|contact| contact.user_id).collect();
        let others = self.blocks.iter().map(|block| block.user_id).filter(|user| !contacts.contains(user));
        let rows = contacts.iter().map(|user| (*user, true, is_blocked(*user)));
        rows.chain(others.map(|user| (user, false, true))).collect()
    }
}

impl Model {
    pub(super) fn on_contacts(&mut self, action: Action, data: &Data) -> Option<()> {
        let Some(Overlay::Contacts(people)) = self.overlays.last_mut() else { return None };
        let all = people.all();
        let who = all.get(people.at).copied();
        people.error = None;
        match action {
            Action::Up => people.at = step(people.at, -1, all.len()),
            Action::Down => people.at = step(people.at, 1, all.len()),
            Action::Back => {
                self.overlays.pop();
            }
            Action::Add => self.overlays.push(Overlay::Form(Form::new(FormKind::AddContact))),
            Action::Message => {
                let (user, ..) = who?;
                self.overlays.clear();
                self.open(ChatId::direct(data.me, user), data);
            }
            Action::Remove => {
                if let (user, true, _) = who? {
                    self.ask(Ask::RemoveContact(user));
                }
            }
            Action::Block => match who? {
                (user, _, true) => self.ask(Ask::Block { user, on: false }),
                (user, ..) => {
                    let question =
                        format!("Block {}? Direct messages of theirs are refused.", data.names.of(user));
                    self.overlays.push(Overlay::Confirm(Confirm { question, yes: Yes::Block(user) }));
                }
            },
            _ => return None,
        }
        Some(())
    }
}
