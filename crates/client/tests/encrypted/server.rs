//! A model of the server for encrypted chats, as the contract describes it: logs, members, chains, key packages,
//! blobs.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chinwag_client::{Answer, Call, CallFailure};
use chinwag_proto::entry::{Body, ChatChange, Encryption, Founder, Notice};
use chinwag_proto::frame::{ChangedHead, Page};
use chinwag_proto::rest::{Summary, SummaryKind};
use chinwag_proto::text::RequestId;
use chinwag_proto::{
    ChatId, ClientMessageId, Code, Content, DeviceId, Entry, MembershipChange, MessageId, Role, Seq,
    Timestamp, UserId,
};
use sha2::{Digest, Sha256};

#[derive(Default)]
pub(crate) struct Log {
    pub(crate) entries: Vec<Entry>,
    pub(crate) members: BTreeMap<UserId, (Role, Seq)>,
    after: Seq,
    encrypted: bool,
    ids: BTreeMap<(UserId, ClientMessageId), Seq>,
}

impl Log {
    pub(crate) fn head(&self) -> Seq {
        Seq::clamped(self.entries.len() as u64)
    }
}

/// A device's key packages: whose, one-time ones, the last resort.
type Shelf = (UserId, VecDeque<Vec<u8>>, Option<Vec<u8>>);

#[derive(Default)]
pub(crate) struct Server {
    pub(crate) logs: BTreeMap<ChatId, Log>,
    chains: BTreeMap<UserId, Vec<Vec<u8>>>,
    packages: BTreeMap<DeviceId, Shelf>,
    blobs: BTreeMap<(ChatId, [u8; 32]), Vec<u8>>,
    backups: BTreeMap<(UserId, DeviceId), Vec<Vec<u8>>>,
    /// Every byte that a client has sent, as text.
    pub(crate) wire: String,
}

impl Server {
    /// A group that was made over REST by this device.
    pub(crate) fn found(&mut self, chat: ChatId, device: DeviceId, members: &[UserId]) -> Entry {
        let role = |place: usize| if place == 0 { Role::Owner } else { Role::Member };
        let founders: Vec<Founder> =
            members.iter().enumerate().map(|(n, user)| Founder { user_id: *user, role: role(n) }).collect();
        let log = self.logs.entry(chat).or_default();
        log.encrypted = true;
        log.members = founders.iter().map(|f| (f.user_id, (f.role, Seq::clamped(1)))).collect();
        let change = ChatChange {
            members: Some(founders),
            encryption: Some(Encryption::Mls),
            ..ChatChange::default()
        };
        self.append(members[0], device, chat, None, None, Body::Chat(change))
    }

    /// Decides about a record: its entry and whether it was there already.
    pub(crate) fn apply(
        &mut self,
        (user, device): (UserId, DeviceId),
        chat: ChatId,
        id: &ClientMessageId,
        after: Option<Seq>,
        body: Body,
    ) -> Result<(Entry, bool), (Code, Option<Seq>)> {
        let log = self.logs.entry(chat).or_default();
        if let ChatId::Direct(low, high) = chat {
            for side in [low, high] {
                log.members.entry(side).or_insert((Role::Member, Seq::clamped(1)));
            }
        }
        if !log.members.contains_key(&user) {
            return Err((Code::NotMember, None));
        }
        if let Some(seq) = log.ids.get(&(user, id.clone())) {
            return Ok((log.entries[seq.get() as usize - 1].clone(), true));
        }
        let mls = matches!(body, Body::Mls { .. });
        if mls && log.entries.is_empty() {
            log.encrypted = true;
        }
        if log.encrypted && !matches!(body, Body::Delete { .. }) && after != Some(log.after) {
            return Err((Code::StaleEpoch, Some(log.after)));
        }
        if log.encrypted != mls
            && let Body::Message { content: Some(content), .. } | Body::Edit { content: Some(content), .. } =
                &body
            && content.is_sealed() != log.encrypted
        {
            return Err((Code::EncryptionRequired, None));
        }
        Ok((self.append(user, device, chat, Some(id.clone()), after, body), false))
    }

