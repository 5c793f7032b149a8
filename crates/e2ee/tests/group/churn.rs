//! Churn: users, devices, adds, removes, reinstalls, crashes in the middle of a commit, races, absences.
//!
//! At the end all live devices of members are in step, agree on the epoch and on the log's hash, and read
//! everything that they are entitled to. The counters are printed.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_e2ee::content::Cause;
use chinwag_e2ee::group::{Epochs, RejoinError, Wish, hand_over};
use chinwag_proto::{Body, Content, DeviceId, Entry, MemberChange, MembershipChange, Role, UserId};

use super::world::{World, user};

const PEOPLE: u64 = 8;

struct Churn {
    world: World,
    online: BTreeSet<DeviceId>,
    backups: BTreeMap<UserId, Epochs>,
    said: Vec<Entry>,
    counters: BTreeMap<String, u64>,
}

impl Churn {
    fn new(seed: u64) -> Self {
        let mut world = World::new("g.1", PEOPLE, seed);
        world.found(&[1, 2, 3, 4]);
        let online = world.devices.keys().copied().collect();
        let mut churn =
            Self { world, online, backups: BTreeMap::new(), said: Vec::new(), counters: BTreeMap::new() };
        churn.sync();
        churn
    }

    fn count(&mut self, what: &str) {
        *self.counters.entry(what.to_owned()).or_default() += 1;
    }

    /// Online devices see the log, put keys in the backup and take from it.
    fn sync(&mut self) {
        for id in self.online.clone() {
            self.world.sync(id);
            self.share(id);
        }
    }

    fn share(&mut self, id: DeviceId) {
        let device = self.world.devices.get_mut(&id).unwrap();
        let backup = self.backups.entry(device.user()).or_default();
        let own: Vec<_> = device.epochs.records().cloned().collect();
        own.into_iter().for_each(|record| backup.insert(record));
        let kept: Vec<_> = backup.records().cloned().collect();
        kept.into_iter().for_each(|record| device.epochs.insert(record));
    }

    fn is_live(&self, id: DeviceId) -> bool {
        let device = &self.world.devices[&id];
        self.world.people[&device.user()].chain().is_live(&device.certificate)
    }

    fn in_step(&self) -> Vec<DeviceId> {
        let ready = |id: &&DeviceId| {
            let device = &self.world.devices[id];
            device.in_step() && device.position == self.world.server.head() && self.is_live(**id)
        };
        self.online.iter().filter(ready).copied().collect()
    }

    fn some(&mut self) -> Option<DeviceId> {
        let ready = self.in_step();
        self.world.dice.pick(&ready)
    }

    fn step(&mut self) {
        match self.world.dice.below(20) {
            0..=5 => self.say(),
            6 => self.link(),
            7 => self.revoke(),
            8 => self.wish(|churn| {
                let who = user(1 + churn.world.dice.below(PEOPLE as usize) as u64);
                Wish { add_users: vec![who], ..Wish::default() }
            }),
            9 => self.wish(|churn| {
                let who = user(2 + churn.world.dice.below(PEOPLE as usize - 1) as u64);
                Wish { remove_users: vec![who], ..Wish::default() }
            }),
            10 => self.wish(|churn| {
                let who = user(2 + churn.world.dice.below(PEOPLE as usize - 1) as u64);
                let role = [Role::Member, Role::Admin, Role::Owner][churn.world.dice.below(3)];
                Wish { roles: vec![(who, role)], ..Wish::default() }
            }),
            11 => self.leave(),
            12 | 13 => self.crash(),
            14 => self.reinstall(),
            15 => self.race(),
            16 => self.junk(),
            17 => self.world.now_ms += 3 * 24 * 60 * 60 * 1000,
            _ => self.toggle(),
        }
        self.sync();
        if self.world.dice.below(3) == 0 {
            self.heal();
        }
    }

