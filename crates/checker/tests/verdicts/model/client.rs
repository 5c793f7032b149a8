//! A device: sends from an outbox, shows what comes in sequence, asks for what is missing, and has everything
//! written down.

use std::collections::{BTreeMap, HashMap};

use chinwag_checker::{AtMs, Attempt, Change, Entry, Event, Kind, Request};

use super::wire::{ChatNo, LinkNo, ToClient, ToServer};
use crate::faults::Fault;
use crate::random::Random;

/// A send without an answer.
#[derive(Clone)]
pub(crate) struct Pending {
    pub(crate) chat: ChatNo,
    pub(crate) attempt: Attempt,
    pub(crate) request: Request,
    pub(crate) changes: Vec<Change>,
}

/// What the device has of one chat.
pub(crate) struct View {
    pub(crate) since: u64,
    /// The next seq to show.
    pub(crate) due: u64,
    pub(crate) member: bool,
    /// Seqs of messages shown.
    pub(crate) messages: Vec<u64>,
    asking: bool,
}

/// A device.
pub(crate) struct Device {
    pub(crate) no: usize,
    pub(crate) name: String,
    pub(crate) user: String,
    pub(crate) link: Option<LinkNo>,
    /// In the order of their first attempts.
    pub(crate) outbox: Vec<Pending>,
    pub(crate) views: BTreeMap<ChatNo, View>,
    /// The last answered send, to ask for something else under its name.
    pub(crate) answered: Option<Pending>,
}

/// What a device needs of the world around it while it takes a frame in.
pub(crate) struct Around<'w> {
    pub(crate) at: AtMs,
    pub(crate) names: &'w [String],
    pub(crate) fault: Option<Fault>,
    pub(crate) random: &'w mut Random,
    pub(crate) events: &'w mut Vec<Event>,
    pub(crate) seen: &'w mut Seen,
}

/// What has been written down so far, for the world to know whether a planted fault can have shown.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) planted: usize,
    pub(crate) acked: HashMap<String, (ChatNo, AtMs, u64)>,
    pub(crate) observed: std::collections::HashSet<String>,
    /// (user, name) of sends whose refusal was received and that were stored all the same.
    pub(crate) refused_but_stored: Vec<(String, String)>,
}

impl Device {
    pub(crate) fn new(no: usize, user: &str) -> Self {
        let (name, user) = (format!("{user}{no}"), user.to_owned());
        Self { no, name, user, link: None, outbox: Vec::new(), views: BTreeMap::new(), answered: None }
    }

    /// Takes a frame in and answers with what it says next.
    pub(crate) fn take(&mut self, body: ToClient, tampered: bool, around: &mut Around<'_>) -> Vec<ToServer> {
        match body {
            ToClient::Chats(chats) => return self.compare(&chats, around),
            ToClient::Appeared { chat, since } => self.appear(chat, since, around),
            ToClient::Live { chat, entry } => return self.live(chat, entry, tampered, around),
            ToClient::Page { chat, entries, complete } => {
                return self.page(chat, entries, complete, tampered, around);
            }
            ToClient::Ack { chat, attempt, seq, entry, duplicate } => {
                around.seen.planted += usize::from(tampered);
                around.seen.acked.insert(entry.message_id.clone(), (chat, around.at, seq));
                let message_id = entry.message_id.clone();
                self.settle(&attempt);
                around.events.push(Event::Acked { at: around.at, attempt, seq, message_id, duplicate });
                if !duplicate {
                    return self.live(chat, entry, false, around);
                }
            }
            ToClient::Refused { attempt, code } => return self.refused(attempt, code, tampered, around),
            ToClient::Head { chat, asked_at, head } => {
                let behind = |&(c, at, seq): &(ChatNo, AtMs, u64)| c == chat && at < asked_at && seq > head;
                if tampered && around.seen.acked.values().any(behind) {
                    around.seen.planted += 1;
                }
                let (device, name) = (self.name.clone(), around.names[chat].clone());
                around.events.push(Event::HeadSeen { asked_at, at: around.at, device, chat: name, head });
                if self.views.get(&chat).is_some_and(|view| view.member && head >= view.due) {
                    return self.ask(chat, around);
                }
            }
        }
        Vec::new()
    }

    fn settle(&mut self, attempt: &Attempt) {
        let place = self.outbox.iter().position(|p| p.attempt.client_message_id == attempt.client_message_id);
        if let Some(place) = place {
            self.answered = Some(self.outbox.remove(place));
        }
    }

    fn refused(
        &mut self,
        attempt: Attempt,
        code: &str,
        tampered: bool,
        around: &mut Around<'_>,
    ) -> Vec<ToServer> {
        let (at, code) = (around.at, code.to_owned());
        if tampered && attempt.number == 1 {
            around.seen.refused_but_stored.push((attempt.user.clone(), attempt.client_message_id.clone()));
        }
        around.events.push(Event::Refused { at, attempt: attempt.clone(), code: code.clone() });
        let Some(place) = self.outbox.iter().position(|pending| pending.attempt == attempt) else {
            return Vec::new();
        };
        let mut pending = self.outbox.remove(place);
        let again = code == "unavailable" && around.fault != Some(Fault::RefusedButStored);
        if again && around.random.percent(50) {
            pending.attempt.number += 1;
            return vec![self.say(pending, around)];
        }
        Vec::new()
    }

    /// Sends, and keeps it until there is an answer.
    pub(crate) fn say(&mut self, pending: Pending, around: &mut Around<'_>) -> ToServer {
        let Pending { chat, attempt, request, changes } = pending.clone();
        let connection = self.link.unwrap() as u64;
        around.events.push(Event::SendStarted {
            at: around.at,
            attempt: attempt.clone(),
            connection,
            request: request.clone(),
        });
        self.outbox.push(pending);
        ToServer::Send { chat, attempt, request, changes }
    }

