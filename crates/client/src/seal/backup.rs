//! The user's sealed backup: every epoch key goes into this device's own chain, and what the user's other
//! devices have put into theirs is read.
//!
//! At each connection the server's heads are compared with what is held: new records of other chains are read
//! and verified, records of the own chain that the server lacks are sent again. The history key is made by the
//! first device, learnt from rotations, and made anew when somebody has it who is not live any more.

use std::collections::BTreeMap;

use chinwag_e2ee::backup::{
    BackupChain, BackupSet, BackupState, Body, Head, HistoryKey, KeyRing, OLD_KEYS_MAX, OwnChain, Recipient,
    Record, Rotation,
};
use chinwag_e2ee::group::EpochRecord;
use chinwag_e2ee::identity::{Chain, RootKey};
use chinwag_proto::{ChatId, DeviceId, Opaque, Seq};
use serde::{Deserialize, Serialize};

use super::rows;
use super::sealing::{Asked, Sealing};
use super::wish::Told;
use crate::call::{Answer, Call, CallFailure};
use crate::store::{Op, Range, Row};

/// Records of one call.
const RECORDS_MAX: usize = 100;

/// A head as a row holds it.
#[derive(Clone, Serialize, Deserialize)]
struct HeadRow {
    device: DeviceId,
    index: u64,
    hash: Opaque,
}

/// The row `s/b`.
#[derive(Default, Serialize, Deserialize)]
struct BackupRow {
    /// The own chain's last record, and what it names.
    own: Option<HeadRow>,
    named: Vec<HeadRow>,
    /// What is read of the other chains.
    seen: Vec<HeadRow>,
    /// The records with rotations.
    rotations: Vec<Opaque>,
    keys: Vec<Opaque>,
}

/// The backup, as this device knows it.
pub(super) struct Backup {
    own: OwnChain,
    seen: BTreeMap<DeviceId, Head>,
    ring: KeyRing,
    /// Records with rotations: one for each device that was ever revoked, and the first.
    rotations: Vec<Record>,
    /// Epochs that the own chain does not hold yet, with the hash of the log at their commits.
    pub(super) todo: BTreeMap<(ChatId, Seq), [u8; 32]>,
    /// What the server has of the own chain, once it is known on this connection.
    there: Option<u64>,
    sending: bool,
    /// Chains that are being read, with the heads to be reached; and what has come.
    reading: BTreeMap<DeviceId, u64>,
    got: BTreeMap<DeviceId, Vec<Vec<u8>>>,
}

fn head_row((device, head): (&DeviceId, &Head)) -> HeadRow {
    HeadRow { device: *device, index: head.index, hash: Opaque(head.hash.to_vec()) }
}

fn head(row: &HeadRow) -> (DeviceId, Head) {
    let hash = row.hash.0.as_slice().try_into().unwrap_or_default();
    (row.device, Head { index: row.index, hash })
}

impl Backup {
    pub(super) fn new(me: chinwag_proto::UserId, device: DeviceId) -> Self {
        Self {
            own: OwnChain::new(me, device),
            seen: BTreeMap::new(),
            ring: KeyRing::default(),
            rotations: Vec::new(),
            todo: BTreeMap::new(),
            there: None,
            sending: false,
            reading: BTreeMap::new(),
            got: BTreeMap::new(),
        }
    }

    pub(super) fn restore(&mut self, value: &str) {
        let Some(row) = rows::get::<BackupRow>(value) else { return };
        if let Some(own) = &row.own {
            self.own.head = head(own).1;
        }
        self.own.named = row.named.iter().map(head).collect();
        self.seen = row.seen.iter().map(head).collect();
        let key = |bytes: &Opaque| bytes.0.as_slice().try_into().ok().map(HistoryKey::from_bytes);
        self.ring = KeyRing::new(row.keys.iter().filter_map(key));
        row.rotations.iter().filter_map(|bytes| Record::decode(&bytes.0).ok()).for_each(|r| self.learn(r));
    }

    /// A rotation, whose key is in the ring already if it can be had.
    fn learn(&mut self, record: Record) {
        if let Body::Rotation(rotation) = &record.body
            && !self.rotations.contains(&record)
        {
            self.ring.learn(self.own.user, rotation, None);
            self.rotations.push(record);
        }
    }

    /// The key to seal under: that of the latest rotation, those of live devices before all others, if nobody
    /// has it who is not live.
    fn current(&self, devices: &Chain) -> Option<&HistoryKey> {
        let live = |record: &Record| devices.live_device(record.device).is_some();
        let reached = self.rotations.iter().filter_map(|record| match &record.body {
            Body::Rotation(rotation) if rotation.position <= devices.position() => {
                Some((live(record), rotation))
            }
            _ => None,
        });
        let (live, latest) =
            reached.max_by_key(|(live, rotation)| (*live, rotation.position, rotation.id))?;
        self.ring.get(&latest.id).filter(|_| live && latest.serves(devices))
    }

