//! What this device commits: from a wish, or from a group that is behind its members' chains, to a record in
//! the outbox.
//!
//! Each step looks at what is there: chains that are fresh on this connection, then key packages of devices
//! that are missing, then the commit itself, then its blobs with the server, then the record. What was wished
//! for is kept until the log has decided.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_e2ee::group::{Group, Rows, StageError, Standing, Supply, Wish};
use chinwag_e2ee::identity::Certificate;
use chinwag_proto::{BlobName, ChatId, ClientMessageId, Code, DeviceId, Opaque, Seq, UserId};

use super::MlsRecord;
use super::room::Room;
use super::rows;
use super::sealing::{Asked, Sealing};
use super::wish::Told;
use crate::call::{Answer, Call, CallFailure};
use crate::store::Op;

/// What is under way towards a commit of one chat.
#[derive(Default)]
pub(super) struct Staging {
    pub(super) wish: Option<Wish>,
    pub(super) wish_changed: bool,
    /// Content waits for the group to be in step.
    pub(super) check: bool,
    /// The connection on which it was found to be.
    pub(super) checked: u64,
    /// Users whose key packages were claimed; whether the answer has come.
    claimed: BTreeMap<UserId, bool>,
    packages: Vec<(Certificate, Vec<u8>)>,
    /// Blobs that the server does not have yet.
    puts: Option<BTreeSet<BlobName>>,
    /// The record is the engine's.
    sent: bool,
    /// Why there is no group and none can be made.
    pub(super) refused: Option<String>,
}

impl Staging {
    pub(super) fn set(&mut self, wish: Option<Wish>) {
        self.wish_changed = true;
        self.wish = wish;
    }

    pub(super) fn is_idle(&self) -> bool {
        self.wish.is_none() && self.puts.is_none() && !self.sent
    }

    /// An `mls` record stands in the log: what was under way towards one is looked at again.
    pub(super) fn decided(&mut self) {
        self.claimed.clear();
        self.packages.clear();
        self.puts = None;
        self.sent = false;
        self.checked = 0;
        self.wish_changed = true;
    }
}

/// What a commit would need.
struct Plan {
    users: Vec<UserId>,
    /// Live devices that are to come in.
    missing: Vec<Certificate>,
    /// Members who are touched otherwise.
    touched: Vec<UserId>,
    must: bool,
}

impl Sealing {
    /// The user wishes for a change of a group.
    pub(super) fn wish_for(&mut self, chat: ChatId, wish: &Wish) {
        self.load_room(chat);
        let Some(room) = self.rooms.get_mut(&chat) else { return };
        if room.staging.wish.is_some() {
            let why = "another_change_is_under_way".to_owned();
            return self.tell(Told::NotCommitted { chat, why });
        }
        room.staging.set(Some(wish.clone()));
    }

    /// Takes the next step, if there is one.
    pub(super) fn advance(&mut self, chat: ChatId) {
        if self.connection == 0 || !self.is_ready() {
            return;
        }
        let Some(mut room) = self.rooms.remove(&chat) else { return };
        if room.loaded && room.queue.is_empty() {
            self.step(chat, &mut room);
        }
        self.rooms.insert(chat, room);
    }

    fn step(&mut self, chat: ChatId, room: &mut Room) {
        if let Some(group) = &room.group
            && let Ok(Some(_)) = group.outgoing()
        {
            return self.send_record(chat, room);
        }
        let founds = room.group.is_none() && room.staging.wish.as_ref().is_some_and(|wish| wish.found);
        let in_step = room.group.as_ref().is_some_and(|group| group.standing() == Standing::InStep);
        let check = room.staging.check || self.marks.get(&chat).is_some_and(|mark| mark.check);
        let due = room.staging.wish.is_some() || check && room.staging.checked != self.connection;
        if !due || !(founds || in_step) {
            return;
        }
        let Some(plan) = self.plan(chat, room) else { return };
        if !plan.must && plan.missing.is_empty() {
            return self.in_step(chat, room);
        }
        if !self.claim(chat, room, &plan.missing) {
            return;
        }
        if !plan.must && room.staging.packages.is_empty() {
            // A device without key packages does not hold up the others.
            return self.in_step(chat, room);
        }
        self.stage(chat, room, &plan);
    }

    fn in_step(&mut self, chat: ChatId, room: &mut Room) {
        room.staging.checked = self.connection;
        room.staging.check = false;
        room.changed = true;
        if let Some(mark) = self.marks.get_mut(&chat) {
            mark.check = false;
        }
        self.wants.unsealed.push(chat);
    }

    /// What would be committed; `None` while chains are asked for, or where it cannot be.
    fn plan(&mut self, chat: ChatId, room: &mut Room) -> Option<Plan> {
        let wish = room.staging.wish.clone().unwrap_or_default();
        let mut users: Vec<UserId> = match &room.group {
            Some(group) => group.facts().ok()?.members.iter().map(|member| member.user).collect(),
            None => vec![self.me],
        };
        users.extend(wish.add_users.iter().filter(|user| !users.contains(user)).copied().collect::<Vec<_>>());
        if !self.all_fresh(&users) {
            return None;
        }
        let without = users.iter().find(|user| self.chain(**user).is_none()).copied();
        if without.is_some() {
            self.give_up(chat, room, "no_keys".to_owned());
            return None;
        }
        if users.iter().any(|user| self.known.get(user).is_some_and(|known| known.contested)) {
            return None;
        }
        let chains = self.chains_of(&users);
        let mut plan = Plan { users, missing: Vec::new(), touched: Vec::new(), must: !wish.is_plain() };
        let devices_of = |users: &[UserId]| -> Vec<Certificate> {
            let live = users.iter().filter_map(|user| chains.get(user)).flat_map(|chain| chain.live());
            live.filter(|device| **device != self.certificate).cloned().collect()
        };
        match &room.group {
            None => {
                plan.missing = devices_of(&plan.users);
                plan.touched.clone_from(&plan.users);
            }
            Some(group) => {
                let behind = group.behind(&chains).ok()?;
                plan.must |= behind.must_commit();
                plan.missing = behind.missing.clone();
                plan.missing.extend(devices_of(&wish.add_users));
                plan.touched = behind.revoked.iter().map(|(user, _)| *user).collect();
                plan.touched.extend(&behind.newer);
                plan.touched.extend(&wish.add_users);
            }
        }
        Some(plan)
    }

