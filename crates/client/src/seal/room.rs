//! Following an encrypted chat: each entry in the order of seq, with a position of its own.
//!
//! An entry whose blobs or chains have not come stops the chat; what waits behind it is kept as rows until it
//! is followed. All that follows from an entry is stored in one batch with the new position. A chat's rows
//! are loaded when something happens in it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chinwag_e2ee::content::{ChainHead, Compared, LogHash};
use chinwag_e2ee::group::{
    Blobs, Data, EpochRecord, Group, JoinError, Key, Outcome, Rows, Scope, Verdict, Wish, data::Kind,
    judge_create,
};
use chinwag_proto::entry::{Body, Encryption, Notice};
use chinwag_proto::{BlobName, ChatId, Entry, Seq, UserId};

use super::rows::{self, Mark};
use super::sealing::{Asked, Sealing};
use super::staging::Staging;
use super::wish::Told;
use crate::call::{Answer, Call, CallFailure};
use crate::store::{Op, Range, Row};

/// Groups in memory; the one that was idle longest goes first.
const GROUPS_MAX: usize = 16;

/// What is in memory of an encrypted chat.
#[derive(Default)]
pub(super) struct Room {
    pub(super) loaded: bool,
    loading: bool,
    pub(super) log: LogHash,
    pub(super) group: Option<Group>,
    pub(super) queue: VecDeque<Entry>,
    stored: BTreeSet<Seq>,
    blobs: Blobs,
    asked: BTreeSet<BlobName>,
    pub(super) changed: bool,
    pub(super) staging: Staging,
    used: u64,
}

/// What became of an entry.
enum Followed {
    Done,
    /// Something that was asked for has to come first.
    Waits,
}

impl Sealing {
    pub(super) fn restore_epoch(&mut self, chat: &str, value: &str) {
        let record = rows::get_bytes(value).and_then(|bytes| EpochRecord::decode(&bytes).ok());
        if let (Ok(chat), Some(record)) = (chat.parse(), record) {
            self.epochs.entry(chat).or_default().insert(record);
        }
    }

    pub(super) fn saw_entry(&mut self, entry: &Entry) {
        let chat = entry.chat_id;
        if matches!(entry.body, Body::Notice { notice: Notice::Device, .. }) {
            return self.fetch_anew(self.me);
        }
        let encrypts = match &entry.body {
            Body::Mls { .. } => true,
            Body::Chat(change) => change.encryption == Some(Encryption::Mls),
            _ => entry.digest.is_some(),
        };
        if let std::collections::btree_map::Entry::Vacant(mark) = self.marks.entry(chat) {
            if !encrypts || matches!(chat, ChatId::Inbox(_)) {
                return;
            }
            // The first entry that is held: there are no rows of the chat yet.
            mark.insert(Mark { position: entry.seq.prev(), ..Mark::default() });
            let log = if entry.seq.get() == 1 {
                LogHash::from_the_start()
            } else {
                LogHash::from_later(entry.seq.prev())
            };
            let room = self.rooms.entry(chat).or_default();
            if !room.loaded {
                (room.loaded, room.log) = (true, log);
            }
        }
        self.note_digest(entry);
        let room = self.rooms.entry(chat).or_default();
        let after = room.queue.back().map_or(Seq::ZERO, |last| last.seq);
        if entry.seq > after {
            room.queue.push_back(entry.clone());
        }
        if room.loaded { self.run(chat) } else { self.load_room(chat) }
    }

    pub(super) fn load_room(&mut self, chat: ChatId) {
        let room = self.rooms.entry(chat).or_default();
        if !room.loaded && !std::mem::replace(&mut room.loading, true) {
            self.load(Asked::Room(chat), Range::prefix(&rows::of_chat(chat)));
        }
    }

