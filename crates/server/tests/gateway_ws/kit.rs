//! A gateway over in-memory twins with a real listener, and clients as small typed actors.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chinwag_chat::Ask;
use chinwag_ports::directory::{CreateUser, NewDevice, TokenHash};
use chinwag_ports::twins::{
    FakeClock, MemoryBus, MemoryCursors, MemoryDirectory, MemoryDiscovery, MemoryLedger, MemoryPresence,
};
use chinwag_ports::{Accounts, Appended, Clock, Devices, LiveBus, Memberships};
use chinwag_proto::entry::History;
use chinwag_proto::frame::{Ack, ErrorFrame, Page, Ready};
use chinwag_proto::rest::CreateChat;
use chinwag_proto::text::RequestId;
use chinwag_proto::{
    Body, ChatId, Content, DeviceId, Entry, Limits, Seq, ServerFrame, UserId,
};
use chinwag_server::gateway::{Gateway, GatewaySettings};
use chinwag_server::node::tasks::Tasks;
use chinwag_server::service::auth::Auth;
use chinwag_server::service::fanout::Fanout;
use chinwag_server::service::ids::IdGenerator;
use chinwag_server::service::sending::Request as Asked;
use chinwag_server::service::{Caller, Ports, Services};
use futures_util::{SinkExt, StreamExt};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderValue, Request, Response};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};

/// Nothing in these tests takes so long unless it does not happen at all.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

/// How a world differs from the usual one.
pub(crate) struct Setup {
    pub(crate) limits: Limits,
    pub(crate) settings: GatewaySettings,
    pub(crate) grace: Duration,
}

impl Default for Setup {
    fn default() -> Self {
        let mut settings = GatewaySettings::new(3, 7);
        settings.beat = Duration::from_millis(20);
        let limits = Limits { sends_per_second: 1_000_000, sends_burst: 1_000_000, ..Limits::default() };
        Self { limits, settings, grace: Duration::from_secs(10) }
    }
}

/// A node's gateway with its engines.
pub(crate) struct World {
    pub(crate) services: Arc<Services>,
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) directory: Arc<MemoryDirectory>,
    pub(crate) ledger: Arc<MemoryLedger>,
    pub(crate) bus: Arc<MemoryBus>,
    pub(crate) presence: Arc<MemoryPresence>,
    pub(crate) address: SocketAddr,
    tasks: Tasks,
}

impl World {
    pub(crate) async fn start() -> Arc<Self> {
        Self::with(Setup::default()).await
    }

    pub(crate) async fn limited(change: impl FnOnce(&mut Limits)) -> Arc<Self> {
        let mut setup = Setup::default();
        change(&mut setup.limits);
        Self::with(setup).await
    }

    pub(crate) async fn with(setup: Setup) -> Arc<Self> {
        let clock = Arc::new(FakeClock::default());
        let directory = Arc::new(MemoryDirectory::new());
        let bus = Arc::new(MemoryBus::new());
        let memberships: Arc<dyn Memberships> = directory.clone();
        let fanout = Fanout::new(memberships, Arc::clone(&bus) as Arc<dyn LiveBus>);
        let ledger = Arc::new(MemoryLedger::new(Arc::new(fanout)));
        let presence = Arc::new(MemoryPresence::new());
        let discovery = Arc::new(MemoryDiscovery::new());
        let ports = Ports {
            ledger: ledger.clone(),
            accounts: directory.clone(),
            profiles: directory.clone(),
            invites: directory.clone(),
            devices: directory.clone(),
            contacts: directory.clone(),
            memberships: directory.clone(),
            reservations: directory.clone(),
            cursors: Arc::new(MemoryCursors::new()),
            live_bus: bus.clone(),
            presence: presence.clone(),
            discovery: discovery.clone(),
            id_lease: discovery.clone(),
            clock: clock.clone(),
        };
        let ids = Arc::new(IdGenerator::start(clock.clone(), discovery, 3).await.unwrap());
        let mut services = Services::new(ports, Arc::new(setup.limits), ids);
        services.presences = services.presences.with_grace(setup.grace);
        let services = Arc::new(services);
        let gateway = Gateway::new(Arc::clone(&services), setup.settings);
        let (address, tasks) = listen(&gateway).await;
        Arc::new(Self { services, gateway, clock, directory, ledger, bus, presence, address, tasks })
    }

    /// Makes a user.
    pub(crate) async fn person(self: &Arc<Self>, name: &str) -> Person {
        let id = self.services.ids.user().await.unwrap();
        let user = CreateUser {
            id,
            username: name.parse().unwrap(),
            display_name: name.parse().unwrap(),
            email: None,
            password_hash: "none".to_owned(),
            created_at: self.clock.now(),
            invite: None,
        };
        self.directory.create(user).await.unwrap();
        Person { world: Arc::clone(self), id }
    }