    fn append(
        &mut self,
        user: UserId,
        device: DeviceId,
        chat: ChatId,
        id: Option<ClientMessageId>,
        after: Option<Seq>,
        body: Body,
    ) -> Entry {
        let total: usize = self.logs.values().map(|log| log.entries.len()).sum();
        let log = self.logs.get_mut(&chat).unwrap();
        let seq = log.head().next();
        let message = matches!(body, Body::Message { .. });
        let mut entry = Entry {
            v: 1,
            chat_id: chat,
            seq,
            n: log.entries.last().map_or(0, |entry| entry.n) + u64::from(message),
            message_id: MessageId::new(total as u64 + 1).unwrap(),
            sender_id: user,
            device_id: device,
            client_message_id: id.clone(),
            created_at: Timestamp::from_ms(1_700_000_000_000 + total as i64),
            after,
            digest: None,
            body,
        };
        if log.encrypted {
            entry.digest = entry.compute_digest();
        }
        if let Some(id) = id {
            log.ids.insert((user, id), seq);
        }
        if let Body::Mls { changes, .. } = &entry.body {
            log.after = seq;
            for change in changes {
                match change.change {
                    MembershipChange::Added => {
                        let role = change.role.unwrap_or(Role::Member);
                        log.members.insert(change.user_id, (role, seq));
                    }
                    MembershipChange::Removed | MembershipChange::Left => {
                        log.members.remove(&change.user_id);
                    }
                    MembershipChange::Role => {}
                }
            }
        }
        log.entries.push(entry.clone());
        entry
    }

    pub(crate) fn summary(&self, chat: ChatId, user: UserId) -> Option<Summary> {
        let log = self.logs.get(&chat)?;
        let (role, since) = *log.members.get(&user)?;
        let last = log.entries.last()?;
        Some(Summary {
            chat_id: chat,
            kind: SummaryKind::from(chat),
            title: None,
            head: log.head(),
            since: (since.get() > 1).then_some(since),
            floor: None,
            read: Seq::ZERO,
            unread: 0,
            encryption: if log.encrypted { Encryption::Mls } else { Encryption::None },
            role,
            muted: false,
            members: None,
            others: None,
            last: Some(last.clone()),
            last_at: last.created_at,
            history: None,
            who_may_add: None,
        })
    }

    pub(crate) fn sync(&self, user: UserId, chat: ChatId, id: RequestId, after: Seq) -> Result<Page, Code> {
        let log = self.logs.get(&chat).filter(|log| log.head() > Seq::ZERO).ok_or(Code::NotFound)?;
        let (_, since) = log.members.get(&user).ok_or(Code::NotMember)?;
        let begin = after.max(since.prev()).get() as usize;
        let entries: Vec<Entry> = log.entries.iter().skip(begin).take(20).cloned().collect();
        let from = entries.first().map_or(after, |entry| entry.seq);
        let to = entries.last().map_or(after, |entry| entry.seq);
        let head = log.head();
        Ok(Page { id, chat_id: chat, from, to, head, complete: to == head, entries })
    }

    pub(crate) fn heads(
        &self,
        user: UserId,
        held: &BTreeMap<ChatId, Seq>,
    ) -> (Vec<ChangedHead>, Vec<ChatId>) {
        let (mut changed, mut gone) = (Vec::new(), Vec::new());
        for (chat, seq) in held {
            match self.logs.get(chat).filter(|log| log.members.contains_key(&user)) {
                Some(log) if log.head() != *seq => {
                    changed.push(ChangedHead { chat_id: *chat, head: log.head() })
                }
                Some(_) => {}
                None => gone.push(*chat),
            }
        }
        (changed, gone)
    }

