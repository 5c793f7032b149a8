//! The seal of encrypted chats: its state, what it is told, and the numbers of its calls and loads.
//!
//! Each file beside this one is one flow: `own` this device's set-up and key packages, `chains` device chains,
//! `room` following a chat's log, `staging` what this device commits, `content` opening and sealing. None of
//! them waits: each does what it can with what is there and asks for the rest.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_e2ee::content::EpochKey;
use chinwag_e2ee::group::{Change as RowChange, EpochRecord, Epochs, Key, Me, Scope};
use chinwag_e2ee::identity::{Certificate, DeviceKeys};
use chinwag_proto::{BlobName, ChatId, Content, DeviceId, Entry, Opaque, Seq, UserId};
use rand_core::CryptoRng;

use super::backup::Backup;
use super::chains::Known;
use super::own::Step;
use super::room::Room;
use super::rows::{self, Mark};
use super::wish::{SealWish, Told};
use super::{News, Opened, Seal, Sealed, ToSeal, Wants};
use crate::call::{Answer, Call, CallFailure};
use crate::event::{Change, Now};
use crate::store::{Op, Range, Row};

/// What a call or load of this seal is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Chain(UserId),
    Extend,
    Notice,
    Count,
    Claim(ChatId, UserId),
    Blob(ChatId, BlobName),
    PutBlob(ChatId, BlobName),
    Room(ChatId),
    Digest(ChatId, Seq),
    Backups,
    Backup(DeviceId),
    BackupRows,
    ExtendBackup,
}

/// A source of randomness fit for keys.
pub type Random = Box<dyn CryptoRng + Send>;
/// The clock on the wall: milliseconds since 1970.
pub type Clock = Box<dyn Fn() -> i64 + Send>;

/// The seal of encrypted chats of one device.
pub struct Sealing {
    pub(super) me: UserId,
    pub(super) device: DeviceId,
    pub(super) keys: DeviceKeys,
    pub(super) certificate: Certificate,
    pub(super) random: Random,
    pub(super) clock: Clock,
    pub(super) step: Step,
    pub(super) was_ready: bool,
    pub(super) known: BTreeMap<UserId, Known>,
    /// Rows of the MLS library that belong to the device.
    pub(super) device_rows: BTreeMap<Key, Vec<u8>>,
    pub(super) rooms: BTreeMap<ChatId, Room>,
    /// Encrypted chats, and how far each is followed.
    pub(super) marks: BTreeMap<ChatId, Mark>,
    /// Direct chats that the user wants unencrypted.
    pub(super) plain: BTreeSet<ChatId>,
    pub(super) epochs: BTreeMap<ChatId, Epochs>,
    pub(super) backup: Backup,
    /// MLS groups whose chats are known.
    pub(super) groups: BTreeMap<[u8; 16], ChatId>,
    /// Epochs of the backup whose chats are not known yet.
    pub(super) unclaimed: Vec<EpochRecord>,
    pub(super) epoch_keys: BTreeMap<(ChatId, Seq), EpochKey>,
    /// Digests of messages that others refer to; none where the message is not held.
    pub(super) digests: BTreeMap<(ChatId, Seq), Option<[u8; 32]>>,
    /// Counts connections: what has to be looked at once on each.
    pub(super) connection: u64,
    pub(super) wants: Wants,
    asked: BTreeMap<u64, Asked>,
    tickets: u64,
}

