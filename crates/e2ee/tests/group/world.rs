//! A server that orders records and keeps blobs and key packages, and all devices of a chat with it.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_e2ee::content::{Cause, Draft, EpochKey, Header, Kind, Plain, Sealer, Target};
use chinwag_e2ee::group::{
    Blobs, Chains, Group, Links, Me, Outcome, Provider, StageError, Supply, Verdict, Wish, key_package,
};
use chinwag_e2ee::identity::Certificate;
use chinwag_proto::entry::ENTRY_VERSION;
use chinwag_proto::{
    Body, ChatId, Content, DeviceId, Entry, MemberChange, MembershipChange, MessageId, Role, Seq, Timestamp,
    UserId,
};

pub(crate) use super::people::{Device, Dice, NOW_MS, Person, seq, user};

/// The server: the log of one chat, blobs, key packages, chains.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) chat: ChatId,
    pub(crate) log: Vec<Entry>,
    pub(crate) last_mls: Seq,
    pub(crate) blobs: Blobs,
    pub(crate) packages: BTreeMap<DeviceId, Vec<Vec<u8>>>,
    pub(crate) members: BTreeMap<UserId, Role>,
}

/// `stale_epoch`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stale;

impl Server {
    pub(crate) fn new(chat: &str) -> Self {
        Self {
            chat: chat.parse().unwrap(),
            log: Vec::new(),
            last_mls: Seq::ZERO,
            blobs: Blobs::new(),
            packages: BTreeMap::new(),
            members: BTreeMap::new(),
        }
    }

    pub(crate) fn head(&self) -> Seq {
        seq(self.log.len() as u64)
    }

    pub(crate) fn entry(&self, at: Seq) -> &Entry {
        &self.log[at.get() as usize - 1]
    }

    /// Appends whatever it is handed, as a server that means ill can.
    pub(crate) fn force(&mut self, from: &Certificate, after: Option<Seq>, id: &str, body: Body) -> Entry {
        let at = self.head().next();
        let mut entry = Entry {
            v: ENTRY_VERSION,
            chat_id: self.chat,
            seq: at,
            n: 0,
            message_id: MessageId::new(at.get() + 1000).unwrap(),
            sender_id: from.user,
            device_id: from.device,
            client_message_id: Some(id.parse().unwrap()),
            created_at: Timestamp::from_ms(NOW_MS),
            after,
            digest: None,
            body,
        };
        entry.digest = entry.compute_digest();
        if let Body::Mls { changes, .. } = &entry.body {
            self.last_mls = at;
            let changes = changes.clone();
            self.apply(&changes);
        }
        if let Body::Member { changes } = &entry.body {
            let changes = changes.clone();
            self.apply(&changes);
        }
        self.log.push(entry.clone());
        entry
    }

    fn apply(&mut self, changes: &[MemberChange]) {
        for change in changes {
            match change.change {
                MembershipChange::Added => {
                    self.members.entry(change.user_id).or_insert(Role::Member);
                }
                MembershipChange::Removed | MembershipChange::Left => {
                    self.members.remove(&change.user_id);
                }
                MembershipChange::Role => {
                    self.members.insert(change.user_id, change.role.unwrap());
                }
            }
        }
    }

    /// As the contract says.
    pub(crate) fn append(
        &mut self,
        from: &Certificate,
        after: Seq,
        id: &str,
        body: Body,
    ) -> Result<Entry, Stale> {
        if after != self.last_mls { Err(Stale) } else { Ok(self.force(from, Some(after), id, body)) }
    }

    /// Takes the record that a device has on its way.
    pub(crate) fn take(&mut self, device: &Device) -> Result<Entry, Stale> {
        let outgoing = device.group().outgoing().unwrap().expect("nothing on its way");
        self.blobs.extend(outgoing.blobs);
        let body = Body::Mls { changes: outgoing.changes, data: outgoing.data };
        let id = format!("c{}-{}", device.id(), self.log.len());
        self.append(&device.certificate, outgoing.after, &id, body)
    }