    /// A notice of the user's device to all of them.
    pub(crate) fn notify(&mut self, user: UserId, device: DeviceId, data: Content) -> Entry {
        let inbox = ChatId::Inbox(user);
        self.logs.entry(inbox).or_default().members.insert(user, (Role::Member, Seq::clamped(1)));
        self.append(user, device, inbox, None, None, Body::Notice { notice: Notice::Device, data })
    }

    /// A call over REST.
    pub(crate) fn call(&mut self, user: UserId, device: DeviceId, call: Call) -> Result<Answer, CallFailure> {
        match call {
            Call::Chain { user, after } => {
                let all = self.chains.get(&user).cloned().unwrap_or_default();
                let version = all.len() as u64;
                Ok(Answer::Links { links: all.into_iter().skip(after as usize).take(3).collect(), version })
            }
            Call::ExtendChain { after, links } => {
                let chain = self.chains.entry(user).or_default();
                append(chain, after, links).map(Answer::Version)
            }
            Call::CountKeyPackages => Ok(self.count(device)),
            Call::PublishKeyPackages { key_packages, last_resort } => {
                let shelf = self.packages.entry(device).or_insert_with(|| (user, VecDeque::new(), None));
                shelf.1.extend(key_packages);
                shelf.2 = last_resort.or(shelf.2.take());
                Ok(self.count(device))
            }
            Call::ClaimKeyPackages { user, devices } => {
                let asked: BTreeSet<DeviceId> = devices.into_iter().collect();
                let mut found = Vec::new();
                for (device, shelf) in self.packages.iter_mut().filter(|(_, shelf)| shelf.0 == user) {
                    if asked.is_empty() || asked.contains(device) {
                        found.extend(shelf.1.pop_front().or(shelf.2.clone()).map(|bytes| (*device, bytes)));
                    }
                }
                Ok(Answer::KeyPackages(found))
            }
            Call::Blob { chat, sha256 } => match self.blobs.get(&(chat, sha256)) {
                Some(bytes) => Ok(Answer::Bytes(bytes.clone())),
                None => Err(CallFailure::Refused { code: Code::NotFound, after: None }),
            },
            Call::PutBlob { chat, bytes } => {
                self.blobs.insert((chat, Sha256::digest(&bytes).into()), bytes);
                Ok(Answer::Done)
            }
            Call::Backups => {
                let own = self.backups.iter().filter(|((of, _), _)| *of == user);
                Ok(Answer::Heads(own.map(|((_, device), all)| (*device, all.len() as u64)).collect()))
            }
            Call::Backup { device, after } => {
                let all = self.backups.get(&(user, device)).cloned().unwrap_or_default();
                let head = all.len() as u64;
                Ok(Answer::Records { records: all.into_iter().skip(after as usize).take(10).collect(), head })
            }
            Call::ExtendBackup { after, records } => {
                let chain = self.backups.entry((user, device)).or_default();
                append(chain, after, records).map(Answer::Head)
            }
            Call::Notify { .. } => Ok(Answer::Done),
        }
    }

    fn count(&self, device: DeviceId) -> Answer {
        let shelf = self.packages.get(&device);
        Answer::Waiting {
            available: shelf.map_or(0, |shelf| shelf.1.len() as u32),
            last_resort: shelf.is_some_and(|shelf| shelf.2.is_some()),
        }
    }
}

/// Appends where nothing came in between; the same again answers as the first time.
fn append(chain: &mut Vec<Vec<u8>>, after: u64, more: Vec<Vec<u8>>) -> Result<u64, CallFailure> {
    let place = after as usize;
    if chain.len() >= place + more.len() && chain[place..place + more.len()] == more[..] {
        return Ok((place + more.len()) as u64);
    }
    if chain.len() != place {
        let after = Some(chain.len() as u64);
        return Err(CallFailure::Refused { code: Code::StaleVersion, after });
    }
    chain.extend(more);
    Ok(chain.len() as u64)
}
