//! Lets things happen in an order that the seed draws, heals everything at the end, and hands over what was
//! written down.

use chinwag_checker::{AtMs, Attempt, Change, Event, History, Kind, Request};

use super::client::{Around, Device, Pending, Seen};
use super::server::Server;
use super::wire::{ChatNo, LinkNo, Links, ToServer, shown_to};
use crate::faults::Fault;
use crate::random::Random;

/// What to run.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) steps: usize,
    pub(crate) fault: Option<Fault>,
    /// Whether the server refuses sends now and then.
    pub(crate) refuses: bool,
}

/// What came of it.
pub(crate) struct Outcome {
    pub(crate) history: History,
    /// How often the planted fault has shown to somebody, so that it can be found.
    pub(crate) planted: usize,
}

struct World {
    plan: Plan,
    at: AtMs,
    random: Random,
    server: Server,
    links: Links,
    devices: Vec<Device>,
    names: Vec<String>,
    events: Vec<Event>,
    seen: Seen,
    sent: usize,
}

/// Runs a plan.
pub(crate) fn run(plan: Plan) -> Outcome {
    let mut world = World::new(plan);
    for step in 0..plan.steps {
        if step == plan.steps / 2 && plan.fault == Some(Fault::LostLiveFrames) {
            let device = world.random.below(world.devices.len());
            world.server.forgotten.insert(device);
        }
        world.at += world.random.below(20) as u64;
        world.step();
    }
    world.heal();
    world.finish()
}

impl World {
    fn new(plan: Plan) -> Self {
        let mut server = Server::new(plan.seed ^ 0x5EED, plan.fault, plan.refuses);
        let users = ["a", "b", "c"].map(str::to_owned);
        server.add_direct("a", "b");
        server.add_direct("b", "c");
        server.add_group("g.1", &users, false);
        server.add_group("g.2", &users[..2], true);
        let devices: Vec<_> = (0..6).map(|no| Device::new(no, &users[no / 2])).collect();
        let names = server.chats.iter().map(|chat| chat.name.clone()).collect();
        let random = Random::new(plan.seed);
        let (links, events, seen) = (Links::default(), Vec::new(), Seen::default());
        let mut world =
            Self { plan, at: 1_000, random, server, links, devices, names, events, seen, sent: 0 };
        if !plan.refuses {
            world.events.push(Event::RefusalsRuledOut { at: world.at });
        }
        (0..6).for_each(|device| world.connect(device));
        world
    }

    fn step(&mut self) {
        let device = self.random.below(self.devices.len());
        let link = self.devices[device].link;
        match (self.random.below(1_000), link) {
            (0..150, Some(_)) => self.send(device),
            (150..400, Some(link)) => self.server.take(link, &mut self.links),
            (400..500, _) => self.server.sync(&mut self.links),
            (500..900, Some(link)) => {
                let frames = self.random.below(8);
                (0..frames).for_each(|_| self.receive(device, link));
            }
            (900..920, Some(_)) => self.ask_head(device),
            (920..935, Some(link)) => self.cut(device, link),
            (935..950, Some(_)) => self.lose_patience(device),
            (950..960, Some(_)) => self.ask_otherwise(device),
            (996..1_000, _) => self.crash(),
            (0..300, None) => self.connect(device),
            _ => {}
        }
    }