impl Sealing {
    /// From the rows under `s/`; a device without any gets its keys now, stored with the first event.
    pub fn restore(me: UserId, device: DeviceId, rows: &[Row], mut random: Random, clock: Clock) -> Self {
        let kept =
            rows.iter().find(|(key, _)| key == rows::ME).and_then(|(_, value)| rows::get::<rows::Me>(value));
        let kept = kept.and_then(|kept| Some((<[u8; 64]>::try_from(kept.keys.0).ok()?, kept.created_at_ms)));
        let mut wants = Wants::default();
        let (keys, created_at_ms) = match kept {
            Some((bytes, at)) => (DeviceKeys::from_bytes(&bytes), at),
            None => {
                let (keys, created_at_ms) = (DeviceKeys::generate(&mut *random), clock());
                let row = rows::Me { keys: Opaque(keys.to_bytes().to_vec()), created_at_ms };
                wants.ops.extend(rows::put(rows::ME.to_owned(), &row));
                (keys, created_at_ms)
            }
        };
        let certificate = keys.certificate(me, device, created_at_ms);
        let mut sealing = Self {
            me,
            device,
            keys,
            certificate,
            random,
            clock,
            step: Step::Idle,
            was_ready: false,
            known: BTreeMap::new(),
            device_rows: BTreeMap::new(),
            rooms: BTreeMap::new(),
            marks: BTreeMap::new(),
            plain: BTreeSet::new(),
            epochs: BTreeMap::new(),
            backup: Backup::new(me, device),
            groups: BTreeMap::new(),
            unclaimed: Vec::new(),
            epoch_keys: BTreeMap::new(),
            digests: BTreeMap::new(),
            connection: 0,
            wants,
            asked: BTreeMap::new(),
            tickets: 0,
        };
        rows.iter().for_each(|(key, value)| sealing.restore_row(key, value));
        let busy: Vec<ChatId> =
            sealing.marks.iter().filter(|(_, mark)| mark.busy).map(|(chat, _)| *chat).collect();
        busy.into_iter().for_each(|chat| sealing.load_room(chat));
        sealing
    }

    fn restore_row(&mut self, key: &str, value: &str) {
        let mut parts = key.split('/').skip(1);
        let (kind, name, rest) = (parts.next(), parts.next().unwrap_or_default(), parts.next());
        match kind {
            Some("u") => {
                if let (Ok(user), Some(row)) = (name.parse(), rows::get(value)) {
                    self.known.insert(user, Known::restored(user, &row));
                }
            }
            Some("d") => {
                if let (Some(name), Some(bytes)) = (rows::get_bytes(name), rows::get_bytes(value)) {
                    self.device_rows.insert(Key { scope: Scope::Device, name }, bytes);
                }
            }
            Some("k") => self.restore_epoch(name, value),
            Some("c") => {
                if let (Ok(chat), Some(mark)) = (name.parse(), rows::get::<Mark>(value)) {
                    let group = |bytes: &Opaque| Some((bytes.0.as_slice().try_into().ok()?, chat));
                    self.groups.extend(mark.groups.iter().filter_map(group));
                    self.marks.insert(chat, mark);
                }
            }
            Some("b") => self.backup.restore(value),
            Some("t") => {
                let commit = rest.and_then(|rest| u64::from_str_radix(rest, 16).ok()).and_then(Seq::new);
                let hash = rows::get_bytes(value).and_then(|bytes| bytes.try_into().ok());
                if let (Ok(chat), Some(commit), Some(hash)) = (name.parse(), commit, hash) {
                    self.backup.todo.insert((chat, commit), hash);
                }
            }
            Some("g") => {
                let record = rows::get_bytes(value).and_then(|bytes| EpochRecord::decode(&bytes).ok());
                self.unclaimed.extend(record);
            }
            Some("plain") => self.plain.extend(name.parse::<ChatId>()),
            Some("setup") if rest.is_none() => {
                if let Some(setup) = rows::get(value) {
                    self.step = Step::Sending(setup);
                }
            }
            _ => {}
        }
    }

    /// A call of this seal's.
    pub(super) fn call(&mut self, asked: Asked, call: Call) {
        self.tickets += 1;
        self.asked.insert(self.tickets, asked);
        self.wants.calls.push((self.tickets, call));
    }

    /// A read of this seal's.
    pub(super) fn load(&mut self, asked: Asked, range: Range) {
        self.tickets += 1;
        self.asked.insert(self.tickets, asked);
        self.wants.loads.push((self.tickets, vec![range]));
    }

    pub(super) fn tell(&mut self, told: Told) {
        self.wants.changes.push(Change::Seal(told));
    }

