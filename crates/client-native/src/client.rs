//! A client that stays connected: it comes back with back-off and jitter, resends what was not
//! acknowledged, and passes the entries of followed chats on without a hole, each once, in order.
//!
//! Here are its handle and the driver of its connection; what it knows and decides is in `session`.

use std::collections::VecDeque;
use std::time::Duration;

use chinwag_proto::frame::{Ack, Goaway, Ready, Receiver};
use chinwag_proto::{ChatId, ClientMessageId, Content, Entry, Seq, ServerFrame};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use crate::backoff::{Backoff, dice, lengthened};
use crate::session::{Command, Effect, Session};
use crate::{ClientError, ServerAddress, Socket};

/// Commands that may wait.
const COMMANDS_MAX: usize = 64;
/// Happenings that may wait for the program; then the socket is not read any more.
const HAPPENINGS_MAX: usize = 256;
/// A connection that stood for this long was a good one: the next attempt comes soon.
const GOOD_AFTER: Duration = Duration::from_secs(5);
/// How long a frame may wait to be taken by the network.
const WRITE_MAX: Duration = Duration::from_secs(30);

/// What a client tells its program.
#[derive(Debug)]
pub enum Happening {
    /// The connection stands.
    Connected(Ready),
    /// It broke; the client comes back by itself after this time.
    Disconnected {
        /// Why.
        error: ClientError,
        /// When it tries again.
        retry_in: Duration,
    },
    /// The next entry of a followed chat. An own message of this connection comes as its `Acked`, or as
    /// an entry where it was found on a page.
    Entry(Box<Entry>),
    /// An own message stands in a followed chat.
    Acked(Ack),
    /// The client has passed on all there is of a followed chat. It may come more than once.
    CaughtUp {
        /// The chat.
        chat: ChatId,
    },
    /// What the server shows of a followed chat begins above the seq that was asked for.
    BeginsAt {
        /// The chat.
        chat: ChatId,
        /// The first seq there is.
        seq: Seq,
    },
    /// The server does not show a followed chat (any more): nothing more of it comes.
    FollowEnded {
        /// The chat.
        chat: ChatId,
        /// The chat's head, where the seq that was asked for stands above it.
        head: Option<Seq>,
        /// Why.
        error: ClientError,
    },
    /// Any other frame.
    Frame(Box<ServerFrame>),
    /// The client has ended for good.
    Ended(ClientError),
}

/// A handle on a client; the connection ends when it is dropped, and messages that are not acknowledged
/// then are given up.
pub struct Client {
    commands: mpsc::Sender<Command>,
    task: JoinHandle<()>,
}

impl Client {
    /// Begins to connect to the WebSocket address with a device's token.
    ///
    /// The program has to take the happenings: while 256 of them wait, nothing more is read, and no
    /// `send` resolves.
    pub fn start(address: ServerAddress, token: String) -> (Self, mpsc::Receiver<Happening>) {
        Self::start_at(vec![address], token)
    }

    /// The same with several addresses of one deployment, which are tried in turn.
    pub fn start_at(addresses: Vec<ServerAddress>, token: String) -> (Self, mpsc::Receiver<Happening>) {
        let (commands, command_queue) = mpsc::channel(COMMANDS_MAX);
        let (happenings, program) = mpsc::channel(HAPPENINGS_MAX);
        let driver = Driver {
            addresses,
            token,
            commands: command_queue,
            happenings,
            session: Session::new(dice),
            untold: VecDeque::new(),
            unwritten: VecDeque::new(),
        };
        #[expect(clippy::disallowed_methods, reason = "the one task of a client; its handle aborts it")]
        let task = tokio::spawn(driver.run());
        (Self { commands, task }, program)
    }

    /// Sends a message; resolves when the server has acknowledged or refused it, however often the
    /// connection breaks in between. Messages take their places in the order of the calls.
    pub async fn send(
        &self,
        to: Receiver,
        id: ClientMessageId,
        content: Content,
    ) -> Result<Ack, ClientError> {
        let (reply, answer) = oneshot::channel();
        let command = Command::Send { to, id, content, reply };
        self.commands.send(command).await.map_err(|_| ClientError::Stopped)?;
        answer.await.map_err(|_| ClientError::Stopped)?
    }

