//! A client that stays connected: it comes back with back-off and jitter, resends what was not
//! acknowledged, and passes the entries of followed chats on without a hole, each once, in order.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use chinwag_proto::frame::{Ack, ErrorFrame, Page, Ping, Ready, Receiver, Send, Sync, Tag};
use chinwag_proto::text::RequestId;
use chinwag_proto::{ChatId, ClientFrame, ClientMessageId, Code, Content, Entry, Seq, ServerFrame};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::backoff::{Backoff, dice};
use crate::follow::{Follow, Step};
use crate::{ClientError, ServerAddress, Socket};

/// Commands that may wait.
const COMMANDS_MAX: usize = 64;
/// Messages that may await their acknowledgment; more wait unread.
const OUTBOX_MAX: usize = 256;
/// Happenings that may wait for the program; then the socket is not read any more.
const HAPPENINGS_MAX: usize = 256;
/// Entries asked for at once.
const PAGE: u32 = 200;

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
    /// The next entry of a followed chat. An own message of this connection comes as its `Acked`.
    Entry(Box<Entry>),
    /// An own message stands in a followed chat.
    Acked(Ack),
    /// The client has passed on all there is of a followed chat.
    CaughtUp {
        /// The chat.
        chat: ChatId,
    },
    /// Any other frame.
    Frame(Box<ServerFrame>),
    /// The client has ended for good.
    Ended(ClientError),
}

enum Command {
    Send { to: Receiver, id: ClientMessageId, content: Content, reply: oneshot::Sender<Result<Ack, ClientError>> },
    Follow { chat: ChatId, after: Seq },
}

/// A handle on a client; the connection ends when it is dropped.
pub struct Client {
    commands: mpsc::Sender<Command>,
    task: JoinHandle<()>,
}

impl Client {
    /// Begins to connect to the WebSocket address with a device's token.
    pub fn start(address: ServerAddress, token: String) -> (Self, mpsc::Receiver<Happening>) {
        let (commands, command_queue) = mpsc::channel(COMMANDS_MAX);
        let (happenings, program) = mpsc::channel(HAPPENINGS_MAX);
        let driver = Driver {
            address,
            token,
            commands: command_queue,
            happenings,
            outbox: VecDeque::new(),
            follows: BTreeMap::new(),
            requests: 0,
        };
        #[expect(clippy::disallowed_methods, reason = "the one task of a client; its handle aborts it")]
        let task = tokio::spawn(driver.run());
        (Self { commands, task }, program)
    }

    /// Sends a message; resolves when the server has acknowledged or refused it, however often the
    /// connection breaks in between.
    pub async fn send(&self, to: Receiver, id: ClientMessageId, content: Content) -> Result<Ack, ClientError> {
        let (reply, answer) = oneshot::channel();
        let command = Command::Send { to, id, content, reply };
        self.commands.send(command).await.map_err(|_| ClientError::Stopped)?;
        answer.await.map_err(|_| ClientError::Stopped)?
    }

