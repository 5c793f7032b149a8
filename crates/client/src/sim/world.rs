//! The simulated world: a server, devices, a network and disks that fail, users who type. One seed gives one
//! run.

use chinwag_proto::entry::Body;
use chinwag_proto::frame::{
    Ack, ChangedHead, ChatsPage, CursorMark, Cursors, ErrorFrame, HeadsAnswer, Mark, Pong, Ready, Resync,
};
use chinwag_proto::text::RequestId;
use chinwag_proto::{
    ChatId, ClientFrame, ClientMessageId, Code, DeviceId, Entry, Seq, ServerFrame, Timestamp, UserId,
};

use super::device::Device;
use super::server::{Ask, Server};
use crate::engine::Fault;
use crate::{Connection, Event, Now, Record};

/// Live frames that may wait for a connection.
const QUEUE: usize = 12;

/// SplitMix64 (Steele, Lea, Flood 2014).
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.roll() % bound.max(1) as u64) as usize
    }

    /// Once in so many times.
    pub(super) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

/// Something a user typed.
pub(super) struct Typed {
    pub(super) device: usize,
    pub(super) chat: ChatId,
    pub(super) id: ClientMessageId,
    pub(super) record: Record,
    pub(super) batch: u64,
    pub(super) durable: bool,
    /// The user threw the installation away, with what it had not sent.
    pub(super) abandoned: bool,
    /// The user tried again, which may change its place.
    pub(super) retried: bool,
}

pub(super) struct World {
    pub(super) dice: Dice,
    pub(super) server: Server,
    pub(super) devices: Vec<Device>,
    pub(super) typed: Vec<Typed>,
    pub(super) chats: Vec<ChatId>,
    pub(super) now_ms: u64,
    pub(super) texts: u64,
    pub(super) calm: bool,
}

pub(super) fn user(number: u64) -> UserId {
    UserId::new(number).unwrap()
}

impl World {
    pub(super) fn new(seed: u64, fault: Option<Fault>) -> Self {
        let devices: Vec<Device> = [1, 1, 2, 2, 3]
            .iter()
            .zip(11..)
            .map(|(who, number)| Device::new(user(*who), DeviceId::new(number).unwrap(), fault))
            .collect();
        let chats: Vec<ChatId> =
            ["g.1", "g.2", "d.1.2", "d.1.3", "d.2.2"].map(|id| id.parse().unwrap()).to_vec();
        let mut server = Server::default();
        server.found(chats[0], &[user(1), user(2), user(3)]);
        server.found(chats[1], &[user(1), user(2)]);
        let mut world = Self {
            dice: Dice(seed),
            server,
            devices,
            typed: Vec::new(),
            chats,
            now_ms: 1_000,
            texts: 0,
            calm: false,
        };
        (0..world.devices.len()).for_each(|place| world.event(place, Event::Started));
        world
    }

    fn now(&mut self) -> Now {
        Now { ms: self.now_ms, dice: self.dice.roll() }
    }

    pub(super) fn event(&mut self, place: usize, event: Event) {
        let now = self.now();
        self.devices[place].handle(now, event);
    }

    /// One thing happens.
    pub(super) fn step(&mut self) {
        let place = self.dice.below(self.devices.len());
        match self.dice.below(1_000) {
            0..=279 => self.down(place),
            280..=529 => self.up(place),
            530..=679 => self.disk(place),
            680..=769 => self.load(place),
            770..=849 => {
                let ms = 1 + self.dice.roll() % 150;
                self.pass(ms);
            }
            850..=869 => self.connect(place),
            870..=954 => self.wish(place),
            955..=962 => self.rest(),
            963..=969 => self.cut(place),
            970..=973 => self.crash(place, false),
            974 if self.dice.once_in(8) => self.crash(place, true),
            975..=984 => self.retry(place),
            _ => self.look(place),
        }
    }

    fn disk(&mut self, place: usize) {
        let now = self.now();
        if self.devices[place].store_one(now) {
            let next =
                self.devices[place].batches.front().map_or(self.devices[place].given + 1, |b| b.number);
            for typed in self.typed.iter_mut().filter(|typed| typed.device == place && typed.batch < next) {
                typed.durable = true;
            }
        }
    }

    fn load(&mut self, place: usize) {
        let now = self.now();
        self.devices[place].load_one(now);
    }

    fn pass(&mut self, ms: u64) {
        self.now_ms += ms;
        for place in 0..self.devices.len() {
            let now = self.now();
            self.devices[place].fire(now);
        }
    }

    fn connect(&mut self, place: usize) {
        if !self.devices[place].connecting {
            if self.devices[place].engine.connection() == Connection::Stopped(crate::Stop::NotStarted) {
                self.event(place, Event::Started);
            }
            return;
        }
        self.devices[place].connecting = false;
        if !self.calm && self.dice.once_in(6) {
            return self.event(place, Event::Disconnected { code: None });
        }
        self.devices[place].connected = true;
        let ready = Ready {
            user_id: self.devices[place].user,
            device_id: self.devices[place].device,
            server_time: Timestamp::from_ms(0),
            heartbeat_ms: 30_000,
            features: Vec::new(),
        };
        self.event(place, Event::Connected(ready));
    }