    fn row(&self) -> BackupRow {
        BackupRow {
            own: Some(head_row((&self.own.device, &self.own.head))),
            named: self.own.named.iter().map(head_row).collect(),
            seen: self.seen.iter().map(head_row).collect(),
            rotations: self.rotations.iter().map(|record| Opaque(record.encode())).collect(),
            keys: self.ring.keys().map(|key| Opaque(key.to_bytes().to_vec())).collect(),
        }
    }
}

impl Sealing {
    /// Asks what the server has of all chains.
    pub(super) fn compare_backups(&mut self) {
        self.backup.there = None;
        self.backup.sending = false;
        self.backup.reading.clear();
        self.backup.got.clear();
        self.call(Asked::Backups, Call::Backups);
    }

    pub(super) fn on_backup_heads(&mut self, heads: &[(DeviceId, u64)]) {
        let device = self.device;
        let there = heads.iter().find(|(of, _)| *of == device).map_or(0, |(_, head)| *head);
        self.backup.there = Some(there);
        for (of, head) in heads.iter().filter(|(of, _)| *of != device) {
            let have = self.backup.seen.get(of).map_or(0, |seen| seen.index);
            if *head < have {
                self.tell(Told::ServerDiffers { chat: None, what: "backup_rolled_back" });
            } else if *head > have {
                self.backup.reading.insert(*of, *head);
                self.call(Asked::Backup(*of), Call::Backup { device: *of, after: have });
            }
        }
        self.absorb_if_read();
    }

    pub(super) fn on_backup_records(&mut self, of: DeviceId, answer: &Result<Answer, CallFailure>) {
        let have = self.backup.seen.get(&of).map_or(0, |seen| seen.index);
        let Some(wanted) = self.backup.reading.get(&of).copied() else { return };
        let got = self.backup.got.entry(of).or_default();
        let more = match answer {
            Ok(Answer::Records { records, .. }) => records.as_slice(),
            _ => &[],
        };
        got.extend(more.iter().cloned());
        let after = have + got.len() as u64;
        if more.is_empty() || after >= wanted {
            self.backup.reading.remove(&of);
            self.absorb_if_read();
        } else {
            self.call(Asked::Backup(of), Call::Backup { device: of, after });
        }
    }

    /// Takes in what was read, once all of it has come.
    fn absorb_if_read(&mut self) {
        if !self.backup.reading.is_empty() || self.backup.there.is_none() {
            return;
        }
        let root = self.take_root();
        self.absorb(root.as_deref());
        if let Some(root) = root {
            self.link_with(&root);
        }
        self.keep_up_backup();
    }

    fn absorb(&mut self, root: Option<&RootKey>) {
        let got = std::mem::take(&mut self.backup.got);
        let Some(devices) = self.chain(self.me).cloned() else { return };
        if got.is_empty() {
            return;
        }
        let mut chains = Vec::new();
        let own = (self.device, self.backup.own.head);
        let heads: BTreeMap<DeviceId, Head> = got
            .keys()
            .map(|of| (*of, Head::default()))
            .chain([own])
            .chain(self.backup.seen.clone())
            .collect();
        for (of, from) in heads {
            let Some(certificate) = devices.device(of) else { continue };
            let mut chain = BackupChain::after(certificate, from);
            let new = got.get(&of).map(Vec::as_slice).unwrap_or_default();
            if chain.extend(new).is_err() {
                self.tell(Told::ServerDiffers { chat: None, what: "backup_damaged" });
            }
            chains.push(chain);
        }
        let Ok((set, faults)) = BackupSet::read(&devices, chains) else {
            return self.tell(Told::ServerDiffers { chat: None, what: "backup_damaged" });
        };
        if !faults.is_empty() {
            self.tell(Told::ServerDiffers { chat: None, what: "backup_forked" });
        }
        let recipient = match root {
            Some(root) => Recipient::Root(root),
            None => Recipient::Device(self.device, &self.keys),
        };
        let mut state = BackupState::new(self.backup.ring.clone());
        state.absorb(&set, &devices, Some(recipient));
        let records = set.chains().flat_map(BackupChain::records);
        let rotations: Vec<Record> =
            records.filter(|record| matches!(record.body, Body::Rotation(_))).cloned().collect();
        self.backup.seen.extend(set.heads());
        self.backup.seen.remove(&self.device);
        self.backup.ring = state.keys.clone();
        rotations.into_iter().for_each(|record| self.backup.learn(record));
        let epochs = state.epochs.values().flatten().filter(|epoch| epoch.is_complete());
        let records: Vec<EpochRecord> =
            epochs.filter_map(|epoch| EpochRecord::from_backup(&epoch.key)).collect();
        records.into_iter().for_each(|record| self.found_epoch(record));
        self.keep_backup();
    }