    /// Makes a user and connects a device of his.
    pub(crate) async fn client(self: &Arc<Self>, name: &str) -> Client {
        self.person(name).await.connects().await
    }

    /// Connects without authenticating.
    pub(crate) async fn socket(&self, subprotocol: Option<&str>) -> WebSocketStream<TcpStream> {
        let headers: Vec<_> = subprotocol.iter().map(|&name| ("sec-websocket-protocol", name)).collect();
        self.upgrade(&headers).await.unwrap().0
    }

    /// Asks for a WebSocket with these headers.
    pub(crate) async fn upgrade(
        &self,
        headers: &[(&'static str, &str)],
    ) -> Result<(WebSocketStream<TcpStream>, Response<Option<Vec<u8>>>), tungstenite::Error> {
        let mut request = format!("ws://{}/ws", self.address).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().append(*name, HeaderValue::from_str(value).unwrap());
        }
        let stream = TcpStream::connect(self.address).await.unwrap();
        Self::upgrade_on(stream, request).await
    }

    async fn upgrade_on(
        stream: TcpStream,
        request: Request<()>,
    ) -> Result<(WebSocketStream<TcpStream>, Response<Option<Vec<u8>>>), tungstenite::Error> {
        let config = WebSocketConfig::default().max_message_size(Some(4 << 20)).max_frame_size(Some(4 << 20));
        tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await
    }

    /// A group of these; the first is its owner.
    pub(crate) async fn group(&self, members: &[&Client]) -> ChatId {
        let (owner, others) = members.split_first().unwrap();
        let body = CreateChat {
            title: Some("lunch".parse().unwrap()),
            members: others.iter().map(|other| other.user).collect(),
            encryption: Default::default(),
            history: History::Joined,
            client_message_id: None,
        };
        self.services.sending.create_group(owner.caller(), body).await.unwrap().0
    }

    /// Asks something of a chat as REST does: on no connection.
    pub(crate) async fn asks(&self, caller: Caller, chat: ChatId, ask: Ask) -> Entry {
        let request = Asked { chat, id: None, resend: true, after: None, ask };
        match self.services.sending.send(caller, request).await.unwrap() {
            Appended::Committed(entry) => Entry::clone(&entry),
            other => panic!("{other:?}"),
        }
    }

    /// Waits until something is so.
    pub(crate) async fn eventually(&self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
        let waiting = async {
            while !is_so(self) {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(DEADLINE, waiting).await.unwrap_or_else(|_| panic!("never so: {what}"));
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.tasks.abort();
    }
}

async fn listen(gateway: &Arc<Gateway>) -> (SocketAddr, Tasks) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = TowerToHyperService::new(gateway.routes());
    let tasks = Tasks::default();
    let connections = tasks.clone();
    tasks
        .spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let service = router.clone();
                let served = connections.spawn(async move {
                    drop(http1::Builder::new().serve_connection(TokioIo::new(tcp), service).with_upgrades().await);
                });
                if served.is_err() {
                    return;
                }
            }
        })
        .unwrap();
    (address, tasks)
}

/// A user.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) world: Arc<World>,
    pub(crate) id: UserId,
}

impl Person {
    /// Logs a new device in; answers it and its token.
    pub(crate) async fn logs_in(&self) -> (DeviceId, String) {
        let id = self.world.services.ids.device().await.unwrap();
        let token = format!("token of {id}");
        let device = NewDevice {
            id,
            user: self.id,
            name: "device".parse().unwrap(),
            token: Auth::hash(&token),
            expires_at: self.world.clock.now().plus_ms(1_000_000_000),
            created_at: self.world.clock.now(),
        };
        assert!(self.world.directory.add_device(device, 100).await.unwrap());
        (id, token)
    }

    /// A new device that uses REST alone.
    pub(crate) async fn as_a_script(&self) -> Caller {
        Caller { user: self.id, device: self.logs_in().await.0 }
    }

    /// Connects a new device.
    pub(crate) async fn connects(&self) -> Client {
        let (device, token) = self.logs_in().await;
        self.connects_again(device, &token).await
    }

    /// Connects a device that is logged in.
    pub(crate) async fn connects_again(&self, device: DeviceId, token: &str) -> Client {
        let socket = self.world.socket(Some("chinwag.v1")).await;
        self.authenticates(socket, device, token, false).await
    }