    /// Passes on the entries of a chat after a seq, and all that follow.
    pub async fn follow(&self, chat: ChatId, after: Seq) -> Result<(), ClientError> {
        self.commands.send(Command::Follow { chat, after }).await.map_err(|_| ClientError::Stopped)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A message that is not acknowledged yet.
struct Waiting {
    request: u64,
    frame: Send,
    /// It went out on some connection: whoever sends it again says so.
    sent: bool,
    reply: oneshot::Sender<Result<Ack, ClientError>>,
}

struct Driver {
    address: ServerAddress,
    token: String,
    commands: mpsc::Receiver<Command>,
    happenings: mpsc::Sender<Happening>,
    outbox: VecDeque<Waiting>,
    follows: BTreeMap<ChatId, Follow>,
    requests: u64,
}

impl Driver {
    async fn run(mut self) {
        let mut backoff = Backoff::default();
        loop {
            let error = match Socket::connect(&self.address, &self.token).await {
                Ok((socket, ready)) => {
                    backoff.reset();
                    self.stay(socket, ready).await
                }
                Err(error) => error,
            };
            if !error.is_passing() {
                self.end(error).await;
                return;
            }
            let retry_in = backoff.next(dice());
            if self.happenings.send(Happening::Disconnected { error, retry_in }).await.is_err() {
                return;
            }
            tokio::time::sleep(retry_in).await;
        }
    }

    /// Tells the program, and everyone who waits, that there is no coming back.
    async fn end(&mut self, error: ClientError) {
        for waiting in self.outbox.drain(..) {
            let _ = waiting.reply.send(Err(ClientError::Stopped));
        }
        let _ = self.happenings.send(Happening::Ended(error)).await;
    }

    /// Works one connection until it breaks.
    async fn stay(&mut self, mut socket: Socket, ready: Ready) -> ClientError {
        let beat = Duration::from_millis((ready.heartbeat_ms / 2).max(1));
        match self.begin(&mut socket, ready).await {
            Ok(()) => {}
            Err(error) => return error,
        }
        let mut heartbeat = tokio::time::interval_at(Instant::now() + beat, beat);
        loop {
            let step = tokio::select! {
                frame = socket.next() => match frame {
                    Ok(frame) => self.on_frame(&mut socket, frame).await,
                    Err(error) => Err(error),
                },
                command = self.commands.recv(), if self.outbox.len() < OUTBOX_MAX => match command {
                    Some(command) => self.on_command(&mut socket, command).await,
                    None => Err(ClientError::Stopped),
                },
                _ = heartbeat.tick() => {
                    let id = self.next_request();
                    socket.send(&ClientFrame::Ping(Ping { tag: Tag, id: RequestId::Number(id) })).await
                }
            };
            if let Err(error) = step {
                return error;
            }
        }
    }

    /// Resends the outbox, in its order, and syncs every followed chat.
    async fn begin(&mut self, socket: &mut Socket, ready: Ready) -> Result<(), ClientError> {
        self.tell(Happening::Connected(ready)).await?;
        for waiting in &mut self.outbox {
            waiting.frame.resend = waiting.sent;
            waiting.sent = true;
            socket.send(&ClientFrame::Send(waiting.frame.clone())).await?;
        }
        let chats: Vec<_> = self.follows.keys().copied().collect();
        for chat in chats {
            if let Some(follow) = self.follows.get_mut(&chat) {
                follow.syncing = None;
            }
            self.sync(socket, chat).await?;
        }
        Ok(())
    }

    async fn on_command(&mut self, socket: &mut Socket, command: Command) -> Result<(), ClientError> {
        match command {
            Command::Send { to, id, content, reply } => {
                let request = self.next_request();
                let frame = Send {
                    tag: Tag,
                    id: RequestId::Number(request),
                    chat_id: None,
                    to: Some(to),
                    client_message_id: id,
                    content,
                    reply_to: None,
                    resend: false,
                    after: None,
                };
                let sent = ClientFrame::Send(frame.clone());
                self.outbox.push_back(Waiting { request, frame, sent: true, reply });
                socket.send(&sent).await
            }
            Command::Follow { chat, after } => {
                self.follows.insert(chat, Follow::after(after));
                self.sync(socket, chat).await
            }
        }
    }

    async fn on_frame(&mut self, socket: &mut Socket, frame: ServerFrame) -> Result<(), ClientError> {
        match frame {
            ServerFrame::Ack(ack) => {
                let followed = self.follows.contains_key(&ack.chat_id);
                if followed && self.passes(socket, ack.chat_id, ack.seq).await? {
                    self.tell(Happening::Acked(ack.clone())).await?;
                }
                if let Some(waiting) = self.take(&ack.id) {
                    let _ = waiting.reply.send(Ok(ack));
                }
                Ok(())
            }
            ServerFrame::Error(error) => self.on_error(socket, error).await,
            ServerFrame::Entry(entry) if self.follows.contains_key(&entry.chat_id) => {
                if self.passes(socket, entry.chat_id, entry.seq).await? {
                    self.tell(Happening::Entry(Box::new(entry))).await?;
                }
                Ok(())
            }
            ServerFrame::Entries(page) => self.on_page(socket, page).await,
            ServerFrame::Resync(resync) => {
                let all = resync.all == Some(true);
                let named: Vec<_> = resync.chats.unwrap_or_default().iter().map(|chat| chat.chat_id).collect();
                let chats: Vec<_> = self.follows.keys().copied().filter(|chat| all || named.contains(chat)).collect();
                for chat in chats {
                    self.sync(socket, chat).await?;
                }
                Ok(())
            }
            ServerFrame::Pong(_) | ServerFrame::Unknown => Ok(()),
            other => self.tell(Happening::Frame(Box::new(other))).await,
        }
    }

    async fn on_error(
        &mut self,
        socket: &mut Socket,
        error: ErrorFrame,
    ) -> Result<(), ClientError> {
        let passing = matches!(error.code, Code::RateLimited | Code::Unavailable | Code::Internal);
        let waiting = error.id.as_ref().and_then(|id| self.position(id));
        match waiting {
            Some(at) if passing => {
                tokio::time::sleep(Duration::from_millis(error.retry_after_ms.unwrap_or(500).min(30_000))).await;
                if let Some(waiting) = self.outbox.get_mut(at) {
                    waiting.frame.resend = true;
                    let frame = ClientFrame::Send(waiting.frame.clone());
                    socket.send(&frame).await?;
                }
                Ok(())
            }
            Some(at) => {
                if let Some(waiting) = self.outbox.remove(at) {
                    let ErrorFrame { code, detail, retry_after_ms, .. } = error;
                    let _ = waiting.reply.send(Err(ClientError::Refused { code, detail, retry_after_ms }));
                }
                Ok(())
            }
            None => self.on_sync_error(error).await,
        }
    }

    /// A direct chat that has no entry yet is not there: its first entry will come live.
    async fn on_sync_error(&mut self, error: ErrorFrame) -> Result<(), ClientError> {
        let request = match error.id {
            Some(RequestId::Number(request)) => Some(request),
            _ => None,
        };
        let refused = self.follows.iter_mut().find(|(_, follow)| request.is_some() && follow.syncing == request);
        if let Some((&chat, follow)) = refused {
            follow.syncing = None;
            if error.code == Code::NotFound && matches!(chat, ChatId::Direct(..)) && follow.last == Seq::ZERO {
                return self.tell(Happening::CaughtUp { chat }).await;
            }
        }
        self.tell(Happening::Frame(Box::new(ServerFrame::Error(error)))).await
    }

    async fn on_page(&mut self, socket: &mut Socket, page: Page) -> Result<(), ClientError> {
        let chat = page.chat_id;
        let Some(follow) = self.follows.get_mut(&chat) else {
            return Ok(());
        };
        let (entries, more) = follow.on_page(page);
        for entry in entries {
            self.tell(Happening::Entry(Box::new(entry))).await?;
        }
        if more { self.sync(socket, chat).await } else { self.tell(Happening::CaughtUp { chat }).await }
    }

    /// Whether a live entry is the next one; what is missing before it is asked for.
    async fn passes(&mut self, socket: &mut Socket, chat: ChatId, seq: Seq) -> Result<bool, ClientError> {
        let step = self.follows.get_mut(&chat).map(|follow| follow.on_live(seq));
        match step {
            Some(Step::Pass) => Ok(true),
            Some(Step::Missing) => self.sync(socket, chat).await.map(|()| false),
            Some(Step::Known) | None => Ok(false),
        }
    }

    async fn sync(&mut self, socket: &mut Socket, chat: ChatId) -> Result<(), ClientError> {
        let request = self.next_request();
        let Some(follow) = self.follows.get_mut(&chat).filter(|follow| follow.syncing.is_none()) else {
            return Ok(());
        };
        follow.syncing = Some(request);
        let (id, after) = (RequestId::Number(request), follow.last);
        socket.send(&ClientFrame::Sync(Sync { tag: Tag, id, chat_id: chat, after, limit: Some(PAGE) })).await
    }

    fn position(&self, id: &RequestId) -> Option<usize> {
        let RequestId::Number(request) = *id else { return None };
        self.outbox.iter().position(|waiting| waiting.request == request)
    }

    fn take(&mut self, id: &RequestId) -> Option<Waiting> {
        self.position(id).and_then(|at| self.outbox.remove(at))
    }

    fn next_request(&mut self) -> u64 {
        self.requests += 1;
        self.requests
    }

    async fn tell(&self, happening: Happening) -> Result<(), ClientError> {
        self.happenings.send(happening).await.map_err(|_| ClientError::Stopped)
    }
}

