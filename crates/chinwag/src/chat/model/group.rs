//! A group: its members, their roles, its title.

use chinwag_proto::{ChatId, Role};

use super::overlay::{Confirm, Form, FormKind, Group, Overlay, Yes, step};
use super::{Ask, Data, Model};
use crate::chat::keymap::Action;

impl Model {
    pub(super) fn open_group(&mut self, chat: Option<ChatId>) {
        match chat {
            Some(chat @ ChatId::Group(_)) => {
                self.overlays.push(Overlay::Group(Group { chat, members: None, at: 0, error: None }));
                self.ask(Ask::Members(chat));
            }
            Some(_) => self.tell("Only groups have members and a title".to_owned()),
            None => {}
        }
    }

    pub(super) fn on_group(&mut self, action: Action, data: &Data) -> Option<()> {
        let Some(Overlay::Group(group)) = self.overlays.last_mut() else { return None };
        let length = group.members.as_ref().map_or(0, Vec::len);
        let (chat, at) = (group.chat, group.at);
        group.error = None;
        let member = group.members.as_ref().and_then(|members| members.get(at)).cloned();
        match action {
            Action::Up => group.at = step(at, -1, length),
            Action::Down => group.at = step(at, 1, length),
            Action::Back => {
                self.overlays.pop();
            }
            Action::Add => self.overlays.push(Overlay::Form(Form::new(FormKind::AddMembers(chat)))),
            Action::Title => {
                let form = Form::new(FormKind::Title(chat)).with(&data.title(chat));
                self.overlays.push(Overlay::Form(form));
            }
            Action::Leave => {
                let question = format!("Leave “{}”?", data.title(chat));
                self.overlays.push(Overlay::Confirm(Confirm { question, yes: Yes::Leave(chat) }));
            }
            Action::Remove => {
                let user = member?.user_id;
                let question = format!("Remove {} from “{}”?", data.names.of(user), data.title(chat));
                self.overlays
                    .push(Overlay::Confirm(Confirm { question, yes: Yes::RemoveMember { chat, user } }));
            }
            Action::Role => {
                let member = member?;
                let role = match member.role {
                    Role::Member => Role::Admin,
                    Role::Admin => Role::Owner,
                    Role::Owner => Role::Member,
                };
                self.ask(Ask::Role { chat, user: member.user_id, role });
            }
            Action::Message => {
                let user = member?.user_id;
                self.overlays.clear();
                self.open(ChatId::direct(data.me, user), data);
            }
            _ => return None,
        }
        Some(())
    }
}
