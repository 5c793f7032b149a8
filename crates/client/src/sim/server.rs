//! A model of the server, as the contract describes it: logs of entries, members, ids, marks. It knows no
//! connections; who gets which frame is the world's.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_proto::entry::{Body, ChatChange, Encryption, Founder};
use chinwag_proto::frame::{ChangedHead, Page};
use chinwag_proto::rest::{Other, Summary, SummaryKind};
use chinwag_proto::text::{Name, RequestId};
use chinwag_proto::{
    ChatId, ClientMessageId, Code, DeviceId, Entry, MemberChange, MembershipChange, MessageId, Role, Seq,
    Timestamp, UserId,
};

/// Without `resend` the ids of this many last entries are recognised: few, so that forgetting it shows.
const WINDOW: u64 = 3;

#[derive(Default)]
pub(super) struct Log {
    pub(super) entries: Vec<Entry>,
    ids: BTreeMap<(UserId, ClientMessageId), (String, Seq)>,
    pub(super) members: BTreeMap<UserId, (Role, Seq)>,
    former: BTreeSet<UserId>,
    pub(super) title: Option<Name>,
    deleted: BTreeMap<Seq, Seq>,
    /// Texts of messages as they were accepted.
    pub(super) texts: Vec<(Seq, String)>,
}

impl Log {
    pub(super) fn head(&self) -> Seq {
        Seq::clamped(self.entries.len() as u64)
    }

    pub(super) fn n_at(&self, seq: Seq) -> u64 {
        seq.get().checked_sub(1).map_or(0, |place| self.entries[place as usize].n)
    }

    fn message(&self, seq: Seq) -> Option<&Entry> {
        let entry = self.entries.get(seq.get().checked_sub(1)? as usize)?;
        (matches!(entry.body, Body::Message { .. }) && !self.deleted.contains_key(&seq)).then_some(entry)
    }
}

#[derive(Default)]
pub(super) struct Server {
    pub(super) logs: BTreeMap<ChatId, Log>,
    /// Read and delivered.
    pub(super) marks: BTreeMap<(ChatId, UserId), (Seq, Seq)>,
    pub(super) clock: i64,
}

pub(super) struct Ask {
    pub(super) user: UserId,
    pub(super) device: DeviceId,
    pub(super) chat: ChatId,
    pub(super) id: Option<ClientMessageId>,
    pub(super) resend: bool,
    pub(super) body: Body,
}

fn fingerprint(body: &Body) -> String {
    let content = match body {
        Body::Message { content, .. } | Body::Edit { content, .. } => {
            content.as_ref().map(|c| c.json().to_owned())
        }
        _ => None,
    };
    format!("{body:?} {content:?}")
}

impl Server {
    /// A group with its first entry.
    pub(super) fn found(&mut self, chat: ChatId, members: &[UserId]) {
        let role = |place: usize| if place == 0 { Role::Owner } else { Role::Member };
        let founders: Vec<Founder> = members
            .iter()
            .enumerate()
            .map(|(place, user)| Founder { user_id: *user, role: role(place) })
            .collect();
        let log = self.logs.entry(chat).or_default();
        log.members = founders.iter().map(|f| (f.user_id, (f.role, Seq::clamped(1)))).collect();
        log.title = "first".parse().ok();
        let change =
            ChatChange { title: log.title.clone(), members: Some(founders), ..ChatChange::default() };
        self.append(members[0], DeviceId::new(1).unwrap(), chat, None, Body::Chat(change));
    }