    /// Everything that is due in the own chain: a new history key, epochs, and the way to the server.
    pub(super) fn keep_up_backup(&mut self) {
        if !self.is_ready() || self.backup.there.is_none() || !self.backup.reading.is_empty() {
            return;
        }
        self.rotate_if_due();
        self.back_up_epochs();
        self.send_backup();
    }

    fn rotate_if_due(&mut self) {
        let Some(devices) = self.chain(self.me).cloned() else { return };
        if self.backup.current(&devices).is_some() {
            return;
        }
        let mut old = self.backup.ring.loose();
        old.truncate(OLD_KEYS_MAX);
        let Ok((rotation, key)) = Rotation::new(&devices, &old, &mut *self.random) else { return };
        let (seen, now) = (self.backup.seen.clone(), (self.clock)());
        let record = self.backup.own.rotation(&self.keys, rotation, &seen, now);
        let keys: Vec<HistoryKey> = self.backup.ring.keys().cloned().chain([key]).collect();
        self.backup.ring = KeyRing::new(keys);
        let known = std::mem::take(&mut self.backup.rotations);
        known.into_iter().chain([record.clone()]).for_each(|record| self.backup.learn(record));
        self.keep_record(&record);
    }

    fn back_up_epochs(&mut self) {
        let devices = self.chain(self.me).cloned();
        let Some(history) = devices.and_then(|devices| self.backup.current(&devices).cloned()) else {
            return;
        };
        for ((chat, commit), hash) in std::mem::take(&mut self.backup.todo) {
            self.wants.ops.push(Op::Delete(rows::todo(chat, commit)));
            let Some(epoch) = self.epochs.get(&chat).and_then(|epochs| epochs.at(commit)) else { continue };
            let entries = epoch.to_backup(hash).entries();
            let (seen, now) = (self.backup.seen.clone(), (self.clock)());
            for entry in entries {
                let own = &mut self.backup.own;
                if let Ok(record) = own.entry(&self.keys, &history, &entry, &seen, now, &mut *self.random) {
                    self.keep_record(&record);
                }
            }
        }
    }

    fn keep_record(&mut self, record: &Record) {
        self.wants.ops.push(rows::put_bytes(rows::backup_record(record.index), &record.encode()));
        self.keep_backup();
    }

    fn keep_backup(&mut self) {
        self.wants.ops.extend(rows::put(rows::BACKUP.to_owned(), &self.backup.row()));
    }

    /// Reads the records that the server lacks, to be sent.
    fn send_backup(&mut self) {
        let Some(there) = self.backup.there else { return };
        if there >= self.backup.own.head.index || std::mem::replace(&mut self.backup.sending, true) {
            return;
        }
        let mut range = Range::prefix(rows::BACKUP_RECORDS);
        range.from = rows::backup_record(there + 1);
        range.limit = RECORDS_MAX;
        self.load(Asked::BackupRows, range);
    }

    pub(super) fn on_backup_rows(&mut self, loaded: &[Row]) {
        let records: Vec<Vec<u8>> = loaded.iter().filter_map(|(_, value)| rows::get_bytes(value)).collect();
        if let Some(after) = self.backup.there.filter(|_| !records.is_empty()) {
            self.call(Asked::ExtendBackup, Call::ExtendBackup { after, records });
        }
    }

    pub(super) fn on_backup_extended(&mut self, answer: &Result<Answer, CallFailure>) {
        self.backup.sending = false;
        match answer {
            Ok(Answer::Head(head)) => self.backup.there = Some(*head),
            Err(CallFailure::Refused { after: Some(after), .. }) if *after < self.backup.own.head.index => {
                self.backup.there = Some(*after);
            }
            _ => return,
        }
        self.send_backup();
    }
}

impl Sealing {
    /// An epoch that another device has put into the backup: its chat is known, or will be.
    fn found_epoch(&mut self, record: EpochRecord) {
        match self.groups.get(&record.group) {
            Some(chat) => self.put_epoch(*chat, record),
            None => {
                let key = rows::unclaimed(&record.group, record.commit);
                self.wants.ops.push(rows::put_bytes(key, &record.encode()));
                self.unclaimed.push(record);
            }
        }
    }

    /// The chat of a group is known: what the backup has of it belongs there.
    pub(super) fn claim_group(&mut self, chat: ChatId, group: [u8; 16]) {
        if self.groups.insert(group, chat) == Some(chat) {
            return;
        }
        if let Some(mark) = self.marks.get_mut(&chat) {
            mark.groups.push(Opaque(group.to_vec()));
        }
        let all = std::mem::take(&mut self.unclaimed);
        let (ours, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|record| record.group == group);
        self.unclaimed = others;
        for record in ours {
            self.wants.ops.push(Op::Delete(rows::unclaimed(&group, record.commit)));
            self.put_epoch(chat, record);
        }
    }

    /// Whether the backup was read on this connection.
    pub(super) fn has_read_backup(&self) -> bool {
        self.backup.there.is_some() && self.backup.reading.is_empty()
    }
}