    pub(super) fn as_me(&self) -> Me<'_> {
        Me { certificate: &self.certificate, keys: &self.keys }
    }

    /// Keeps what the MLS library has changed, in the batch of this event.
    pub(super) fn keep_rows(&mut self, chat: Option<ChatId>, changes: Vec<RowChange>) {
        for (key, value) in changes {
            let name = match (key.scope, chat) {
                (Scope::Chat, Some(chat)) => rows::mls_row(chat, &key.name),
                _ => rows::device_row(&key.name),
            };
            self.wants.ops.push(match &value {
                Some(bytes) => rows::put_bytes(name, bytes),
                None => Op::Delete(name),
            });
            if key.scope == Scope::Device {
                match value {
                    Some(bytes) => self.device_rows.insert(key, bytes.to_vec()),
                    None => self.device_rows.remove(&key),
                };
            }
        }
    }

    fn on_connected(&mut self) {
        self.connection += 1;
        self.known.values_mut().for_each(|known| known.fresh = false);
        if let Step::Sending(setup) = std::mem::take(&mut self.step) {
            self.send_link(setup);
        } else {
            self.fetch(self.me);
        }
        if self.is_ready() {
            self.was_ready = true;
            self.call(Asked::Count, Call::CountKeyPackages);
            self.compare_backups();
        }
    }

    fn on_answered(&mut self, ticket: u64, answer: &Result<Answer, CallFailure>) {
        match (self.asked.remove(&ticket), answer) {
            (Some(Asked::Chain(user)), Ok(Answer::Links { links, version })) => {
                self.on_links(user, links, *version);
                let whole = self.known.get(&user).is_some_and(|known| known.fresh);
                if user == self.me && whole {
                    self.on_own_chain();
                }
            }
            (Some(Asked::Chain(user)), _) => self.on_links(user, &[], u64::MAX),
            (Some(Asked::Extend), answer) => self.on_extended(answer),
            (Some(Asked::Count), Ok(Answer::Waiting { available, last_resort })) => {
                self.on_counted(*available, *last_resort);
            }
            (Some(Asked::Backups), Ok(Answer::Heads(heads))) => self.on_backup_heads(heads),
            (Some(Asked::Backup(of)), answer) => self.on_backup_records(of, answer),
            (Some(Asked::ExtendBackup), answer) => self.on_backup_extended(answer),
            (Some(Asked::Claim(chat, user)), answer) => self.on_claimed(chat, user, answer),
            (Some(Asked::Blob(chat, name)), answer) => self.on_blob(chat, name, answer),
            (Some(Asked::PutBlob(chat, name)), answer) => self.on_blob_put(chat, name, answer),
            _ => {}
        }
    }

    fn on_loaded(&mut self, ticket: u64, rows: &[Row]) {
        match self.asked.remove(&ticket) {
            Some(Asked::Room(chat)) => self.on_room_loaded(chat, rows),
            Some(Asked::BackupRows) => self.on_backup_rows(rows),
            Some(Asked::Digest(chat, seq)) => self.on_digest_loaded(chat, seq, rows),
            _ => {}
        }
    }

    fn on_wish(&mut self, wish: &SealWish) {
        match wish {
            SealWish::SetUp { recovery } => self.set_up(&recovery.0),
            SealWish::Revoke(device) => self.revoke(*device),
            SealWish::Accept(user) => self.accept(*user),
            SealWish::Plain(chat) => {
                if self.plain.insert(*chat) {
                    self.wants.ops.push(Op::Put(rows::plain(*chat), String::new()));
                }
            }
            SealWish::Commit { chat, wish } => self.wish_for(*chat, wish),
        }
    }
}

impl Seal for Sealing {
    fn open(&mut self, entry: &Entry, content: &Content) -> Opened {
        self.open_content(entry, content)
    }

    fn seal(&mut self, record: ToSeal<'_>) -> Sealed {
        self.seal_record(record)
    }

    fn saw(&mut self, _now: Now, entry: &Entry) {
        self.saw_entry(entry);
    }

    fn on(&mut self, _now: Now, news: News<'_>) {
        match news {
            News::Connected(_) => self.on_connected(),
            News::Answered { ticket, answer } => self.on_answered(ticket, answer),
            News::Loaded { ticket, rows } => self.on_loaded(ticket, rows),
            News::Refused { chat, code, .. } => self.on_record_refused(chat, code),
            News::RolledBack { chat, .. } => {
                self.tell(Told::ServerDiffers { chat: Some(chat), what: "log_rolled_back" });
            }
            News::Wish(wish) => self.on_wish(wish),
            News::Settled => self.settle(),
        }
    }

    fn wants(&mut self) -> Wants {
        std::mem::take(&mut self.wants)
    }
}