    /// The connection is gone; so are the answers that were still to come on it.
    pub(crate) fn disconnected(&mut self, around: &mut Around<'_>) {
        self.link = None;
        self.views.values_mut().for_each(|view| view.asking = false);
        for Pending { attempt, .. } in &self.outbox {
            around.events.push(Event::TimedOut { at: around.at, attempt: attempt.clone() });
        }
    }

    /// On a new connection everything unanswered goes out again, in order, but what is given up.
    pub(crate) fn connected(&mut self, link: LinkNo, around: &mut Around<'_>) -> Vec<ToServer> {
        self.link = Some(link);
        let mut said = Vec::new();
        for mut pending in std::mem::take(&mut self.outbox) {
            if !around.random.percent(5) {
                pending.attempt.number += 1;
                said.push(self.say(pending, around));
            }
        }
        said
    }

    fn compare(&mut self, chats: &[(ChatNo, u64)], around: &mut Around<'_>) -> Vec<ToServer> {
        let gone: Vec<_> =
            self.views.keys().copied().filter(|no| chats.iter().all(|(chat, _)| chat != no)).collect();
        for chat in gone {
            self.leave(chat, None, around);
        }
        for &(chat, since) in chats {
            self.appear(chat, since, around);
        }
        chats.iter().flat_map(|&(chat, _)| self.ask(chat, around)).collect()
    }

    fn appear(&mut self, chat: ChatNo, since: u64, around: &mut Around<'_>) {
        match self.views.get(&chat) {
            Some(view) if view.member && view.since == since => return,
            Some(view) if view.member => self.leave(chat, None, around),
            _ => {}
        }
        let view = View { since, due: since, member: true, messages: Vec::new(), asking: false };
        self.views.insert(chat, view);
        let (device, user, name) = (self.name.clone(), self.user.clone(), around.names[chat].clone());
        around.events.push(Event::Joined { at: around.at, device, user, chat: name, from_seq: since });
    }

    fn leave(&mut self, chat: ChatNo, last_seq: Option<u64>, around: &mut Around<'_>) {
        let Some(view) = self.views.get_mut(&chat).filter(|view| view.member) else { return };
        view.member = false;
        let last_seq = last_seq.unwrap_or(view.due - 1);
        let (device, chat) = (self.name.clone(), around.names[chat].clone());
        around.events.push(Event::Left { at: around.at, device, chat, last_seq });
    }

    fn ask(&mut self, chat: ChatNo, around: &mut Around<'_>) -> Vec<ToServer> {
        match self.views.get_mut(&chat) {
            Some(view) if view.member && !view.asking => {
                view.asking = true;
                let back = around.fault == Some(Fault::ViewGoesBack) && around.random.percent(20);
                let after = (view.due - 1).saturating_sub(if back { 3 } else { 0 });
                vec![ToServer::Sync { chat, after }]
            }
            _ => Vec::new(),
        }
    }

    fn live(&mut self, chat: ChatNo, entry: Entry, tampered: bool, around: &mut Around<'_>) -> Vec<ToServer> {
        let view = self.views.get(&chat);
        let left = view.is_some_and(|view| !view.member);
        let member = view.filter(|view| view.member);
        let expected = around.fault != Some(Fault::PushAfterRemoval) || left;
        around.seen.planted += usize::from(tampered && expected);
        let due = member.map(|view| view.due);
        let gap = due.is_some_and(|due| entry.seq > due);
        self.note(chat, entry, true, due.is_some() && !gap, around);
        if gap { self.ask(chat, around) } else { Vec::new() }
    }

    fn page(
        &mut self,
        chat: ChatNo,
        entries: Option<Vec<Entry>>,
        complete: bool,
        tampered: bool,
        around: &mut Around<'_>,
    ) -> Vec<ToServer> {
        if let Some(view) = self.views.get_mut(&chat) {
            view.asking = false;
        }
        let Some(entries) = entries else {
            self.leave(chat, None, around);
            return Vec::new();
        };
        for entry in entries {
            let due = self.views.get(&chat).filter(|view| view.member).map(|view| view.due);
            around.seen.planted += usize::from(tampered && due.is_some_and(|due| entry.seq > due));
            self.note(chat, entry, false, due.is_some(), around);
        }
        if complete { Vec::new() } else { self.ask(chat, around) }
    }

    /// Writes down that an entry came, and shows it, if it may, where it is not shown already.
    fn note(&mut self, chat: ChatNo, entry: Entry, live: bool, may_show: bool, around: &mut Around<'_>) {
        let back = around.fault == Some(Fault::ViewGoesBack);
        let view = self.views.get_mut(&chat);
        let shown = may_show && view.is_some_and(|view| back || entry.seq >= view.due);
        let (at, device, name) = (around.at, self.name.clone(), around.names[chat].clone());
        let connection = self.link.unwrap() as u64;
        around.seen.observed.insert(entry.message_id.clone());
        let event = Event::Observed { at, device, connection, live, shown, chat: name, entry: entry.clone() };
        around.events.push(event);
        if !shown {
            return;
        }
        let view = self.views.get_mut(&chat).unwrap();
        around.seen.planted += usize::from(back && entry.seq + 1 < view.due);
        view.due = view.due.max(entry.seq + 1);
        if entry.kind == Kind::Message {
            view.messages.push(entry.seq);
        }
        if entry.changes.iter().any(|change| change.user == self.user && !change.member) {
            self.leave(chat, Some(entry.seq), around);
        }
    }
}