    /// Decides about a record: its entry and whether it was there already.
    pub(super) fn apply(&mut self, ask: Ask) -> Result<(Entry, bool), Code> {
        let Ask { user, device, chat, id, resend, body } = ask;
        if chat.names(user) {
            let log = self.logs.entry(chat).or_default();
            if let ChatId::Direct(low, high) = chat {
                for side in [low, high] {
                    log.members.entry(side).or_insert((Role::Member, Seq::clamped(1)));
                }
            }
        }
        let log = self.logs.get(&chat).ok_or(Code::NotFound)?;
        if !log.members.contains_key(&user) {
            return Err(if log.former.contains(&user) { Code::NotMember } else { Code::NotFound });
        }
        let print = fingerprint(&body);
        if let Some((known, seq)) = id.as_ref().and_then(|id| log.ids.get(&(user, id.clone())))
            && (resend || seq.get() + WINDOW > log.head().get())
        {
            if *known != print {
                return Err(Code::IdempotencyConflict);
            }
            return Ok((log.entries[seq.get() as usize - 1].clone(), true));
        }
        self.check(user, chat, &body)?;
        if let Body::Delete { target } = &body
            && let Some(seq) = self.logs[&chat].deleted.get(target)
        {
            return Ok((self.logs[&chat].entries[seq.get() as usize - 1].clone(), true));
        }
        Ok((self.append(user, device, chat, id, body), false))
    }

    fn check(&self, user: UserId, chat: ChatId, body: &Body) -> Result<(), Code> {
        let log = &self.logs[&chat];
        let own = |target: Seq| log.message(target).is_some_and(|entry| entry.sender_id == user);
        let fine = match body {
            Body::Edit { target, .. } if log.message(*target).is_some() && !own(*target) => {
                return Err(Code::Forbidden);
            }
            Body::Edit { target, .. } => own(*target),
            Body::Reaction { target, .. } => log.message(*target).is_some(),
            Body::Delete { target } => own(*target) || log.deleted.contains_key(target),
            Body::Message { reply_to: Some(target), .. } => log.message(*target).is_some(),
            _ => true,
        };
        if fine { Ok(()) } else { Err(Code::NotFound) }
    }

    fn append(
        &mut self,
        user: UserId,
        device: DeviceId,
        chat: ChatId,
        id: Option<ClientMessageId>,
        body: Body,
    ) -> Entry {
        self.clock += 1;
        let total: usize = self.logs.values().map(|log| log.entries.len()).sum();
        let log = self.logs.get_mut(&chat).unwrap();
        let seq = log.head().next();
        let message = matches!(body, Body::Message { .. });
        let entry = Entry {
            v: 1,
            chat_id: chat,
            seq,
            n: log.entries.last().map_or(0, |entry| entry.n) + u64::from(message),
            message_id: MessageId::new(total as u64 + 1).unwrap(),
            sender_id: user,
            device_id: device,
            client_message_id: id.clone(),
            created_at: Timestamp::from_ms(1_700_000_000_000 + self.clock),
            after: None,
            digest: None,
            body,
        };
        if let Some(id) = id {
            log.ids.insert((user, id), (fingerprint(&entry.body), seq));
        }
        if let Body::Message { content: Some(content), .. } = &entry.body {
            log.texts.push((entry.seq, content.fallback()));
        }
        log.fold(&entry);
        log.entries.push(entry.clone());
        if message {
            self.mark(chat, user, seq, true);
        }
        entry
    }

    /// Raises a mark; whether it moved.
    pub(super) fn mark(&mut self, chat: ChatId, user: UserId, seq: Seq, read: bool) -> bool {
        let head = self.logs.get(&chat).map_or(Seq::ZERO, Log::head);
        let marks = self.marks.entry((chat, user)).or_default();
        let before = *marks;
        let seq = seq.min(head);
        if read {
            marks.0 = marks.0.max(seq);
        }
        marks.1 = marks.1.max(seq);
        *marks != before
    }

    pub(super) fn summary(&self, chat: ChatId, user: UserId) -> Option<Summary> {
        let log = self.logs.get(&chat)?;
        let (role, since) = *log.members.get(&user)?;
        let last = log.entries.last()?;
        let read = self.marks.get(&(chat, user)).copied().unwrap_or_default().0;
        let direct = matches!(chat, ChatId::Direct(..));
        let other = |user_id: UserId| {
            let (read, delivered) = self.marks.get(&(chat, user_id)).copied().unwrap_or_default();
            Other { user_id, read: Some(read), delivered: Some(delivered) }
        };
        Some(Summary {
            chat_id: chat,
            kind: SummaryKind::from(chat),
            title: log.title.clone(),
            head: log.head(),
            since: (since.get() > 1).then_some(since),
            floor: None,
            read,
            unread: self.unread(chat, user) as u32,
            encryption: Encryption::None,
            role,
            muted: false,
            members: (!direct).then_some(log.members.len() as u32),
            others: direct.then(|| vec![other(chat.peer(user).unwrap())]),
            last: Some(last.seen_by(user)),
            last_at: last.created_at,
            history: None,
            who_may_add: None,
        })
    }