    /// Connects a new device whose system takes little while it does not read.
    pub(crate) async fn connects_narrowly(&self) -> Client {
        let (device, token) = self.logs_in().await;
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(256 * 1024).unwrap();
        let stream = socket.connect(self.world.address).await.unwrap();
        let request = format!("ws://{}/ws", self.world.address).into_client_request().unwrap();
        let (socket, _) = World::upgrade_on(stream, request).await.unwrap();
        self.authenticates(socket, device, &token, false).await
    }

    /// Connects a new device that speaks CBOR.
    pub(crate) async fn connects_with_cbor(&self) -> Client {
        let (device, token) = self.logs_in().await;
        let socket = self.world.socket(Some("chinwag.v1.cbor")).await;
        self.authenticates(socket, device, &token, true).await
    }

    async fn authenticates(
        &self,
        socket: WebSocketStream<TcpStream>,
        device: DeviceId,
        token: &str,
        cbor: bool,
    ) -> Client {
        let mut client = Client {
            world: Arc::clone(&self.world),
            user: self.id,
            device,
            token: token.to_owned(),
            socket,
            cbor,
            received: VecDeque::new(),
            asked: 0,
        };
        client.says(json!({"type": "auth", "token": token})).await;
        let ready = client.hears("ready", |frame| match frame {
            ServerFrame::Ready(ready) => Some(ready),
            _ => None,
        });
        let ready: Ready = ready.await;
        assert_eq!((ready.user_id, ready.device_id), (self.id, device));
        client
    }
}

/// A device that is connected.
pub(crate) struct Client {
    pub(crate) world: Arc<World>,
    pub(crate) user: UserId,
    pub(crate) device: DeviceId,
    pub(crate) token: String,
    pub(crate) socket: WebSocketStream<TcpStream>,
    cbor: bool,
    /// Frames that were passed over while another was waited for.
    pub(crate) received: VecDeque<ServerFrame>,
    asked: u64,
}

impl Client {
    pub(crate) fn caller(&self) -> Caller {
        Caller { user: self.user, device: self.device }
    }

    pub(crate) fn person(&self) -> Person {
        Person { world: Arc::clone(&self.world), id: self.user }
    }

    pub(crate) fn chat_with(&self, other: &Self) -> ChatId {
        ChatId::direct(self.user, other.user)
    }

    /// The id of the next request.
    pub(crate) fn next_id(&mut self) -> u64 {
        self.asked += 1;
        self.asked
    }

    pub(crate) async fn says(&mut self, frame: Value) {
        let text = frame.to_string();
        let message = if self.cbor {
            Message::binary(chinwag_proto::cbor::from_json(&text).unwrap())
        } else {
            Message::text(text)
        };
        self.socket.send(message).await.unwrap();
    }

    /// Sends a text without waiting; answers the request's id.
    pub(crate) async fn begins_to_send(&mut self, text: &str, chat: ChatId) -> u64 {
        let id = self.next_id();
        let message = format!("m{id}-{}", self.device);
        self.says(json!({"type": "send", "id": id, "chatId": chat, "clientMessageId": message, "content": text})).await;
        id
    }

    /// Sends a text and waits for its acknowledgment.
    pub(crate) async fn sends(&mut self, text: &str, chat: ChatId) -> Ack {
        let id = self.begins_to_send(text, chat).await;
        self.ack(id).await
    }

    /// Asks something that is acknowledged.
    pub(crate) async fn asks(&mut self, mut frame: Value) -> Ack {
        let id = self.next_id();
        frame["id"] = json!(id);
        self.says(frame).await;
        self.ack(id).await
    }

    /// Asks something that is refused.
    pub(crate) async fn is_refused(&mut self, mut frame: Value) -> ErrorFrame {
        let id = self.next_id();
        frame["id"] = json!(id);
        self.says(frame).await;
        let error = self.error().await;
        assert_eq!(error.id, Some(RequestId::Number(id)));
        error
    }

    pub(crate) async fn ack(&mut self, id: u64) -> Ack {
        let id = RequestId::Number(id);
        self.hears("ack", |frame| match frame {
            ServerFrame::Ack(ack) if ack.id == id => Some(ack),
            ServerFrame::Error(error) if error.id.as_ref() == Some(&id) => panic!("refused: {error:?}"),
            _ => None,
        })
        .await
    }

    pub(crate) async fn error(&mut self) -> ErrorFrame {
        self.hears("error", |frame| match frame {
            ServerFrame::Error(error) => Some(error),
            _ => None,
        })
        .await
    }

    /// The next live entry.
    pub(crate) async fn entry(&mut self) -> Entry {
        self.hears("entry", |frame| match frame {
            ServerFrame::Entry(entry) => Some(entry),
            _ => None,
        })
        .await
    }