    pub(super) fn on_room_loaded(&mut self, chat: ChatId, loaded: &[Row]) {
        // A chat that began meanwhile had no rows when they were read.
        if self.rooms.get(&chat).is_some_and(|room| room.loaded) {
            return;
        }
        let mut mls: BTreeMap<Key, Vec<u8>> = self.device_rows.clone();
        let mut room = self.rooms.remove(&chat).unwrap_or_default();
        let mut queue: BTreeMap<Seq, Entry> = room.queue.drain(..).map(|entry| (entry.seq, entry)).collect();
        let start = rows::of_chat(chat);
        for (key, value) in loaded {
            match key.strip_prefix(&start).and_then(|rest| rest.split_once('/')) {
                Some(("m", name)) => {
                    if let (Some(name), Some(bytes)) = (rows::get_bytes(name), rows::get_bytes(value)) {
                        mls.insert(Key { scope: Scope::Chat, name }, bytes);
                    }
                }
                Some(("q", _)) => {
                    if let Some(entry) = rows::get::<Entry>(value) {
                        room.stored.insert(entry.seq);
                        queue.insert(entry.seq, entry);
                    }
                }
                _ if *key == rows::log(chat) => room.log = rows::get(value).unwrap_or_default(),
                _ if *key == rows::wish(chat) => room.staging.wish = rows::get(value),
                _ => {}
            }
        }
        room.queue = queue.into_values().collect();
        room.group = Group::load(Rows::new(mls)).ok().flatten();
        (room.loaded, room.loading) = (true, false);
        self.rooms.insert(chat, room);
        self.run(chat);
        self.wants.unsealed.push(chat);
    }

    /// Follows as far as it goes.
    fn run(&mut self, chat: ChatId) {
        let Some(mut room) = self.rooms.remove(&chat) else { return };
        room.used = self.connection;
        while room.loaded
            && let Some(entry) = room.queue.pop_front()
        {
            let position = self.marks.get(&chat).map_or(Seq::ZERO, |mark| mark.position);
            if entry.seq > position.next() {
                self.lose_track(&mut room, &entry);
            }
            let followed =
                if entry.seq <= position { Followed::Done } else { self.follow(&mut room, &entry) };
            if matches!(followed, Followed::Waits) {
                room.queue.push_front(entry);
                break;
            }
            if room.stored.remove(&entry.seq) {
                self.wants.ops.push(Op::Delete(rows::queued(chat, entry.seq)));
            }
            if let Some(mark) = self.marks.get_mut(&chat).filter(|mark| mark.position < entry.seq) {
                mark.position = entry.seq;
                room.changed = true;
            }
            self.hear(&mut room, &entry);
            if room.queue.is_empty() {
                self.wants.unsealed.push(chat);
            }
        }
        self.rooms.insert(chat, room);
    }

    /// The log goes on above what was followed: the user was no member in between. What was known of the group
    /// is of no use; whoever takes him in again sends a Welcome.
    fn lose_track(&mut self, room: &mut Room, entry: &Entry) {
        let chat = entry.chat_id;
        if room.group.take().is_some() {
            self.wants.ops.push(Op::DeleteRange(Range::prefix(&rows::mls_rows(chat))));
            self.wants.withdrawn.push(chat);
        }
        room.staging = Staging::default();
        room.staging.set(None);
        room.log = LogHash::from_later(entry.seq.prev());
        if let Some(mark) = self.marks.get_mut(&chat) {
            mark.position = entry.seq.prev();
        }
    }

    fn follow(&mut self, room: &mut Room, entry: &Entry) -> Followed {
        let outcome = match &mut room.group {
            Some(group) => match group.process(entry, &room.blobs) {
                Ok(outcome) => outcome,
                Err(_) => {
                    // What is stored is damaged: without it the device is out of step, not stuck.
                    room.group = None;
                    self.tell(Told::ServerDiffers { chat: Some(entry.chat_id), what: "group_damaged" });
                    Outcome { verdict: None, epoch: None, events: Vec::new(), seen: None, dropped: None }
                }
            },
            None => Outcome { verdict: None, epoch: None, events: Vec::new(), seen: None, dropped: None },
        };
        if let Some(Verdict::NeedsBlobs(names)) = &outcome.verdict {
            self.ask_blobs(room, entry.chat_id, names);
            return Followed::Waits;
        }
        let out = outcome.verdict == Some(Verdict::Out);
        let mls = matches!(entry.body, Body::Mls { .. });
        // A second time changes nothing.
        room.log.push(entry);
        if mls && (room.group.is_none() || out) {
            match self.join(room, entry) {
                Ok(()) => {}
                Err(Followed::Waits) => return Followed::Waits,
                Err(Followed::Done) if out => room.group = None,
                Err(Followed::Done) => {}
            }
        }
        self.take_outcome(room, entry, outcome);
        if mls {
            room.blobs.clear();
            room.asked.clear();
            room.staging.decided();
            if !room.group.as_ref().is_some_and(|group| matches!(group.outgoing(), Ok(Some(_)))) {
                self.wants.withdrawn.push(entry.chat_id);
            }
        } else {
            self.begin_group(room, entry);
        }
        Followed::Done
    }

