//! One pass over a history that puts together what belongs together: the tries of a send, the entries of a
//! chat, what one device saw of one chat. The rules read this and nothing else.
//!
//! Leaves out any judgement, but for events that make no sense as a recording ([`Index::unusable`]).

use std::collections::HashMap;

use crate::event::{AtMs, Attempt, Entry, Event, Kind, Request};
use crate::history::History;
use crate::log::Chat;

/// Place of a chat in [`Index::chats`].
pub(crate) type ChatNo = usize;
/// Place of a send in [`Index::sends`].
pub(crate) type SendNo = usize;

/// What two entries share that look alike where names are not shown: chat, sender, kind, target, digest.
type Content<'h> = (ChatNo, &'h str, Kind, Option<u64>, &'h str);

/// Everything that was tried under one (chat, user, client message id).
pub(crate) struct Send<'h> {
    pub(crate) chat: ChatNo,
    pub(crate) user: &'h str,
    pub(crate) id: &'h str,
    pub(crate) tries: Vec<Try<'h>>,
}

/// One attempt and what came of it.
pub(crate) struct Try<'h> {
    pub(crate) device: &'h str,
    pub(crate) number: u32,
    pub(crate) at: AtMs,
    /// Place in the history.
    pub(crate) order: usize,
    pub(crate) connection: u64,
    pub(crate) request: &'h Request,
    pub(crate) answer: Answer,
}

/// What came of an attempt. Where there were several answers the greatest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Answer {
    /// None, or a time-out.
    Open,
    Refused,
    Acked,
}

/// An acknowledgement.
pub(crate) struct Ack<'h> {
    pub(crate) at: AtMs,
    /// Place in the history.
    pub(crate) order: usize,
    pub(crate) send: SendNo,
    pub(crate) device: &'h str,
    pub(crate) number: u32,
    pub(crate) request: &'h Request,
    pub(crate) seq: u64,
    pub(crate) message_id: &'h str,
    pub(crate) duplicate: bool,
}

impl Ack<'_> {
    /// A deletion of what somebody had deleted already is answered with that first deletion.
    pub(crate) fn may_name_anothers_entry(&self) -> bool {
        self.duplicate && self.request.kind == Kind::Delete
    }
}

/// What one device saw of one chat, in the order in which it happened to it.
pub(crate) struct View<'h> {
    pub(crate) device: &'h str,
    pub(crate) chat: ChatNo,
    pub(crate) steps: Vec<Step<'h>>,
}