    pub(crate) fn claim(&mut self, device: DeviceId) -> Option<Vec<u8>> {
        let waiting = self.packages.get_mut(&device)?;
        if waiting.len() > 1 { Some(waiting.remove(0)) } else { waiting.first().cloned() }
    }
}

/// Everything.
pub(crate) struct World {
    pub(crate) dice: Dice,
    pub(crate) server: Server,
    pub(crate) people: BTreeMap<UserId, Person>,
    pub(crate) devices: BTreeMap<DeviceId, Device>,
    pub(crate) now_ms: i64,
}

impl World {
    pub(crate) fn new(chat: &str, people: u64, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let mut world = Self {
            server: Server::new(chat),
            people: BTreeMap::new(),
            devices: BTreeMap::new(),
            now_ms: NOW_MS,
            dice: dice.clone(),
        };
        for number in 1..=people {
            let (person, device) = Person::new(number, &mut dice);
            world.people.insert(person.user, person);
            world.add_device(device);
        }
        world.dice = dice;
        world
    }

    fn add_device(&mut self, device: Device) -> DeviceId {
        let id = device.id();
        self.devices.insert(id, device);
        self.publish(id, 3);
        id
    }

    /// The first device of a user.
    pub(crate) fn first(&self, number: u64) -> DeviceId {
        DeviceId::new(number * 1000 + 1).unwrap()
    }

    pub(crate) fn device(&mut self, id: DeviceId) -> &mut Device {
        self.devices.get_mut(&id).unwrap()
    }

    /// Makes key packages, the last of them a last-resort one.
    pub(crate) fn publish(&mut self, id: DeviceId, count: usize) {
        let now_ms = self.now_ms;
        let device = self.devices.get_mut(&id).unwrap();
        let provider = Provider::new(device.rows());
        let made = (0..=count)
            .map(|index| key_package::make(&provider, device.me(), index == count, now_ms).unwrap())
            .collect();
        let changes = provider.rows().take_changes();
        device.write(changes);
        self.server.packages.insert(id, made);
    }

    pub(crate) fn link(&mut self, user: UserId) -> DeviceId {
        let device = self.people.get_mut(&user).unwrap().link(&mut self.dice);
        let id = self.add_device(device);
        // The link hands over the backup.
        let own: Vec<_> =
            self.devices.values().filter(|device| device.user() == user).map(Device::id).collect();
        let records: Vec<_> = own
            .iter()
            .flat_map(|id| self.devices[id].epochs.records().cloned().collect::<Vec<_>>())
            .collect();
        let device = self.device(id);
        records.into_iter().for_each(|record| device.epochs.insert(record));
        id
    }

    pub(crate) fn links(&self, users: impl IntoIterator<Item = UserId>) -> Links {
        users.into_iter().map(|user| (user, self.people[&user].links.clone())).collect()
    }

    pub(crate) fn chains(&self) -> Chains {
        self.people.iter().map(|(user, person)| (*user, person.chain())).collect()
    }

    /// Chains and key packages for these users.
    pub(crate) fn supply(&mut self, for_device: DeviceId, users: &[UserId]) -> Supply {
        let chains = self.links(users.iter().copied());
        let mut packages = Vec::new();
        for user in users {
            let live: Vec<_> = self.people[user].chain().live().cloned().collect();
            for certificate in live {
                if let Some(package) = self.server.claim(certificate.device) {
                    packages.push((certificate, package));
                }
            }
        }
        let seen = Some(self.devices[&for_device].log.seen());
        Supply { chains, packages, server: None, seen, now_ms: self.now_ms }
    }

    /// The creator's first device founds the group with all these users, and the log takes it.
    pub(crate) fn found(&mut self, members: &[u64]) {
        let users: Vec<_> = members.iter().map(|number| user(*number)).collect();
        let creator = self.first(members[0]);
        let supply = self.supply(creator, &users);
        let (chat, after) = (self.server.chat, self.server.last_mls);
        let device = self.device(creator);
        let group = Group::found(device.rows(), device.me(), chat, &users, after, &supply).unwrap();
        device.group = Some(group);
        device.flush();
        for user in users {
            let role = if user.get() == members[0] { Role::Owner } else { Role::Member };
            self.server.members.insert(user, role);
        }
        self.send(creator).unwrap();
        self.sync_all();
    }

