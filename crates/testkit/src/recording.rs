//! A device that sends, resends, follows, and writes down everything for the history checker.
//!
//! It behaves as the contract asks of a client: what was not answered is resent first on a new
//! connection and marked as a resend, a gap is synced, nothing is shown beyond a gap.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use chinwag_checker::{Attempt, Change, Entry as Recorded, Event, History, Kind, Request};
use chinwag_client_native::follow::{Follow, Next, Step};
use chinwag_client_native::{ClientError, ServerAddress, Socket};
use chinwag_proto::frame::{Ack, ErrorFrame, Page, Receiver, Send, Sync, Tag};
use chinwag_proto::text::RequestId;
use chinwag_proto::{
    Body, ChatId, ClientFrame, ClientMessageId, Code, Content, Entry, MembershipChange, Seq, ServerFrame,
};
use parking_lot::Mutex;
use tokio::time::Instant;

/// How long a device waits before it connects again.
const RECONNECT: Duration = Duration::from_millis(20);
/// How often an idle device looks whether it should stop.
const LOOK: Duration = Duration::from_millis(20);

/// What all devices of one run share: the clock, the numbering of connections, the switches.
pub struct Run {
    begin: Instant,
    connections: AtomicU64,
    tries: AtomicU32,
    /// No device sends anything new any more.
    pub quiet: AtomicBool,
    /// All devices end.
    pub over: AtomicBool,
}

impl Run {
    /// A new one; time counts from here.
    pub fn begin() -> Arc<Self> {
        Arc::new(Self {
            begin: Instant::now(),
            connections: AtomicU64::new(0),
            tries: AtomicU32::new(0),
            quiet: AtomicBool::new(false),
            over: AtomicBool::new(false),
        })
    }