    fn with<T>(&mut self, device: usize, act: impl FnOnce(&mut Device, &mut Around<'_>) -> T) -> T {
        let mut around = Around {
            at: self.at,
            names: &self.names,
            fault: self.plan.fault,
            random: &mut self.random,
            events: &mut self.events,
            seen: &mut self.seen,
        };
        act(&mut self.devices[device], &mut around)
    }

    fn connect(&mut self, device: usize) {
        let link = self.links.connect(device, &self.devices[device].user);
        let said = self.with(device, |device, around| device.connected(link, around));
        self.server.greet(link, &mut self.links);
        self.hear(link, said);
    }

    fn hear(&mut self, link: LinkNo, said: impl IntoIterator<Item = ToServer>) {
        self.links.open.get_mut(&link).unwrap().up.extend(said);
    }

    fn cut(&mut self, device: usize, link: LinkNo) {
        // What the client had sent may still reach the server.
        let still = self.links.open.get(&link).map_or(0, |link| self.random.below(link.up.len() + 1));
        (0..still).for_each(|_| self.server.take(link, &mut self.links));
        self.links.open.remove(&link);
        self.with(device, Device::disconnected);
    }

    fn crash(&mut self) {
        let lost = self.server.crash();
        self.seen.planted += match self.plan.fault {
            Some(Fault::AckBeforeSync | Fault::FolderNotSynced) => {
                lost.iter().filter(|&id| self.seen.acked.contains_key(id)).count()
            }
            Some(Fault::PublishBeforeSync) => {
                lost.iter().filter(|&id| self.seen.observed.contains(id)).count()
            }
            _ => 0,
        };
        for device in 0..self.devices.len() {
            if let Some(link) = self.devices[device].link {
                self.links.open.remove(&link);
                self.with(device, Device::disconnected);
            }
        }
    }

    fn receive(&mut self, device: usize, link: LinkNo) {
        let Some(frame) = self.links.open.get_mut(&link).and_then(|link| link.down.pop_front()) else {
            return;
        };
        let said = self.with(device, |device, around| device.take(frame.body, frame.tampered, around));
        self.hear(link, said);
    }

    fn ask_head(&mut self, device: usize) {
        let chats: Vec<_> = self.devices[device].views.keys().copied().collect();
        if let (Some(&chat), Some(link)) = (self.random.pick(&chats), self.devices[device].link) {
            self.hear(link, [ToServer::Head { chat, asked_at: self.at }]);
        }
    }

    fn send(&mut self, device: usize) {
        let known = &self.devices[device];
        let chats: Vec<_> =
            known.views.iter().filter(|(_, view)| view.member).map(|(&chat, _)| chat).collect();
        let Some(&chat) = self.random.pick(&chats) else { return };
        self.sent += 1;
        let (request, changes) = self.draw(device, chat);
        let known = &self.devices[device];
        let attempt = Attempt {
            device: known.name.clone(),
            user: known.user.clone(),
            chat: self.names[chat].clone(),
            client_message_id: format!("m-{}", self.sent),
            number: 1,
        };
        self.say(device, Pending { chat, attempt, request, changes });
    }

    fn say(&mut self, device: usize, pending: Pending) {
        let Some(link) = self.devices[device].link else { return };
        let said = self.with(device, |device, around| device.say(pending, around));
        self.hear(link, [said]);
    }

    fn draw(&mut self, device: usize, chat: ChatNo) -> (Request, Vec<Change>) {
        let view = &self.devices[device].views[&chat];
        let message = self.random.pick(&view.messages).copied();
        let beyond = view.due + 20;
        let content = if self.random.percent(5) { "ok".to_owned() } else { format!("text {}", self.sent) };
        let request = |kind, target, digest| Request { kind, target, digest };
        match (self.random.below(20), message) {
            (0..2, Some(_)) if self.plan.fault == Some(Fault::EffectBeforeCause) => {
                (request(Kind::Edit, Some(beyond), Some(content)), Vec::new())
            }
            (0..2, Some(_)) => (request(Kind::Edit, message, Some(content)), Vec::new()),
            (2, Some(_)) => (request(Kind::Delete, message, None), Vec::new()),
            (3..5, Some(_)) => (request(Kind::Reaction, message, Some("+1".to_owned())), Vec::new()),
            (5..7, Some(_)) => (request(Kind::Message, message, Some(content)), Vec::new()),
            (7..9, _) if self.plan.refuses && self.names[chat].starts_with('g') => {
                // b and c come and go, a stays.
                let user = ["b", "c"][self.random.below(2)].to_owned();
                let member = !self.server.chats[chat].since.contains_key(&user);
                (request(Kind::Member, None, None), vec![Change { user, member }])
            }
            _ => (request(Kind::Message, None, Some(content)), Vec::new()),
        }
    }

    /// Sends what has no answer yet once more, on the same connection.
    fn lose_patience(&mut self, device: usize) {
        if self.plan.fault == Some(Fault::RefusedButStored) || self.devices[device].outbox.is_empty() {
            return;
        }
        let mut pending = self.devices[device].outbox.remove(0);
        self.events.push(Event::TimedOut { at: self.at, attempt: pending.attempt.clone() });
        pending.attempt.number += 1;
        self.say(device, pending);
        let outbox = &mut self.devices[device].outbox;
        outbox.rotate_right(1);
    }

    /// Asks for something else under a name that was used.
    fn ask_otherwise(&mut self, device: usize) {
        let faithful = self.plan.fault.is_none();
        let Some(mut pending) = self.devices[device].answered.take().filter(|_| faithful) else { return };
        if pending.request.kind == Kind::Message {
            pending.attempt.number += 100;
            pending.request.digest = Some(format!("other {}", self.sent));
            self.say(device, pending);
        }
    }

    /// Ends all faults and lets everything arrive.
    fn heal(&mut self) {
        for device in 0..self.devices.len() {
            if self.devices[device].link.is_none() {
                self.connect(device);
            }
        }
        self.settle();
        self.events.push(Event::FaultsStopped { at: self.at });
        if self.plan.fault == Some(Fault::TooLate) {
            self.server.refuses = false;
            self.send_plain(0);
            self.drain_up();
            self.server.sync(&mut self.links);
            let link = self.devices[0].link.unwrap();
            while !self.links.open[&link].down.is_empty() {
                self.receive(0, link);
            }
            self.at += 30_001;
            self.seen.planted += 1;
        }
        for _ in 0..2 {
            for device in 0..self.devices.len() {
                let (asked_at, link) = (self.at, self.devices[device].link.unwrap());
                let chats: Vec<_> = self.devices[device].views.keys().copied().collect();
                self.hear(link, chats.into_iter().map(|chat| ToServer::Head { chat, asked_at }));
            }
            self.settle();
        }
    }

    /// A message that nothing speaks against.
    fn send_plain(&mut self, device: usize) {
        self.sent += 1;
        let known = &self.devices[device];
        let attempt = Attempt {
            device: known.name.clone(),
            user: known.user.clone(),
            chat: self.names[0].clone(),
            client_message_id: format!("m-{}", self.sent),
            number: 1,
        };
        let request =
            Request { kind: Kind::Message, target: None, digest: Some(format!("text {}", self.sent)) };
        self.say(device, Pending { chat: 0, attempt, request, changes: Vec::new() });
    }

    fn drain_up(&mut self) {
        for link in self.links.numbers() {
            while self.links.open.get(&link).is_some_and(|link| !link.up.is_empty()) {
                self.server.take(link, &mut self.links);
            }
        }
    }

    fn settle(&mut self) {
        let busy =
            |links: &Links| links.open.values().any(|link| !link.up.is_empty() || !link.down.is_empty());
        while busy(&self.links) {
            self.drain_up();
            self.server.sync(&mut self.links);
            for device in 0..self.devices.len() {
                let link = self.devices[device].link.unwrap();
                while !self.links.open[&link].down.is_empty() {
                    self.at += 1;
                    self.receive(device, link);
                }
            }
        }
    }

    fn finish(mut self) -> Outcome {
        let planted = self.planted();
        for chat in &self.server.chats {
            // Read by one of the members, who is shown the names of his own sends only.
            let reader = self.random.pick(&["a", "b"]).copied().unwrap_or_default();
            let entries = chat.log.iter().map(|entry| shown_to(reader, entry)).collect();
            self.events.push(Event::FinalLog { at: self.at, chat: chat.name.clone(), entries });
        }
        Outcome { history: History { events: self.events }, planted }
    }

    /// How often the planted fault can be seen in what was written down and in the final logs.
    fn planted(&self) -> usize {
        let Seen { planted, acked, observed, refused_but_stored } = &self.seen;
        let log = || self.server.chats.iter().flat_map(|chat| &chat.log);
        let last: Vec<&str> = log().map(|entry| entry.message_id.as_str()).collect();
        let is_last = |id: &String| last.contains(&id.as_str());
        let known = |id: &&str| acked.contains_key(*id);
        match self.plan.fault {
            Some(Fault::ContentLost) => {
                self.server.chats.iter().flat_map(|chat| chat.lost_content()).filter(known).count()
            }
            Some(Fault::LabelRepeated) => {
                last.len() - last.iter().collect::<std::collections::HashSet<_>>().len()
            }
            Some(Fault::StaleHead) => {
                let seen = |id: &&String| acked.contains_key(*id) || observed.contains(*id);
                self.server.overwritten.iter().filter(seen).count()
            }
            Some(Fault::RefusedButStored) => log()
                .filter_map(|entry| Some((entry.sender.clone(), entry.client_message_id.clone()?)))
                .filter(|name| refused_but_stored.contains(name))
                .count(),
            Some(Fault::LostBeforeKept) => {
                let place = |name: &Option<String>| {
                    log().find(|entry| entry.client_message_id == *name).map(|entry| entry.seq)
                };
                let places = self.server.swapped.iter().map(|[lost, kept]| (place(lost), place(kept)));
                places.filter(|(lost, kept)| kept.is_some() && lost > kept).count()
            }
            Some(Fault::LostLiveFrames) => self.forgotten_entries(),
            _ => planted + self.server.marks.iter().filter(|ids| ids.iter().all(is_last)).count(),
        }
    }

    fn forgotten_entries(&self) -> usize {
        let devices = self.devices.iter().filter(|device| self.server.forgotten.contains(&device.no));
        let views = devices.flat_map(|device| &device.views).filter(|(_, view)| view.member);
        let acked = self.seen.acked.values();
        views
            .map(|(no, view)| acked.clone().filter(|(chat, _, seq)| chat == no && *seq >= view.due).count())
            .sum()
    }
}