    pub(crate) fn send(&mut self, id: DeviceId) -> Result<Entry, Stale> {
        self.server.take(&self.devices[&id])
    }

    pub(crate) fn stage(&mut self, id: DeviceId, wish: &Wish, users: &[u64]) -> Result<(), StageError> {
        let users: Vec<_> = users.iter().map(|number| user(*number)).collect();
        let supply = self.supply(id, &users);
        let device = self.device(id);
        let Device { group, certificate, keys, .. } = device;
        let staged = group.as_mut().unwrap().stage(Me { certificate, keys }, wish, &supply);
        device.flush();
        staged
    }

    /// Stages, sends, and lets everybody see it.
    pub(crate) fn commit(&mut self, id: DeviceId, wish: &Wish, users: &[u64]) -> Entry {
        self.sync_all();
        self.stage(id, wish, users).unwrap();
        let entry = self.send(id).unwrap();
        self.sync_all();
        entry
    }

    pub(crate) fn sync_all(&mut self) {
        let ids: Vec<_> = self.devices.keys().copied().collect();
        ids.into_iter().for_each(|id| {
            self.sync(id);
        });
    }

    /// A device takes in what it has not seen; answers what became of the `mls` entries.
    pub(crate) fn sync(&mut self, id: DeviceId) -> Vec<(Seq, Outcome)> {
        let chains = self.chains();
        let mut outcomes = Vec::new();
        while self.devices[&id].position < self.server.head() {
            let at = self.devices[&id].position.next();
            let entry = self.server.entry(at).clone();
            let server = &self.server;
            let device = self.devices.get_mut(&id).unwrap();
            device.log.push(&entry);
            if let Some(outcome) = step(device, &entry, server, &chains) {
                outcomes.push((at, outcome));
            }
            device.position = at;
        }
        self.device(id).flush();
        outcomes
    }

    /// Comes back by an external commit on the last `mls` record.
    pub(crate) fn rejoin(&mut self, id: DeviceId) -> Result<(), chinwag_e2ee::group::RejoinError> {
        self.sync(id);
        let own = self.links([self.devices[&id].user()]);
        let base = self.server.last_mls;
        let entry = self.server.entry(base).clone();
        let left: BTreeSet<_> = self.server.log[base.get() as usize..].iter().flat_map(left).collect();
        let (chat, blobs) = (self.server.chat, self.server.blobs.clone());
        let device = self.device(id);
        let newest = device.epochs.records().map(|record| record.epoch).max().unwrap_or(0);
        let base = chinwag_e2ee::group::Base { entry: &entry, blobs: &blobs, left: &left, newest, pins: &[] };
        let seen = device.log.seen();
        device.group = Some(Group::rejoin(device.rows(), device.me(), chat, base, &own, seen)?);
        device.flush();
        Ok(())
    }

    /// Seals a text and has it appended.
    pub(crate) fn say(&mut self, id: DeviceId, text: &str) -> Result<Entry, Stale> {
        let content = self.sealed(id, Kind::Message, text, None, None);
        let device = self.device(id);
        device.sent += 1;
        let name = format!("m{}-{}", device.id(), device.sent);
        let (after, certificate) = (device.group().after(), device.certificate.clone());
        let body = Body::Message { content: Some(content), reply_to: None };
        self.server.append(&certificate, after, &name, body)
    }

    pub(crate) fn header(&self, id: DeviceId, kind: Kind) -> Header {
        let device = &self.devices[&id];
        Header {
            group: device.group().id(),
            epoch: device.group().epoch(),
            after: device.group().after(),
            chat: self.server.chat,
            user: device.user(),
            device: id,
            id: format!("m{}-{}", id, device.sent + 1).parse().unwrap(),
            kind,
        }
    }