    fn cut(&mut self, place: usize) {
        if !self.devices[place].connected {
            return;
        }
        // The server may have read some of what was on its way, and none of its answers arrives.
        for _ in 0..self.dice.below(4) {
            self.up(place);
        }
        self.devices[place].cut();
        let code = [None, Some(4000), Some(4008), Some(1006)][self.dice.below(4)];
        self.event(place, Event::Disconnected { code });
    }

    fn crash(&mut self, place: usize, everything: bool) {
        for _ in 0..self.dice.below(4) {
            self.up(place);
        }
        self.devices[place].crash(everything);
        self.typed.iter_mut().for_each(|typed| typed.abandoned |= typed.device == place && everything);
        // What the program had not said to be kept is still in the user's head, and is typed anew.
        let lost: Vec<usize> = (0..self.typed.len())
            .filter(|n| self.typed[*n].device == place && !self.typed[*n].durable)
            .collect();
        self.event(place, Event::Started);
        for n in lost.into_iter().rev() {
            let typed = self.typed.remove(n);
            if !typed.abandoned {
                self.types(place, typed.chat, typed.record);
            }
        }
    }

    pub(super) fn places_of(&self, chat: ChatId) -> Vec<usize> {
        let log = &self.server.logs[&chat];
        (0..self.devices.len()).filter(|place| log.members.contains_key(&self.devices[*place].user)).collect()
    }

    pub(super) fn push_chat(&mut self, place: usize, chat: ChatId) {
        if let Some(summary) = self.server.summary(chat, self.devices[place].user) {
            self.push(place, ServerFrame::Chat(Box::new(summary)));
        }
    }

    fn push(&mut self, place: usize, frame: ServerFrame) {
        if self.devices[place].connected {
            self.devices[place].down.push_back(frame);
        }
    }

    /// A live entry for a connection: a full queue drops it, and so may the bus.
    pub(super) fn live(&mut self, place: usize, entry: &Entry) {
        if !self.devices[place].connected {
            return;
        }
        let lossy = !self.calm && self.dice.once_in(25);
        if lossy || self.devices[place].down.len() >= QUEUE {
            self.devices[place].dropped.insert(entry.chat_id);
            return;
        }
        let frame = ServerFrame::Entry(entry.seen_by(self.devices[place].user));
        if self.dice.once_in(20) {
            self.push(place, frame.clone());
        }
        self.push(place, frame);
    }

    pub(super) fn publish(&mut self, entry: &Entry, except: Option<usize>) {
        for place in self.places_of(entry.chat_id) {
            if Some(place) != except {
                self.live(place, entry);
            }
        }
    }

    /// The device takes the next frame.
    fn down(&mut self, place: usize) {
        if let Some(frame) = self.devices[place].down.pop_front() {
            return self.event(place, Event::Frame(Box::new(frame)));
        }
        let dropped = std::mem::take(&mut self.devices[place].dropped);
        if dropped.is_empty() || !self.devices[place].connected {
            return;
        }
        let head = |chat: &ChatId| ChangedHead { chat_id: *chat, head: self.server.logs[chat].head() };
        let chats = dropped.iter().map(head).collect();
        let all = self.dice.once_in(3);
        let resync = if all {
            Resync { chats: None, all: Some(true) }
        } else {
            Resync { chats: Some(chats), all: None }
        };
        self.event(place, Event::Frame(Box::new(ServerFrame::Resync(resync))));
    }

    /// The server takes the next frame of a device.
    fn up(&mut self, place: usize) {
        let Some(frame) = self.devices[place].up.pop_front() else { return };
        match frame {
            ClientFrame::Send(f) => {
                let body = Body::Message { content: Some(f.content), reply_to: f.reply_to };
                self.record(place, f.id, f.chat_id.unwrap(), (f.client_message_id, f.resend), body);
            }
            ClientFrame::Edit(f) => {
                let body = Body::Edit { target: f.target, content: Some(f.content) };
                self.record(place, f.id, f.chat_id, (f.client_message_id, f.resend), body);
            }
            ClientFrame::Delete(f) => {
                let body = Body::Delete { target: f.target };
                self.record(place, f.id, f.chat_id, (f.client_message_id, f.resend), body);
            }
            ClientFrame::React(f) => {
                let body = Body::Reaction { target: f.target, key: f.key, on: f.on };
                self.record(place, f.id, f.chat_id, (f.client_message_id, f.resend), body);
            }
            ClientFrame::Heads(f) if !self.refuses(place, &f.id) => {
                assert!(f.chats.len() <= 1_000);
                let (changed, gone) = self.server.heads(self.devices[place].user, &f.chats);
                self.push(place, ServerFrame::Heads(HeadsAnswer { id: f.id, changed, gone }));
            }
            ClientFrame::Chats(f) if !self.refuses(place, &f.id) => self.list(place, f.id, f.cursor),
            ClientFrame::Sync(f) if !self.refuses(place, &f.id) => {
                let limit = 1 + self.dice.below(f.limit.unwrap_or(50).min(40) as usize);
                let who = self.devices[place].user;
                let frame = match self.server.sync(who, f.chat_id, f.id.clone(), f.after, limit) {
                    Ok(page) => ServerFrame::Entries(page),
                    Err((code, head)) => error(f.id, code, None, head),
                };
                self.push(place, frame);
            }
            ClientFrame::Read(mark) => self.mark(place, &mark, true),
            ClientFrame::Delivered(mark) => self.mark(place, &mark, false),
            ClientFrame::Ping(ping) => self.push(place, ServerFrame::Pong(Pong { id: ping.id })),
            _ => {}
        }
    }