    /// Passes on the entries of a chat after a seq, and all that follow. A direct chat may be one that
    /// has no entry yet. Called again for the same chat it begins anew from there.
    pub async fn follow(&self, chat: ChatId, after: Seq) -> Result<(), ClientError> {
        self.commands.send(Command::Follow { chat, after }).await.map_err(|_| ClientError::Stopped)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Driver {
    addresses: Vec<ServerAddress>,
    token: String,
    commands: mpsc::Receiver<Command>,
    happenings: mpsc::Sender<Happening>,
    session: Session,
    /// Happenings that the program has no room for yet; while there are any, nothing is read.
    untold: VecDeque<Happening>,
    /// Frames that the network has not taken yet; bounded by the outbox and the followed chats.
    unwritten: VecDeque<String>,
}

impl Driver {
    async fn run(mut self) {
        let mut backoff = Backoff::default();
        let mut attempts = 0usize;
        let mut elsewhere = None;
        loop {
            let fallback = self.addresses.get(attempts % self.addresses.len().max(1)).cloned();
            let Some(address) = elsewhere.take().or(fallback) else {
                return;
            };
            let error = match Socket::connect(&address, &self.token).await {
                Ok((socket, ready)) => {
                    let since = Instant::now();
                    let error = self.stay(socket, ready).await;
                    if since.elapsed() >= GOOD_AFTER {
                        backoff.reset();
                    }
                    error
                }
                Err(error) => {
                    attempts += 1;
                    error
                }
            };
            self.unwritten.clear();
            let goaway = self.session.broken();
            if !error.is_passing() {
                return self.end(error).await;
            }
            let retry_in = match &goaway {
                Some(Goaway { reconnect_in_ms, .. }) => {
                    lengthened(Duration::from_millis(*reconnect_in_ms), dice())
                }
                None => backoff.next(dice()),
            };
            elsewhere = goaway.and_then(|goaway| goaway.url).and_then(|url| url.parse().ok());
            self.untold.push_back(Happening::Disconnected { error, retry_in });
            if !self.tell_all().await {
                return;
            }
            tokio::time::sleep(retry_in).await;
        }
    }

    /// Tells the program that there is no coming back; whoever waits for an outcome learns it too.
    async fn end(mut self, error: ClientError) {
        self.untold.push_back(Happening::Ended(error));
        let mut happenings = std::mem::take(&mut self.untold);
        let program = self.happenings.clone();
        // Replies and commands go first: a program that waits for one of them takes no happening.
        drop(self);
        while let Some(happening) = happenings.pop_front() {
            if program.send(happening).await.is_err() {
                return;
            }
        }
    }

    /// `false`: the program does not listen any more.
    async fn tell_all(&mut self) -> bool {
        while let Some(happening) = self.untold.pop_front() {
            if self.happenings.send(happening).await.is_err() {
                return false;
            }
        }
        true
    }

    /// Works one connection until it breaks.
    async fn stay(&mut self, mut socket: Socket, ready: Ready) -> ClientError {
        let mut pulse = Pulse::new(ready.heartbeat_ms, Instant::now());
        self.session.connected(ready);
        loop {
            self.carry_out();
            if let Err(error) = self.step(&mut socket, &mut pulse).await {
                self.carry_out();
                return error;
            }
            let now = Instant::now();
            if self.session.wake_at().is_some_and(|at| at <= now) {
                self.session.wake();
            }
            match pulse.beats(now) {
                Ok(true) => self.session.ping(),
                Ok(false) => {}
                Err(error) => return error,
            }
        }
    }

    /// Waits for the next thing that happens, and lets the session decide about it.
    async fn step(&mut self, socket: &mut Socket, pulse: &mut Pulse) -> Result<(), ClientError> {
        let reading = self.untold.is_empty();
        pulse.sees(reading, self.unwritten.len(), Instant::now());
        let wake_at = self.session.wake_at().unwrap_or(pulse.beat_at).min(pulse.beat_at);
        tokio::select! {
            heard = socket.exchange(&mut self.unwritten, reading) => match heard? {
                Some(frame) => {
                    pulse.heard_at = Instant::now();
                    self.session.heard(frame, pulse.heard_at)
                }
                None => Ok(()),
            },
            room = self.happenings.reserve(), if !reading => {
                let room = room.map_err(|_| ClientError::Stopped)?;
                if let Some(happening) = self.untold.pop_front() {
                    room.send(happening);
                }
                Ok(())
            }
            command = self.commands.recv(), if self.session.has_room() => {
                self.session.command(command.ok_or(ClientError::Stopped)?);
                Ok(())
            }
            () = sleep_until(wake_at) => Ok(()),
        }
    }

    /// Puts what the session wants done into the queues.
    fn carry_out(&mut self) {
        while let Some(effect) = self.session.next_effect() {
            match effect {
                Effect::Write(frame) => self.unwritten.push_back(frame.to_json()),
                Effect::Tell(happening) => self.untold.push_back(happening),
                Effect::Answer(reply, outcome) => {
                    // Whoever asked may have gone.
                    let _ = reply.send(outcome);
                }
            }
        }
    }
}

/// The signs of life of one connection, in both directions.
struct Pulse {
    beat: Duration,
    beat_at: Instant,
    heard_at: Instant,
    taken_at: Instant,
    queued: usize,
}

impl Pulse {
    /// The server closes after two silent periods; the client says something twice in one.
    fn new(heartbeat_ms: u64, now: Instant) -> Self {
        let beat = Duration::from_millis((heartbeat_ms / 2).max(1));
        Self { beat, beat_at: now + beat, heard_at: now, taken_at: now, queued: 0 }
    }

    /// Silence counts only while somebody listens, and a frame that waits only while none is taken.
    fn sees(&mut self, reading: bool, queued: usize, now: Instant) {
        if !reading {
            self.heard_at = now;
        }
        if queued == 0 || queued < self.queued {
            self.taken_at = now;
        }
        self.queued = queued;
    }

    /// Whether a sign of life is due. The error says that the connection is dead.
    fn beats(&mut self, now: Instant) -> Result<bool, ClientError> {
        if now < self.beat_at {
            return Ok(false);
        }
        self.beat_at = now + self.beat;
        if now - self.heard_at >= self.beat * 4 {
            return Err(ClientError::Broken("the server is silent".to_owned()));
        }
        if now - self.taken_at >= WRITE_MAX {
            return Err(ClientError::Broken("the server does not read".to_owned()));
        }
        Ok(true)
    }
}