    fn take_outcome(&mut self, room: &mut Room, entry: &Entry, outcome: Outcome) {
        let chat = entry.chat_id;
        if let Some(group) = &room.group {
            let changes = group.take_changes();
            self.keep_rows(Some(chat), changes);
        }
        if let Some(record) = outcome.epoch {
            self.claim_group(chat, record.group);
            self.keep_epoch(chat, record, room.log.seen().hash);
        }
        outcome.events.into_iter().for_each(|event| self.tell(Told::Group { chat, event }));
        if let Some(seen) = outcome.seen
            && room.log.compare(seen) == Compared::Differs
        {
            self.tell(Told::ServerDiffers { chat: Some(chat), what: "fork" });
        }
        if let Some(wish) = outcome.dropped {
            let again = !wish.found && !wish.is_plain();
            room.staging.wish = room.staging.wish.take().or(again.then_some(wish));
        }
    }

    /// An epoch that has begun here: it belongs into the backup as well.
    fn keep_epoch(&mut self, chat: ChatId, record: EpochRecord, hash: [u8; 32]) {
        let commit = record.commit;
        self.wants.ops.push(rows::put_bytes(rows::todo(chat, commit), &hash));
        self.backup.todo.insert((chat, commit), hash);
        self.put_epoch(chat, record);
        self.keep_up_backup();
    }

    pub(super) fn put_epoch(&mut self, chat: ChatId, record: EpochRecord) {
        self.wants.ops.push(rows::put_bytes(rows::epoch(chat, record.commit), &record.encode()));
        self.epoch_keys.remove(&(chat, record.commit));
        self.epochs.entry(chat).or_default().insert(record);
        self.wants.unsealed.push(chat);
    }

    /// The record may bring this device into the group.
    fn join(&mut self, room: &mut Room, entry: &Entry) -> Result<(), Followed> {
        let chat = entry.chat_id;
        let Body::Mls { data, .. } = &entry.body else { return Err(Followed::Done) };
        let founds = self.marks.get(&chat).is_some_and(|mark| mark.groups.is_empty());
        let founds = |data: &Data| founds && data.kind == Kind::Create;
        let Some(data) = Data::parse(data).filter(|data| data.welcome.is_some() || founds(data)) else {
            return Err(Followed::Done);
        };
        let missing: Vec<BlobName> =
            data.blobs().into_iter().filter(|name| !room.blobs.contains_key(name)).collect();
        if !missing.is_empty() {
            self.ask_blobs(room, chat, &missing);
            return Err(Followed::Waits);
        }
        if founds(&data)
            && let Ok(founded) = judge_create(entry, &room.blobs)
        {
            self.claim_group(chat, founded.group);
        }
        if !self.is_ready() {
            return Err(Followed::Done);
        }
        let users: Vec<UserId> = self.known.keys().copied().collect();
        let (rows, chains) = (Rows::new(self.device_rows.clone()), self.chains_of(&users));
        match Group::join(rows, self.as_me(), chat, entry, &room.blobs, &chains) {
            Ok((group, outcome)) => {
                room.group = Some(group);
                self.take_outcome(room, entry, outcome);
                Ok(())
            }
            Err(JoinError::NeedsChains(users)) => {
                if self.all_fresh(&users) {
                    Err(Followed::Done)
                } else {
                    Err(Followed::Waits)
                }
            }
            Err(JoinError::NotForUs) => Err(Followed::Done),
            Err(error) => {
                let why = error.to_string();
                self.tell(Told::NotCommitted { chat, why });
                Err(Followed::Done)
            }
        }
    }

