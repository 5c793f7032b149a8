//! What the simulated people do: they type, look, read, try again, and change groups over REST.

use chinwag_proto::{ChatId, ClientMessageId, Content, Seq};

use super::world::{Typed, World, user};
use crate::{Event, Record, Status, Wish};

impl World {
    pub(super) fn types(&mut self, place: usize, chat: ChatId, record: Record) {
        let id: ClientMessageId = format!("x{:x}", self.dice.roll()).parse().unwrap();
        let at_ms = self.now_ms as i64;
        let before = self.devices[place].refused;
        let wish = Wish::Record { chat, id: id.clone(), at_ms, record: record.clone() };
        self.event(place, Event::Wish(wish));
        assert_eq!(self.devices[place].refused, before, "a wish was refused");
        let batch = self.devices[place].given;
        self.typed.push(Typed {
            device: place,
            chat,
            id,
            record,
            batch,
            durable: false,
            abandoned: false,
            retried: false,
        });
    }

    pub(super) fn wish(&mut self, place: usize) {
        let who = self.devices[place].user;
        let chat = self.chats[self.dice.below(self.chats.len())];
        if matches!(chat, ChatId::Direct(..)) && !chat.names(who) {
            return;
        }
        // Users look back over the last entries, mostly.
        let head = self.server.logs.get(&chat).map_or(0, |log| log.entries.len());
        let back = if self.dice.once_in(4) { head } else { 12 };
        let target = Seq::clamped(head.saturating_sub(self.dice.below(back)) as u64);
        let record = match self.dice.below(20) {
            0..=8 => {
                self.texts += 1;
                let content = Content::text(&format!("text{} by {who} word{}", self.texts, self.texts % 7));
                Record::Message { content, reply_to: None }
            }
            9..=11 => {
                self.texts += 1;
                Record::Edit { target, content: Content::text(&format!("edit{}", self.texts)) }
            }
            12 | 13 => Record::Delete { target },
            14..=16 => {
                let key = ["+", "-"][self.dice.below(2)].parse().unwrap();
                Record::React { target, key, on: !self.dice.once_in(3) }
            }
            17 => return self.event(place, Event::Wish(Wish::Older)),
            18 => return self.event(place, Event::Wish(Wish::Newest)),
            _ => return self.event(place, Event::Wish(Wish::Draft { chat, text: "draft".to_owned() })),
        };
        self.types(place, chat, record);
    }

    /// A user looks at a chat, and reads it.
    pub(super) fn look(&mut self, place: usize) {
        let chat = self.chats[self.dice.below(self.chats.len())];
        let last = self.devices[place].engine.chat(chat).map_or(Seq::ZERO, |chat| chat.last);
        let seq = Seq::clamped(last.get().saturating_sub(self.dice.below(5) as u64));
        match self.dice.below(4) {
            0 => self.event(place, Event::Wish(Wish::Open(Some(chat)))),
            1 => self.event(place, Event::Wish(Wish::Typing { chat, on: true })),
            _ => self.event(place, Event::Wish(Wish::Read { chat, seq })),
        }
        self.devices[place].engine.timeline();
    }

    pub(super) fn retry(&mut self, place: usize) {
        let failed = |typed: &Typed| {
            let status = self.devices[place].engine.record(typed.chat, &typed.id);
            typed.device == place && matches!(status, Some(Status::Failed(_)))
        };
        let Some(n) = self.typed.iter().position(failed) else { return };
        let typed = &mut self.typed[n];
        typed.retried = true;
        let (chat, id) = (typed.chat, typed.id.clone());
        let fresh = format!("f{:x}", self.dice.roll()).parse().unwrap();
        self.event(place, Event::Wish(Wish::Retry { chat, id, fresh }));
    }

    /// The owner of the groups does something over REST.
    pub(super) fn rest(&mut self) {
        let chat = self.chats[self.dice.below(2)];
        let owner = user(1);
        let third = user(3);
        if self.dice.once_in(2) {
            let title = format!("title {}", self.dice.below(1_000));
            let entry = self.server.change_title(chat, owner, &title);
            self.publish(&entry, None);
            for place in self.places_of(chat) {
                self.push_chat(place, chat);
            }
            return;
        }
        let before = self.server.logs[&chat].members.contains_key(&third);
        let entry = self.server.change_member(chat, owner, third);
        let early = self.dice.once_in(2);
        let places: Vec<usize> =
            (0..self.devices.len()).filter(|place| self.devices[*place].user == third).collect();
        if !before && early {
            places.iter().for_each(|place| self.push_chat(*place, chat));
        }
        self.publish(&entry, None);
        if before {
            // The removed one's own entry is the last that he gets.
            places.iter().for_each(|place| self.live(*place, &entry));
        } else if !early {
            places.iter().for_each(|place| self.push_chat(*place, chat));
        }
    }
}