    pub(super) fn unread(&self, chat: ChatId, user: UserId) -> u64 {
        let log = &self.logs[&chat];
        let read = self.marks.get(&(chat, user)).copied().unwrap_or_default().0;
        (log.n_at(log.head()) - log.n_at(read)).min(999)
    }

    /// A page, or why not; with the head where `after` is above it.
    pub(super) fn sync(
        &self,
        user: UserId,
        chat: ChatId,
        id: RequestId,
        after: Seq,
        limit: usize,
    ) -> Result<Page, (Code, Option<Seq>)> {
        let log = self.logs.get(&chat).filter(|log| log.head() > Seq::ZERO).ok_or((Code::NotFound, None))?;
        let Some((_, since)) = log.members.get(&user) else {
            return Err((if log.former.contains(&user) { Code::NotMember } else { Code::NotFound }, None));
        };
        let head = log.head();
        if after > head {
            return Err((Code::InvalidRequest, Some(head)));
        }
        let begin = after.max(since.prev()).get() as usize;
        let entries: Vec<Entry> =
            log.entries.iter().skip(begin).take(limit).map(|e| e.seen_by(user)).collect();
        let from = entries.first().map_or(after, |entry| entry.seq);
        let to = entries.last().map_or(after, |entry| entry.seq);
        Ok(Page { id, chat_id: chat, from, to, head, complete: to == head, entries })
    }

    pub(super) fn heads(
        &self,
        user: UserId,
        held: &BTreeMap<ChatId, Seq>,
    ) -> (Vec<ChangedHead>, Vec<ChatId>) {
        let (mut changed, mut gone) = (Vec::new(), Vec::new());
        for (chat, seq) in held {
            match self.logs.get(chat).filter(|log| log.members.contains_key(&user) && log.head() > Seq::ZERO)
            {
                Some(log) if log.head() != *seq => {
                    changed.push(ChangedHead { chat_id: *chat, head: log.head() })
                }
                Some(_) => {}
                None => gone.push(*chat),
            }
        }
        (changed, gone)
    }

    /// By the owner, over REST: a user in or out, or another title.
    pub(super) fn change_member(&mut self, chat: ChatId, owner: UserId, user: UserId) -> Entry {
        let member = self.logs[&chat].members.contains_key(&user);
        let change = if member { MembershipChange::Removed } else { MembershipChange::Added };
        let role = (!member).then_some(Role::Member);
        let body = Body::Member { changes: vec![MemberChange { user_id: user, change, role }] };
        self.append(owner, DeviceId::new(99).unwrap(), chat, None, body)
    }

    pub(super) fn change_title(&mut self, chat: ChatId, owner: UserId, title: &str) -> Entry {
        let body = Body::Chat(ChatChange { title: title.parse().ok(), ..ChatChange::default() });
        self.append(owner, DeviceId::new(99).unwrap(), chat, None, body)
    }
}

impl Log {
    fn fold(&mut self, entry: &Entry) {
        match &entry.body {
            Body::Delete { target } => {
                self.deleted.insert(*target, entry.seq);
                let hit = |e: &Entry| {
                    e.seq == *target || matches!(&e.body, Body::Edit { target: t, .. } if t == target)
                };
                for e in self.entries.iter_mut().filter(|e| hit(e)) {
                    *e = e.wiped();
                }
            }
            Body::Member { changes } => {
                for change in changes {
                    if change.change == MembershipChange::Added {
                        self.members.insert(change.user_id, (Role::Member, entry.seq));
                        self.former.remove(&change.user_id);
                    } else {
                        self.members.remove(&change.user_id);
                        self.former.insert(change.user_id);
                    }
                }
            }
            Body::Chat(change) if change.title.is_some() => self.title.clone_from(&change.title),
            _ => {}
        }
    }
}