    fn ask_blobs(&mut self, room: &mut Room, chat: ChatId, names: &[BlobName]) {
        for name in names {
            if room.asked.insert(*name) {
                self.call(Asked::Blob(chat, *name), Call::Blob { chat, sha256: name.0 });
            }
        }
    }

    pub(super) fn on_blob(&mut self, chat: ChatId, name: BlobName, answer: &Result<Answer, CallFailure>) {
        let Some(room) = self.rooms.get_mut(&chat) else { return };
        // A blob that the server does not have, or another one under its name, counts as one that cannot be had.
        let bytes = match answer {
            Ok(Answer::Bytes(bytes)) => bytes.clone(),
            _ => Vec::new(),
        };
        if room.asked.contains(&name) {
            room.blobs.insert(name, bytes);
            self.run(chat);
        }
    }

    /// What others say that they have seen of the log is held against what was seen here.
    fn hear(&mut self, room: &mut Room, entry: &Entry) {
        let Body::Message { content: Some(content), reply_to: None } = &entry.body else { return };
        match self.look_into(entry, content) {
            Ok(plain) => {
                if room.log.compare(plain.seen) == Compared::Differs {
                    self.tell(Told::ServerDiffers { chat: Some(entry.chat_id), what: "fork" });
                }
                let known = self.chain(entry.sender_id).map(|chain| ChainHead::from(chain.pin()));
                let place = |head: &ChainHead| (head.generation, head.version);
                if known.is_none_or(|known| place(&plain.head) > place(&known)) {
                    self.fetch_anew(entry.sender_id);
                }
            }
            // Another device of the user's may have what is missing.
            Err(cause) if cause.may_heal() && self.is_ready() && self.has_read_backup() => {
                self.compare_backups();
            }
            Err(_) => {}
        }
    }

    /// At the end of an event: what waits is stored, and what can be committed is.
    pub(super) fn settle(&mut self) {
        let chats: Vec<ChatId> = self.rooms.keys().copied().collect();
        for chat in chats {
            self.run(chat);
            self.advance(chat);
            self.store_room(chat);
        }
        if self.rooms.len() > GROUPS_MAX {
            let idle = |room: &Room| {
                room.loaded && room.queue.is_empty() && room.staging.is_idle() && !room.staging.check
            };
            let oldest = self.rooms.iter().filter(|(_, room)| idle(room)).min_by_key(|(_, room)| room.used);
            if let Some(chat) = oldest.map(|(chat, _)| *chat) {
                self.rooms.remove(&chat);
            }
        }
    }

    fn store_room(&mut self, chat: ChatId) {
        let (Some(room), Some(mark)) = (self.rooms.get_mut(&chat), self.marks.get_mut(&chat)) else { return };
        for entry in &room.queue {
            if room.stored.insert(entry.seq) {
                self.wants.ops.extend(rows::put(rows::queued(chat, entry.seq), entry));
            }
        }
        let busy = !room.queue.is_empty() || !room.staging.is_idle() || mark.check;
        if std::mem::take(&mut room.changed) {
            self.wants.ops.extend(rows::put(rows::log(chat), &room.log));
            mark.busy = busy;
            self.wants.ops.extend(rows::put(rows::mark(chat), mark));
        } else if mark.busy != busy {
            mark.busy = busy;
            self.wants.ops.extend(rows::put(rows::mark(chat), mark));
        }
        if std::mem::take(&mut room.staging.wish_changed) {
            self.wants.ops.extend(match &room.staging.wish {
                Some(wish) => rows::put(rows::wish(chat), wish),
                None => Some(Op::Delete(rows::wish(chat))),
            });
        }
    }

    /// The first entry of an encrypted group that this device has made: it founds the MLS group.
    fn begin_group(&mut self, room: &mut Room, entry: &Entry) {
        if let Body::Chat(change) = &entry.body
            && entry.seq.get() == 1
            && (entry.sender_id, entry.device_id) == (self.me, self.device)
            && let Some(founders) = &change.members
            && room.group.is_none()
        {
            let others = founders.iter().map(|founder| founder.user_id).filter(|user| *user != self.me);
            let add_users = others.collect();
            room.staging.set(Some(Wish { found: true, add_users, ..Wish::default() }));
        }
    }
}
