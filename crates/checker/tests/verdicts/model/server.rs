//! The server: applies what it is sent, syncs its disk, then acknowledges and publishes; a crash takes what was
//! not synced. Each planted fault is one `if` here.
//!
//! Leaves out what a client makes of it.

use std::collections::HashSet;

use chinwag_checker::{Attempt, Change, Entry, Kind, Request};

use super::chat::{Chat, Origin};
use super::wire::{ChatNo, LinkNo, Links, ToClient, ToServer, shown_to};
use crate::faults::Fault;
use crate::random::Random;

const PAGE: usize = 7;

/// The server.
pub(crate) struct Server {
    pub(crate) fault: Option<Fault>,
    pub(crate) chats: Vec<Chat>,
    pub(crate) random: Random,
    /// Whether sends are refused now and then.
    pub(crate) refuses: bool,
    /// Message ids that, where the final log has all of a set, show the planted fault.
    pub(crate) marks: Vec<Vec<String>>,
    /// Message ids of synced entries whose place was given away.
    pub(crate) overwritten: Vec<String>,
    /// Names of a write that was lost and the next one, which was not.
    pub(crate) swapped: Vec<[Option<String>; 2]>,
    labels: u64,
    /// Resends of what is not synced yet.
    waiting: Vec<(LinkNo, Attempt, ChatNo, u64)>,
    /// Devices to whom nothing is pushed any more: a planted fault.
    pub(crate) forgotten: HashSet<usize>,
}