/// One thing that happened to a view.
pub(crate) enum Step<'h> {
    Joined { at: AtMs, user: &'h str, from_seq: u64 },
    Left { last_seq: u64 },
    Got { at: AtMs, connection: u64, live: bool, shown: bool, entry: &'h Entry },
    Head { asked_at: AtMs, head: u64 },
}

/// A history, sorted out.
pub(crate) struct Index<'h> {
    pub(crate) chats: Vec<Chat<'h>>,
    pub(crate) sends: Vec<Send<'h>>,
    pub(crate) acks: Vec<Ack<'h>>,
    pub(crate) views: Vec<View<'h>>,
    /// Devices that are gone for good.
    pub(crate) retired: HashMap<&'h str, AtMs>,
    pub(crate) faults_stopped_at: AtMs,
    pub(crate) refusals_ruled_out: bool,
    /// What cannot have been recorded like this.
    pub(crate) unusable: Vec<String>,
    chat_by_name: HashMap<&'h str, ChatNo>,
    send_by_name: HashMap<(ChatNo, &'h str, &'h str), SendNo>,
    sends_by_content: HashMap<Content<'h>, Vec<SendNo>>,
    ack_by_place: HashMap<(ChatNo, u64), Vec<usize>>,
    view_by_name: HashMap<(&'h str, ChatNo), usize>,
}

impl<'h> Index<'h> {
    pub(crate) fn new(history: &'h History) -> Self {
        let mut index = Self {
            chats: Vec::new(),
            sends: Vec::new(),
            acks: Vec::new(),
            views: Vec::new(),
            retired: HashMap::new(),
            faults_stopped_at: 0,
            refusals_ruled_out: false,
            unusable: Vec::new(),
            chat_by_name: HashMap::new(),
            send_by_name: HashMap::new(),
            sends_by_content: HashMap::new(),
            ack_by_place: HashMap::new(),
            view_by_name: HashMap::new(),
        };
        for (order, event) in history.events.iter().enumerate() {
            index.take(order, event);
        }
        for view in &index.views {
            for step in &view.steps {
                if let Step::Got { entry, .. } = step {
                    index.chats[view.chat].note_observed(entry, view.device);
                }
            }
        }
        for ack in &index.acks {
            let chat = &index.chats[index.sends[ack.send].chat];
            if chat.logs.is_empty() {
                index.unusable.push(format!("chat {} has acknowledged sends and no final log", chat.name));
                break;
            }
        }
        index
    }

    fn take(&mut self, order: usize, event: &'h Event) {
        match event {
            Event::SendStarted { at, attempt, connection, request } => {
                self.start(*at, order, attempt, *connection, request);
            }
            Event::Acked { at, attempt, seq, message_id, duplicate } => {
                if let Some((send, request)) = self.answer(attempt, Answer::Acked) {
                    let place = (self.sends[send].chat, *seq);
                    self.ack_by_place.entry(place).or_default().push(self.acks.len());
                    let (at, seq, duplicate) = (*at, *seq, *duplicate);
                    let (device, number) = (attempt.device.as_str(), attempt.number);
                    self.acks.push(Ack {
                        at,
                        order,
                        send,
                        device,
                        number,
                        request,
                        seq,
                        message_id,
                        duplicate,
                    });
                }
            }
            Event::Refused { attempt, .. } => {
                self.answer(attempt, Answer::Refused);
            }
            Event::TimedOut { attempt, .. } => {
                self.answer(attempt, Answer::Open);
            }
            Event::Observed { at, device, connection, live, shown, chat, entry } => {
                let (at, connection, live, shown) = (*at, *connection, *live, *shown);
                self.step(device, chat, Step::Got { at, connection, live, shown, entry });
            }
            Event::Joined { at, device, user, chat, from_seq } => {
                self.step(device, chat, Step::Joined { at: *at, user, from_seq: *from_seq });
            }
            Event::Left { device, chat, last_seq, .. } => {
                self.step(device, chat, Step::Left { last_seq: *last_seq });
            }
            Event::HeadSeen { asked_at, device, chat, head, .. } => {
                self.step(device, chat, Step::Head { asked_at: *asked_at, head: *head });
            }
            Event::Retired { at, device } => {
                self.retired.insert(device, *at);
            }
            Event::FaultsStopped { at } => self.faults_stopped_at = self.faults_stopped_at.max(*at),
            Event::RefusalsRuledOut { .. } => self.refusals_ruled_out = true,
            Event::FinalLog { chat, entries, .. } => {
                let chat = self.chat(chat);
                self.chats[chat].take_log(entries);
            }
        }
    }

    fn chat(&mut self, name: &'h str) -> ChatNo {
        *self.chat_by_name.entry(name).or_insert_with(|| {
            self.chats.push(Chat::new(name));
            self.chats.len() - 1
        })
    }

    fn step(&mut self, device: &'h str, chat: &'h str, step: Step<'h>) {
        let chat = self.chat(chat);
        let view = *self.view_by_name.entry((device, chat)).or_insert_with(|| {
            self.views.push(View { device, chat, steps: Vec::new() });
            self.views.len() - 1
        });
        self.views[view].steps.push(step);
    }

    fn start(&mut self, at: AtMs, order: usize, attempt: &'h Attempt, connection: u64, request: &'h Request) {
        let Attempt { device, user, chat, client_message_id: id, number } = attempt;
        let chat = self.chat(chat);
        let no = *self.send_by_name.entry((chat, user, id)).or_insert_with(|| {
            self.sends.push(Send { chat, user, id, tries: Vec::new() });
            self.sends.len() - 1
        });
        if let Some(digest) = &request.digest {
            let known =
                self.sends_by_content.entry((chat, user, request.kind, request.target, digest)).or_default();
            if !known.contains(&no) {
                known.push(no);
            }
        }
        let tries = &mut self.sends[no].tries;
        if tries.iter().any(|known| known.number == *number && known.device == device) {
            self.unusable.push(format!("attempt {number} of {user}'s {id} by {device} is started twice"));
        }
        let answer = Answer::Open;
        tries.push(Try { device, number: *number, at, order, connection, request, answer });
    }

    fn answer(&mut self, attempt: &'h Attempt, answer: Answer) -> Option<(SendNo, &'h Request)> {
        let Attempt { device, user, chat, client_message_id: id, number } = attempt;
        let chat = self.chat(chat);
        let no = self.send_by_name.get(&(chat, user.as_str(), id.as_str())).copied();
        let known = no.and_then(|no| {
            let tries = &mut self.sends[no].tries;
            tries
                .iter_mut()
                .find(|known| known.number == *number && known.device == device)
                .map(|known| (no, known))
        });
        let Some((no, known)) = known else {
            self.unusable.push(format!(
                "attempt {number} of {user}'s {id} by {device} is answered and was never started"
            ));
            return None;
        };
        known.answer = known.answer.max(answer);
        Some((no, known.request))
    }

    /// The send that an entry comes from: by the name that the sender gave it; where the reader was not shown
    /// that, by an acknowledgement of this place; else by content, where only one send has it.
    pub(crate) fn send_of(&self, chat: ChatNo, entry: &Entry) -> Option<SendNo> {
        if let Some(id) = &entry.client_message_id {
            return self.send_by_name.get(&(chat, entry.sender.as_str(), id.as_str())).copied();
        }
        let acks =
            self.ack_by_place.get(&(chat, entry.seq)).into_iter().flatten().map(|&ack| &self.acks[ack]);
        let acked = acks
            .filter(|ack| ack.message_id == entry.message_id && !ack.may_name_anothers_entry())
            .map(|ack| ack.send)
            .find(|&send| self.sends[send].user == entry.sender);
        acked.or_else(|| match self.sends_like(chat, entry) {
            [only] => Some(*only),
            _ => None,
        })
    }

    /// All sends of the entry's sender whose kind, target and content are the entry's.
    pub(crate) fn sends_like<'a>(&'a self, chat: ChatNo, entry: &'a Entry) -> &'a [SendNo] {
        let found = entry.digest.as_ref().and_then(|digest| {
            self.sends_by_content.get(&(
                chat,
                entry.sender.as_str(),
                entry.kind,
                entry.target,
                digest.as_str(),
            ))
        });
        found.map_or(&[], Vec::as_slice)
    }

    /// Names a send in evidence.
    pub(crate) fn name(&self, send: SendNo) -> String {
        let Send { chat, user, id, .. } = &self.sends[send];
        format!("{user}'s {id} in {}", self.chats[*chat].name)
    }
}