    fn say(&mut self) {
        let Some(id) = self.some() else { return };
        if self.world.devices[&id].group().behind(&self.world.chains()).unwrap().must_commit() {
            self.bring_in_step(id);
            return;
        }
        let text = format!("message {}", self.said.len());
        if let Ok(entry) = self.world.say(id, &text) {
            self.said.push(entry);
        }
    }

    fn link(&mut self) {
        let who = user(1 + self.world.dice.below(PEOPLE as usize) as u64);
        if self.world.people[&who].chain().live().count() < 4 {
            let id = self.world.link(who);
            self.online.insert(id);
            self.count("devices linked");
        }
    }

    fn revoke(&mut self) {
        let who = user(1 + self.world.dice.below(PEOPLE as usize) as u64);
        let live: Vec<_> = self.world.people[&who].chain().live().map(|device| device.device).collect();
        if let (true, Some(id)) = (live.len() > 1, self.world.dice.pick(&live)) {
            self.world.people.get_mut(&who).unwrap().revoke(id);
            self.count("devices revoked");
        }
    }

    fn members(&self, at: DeviceId) -> Vec<u64> {
        let facts = self.world.devices[&at].group().facts().unwrap();
        facts.members.iter().map(|member| member.user.get()).collect()
    }

    fn wish(&mut self, make: impl FnOnce(&mut Self) -> Wish) {
        let Some(id) = self.some() else { return };
        let wish = make(self);
        if self.commit(id, &wish) {
            self.count("wishes committed");
        }
    }

    /// Commits, perhaps with a crash between staging and sending.
    fn commit(&mut self, id: DeviceId, wish: &Wish) -> bool {
        let mut users = self.members(id);
        users.extend(wish.add_users.iter().map(|user| user.get()));
        users.sort_unstable();
        users.dedup();
        self.replenish();
        if self.world.stage(id, wish, &users).is_err() {
            return false;
        }
        if self.world.dice.below(4) == 0 {
            self.world.device(id).crash();
            self.count("crashes in a commit");
        }
        let sent = self.world.send(id).is_ok();
        if sent && self.world.dice.below(4) == 0 {
            self.world.device(id).crash();
        }
        self.sync();
        sent
    }

    fn replenish(&mut self) {
        let ids: Vec<_> = self.online.iter().copied().collect();
        for id in ids {
            self.world.publish(id, 3);
        }
    }

    fn leave(&mut self) {
        let Some(id) = self.some() else { return };
        let device = &self.world.devices[&id];
        let members = device.group().facts().unwrap().members.len();
        if members < 4 || self.world.dice.below(2) == 0 {
            return;
        }
        let from = device.certificate.clone();
        let change = MembershipChange::Left;
        let changes = vec![MemberChange { user_id: from.user, change, role: None }];
        let id = format!("l{}", self.world.server.log.len());
        self.world.server.force(&from, None, &id, Body::Member { changes });
        self.count("users left");
    }

    /// Takes in an entry, and loses what it made of it.
    fn crash(&mut self) {
        let online: Vec<_> = self.online.iter().copied().collect();
        let Some(id) = self.world.dice.pick(&online) else { return };
        let device = self.world.devices.get_mut(&id).unwrap();
        let next = device.position.next();
        if let (Some(group), true) = (device.group.as_mut(), next <= self.world.server.head()) {
            let entry = self.world.server.log[next.get() as usize - 1].clone();
            let _lost = group.process(&entry, &self.world.server.blobs);
        }
        if device.group.is_some() {
            device.crash();
        }
        self.count("crashes");
    }

    fn reinstall(&mut self) {
        let online: Vec<_> = self.online.iter().copied().collect();
        let Some(id) = self.world.dice.pick(&online) else { return };
        let device = self.world.device(id);
        device.lose_chat();
        device.epochs = Epochs::default();
        self.share(id);
        self.count("reinstalls");
    }