impl Server {
    pub(crate) fn new(seed: u64, fault: Option<Fault>, refuses: bool) -> Self {
        Self {
            fault,
            chats: Vec::new(),
            random: Random::new(seed),
            refuses,
            marks: Vec::new(),
            overwritten: Vec::new(),
            swapped: Vec::new(),
            labels: 0,
            waiting: Vec::new(),
            forgotten: HashSet::new(),
        }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    /// Draws whether a planted fault shows this time.
    fn strikes(&mut self, fault: Fault, percent: usize) -> bool {
        self.has(fault) && self.random.percent(percent)
    }

    pub(crate) fn add_direct(&mut self, a: &str, b: &str) {
        self.chats.push(Chat::direct(a, b));
    }

    pub(crate) fn add_group(&mut self, name: &str, founders: &[String], whole_history: bool) {
        let message_id = self.label();
        self.chats.push(Chat::group(name, founders, whole_history, message_id));
    }

    fn label(&mut self) -> String {
        self.labels += 1;
        format!("{}", 1_000 + self.labels)
    }

    /// Takes the next request of a connection.
    pub(crate) fn take(&mut self, no: LinkNo, links: &mut Links) {
        let Some(link) = links.open.get_mut(&no) else { return };
        let Some(request) = link.up.pop_front() else { return };
        let next = link.up.front();
        if let Some(chat) = new_message(&request).filter(|&chat| next.and_then(new_message) == Some(chat))
            && self.strikes(Fault::Reordered, 20)
        {
            let next = link.up.pop_front().unwrap();
            let before = self.chats[chat].log.len();
            self.answer(no, next, links);
            self.answer(no, request, links);
            if let [one, two] = &self.chats[chat].log[before..] {
                self.marks.push(vec![one.message_id.clone(), two.message_id.clone()]);
            }
        } else {
            self.answer(no, request, links);
        }
    }

    fn answer(&mut self, no: LinkNo, request: ToServer, links: &mut Links) {
        let link = links.open.get_mut(&no).unwrap();
        let (device, user) = (link.device, link.user.clone());
        match request {
            ToServer::Send { chat, attempt, request, changes } => {
                self.send(no, chat, attempt, request, changes, links);
            }
            ToServer::Sync { chat, after } => {
                let frame = self.page(device, &user, chat, after);
                let tampered = matches!(&frame, ToClient::Page { entries: Some(entries), .. } if entries.first().is_some_and(|first| first.seq > after + 1));
                let link = links.open.get_mut(&no).unwrap();
                if tampered { link.say_tampered(frame) } else { link.say(frame) }
            }
            ToServer::Head { chat, asked_at } => {
                let known = &self.chats[chat];
                if self.forgotten.contains(&device) {
                    return;
                }
                if !known.since.contains_key(&user) {
                    let link = links.open.get_mut(&no).unwrap();
                    link.say(ToClient::Page { chat, entries: None, complete: true });
                    return;
                }
                let stale = known.head() > 2 && self.strikes(Fault::StaleRead, 20);
                let head = self.chats[chat].head() - if stale { 2 } else { 0 };
                let body = ToClient::Head { chat, asked_at, head };
                let link = links.open.get_mut(&no).unwrap();
                if stale { link.say_tampered(body) } else { link.say(body) }
            }
        }
    }

    fn page(&mut self, device: usize, user: &str, no: ChatNo, after: u64) -> ToClient {
        let chat = &self.chats[no];
        let Some(&since) = chat.since.get(user) else {
            return ToClient::Page { chat: no, entries: None, complete: true };
        };
        if self.forgotten.contains(&device) {
            return ToClient::Page { chat: no, entries: Some(Vec::new()), complete: true };
        }
        let head = chat.synced;
        let from = usize::try_from(after.max(since.saturating_sub(1))).unwrap().min(head);
        let to = head.min(from + PAGE);
        let mut entries: Vec<_> = chat.log[from..to].iter().map(|entry| shown_to(user, entry)).collect();
        let first = after + 1 == since.max(1);
        let skips =
            if first { self.strikes(Fault::HoleAtJoin, 50) } else { self.strikes(Fault::SkippedPage, 10) };
        if skips && entries.len() > 1 {
            entries.remove(0);
        }
        ToClient::Page { chat: no, entries: Some(entries), complete: to == head }
    }

    fn send(
        &mut self,
        no: LinkNo,
        chat_no: ChatNo,
        attempt: Attempt,
        request: Request,
        changes: Vec<Change>,
        links: &mut Links,
    ) {
        let code = match self.decide(no, chat_no, &attempt, &request, &changes) {
            Verdict::New => {
                self.append(no, chat_no, attempt, request, changes, links);
                return;
            }
            Verdict::Marked(first) => {
                self.append(no, chat_no, attempt, request, changes, links);
                let new = self.chats[chat_no].log.last().map(|entry| entry.message_id.clone());
                self.marks.push(first.into_iter().chain(new).collect());
                return;
            }
            Verdict::Known(seq) => {
                self.waiting.push((no, attempt, chat_no, seq));
                return;
            }
            Verdict::Refused(code) => code,
        };
        let message = request.kind == Kind::Message && code == "unavailable";
        let stored = message && self.has(Fault::RefusedButStored);
        let body = ToClient::Refused { attempt: attempt.clone(), code };
        let link = links.open.get_mut(&no).unwrap();
        if stored {
            link.say_tampered(body);
            self.append(0, chat_no, attempt, request, changes, links);
        } else {
            link.say(body);
        }
    }

    fn decide(
        &mut self,
        no: LinkNo,
        chat_no: ChatNo,
        attempt: &Attempt,
        request: &Request,
        changes: &[Change],
    ) -> Verdict {
        let Attempt { user, client_message_id: id, .. } = attempt;
        let refused = self.refuses && self.random.percent(3);
        let chat = &self.chats[chat_no];
        if let Some((seq, link, known)) = chat.ids.get(&(user.clone(), id.clone())) {
            let forgets = self.has(Fault::NoDedupe) || self.has(Fault::DedupePerConnection) && *link != no;
            if known != request {
                return Verdict::Refused("idempotency_conflict");
            }
            if !forgets {
                return Verdict::Known(*seq);
            }
            let first = usize::try_from(seq - 1).ok().and_then(|place| chat.log.get(place));
            return Verdict::Marked(first.map(|first| first.message_id.clone()));
        }
        if !chat.applied.contains(user) && !self.has(Fault::SendAfterRemoval) {
            return Verdict::Refused("not_member");
        }
        if refused {
            return Verdict::Refused("unavailable");
        }
        if changes.iter().any(|change| change.member == chat.applied.contains(&change.user)) {
            return Verdict::Refused("invalid_request");
        }
        if !chat.applied.contains(user) && request.kind == Kind::Message && request.target.is_none() {
            return Verdict::Marked(None);
        }
        self.decide_on_target(chat_no, request)
    }

    fn decide_on_target(&mut self, chat_no: ChatNo, request: &Request) -> Verdict {
        let chat = &self.chats[chat_no];
        let Some(target) = request.target else { return Verdict::New };
        if target > chat.log.len() as u64 && self.has(Fault::EffectBeforeCause) {
            return Verdict::Marked(None);
        }
        let found = usize::try_from(target - 1).ok().and_then(|place| chat.log.get(place));
        if found.is_none_or(|message| message.kind != Kind::Message) {
            return Verdict::Refused("not_found");
        }
        match chat.deletions.get(&target) {
            None => Verdict::New,
            Some(first) if request.kind == Kind::Delete => Verdict::Known(*first),
            Some(_) if self.has(Fault::EditAfterDeletion) => Verdict::Marked(None),
            Some(_) => Verdict::Refused("not_found"),
        }
    }

    fn append(
        &mut self,
        link: LinkNo,
        chat_no: ChatNo,
        attempt: Attempt,
        request: Request,
        changes: Vec<Change>,
        links: &mut Links,
    ) {
        let message_id = match self.chats[chat_no].log.get(self.chats[chat_no].synced.saturating_sub(3)) {
            Some(old) if self.has(Fault::LabelRepeated) && self.random.percent(5) => old.message_id.clone(),
            _ => self.label(),
        };
        let stale = self.chats[chat_no].origins.is_empty()
            && self.chats[chat_no].synced > 1
            && self.strikes(Fault::StaleHead, 5);
        let chat = &mut self.chats[chat_no];
        if stale {
            self.overwritten.extend(chat.log.pop().map(|entry| entry.message_id));
            chat.synced -= 1;
        }
        let mut entry = Entry {
            seq: chat.log.len() as u64 + 1,
            message_id,
            sender: attempt.user.clone(),
            device: attempt.device.clone(),
            client_message_id: Some(attempt.client_message_id.clone()),
            kind: request.kind,
            target: request.target,
            digest: request.digest.clone(),
            changes,
        };
        if entry.kind == Kind::Message && self.strikes(Fault::ContentSwapped, 5) {
            entry.digest = Some("something else".to_owned());
        }
        let twice = entry.kind == Kind::Message && self.strikes(Fault::DoubleCommit, 5);
        let second = twice.then(|| Entry { seq: entry.seq + 1, message_id: self.label(), ..entry.clone() });
        let chat = &mut self.chats[chat_no];
        for entry in [Some(entry), second].into_iter().flatten() {
            chat.take(entry, link, request.clone());
            chat.origins.push(Origin { link, attempt: attempt.clone() });
        }
        if let (true, [.., one, two]) = (twice, chat.log.as_slice()) {
            self.marks.push(vec![one.message_id.clone(), two.message_id.clone()]);
        }
        if self.has(Fault::AckBeforeSync) || self.has(Fault::PublishBeforeSync) {
            let place = self.chats[chat_no].log.len() - 1;
            let (ack, publish) = (self.has(Fault::AckBeforeSync), self.has(Fault::PublishBeforeSync));
            self.announce(chat_no, place, &Origin { link, attempt }, ack, publish, links);
        }
    }

    /// Writes to the disk, then tells everybody.
    pub(crate) fn sync(&mut self, links: &mut Links) {
        for no in 0..self.chats.len() {
            let chat = &mut self.chats[no];
            let first = chat.synced;
            chat.synced = chat.log.len();
            for (place, origin) in (first..).zip(std::mem::take(&mut chat.origins)) {
                let ack = !self.has(Fault::AckBeforeSync);
                let publish = !self.has(Fault::PublishBeforeSync);
                self.chats[no].let_in_and_out(place);
                self.announce(no, place, &origin, ack, publish, links);
                self.wipe(no, place);
            }
        }
        for (no, attempt, chat, seq) in std::mem::take(&mut self.waiting) {
            let Some(entry) = usize::try_from(seq - 1).ok().and_then(|place| self.chats[chat].log.get(place))
            else {
                continue;
            };
            if let Some(link) = links.open.get_mut(&no) {
                let entry = shown_to(&link.user, entry);
                link.say(ToClient::Ack { chat, attempt, seq, entry, duplicate: true });
            }
        }
    }

    fn announce(
        &mut self,
        no: ChatNo,
        place: usize,
        origin: &Origin,
        ack: bool,
        publish: bool,
        links: &mut Links,
    ) {
        let (chat, wrong) =
            (&self.chats[no], self.fault == Some(Fault::AckNamesWrongSeq) && self.random.percent(5));
        let entry = &chat.log[place];
        for (number, link) in &mut links.open {
            if *number == origin.link {
                if ack {
                    let seq = entry.seq + u64::from(wrong);
                    let (attempt, entry) = (origin.attempt.clone(), shown_to(&link.user, entry));
                    let tampered = wrong || entry.digest.as_deref() == Some("something else");
                    let body = ToClient::Ack { chat: no, attempt, seq, entry, duplicate: false };
                    if tampered { link.say_tampered(body) } else { link.say(body) }
                }
                continue;
            }
            if !publish {
                continue;
            }
            let about_him = entry.changes.iter().any(|change| change.user == link.user);
            let since = chat.since.get(&link.user).copied();
            let leaked = since.is_none() && !about_him && self.fault == Some(Fault::PushAfterRemoval);
            let lost = self.forgotten.contains(&link.device) || self.random.percent(2);
            if lost || since.is_none() && !about_him && !leaked {
                continue;
            }
            if let (true, Some(since)) = (about_him, since) {
                link.say(ToClient::Appeared { chat: no, since });
            }
            let mut entry = shown_to(&link.user, entry);
            if self.fault == Some(Fault::SplitBrain) && self.random.percent(3) {
                entry.message_id.push_str("-b");
                link.say_tampered(ToClient::Live { chat: no, entry });
            } else if leaked {
                link.say_tampered(ToClient::Live { chat: no, entry });
            } else {
                link.say(ToClient::Live { chat: no, entry });
            }
        }
    }

    /// A deletion that is synced takes the content of its message and of that message's edits.
    fn wipe(&mut self, no: ChatNo, place: usize) {
        let chat = &mut self.chats[no];
        let loses = self.fault == Some(Fault::ContentLost) && chat.log[place].kind == Kind::Message;
        if loses && chat.deletions.is_empty() && self.random.percent(5) {
            chat.log[place].digest = None;
        }
        let (Kind::Delete, target) = (chat.log[place].kind, chat.log[place].target) else { return };
        for entry in &mut chat.log {
            if Some(entry.seq) == target || entry.kind == Kind::Edit && entry.target == target {
                entry.digest = None;
            }
        }
    }

    /// Everything that was not synced is gone. Answers with the message ids of what is.
    pub(crate) fn crash(&mut self) -> Vec<String> {
        self.waiting.clear();
        let mut lost = Vec::new();
        for chat in &mut self.chats {
            if self.fault == Some(Fault::LostBeforeKept) {
                self.swapped.extend(chat.lose_first_unsynced());
            }
            let keep = if self.fault == Some(Fault::FolderNotSynced) { 0 } else { chat.synced };
            lost.extend(chat.log[keep..].iter().map(|entry| entry.message_id.clone()));
            chat.reload(keep);
        }
        lost
    }

    /// What a connection is told first.
    pub(crate) fn greet(&mut self, no: LinkNo, links: &mut Links) {
        let link = links.open.get_mut(&no).unwrap();
        let mut chats = Vec::new();
        for (no, chat) in self.chats.iter().enumerate() {
            if let Some(&since) = chat.since.get(&link.user) {
                chats.push((no, since.max(1)));
            }
        }
        link.say(ToClient::Chats(chats.clone()));
        for (no, _) in chats {
            let chat = &self.chats[no];
            let backlog = self.fault == Some(Fault::BacklogAfterLive) && chat.synced >= 2;
            if backlog && self.random.percent(20) {
                let [.., one, two] = &chat.log[..chat.synced] else { continue };
                link.say(ToClient::Live { chat: no, entry: shown_to(&link.user, two) });
                link.say_tampered(ToClient::Live { chat: no, entry: shown_to(&link.user, one) });
            }
        }
    }
}

/// The chat of a request that asks for a new message, on its first attempt.
fn new_message(request: &ToServer) -> Option<ChatNo> {
    match request {
        ToServer::Send { chat, attempt, request, .. } if attempt.number == 1 && request.target.is_none() => {
            (request.kind == Kind::Message).then_some(*chat)
        }
        _ => None,
    }
}

/// What becomes of a request.
enum Verdict {
    New,
    /// New because of the planted fault, which shows where the final log has the new entry and this one.
    Marked(Option<String>),
    Known(u64),
    Refused(&'static str),
}