    /// The text of the next live message.
    pub(crate) async fn reads(&mut self) -> String {
        text_of(&self.entry().await)
    }

    pub(crate) async fn syncs(&mut self, chat: ChatId, after: u64) -> Page {
        let id = self.next_id();
        self.says(json!({"type": "sync", "id": id, "chatId": chat, "after": after})).await;
        self.hears("entries", |frame| match frame {
            ServerFrame::Entries(page) => Some(page),
            ServerFrame::Error(error) => panic!("refused: {error:?}"),
            _ => None,
        })
        .await
    }

    /// The next frame that is asked for, from those passed over or from the socket.
    pub(crate) async fn hears<T>(&mut self, what: &str, wanted: impl Fn(ServerFrame) -> Option<T>) -> T {
        for at in 0..self.received.len() {
            if let Some(found) = wanted(self.received[at].clone()) {
                self.received.remove(at);
                return found;
            }
        }
        loop {
            let frame = timeout(DEADLINE, self.next()).await.unwrap_or_else(|_| panic!("no {what} came"));
            let frame = frame.unwrap_or_else(|code| panic!("closed with {code} instead of {what}"));
            match wanted(frame.clone()) {
                Some(found) => return found,
                None => self.received.push_back(frame),
            }
        }
    }

    /// The next frame from the socket, or the close code (0: none).
    pub(crate) async fn next(&mut self) -> Result<ServerFrame, u16> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) if !self.cbor => {
                    return Ok(ServerFrame::parse(&text).unwrap_or_else(|error| panic!("{error}: {text}")));
                }
                Some(Ok(Message::Binary(bytes))) if self.cbor => {
                    let text = chinwag_proto::cbor::to_json(&bytes).unwrap();
                    return Ok(ServerFrame::parse(&text).unwrap_or_else(|error| panic!("{error}: {text}")));
                }
                Some(Ok(Message::Close(Some(frame)))) => return Err(frame.code.into()),
                Some(Ok(Message::Pong(_) | Message::Ping(_))) => {}
                _ => return Err(0),
            }
        }
    }

    /// Everything that was written before the server answers to this: frames passed over, too.
    pub(crate) async fn drains(&mut self) -> Vec<ServerFrame> {
        let id = self.next_id();
        self.says(json!({"type": "ping", "id": id})).await;
        self.hears("pong", |frame| match frame {
            ServerFrame::Pong(pong) if pong.id == RequestId::Number(id) => Some(()),
            _ => None,
        })
        .await;
        self.received.drain(..).collect()
    }

    /// Nothing has been told to this client that it was not waiting for.
    pub(crate) async fn hears_nothing(&mut self) {
        assert_eq!(self.drains().await, []);
    }

    /// The code with which the server closes; frames before it are passed over.
    pub(crate) async fn is_closed(&mut self) -> u16 {
        let waiting = async {
            loop {
                match self.next().await {
                    Ok(frame) => self.received.push_back(frame),
                    Err(code) => return code,
                }
            }
        };
        timeout(DEADLINE, waiting).await.expect("the connection stays open")
    }

    /// Waits until frames of a kind have been told, and passes over everything else.
    pub(crate) async fn forgets(&mut self) {
        self.drains().await;
    }
}

/// The text of a message.
pub(crate) fn text_of(entry: &Entry) -> String {
    match &entry.body {
        Body::Message { content: Some(content), .. } => content.fallback(),
        other => panic!("no message: {}", other.kind()),
    }
}

/// The seqs of the live entries and acknowledgments of a chat, in the order in which they came.
pub(crate) fn seqs(frames: &[ServerFrame], chat: ChatId) -> Vec<u64> {
    let of = |frame: &ServerFrame| match frame {
        ServerFrame::Entry(entry) if entry.chat_id == chat => Some(entry.seq.get()),
        ServerFrame::Ack(ack) if ack.chat_id == chat => Some(ack.seq.get()),
        _ => None,
    };
    frames.iter().filter_map(of).collect()
}

pub(crate) fn message(text: &str) -> Ask {
    Ask::Message { content: Content::text(text), reply_to: None }
}

pub(crate) fn seq(number: u64) -> Seq {
    Seq::clamped(number)
}

/// A socket that was not authenticated: the code with which it is closed.
pub(crate) async fn close_code(socket: &mut WebSocketStream<TcpStream>) -> u16 {
    let waiting = async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(_)) => {}
                _ => return 0,
            }
        }
    };
    timeout(DEADLINE, waiting).await.expect("the socket stays open")
}

/// The hash under which a token is stored.
pub(crate) fn hash(token: &str) -> TokenHash {
    Auth::hash(token)
}