    fn list(&mut self, place: usize, id: RequestId, cursor: Option<ChatId>) {
        let who = self.devices[place].user;
        let mut chats = self.chats.clone();
        chats.sort_unstable();
        chats.retain(|chat| {
            cursor.is_none_or(|cursor| *chat > cursor) && self.server.summary(*chat, who).is_some()
        });
        let cursor = (chats.len() > 2).then(|| chats[1]);
        let chats = chats.iter().take(2).filter_map(|chat| self.server.summary(*chat, who)).collect();
        self.push(place, ServerFrame::Chats(ChatsPage { id, chats, cursor }));
    }

    fn refuses(&mut self, place: usize, id: &RequestId) -> bool {
        let refuses = !self.calm && self.dice.once_in(20);
        if refuses {
            let (code, wait) =
                [(Code::Unavailable, None), (Code::RateLimited, Some(300))][self.dice.below(2)];
            self.push(place, error(id.clone(), code, wait, None));
        }
        refuses
    }

    fn record(
        &mut self,
        place: usize,
        id: RequestId,
        chat: ChatId,
        (client_id, resend): (ClientMessageId, bool),
        body: Body,
    ) {
        if self.refuses(place, &id) {
            return;
        }
        let (who, device) = (self.devices[place].user, self.devices[place].device);
        let ask = Ask { user: who, device, chat, id: Some(client_id), resend, body };
        match self.server.apply(ask) {
            Err(code) => self.push(place, error(id, code, None, None)),
            Ok((entry, duplicate)) => {
                if !self.calm && self.dice.once_in(30) {
                    // The answer went wrong: the entry stands, and comes to all alike.
                    self.push(place, error(id, Code::Internal, None, None));
                    if !duplicate {
                        self.publish(&entry, None);
                    }
                    return;
                }
                let (chat_id, seq, message_id) = (chat, entry.seq, entry.message_id);
                let ack = Ack { id, chat_id, message_id, seq, created_at: entry.created_at, duplicate };
                self.push(place, ServerFrame::Ack(ack));
                if !duplicate {
                    self.publish(&entry, Some(place));
                    if matches!(entry.body, Body::Message { .. }) {
                        self.tell_marks(place, chat, who);
                    }
                }
            }
        }
    }

    fn mark(&mut self, place: usize, mark: &Mark, read: bool) {
        let who = self.devices[place].user;
        let member =
            |server: &Server| server.logs.get(&mark.chat_id).is_some_and(|l| l.members.contains_key(&who));
        if member(&self.server) && self.server.mark(mark.chat_id, who, mark.seq, read) {
            self.tell_marks(place, mark.chat_id, who);
        }
    }

    fn tell_marks(&mut self, place: usize, chat: ChatId, who: UserId) {
        let (read, delivered) = self.server.marks[&(chat, who)];
        let users = vec![CursorMark { user_id: who, read: Some(read), delivered: Some(delivered) }];
        for other in self.places_of(chat) {
            let same = self.devices[other].user == who;
            if other != place && (same || matches!(chat, ChatId::Direct(..))) {
                self.push(other, ServerFrame::Cursors(Cursors { chat_id: chat, users: users.clone() }));
            }
        }
    }

    /// Nothing fails any more, until nothing happens any more.
    pub(super) fn calm_down(&mut self) -> Result<(), String> {
        self.calm = true;
        for _ in 0..200_000 {
            if self.devices.iter().all(Device::is_quiet) {
                return Ok(());
            }
            for place in 0..self.devices.len() {
                self.connect(place);
                self.up(place);
                self.down(place);
                self.disk(place);
                self.load(place);
            }
            self.pass(20);
        }
        let restless: Vec<String> =
            self.devices.iter().filter(|d| !d.is_quiet()).map(Device::restless).collect();
        Err(format!("the devices do not come to rest: {restless:?}"))
    }
}

fn error(id: RequestId, code: Code, retry_after_ms: Option<u64>, head: Option<Seq>) -> ServerFrame {
    ServerFrame::Error(ErrorFrame {
        id: Some(id),
        code,
        detail: String::new(),
        retry_after_ms,
        head,
        after: None,
    })
}