    fn race(&mut self) {
        let ready = self.in_step();
        let (Some(one), Some(other)) = (self.world.dice.pick(&ready), self.world.dice.pick(&ready)) else {
            return;
        };
        if one == other {
            return;
        }
        let users = self.members(one);
        for id in [one, other] {
            let _may_fail = self.world.stage(id, &Wish::default(), &users);
        }
        for id in [other, one] {
            let waiting = self.world.devices[&id].group().outgoing().unwrap().is_some();
            if waiting && self.world.send(id).is_err() {
                self.count("races lost");
            }
        }
    }

    fn junk(&mut self) {
        let Some(id) = self.some() else { return };
        let from = self.world.devices[&id].certificate.clone();
        let data = Content::from_json(r#"{"type":"commit","text":"junk"}"#.to_owned()).unwrap();
        let after = self.world.server.last_mls;
        let name = format!("j{}", self.world.server.log.len());
        let _sent = self.world.server.append(&from, after, &name, Body::Mls { changes: Vec::new(), data });
    }

    fn toggle(&mut self) {
        let all: Vec<_> = self.world.devices.keys().copied().collect();
        let Some(id) = self.world.dice.pick(&all) else { return };
        let stays = self.online.len() < 5;
        if !self.online.remove(&id) || stays {
            self.online.insert(id);
        }
    }

    fn bring_in_step(&mut self, id: DeviceId) {
        self.commit(id, &Wish::default());
    }

    /// What clients do by themselves: send what waits, bring the group in step, come back, pass on keys.
    fn heal(&mut self) {
        self.sync();
        for id in self.online.clone() {
            if self.world.devices[&id].group.is_some()
                && self.world.devices[&id].group().outgoing().unwrap().is_some()
            {
                let _may_be_stale = self.world.send(id);
                self.sync();
            }
        }
        if let Some(id) = self.some() {
            let behind = self.world.devices[&id].group().behind(&self.world.chains()).unwrap();
            if behind.must_commit() || !behind.missing.is_empty() || !behind.newer.is_empty() {
                self.bring_in_step(id);
            }
        }
        for id in self.online.clone() {
            if self.is_live(id) && !self.world.devices[&id].in_step() {
                self.come_back(id);
            }
        }
        self.pass_on();
    }

    fn come_back(&mut self, id: DeviceId) {
        let who = self.world.devices[&id].user();
        let Some(helper) = self.some() else { return };
        let facts = self.world.devices[&helper].group().facts().unwrap();
        if facts.member(who).is_none() || self.world.devices[&helper].group().gone().contains(&who) {
            return;
        }
        match self.world.rejoin(id) {
            Ok(()) => {
                if self.world.send(id).is_ok() {
                    self.count("re-joins");
                }
            }
            Err(RejoinError::NoBase) => {
                self.commit(helper, &Wish { again: vec![id], ..Wish::default() });
                self.count("re-adds");
            }
            Err(error) => self.count(&format!("re-join refused: {error}")),
        }
        self.sync();
    }

    /// Whoever is in step passes on what the backup of another lacks.
    fn pass_on(&mut self) {
        let ready = self.in_step();
        let mut dice = self.world.dice.clone();
        for to in &ready {
            for from in &ready {
                let (giver, taker) = (&self.world.devices[from], &self.world.devices[to]);
                let facts = giver.group().facts().unwrap();
                let since = facts.member(taker.user()).unwrap().since;
                let lacks = giver.epochs.since(since).iter().any(|r| taker.epochs.at(r.commit).is_none());
                if from == to || !lacks {
                    continue;
                }
                let chat = self.world.server.chat;
                let keys = (&giver.certificate, &giver.keys);
                let handed =
                    hand_over::seal(chat, keys, &taker.certificate, since, &giver.epochs, &mut dice).unwrap();
                let own = (&taker.certificate, &taker.keys);
                let records = hand_over::open(chat, &giver.certificate, own, since, &handed).unwrap();
                let taker = self.world.device(*to);
                records.into_iter().for_each(|record| taker.epochs.insert(record));
                self.count("hand-overs");
                self.share(*to);
            }
        }
        self.world.dice.next();
    }

    fn end(&mut self) {
        self.online = self.world.devices.keys().copied().collect();
        for _ in 0..30 {
            self.heal();
            let out = self.online.iter().filter(|id| self.should_be_in(**id)).collect::<Vec<_>>();
            if out.iter().all(|id| self.world.devices[id].in_step()) && self.nobody_is_behind() {
                break;
            }
        }
        self.pass_on();
        self.sync();
    }

    fn nobody_is_behind(&self) -> bool {
        let ready = self.in_step();
        ready.first().is_some_and(|id| {
            let behind = self.world.devices[id].group().behind(&self.world.chains()).unwrap();
            !behind.must_commit() && behind.missing.is_empty() && behind.newer.is_empty()
        })
    }

    fn should_be_in(&self, id: DeviceId) -> bool {
        let Some(one) = self.in_step().first().copied() else { return true };
        let facts = self.world.devices[&one].group().facts().unwrap();
        self.is_live(id) && facts.member(self.world.devices[&id].user()).is_some()
    }

    fn judge(&mut self, seed: u64) {
        let ready = self.in_step();
        let first = *ready.first().expect("nobody is in step");
        let expected: Vec<_> = self.online.iter().filter(|id| self.should_be_in(**id)).copied().collect();
        for id in expected.iter().filter(|id| !ready.contains(id)) {
            let device = &self.world.devices[id];
            println!(
                "churn {seed}: {id} is {:?}: {:?}, {:?}",
                device.standing(),
                device.counters,
                self.counters
            );
        }
        assert_eq!(ready, expected, "seed {seed}: who should be in step is");
        let facts = self.world.devices[&first].group().facts().unwrap();
        let (group, epoch) =
            (self.world.devices[&first].group().id(), self.world.devices[&first].group().epoch());
        let mut unread = BTreeMap::<Cause, u64>::new();
        for id in &ready {
            let device = &self.world.devices[id];
            assert_eq!((device.group().id(), device.group().epoch()), (group, epoch), "seed {seed}");
            assert_eq!(device.group().facts().unwrap(), facts, "seed {seed}");
            assert_eq!(device.log.seen(), self.world.devices[&first].log.seen(), "seed {seed}");
            assert_eq!(self.world.key(*id).kid(), self.world.key(first).kid(), "seed {seed}");
            let since = facts.member(device.user()).unwrap().since;
            for entry in self.said.iter().filter(|entry| entry.after.unwrap() > since) {
                if let Err(cause) = self.world.read(*id, entry) {
                    *unread.entry(cause).or_default() += 1;
                }
            }
        }
        println!(
            "churn {seed}: {} devices, {} in step, epoch {epoch}, {} entries, {} messages; {:?}; unread {unread:?}",
            self.world.devices.len(),
            ready.len(),
            self.world.server.log.len(),
            self.said.len(),
            self.counters,
        );
        let mut causes = BTreeMap::<String, u64>::new();
        for device in self.world.devices.values() {
            for (what, count) in &device.counters {
                *causes.entry(what.clone()).or_default() += count;
            }
        }
        println!("churn {seed}: {causes:?}");
        assert!(unread.is_empty(), "seed {seed}: {unread:?}");
    }
}

fn churn(seed: u64, steps: usize) {
    let mut churn = Churn::new(seed);
    for _ in 0..steps {
        churn.step();
    }
    churn.end();
    churn.judge(seed);
}

/// `CHINWAG_CHURN_SEEDS=100 CHINWAG_CHURN_STEPS=500` makes a long run of it.
#[test]
fn after_any_churn_all_agree_and_everybody_reads_what_is_theirs() {
    let number =
        |name, default| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let first = number("CHINWAG_CHURN_FIRST", 1);
    for seed in first..first + number("CHINWAG_CHURN_SEEDS", 4) {
        churn(seed, number("CHINWAG_CHURN_STEPS", 60) as usize);
    }
}
