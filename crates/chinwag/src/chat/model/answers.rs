//! What the server or the store has answered.

use chinwag_proto::ChatId;

use super::overlay::Overlay;
use super::{Answer, Data, Model};

impl Model {
    pub(super) fn on_answer(&mut self, answer: Answer, data: &Data) {
        match answer {
            Answer::Hits { ticket, hits } => {
                for overlay in &mut self.overlays {
                    if let Overlay::Search(search) = overlay
                        && search.ticket == ticket
                    {
                        search.at = 0;
                        search.hits = Some(hits);
                        return;
                    }
                }
            }
            Answer::Looked { chat, seq, line } => {
                if self.chat == Some(chat) {
                    self.quotes.insert((chat, seq), line.map(|line| *line));
                }
            }
            Answer::User(user) => {
                self.close_form();
                self.overlays.clear();
                self.open(ChatId::direct(data.me, user), data);
            }
            Answer::Group(chat) => {
                self.close_form();
                self.overlays.clear();
                self.open(chat, data);
            }
            Answer::Members { chat, members } => {
                self.close_form();
                if let Some(Overlay::Group(group)) = self.overlays.last_mut()
                    && group.chat == chat
                {
                    group.at = group.at.min(members.len().saturating_sub(1));
                    group.members = Some(members);
                }
            }
            Answer::Left(chat) => {
                self.overlays
                    .retain(|overlay| !matches!(overlay, Overlay::Group(group) if group.chat == chat));
                self.tell(format!("You left “{}”", data.title(chat)));
            }
            Answer::Devices(devices) => {
                self.close_form();
                if let Some(Overlay::Devices(list)) = self.overlays.last_mut() {
                    list.at = list.at.min(devices.len().saturating_sub(1));
                    list.devices = Some(devices);
                }
            }
            Answer::Contacts { contacts, blocks } => {
                self.close_form();
                if let Some(Overlay::Contacts(people)) = self.overlays.last_mut() {
                    (people.contacts, people.blocks) = (Some(contacts), blocks);
                    people.at = people.at.min(people.all().len().saturating_sub(1));
                }
            }
            Answer::Failed(why) => {
                let told = self.overlays.last_mut().map_or(Err(why.clone()), |overlay| overlay.fail(why));
                if let Err(why) = told {
                    self.tell_bad(why);
                }
            }
        }
    }

    /// A form that waited for the answer has done its duty.
    fn close_form(&mut self) {
        if matches!(self.overlays.last(), Some(Overlay::Form(form)) if form.busy) {
            self.overlays.pop();
        }
    }
}