    /// Milliseconds since the run began.
    pub fn now_ms(&self) -> u64 {
        u64::try_from(self.begin.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Who a device is, and what it does.
#[derive(Clone)]
pub struct Plan {
    /// Where its WebSocket is.
    pub address: ServerAddress,
    /// Its token.
    pub token: String,
    /// Its user.
    pub user: String,
    /// Its own id.
    pub device: String,
    /// The chats that it follows from their beginning, and sends to in turn.
    pub chats: Vec<ChatId>,
    /// Sends that may be unanswered at once; 0 for a reader.
    pub window: usize,
}

/// How a device stands.
#[derive(Default)]
pub struct Progress {
    /// The last seq that it shows, by chat.
    pub shown: BTreeMap<ChatId, Seq>,
    /// Sends without an answer.
    pub open: usize,
    /// Sends acknowledged.
    pub acked: u64,
}

struct Open {
    attempt: Attempt,
    request: u64,
    frame: Send,
}

/// A device at work.
pub struct RecordingDevice {
    plan: Plan,
    run: Arc<Run>,
    progress: Arc<Mutex<Progress>>,
    events: Vec<Event>,
    outbox: VecDeque<Open>,
    follows: BTreeMap<ChatId, Follow>,
    connection: u64,
    sent: u64,
    requests: u64,
}

impl RecordingDevice {
    /// A device, and how it stands, to be looked at while it runs.
    pub fn new(plan: Plan, run: Arc<Run>) -> (Self, Arc<Mutex<Progress>>) {
        let progress = Arc::new(Mutex::new(Progress::default()));
        let mut device = Self {
            follows: plan.chats.iter().map(|&chat| (chat, Follow::after(Seq::ZERO))).collect(),
            progress: Arc::clone(&progress),
            plan,
            run,
            events: Vec::new(),
            outbox: VecDeque::new(),
            connection: 0,
            sent: 0,
            requests: 0,
        };
        for chat in device.plan.chats.clone() {
            device.events.push(Event::Joined {
                at: device.run.now_ms(),
                device: device.plan.device.clone(),
                user: device.plan.user.clone(),
                chat: chat.to_string(),
                from_seq: 1,
            });
        }
        (device, progress)
    }

    /// Works until the run is over; answers what it wrote down.
    pub async fn run(mut self) -> History {
        while !self.run.over.load(Ordering::Relaxed) {
            match Socket::connect(&self.plan.address, &self.plan.token).await {
                Ok((socket, _)) => {
                    self.connection = self.run.connections.fetch_add(1, Ordering::Relaxed) + 1;
                    if let Err(error) = self.stay(socket).await {
                        assert!(error.is_passing(), "{} ended: {error}", self.plan.device);
                    }
                }
                Err(error) => assert!(error.is_passing(), "{} cannot connect: {error}", self.plan.device),
            }
            tokio::time::sleep(RECONNECT).await;
        }
        for open in std::mem::take(&mut self.outbox) {
            self.events.push(Event::TimedOut { at: self.run.now_ms(), attempt: open.attempt });
        }
        History { events: self.events }
    }

    async fn stay(&mut self, mut socket: Socket) -> Result<(), ClientError> {
        for index in 0..self.outbox.len() {
            let (number, at) = (self.next_try(), self.run.now_ms());
            let Some(open) = self.outbox.get_mut(index) else { break };
            self.events.push(Event::TimedOut { at, attempt: open.attempt.clone() });
            open.attempt.number = number;
            open.frame.resend = true;
            let (attempt, frame) = (open.attempt.clone(), open.frame.clone());
            self.write_start(attempt, &frame);
            socket.send(&ClientFrame::Send(frame)).await?;
        }
        for chat in self.plan.chats.clone() {
            if let Some(follow) = self.follows.get_mut(&chat) {
                follow.broken();
            }
            self.sync(&mut socket, chat).await?;
        }
        while !self.run.over.load(Ordering::Relaxed) {
            while self.outbox.len() < self.plan.window && !self.run.quiet.load(Ordering::Relaxed) {
                self.send_next(&mut socket).await?;
            }
            match tokio::time::timeout(LOOK, socket.next()).await {
                Ok(frame) => self.on_frame(&mut socket, frame?).await?,
                Err(_) => self.note(),
            }
        }
        socket.close().await;
        Ok(())
    }

    async fn send_next(&mut self, socket: &mut Socket) -> Result<(), ClientError> {
        let count = self.plan.chats.len() as u64;
        let chat = self.plan.chats[usize::try_from(self.sent % count).unwrap()];
        self.sent += 1;
        self.requests += 1;
        let id: ClientMessageId = format!("{}-{}", self.plan.device, self.sent).parse().unwrap();
        let frame = Send {
            tag: Tag,
            id: RequestId::Number(self.requests),
            chat_id: None,
            to: Some(Receiver::Chat(chat)),
            client_message_id: id.clone(),
            content: Content::text(&format!("{} says {}", self.plan.device, self.sent)),
            reply_to: None,
            resend: false,
            after: None,
        };
        let attempt = Attempt {
            device: self.plan.device.clone(),
            user: self.plan.user.clone(),
            chat: chat.to_string(),
            client_message_id: id.to_string(),
            number: self.next_try(),
        };
        self.write_start(attempt.clone(), &frame);
        self.outbox.push_back(Open { attempt, request: self.requests, frame: frame.clone() });
        socket.send(&ClientFrame::Send(frame)).await
    }

    fn write_start(&mut self, attempt: Attempt, frame: &Send) {
        let request =
            Request { kind: Kind::Message, target: None, digest: Some(frame.content.json().to_owned()) };
        let (at, connection) = (self.run.now_ms(), self.connection);
        self.events.push(Event::SendStarted { at, attempt, connection, request });
    }

    async fn on_frame(&mut self, socket: &mut Socket, frame: ServerFrame) -> Result<(), ClientError> {
        match frame {
            ServerFrame::Ack(ack) => self.on_ack(socket, ack).await,
            ServerFrame::Entry(entry) => {
                let chat = entry.chat_id;
                let shown = self.on_live(socket, chat, entry.seq).await?;
                self.write_seen(&entry, true, shown);
                Ok(())
            }
            ServerFrame::Entries(page) => self.on_page(socket, page).await,
            ServerFrame::Resync(resync) => {
                let all = resync.all == Some(true);
                let named = resync.chats.unwrap_or_default();
                for chat in self.plan.chats.clone() {
                    let head = named.iter().find(|named| named.chat_id == chat).map(|named| named.head);
                    if let Some(follow) = self.follows.get_mut(&chat).filter(|_| all || head.is_some()) {
                        follow.on_resync(head.unwrap_or(Seq::ZERO));
                        self.sync(socket, chat).await?;
                    }
                }
                Ok(())
            }
            ServerFrame::Error(error) => {
                self.on_error(error);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// An ack in the place of its entry counts as seeing the entry; a duplicate's does not.
    async fn on_ack(&mut self, socket: &mut Socket, ack: Ack) -> Result<(), ClientError> {
        let RequestId::Number(request) = ack.id else { panic!("an ack repeats the request's id") };
        let at = self.outbox.iter().position(|open| open.request == request).expect("an ack of an open send");
        let open = self.outbox.remove(at).expect("it is there");
        self.events.push(Event::Acked {
            at: self.run.now_ms(),
            attempt: open.attempt.clone(),
            seq: ack.seq.get(),
            message_id: ack.message_id.to_string(),
            duplicate: ack.duplicate,
        });
        if !ack.duplicate {
            let shown = self.on_live(socket, ack.chat_id, ack.seq).await?;
            let entry = Recorded {
                seq: ack.seq.get(),
                message_id: ack.message_id.to_string(),
                sender: self.plan.user.clone(),
                device: self.plan.device.clone(),
                client_message_id: Some(open.attempt.client_message_id),
                kind: Kind::Message,
                target: None,
                digest: Some(open.frame.content.json().to_owned()),
                changes: Vec::new(),
            };
            self.write_entry(ack.chat_id, entry, true, shown);
        }
        self.progress.lock().acked += 1;
        self.note();
        Ok(())
    }

    /// The test has ruled refusals out (`Event::RefusalsRuledOut`): what is refused and asked again would
    /// stand behind what was sent after it.
    fn on_error(&mut self, error: ErrorFrame) {
        let Some(RequestId::Number(request)) = error.id else {
            panic!("an error without a request: {error:?}")
        };
        let synced = self.follows.values_mut().find(|follow| follow.awaits(request));
        let Some(follow) = synced else { panic!("a send was refused: {error:?}") };
        assert_eq!(error.code, Code::NotFound, "only a chat without an entry cannot be synced: {error:?}");
        follow.not_there_yet();
    }

    async fn on_page(&mut self, socket: &mut Socket, page: Page) -> Result<(), ClientError> {
        let chat = page.chat_id;
        let last = self.follows.get(&chat).map_or(Seq::ZERO, Follow::last);
        for entry in &page.entries {
            self.write_seen(entry, false, entry.seq > last);
        }
        let turned = self.follows.get_mut(&chat).map(|follow| follow.on_page(page));
        let next = turned.map(|turned| turned.expect("a page of the protocol").next);
        self.note();
        if matches!(next, Some(Next::Sync | Next::SyncLater)) {
            self.sync(socket, chat).await
        } else {
            Ok(())
        }
    }

    async fn on_live(&mut self, socket: &mut Socket, chat: ChatId, seq: Seq) -> Result<bool, ClientError> {
        let step = self.follows.get_mut(&chat).map(|follow| follow.on_live(seq));
        match step {
            Some(Step::Pass) => Ok(true),
            Some(Step::Missing) => self.sync(socket, chat).await.map(|()| false),
            Some(Step::Known) | None => Ok(false),
        }
    }

    async fn sync(&mut self, socket: &mut Socket, chat: ChatId) -> Result<(), ClientError> {
        self.requests += 1;
        let request = self.requests;
        let Some(after) = self.follows.get_mut(&chat).and_then(|follow| follow.begin(request)) else {
            return Ok(());
        };
        let id = RequestId::Number(request);
        socket.send(&ClientFrame::Sync(Sync { tag: Tag, id, chat_id: chat, after, limit: None })).await
    }

    fn write_seen(&mut self, entry: &Entry, live: bool, shown: bool) {
        self.write_entry(entry.chat_id, recorded(entry), live, shown);
    }

    fn write_entry(&mut self, chat: ChatId, entry: Recorded, live: bool, shown: bool) {
        self.events.push(Event::Observed {
            at: self.run.now_ms(),
            device: self.plan.device.clone(),
            connection: self.connection,
            live,
            shown,
            chat: chat.to_string(),
            entry,
        });
    }

    fn next_try(&self) -> u32 {
        self.run.tries.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn note(&self) {
        let mut progress = self.progress.lock();
        progress.open = self.outbox.len();
        progress.shown = self.follows.iter().map(|(&chat, follow)| (chat, follow.last())).collect();
    }
}

/// An entry in the checker's own words.
pub fn recorded(entry: &Entry) -> Recorded {
    let seq = |seq: Seq| Some(seq.get());
    let (kind, target, digest) = match &entry.body {
        Body::Message { content, reply_to } => {
            (Kind::Message, reply_to.map(Seq::get), content.as_ref().map(|content| content.json().to_owned()))
        }
        Body::Edit { target, content } => {
            (Kind::Edit, seq(*target), content.as_ref().map(|content| content.json().to_owned()))
        }
        Body::Delete { target } => (Kind::Delete, seq(*target), None),
        Body::Reaction { target, key, on } => (Kind::Reaction, seq(*target), Some(format!("{key} {on}"))),
        Body::Member { .. } => (Kind::Member, None, None),
        Body::Chat(_) => (Kind::Chat, None, None),
        _ => (Kind::Other, None, None),
    };
    let changes = match &entry.body {
        Body::Member { changes } | Body::Mls { changes, .. } => changes
            .iter()
            .filter(|change| change.change != MembershipChange::Role)
            .map(|change| Change {
                user: change.user_id.to_string(),
                member: change.change == MembershipChange::Added,
            })
            .collect(),
        Body::Chat(change) => change
            .members
            .iter()
            .flatten()
            .map(|founder| Change { user: founder.user_id.to_string(), member: true })
            .collect(),
        _ => Vec::new(),
    };
    Recorded {
        seq: entry.seq.get(),
        message_id: entry.message_id.to_string(),
        sender: entry.sender_id.to_string(),
        device: entry.device_id.to_string(),
        client_message_id: entry.client_message_id.as_ref().map(ToString::to_string),
        kind,
        target,
        digest,
        changes,
    }
}