    pub(crate) fn sealed(
        &mut self,
        id: DeviceId,
        kind: Kind,
        text: &str,
        target: Option<[u8; 32]>,
        reply: Option<[u8; 32]>,
    ) -> Content {
        let header = self.header(id, kind);
        let head = self.people[&self.devices[&id].user()].chain().pin().into();
        let key = self.key(id);
        let device = &self.devices[&id];
        let by = Sealer { keys: &device.keys, head, seen: device.log.seen(), other: None };
        let content = Content::text(text);
        let draft = Draft { content: &content, sent_at_ms: NOW_MS, target, reply };
        chinwag_e2ee::content::seal(&key, &header, &draft, by, &mut self.dice).unwrap()
    }

    /// The key of the epoch that a device is in.
    pub(crate) fn key(&self, id: DeviceId) -> EpochKey {
        let device = &self.devices[&id];
        EpochKey::new(&device.epochs.at(device.group().began()).expect("an epoch without its key").secret)
    }

    /// What a device reads at a place.
    pub(crate) fn read(&self, id: DeviceId, entry: &Entry) -> Result<Plain, Cause> {
        let device = &self.devices[&id];
        let (content, target) = match &entry.body {
            Body::Message { content: Some(content), reply_to } => (content, *reply_to),
            Body::Edit { content: Some(content), target } => (content, Some(*target)),
            _ => return Err(Cause::Malformed),
        };
        let target = match target {
            None => Target::None,
            Some(target) => Target::Known(self.server.entry(target).digest.unwrap()),
        };
        let epoch = device.epochs.in_force(entry.seq).ok_or(Cause::NoEpochKey)?;
        let leaf = device.epochs.sender(epoch.commit, entry.sender_id, entry.device_id);
        let key = EpochKey::new(&epoch.secret);
        chinwag_e2ee::content::open(entry, content, epoch, &key, leaf, target).map(|opened| opened.plain)
    }
}

pub(crate) fn left(entry: &Entry) -> Vec<UserId> {
    match &entry.body {
        Body::Member { changes } => changes
            .iter()
            .filter(|change| change.change == MembershipChange::Left)
            .map(|change| change.user_id)
            .collect(),
        _ => Vec::new(),
    }
}

/// One entry at one device: the group if there is one, else a Welcome.
fn step(device: &mut Device, entry: &Entry, server: &Server, chains: &Chains) -> Option<Outcome> {
    let mut answer = None;
    if let Some(group) = device.group.as_mut() {
        let outcome = group.process(entry, &server.blobs).expect("nothing was decided");
        let out = outcome.verdict == Some(Verdict::Out);
        device.flush();
        take_in(device, &outcome);
        if !out {
            return Some(outcome);
        }
        answer = Some(outcome);
    }
    if !matches!(entry.body, Body::Mls { .. }) {
        return answer;
    }
    // A founding record has to count before its Welcome does.
    let data = match &entry.body {
        Body::Mls { data, .. } => chinwag_e2ee::group::Data::parse(data),
        _ => None,
    };
    if data.is_some_and(|data| data.kind == chinwag_e2ee::group::data::Kind::Create)
        && chinwag_e2ee::group::judge_create(entry, &server.blobs).is_err()
    {
        return answer;
    }
    let joined = Group::join(device.rows(), device.me(), server.chat, entry, &server.blobs, chains);
    match joined {
        Ok((group, outcome)) => {
            device.group = Some(group);
            device.flush();
            take_in(device, &outcome);
            Some(outcome)
        }
        Err(error) => {
            device.count(format!("join: {error}"));
            answer
        }
    }
}

fn take_in(device: &mut Device, outcome: &Outcome) {
    if let Some(epoch) = &outcome.epoch {
        device.epochs.insert(epoch.clone());
    }
    match &outcome.verdict {
        Some(Verdict::Void(why)) => device.count(format!("void: {why}")),
        Some(Verdict::OutOfStep(why)) => device.count(format!("out of step: {why}")),
        Some(Verdict::Counts { own: true }) => device.count("own commits"),
        _ => {}
    }
}