    /// Claims key packages of these devices; whether all answers have come.
    fn claim(&mut self, chat: ChatId, room: &mut Room, missing: &[Certificate]) -> bool {
        let mut by_user: BTreeMap<UserId, Vec<DeviceId>> = BTreeMap::new();
        for device in missing {
            by_user.entry(device.user).or_default().push(device.device);
        }
        for (user, devices) in by_user {
            if room.staging.claimed.contains_key(&user) {
                continue;
            }
            room.staging.claimed.insert(user, false);
            self.call(Asked::Claim(chat, user), Call::ClaimKeyPackages { user, devices });
        }
        room.staging.claimed.values().all(|answered| *answered)
    }

    pub(super) fn on_claimed(&mut self, chat: ChatId, user: UserId, answer: &Result<Answer, CallFailure>) {
        let packages = match answer {
            Ok(Answer::KeyPackages(packages)) => packages.clone(),
            _ => Vec::new(),
        };
        let of = |(device, bytes): (DeviceId, Vec<u8>)| {
            self.chain(user)?.live_device(device).cloned().map(|certificate| (certificate, bytes))
        };
        let packages: Vec<_> = packages.into_iter().filter_map(of).collect();
        let Some(room) = self.rooms.get_mut(&chat) else { return };
        if let Some(answered) = room.staging.claimed.get_mut(&user) {
            *answered = true;
            room.staging.packages.extend(packages);
        }
    }

    fn stage(&mut self, chat: ChatId, room: &mut Room, plan: &Plan) {
        let with_package = room.staging.packages.iter().map(|(device, _)| device.user);
        let touched: Vec<UserId> = plan.touched.iter().copied().chain(with_package).collect();
        let supply = Supply {
            chains: self.links_of(touched),
            packages: std::mem::take(&mut room.staging.packages),
            server: None,
            seen: Some(room.log.seen()),
            now_ms: (self.clock)(),
        };
        let wish = room.staging.wish.clone().unwrap_or_default();
        let staged = match &mut room.group {
            Some(group) => group.stage(self.as_me(), &wish, &supply),
            None => {
                let rows = Rows::new(self.device_rows.clone());
                let founded = Group::found(rows, self.as_me(), chat, &plan.users, Seq::ZERO, &supply);
                founded.map(|group| room.group = Some(group))
            }
        };
        room.staging.claimed.clear();
        match staged {
            Ok(()) => {
                room.staging.set(None);
                self.send_record(chat, room);
            }
            // A key package that is not to be used is left out: the device comes in later.
            Err(StageError::KeyPackage { .. }) if !plan.must => self.in_step(chat, room),
            Err(error) => self.give_up(chat, room, error.to_string()),
        }
    }

    /// What was wished for is not possible. A chat that was to begin has not.
    fn give_up(&mut self, chat: ChatId, room: &mut Room, why: String) {
        room.staging.set(None);
        if room.group.is_none() && matches!(chat, ChatId::Direct(..)) {
            room.staging.refused = Some(why.clone());
            self.marks.remove(&chat);
            self.wants.ops.push(Op::Delete(rows::mark(chat)));
        }
        self.wants.unsealed.push(chat);
        self.tell(Told::NotCommitted { chat, why });
    }

    /// Stores the record that is pending, puts its blobs, then hands it to the engine.
    fn send_record(&mut self, chat: ChatId, room: &mut Room) {
        let Some(group) = &room.group else { return };
        let (Ok(Some(outgoing)), changes) = (group.outgoing(), group.take_changes()) else { return };
        self.keep_rows(Some(chat), changes);
        if room.staging.sent {
            return;
        }
        if room.staging.puts.is_none() {
            for (name, bytes) in outgoing.blobs.clone() {
                self.call(Asked::PutBlob(chat, name), Call::PutBlob { chat, bytes });
            }
            room.staging.puts = Some(outgoing.blobs.keys().copied().collect());
        }
        if room.staging.puts.as_ref().is_some_and(|puts| !puts.is_empty()) {
            return;
        }
        let Some(id) = self.fresh_id() else { return };
        room.staging.sent = true;
        let (after, data, changes) = (outgoing.after, outgoing.data, outgoing.changes);
        self.wants.records.push(MlsRecord { chat, id, after, data, changes });
    }

    pub(super) fn on_blob_put(&mut self, chat: ChatId, name: BlobName, answer: &Result<Answer, CallFailure>) {
        let Some(room) = self.rooms.get_mut(&chat) else { return };
        if answer.is_ok()
            && let Some(puts) = &mut room.staging.puts
        {
            puts.remove(&name);
        }
    }

    /// The server refused a record for good. The group keeps it until the log has decided: the server may be
    /// lying. A group that was to be founded is not.
    pub(super) fn on_record_refused(&mut self, chat: ChatId, code: Code) {
        self.tell(Told::NotCommitted { chat, why: code.as_str().to_owned() });
    }

    fn fresh_id(&mut self) -> Option<ClientMessageId> {
        let mut bytes = [0; 16];
        self.random.fill_bytes(&mut bytes);
        Opaque(bytes.to_vec()).to_string().parse().ok()
    }
}
