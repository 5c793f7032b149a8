//! A gateway over in-memory twins with a real listener, and clients as small typed actors.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chinwag_chat::Ask;
use chinwag_ports::directory::{CreateUser, NewDevice, TokenHash};
use chinwag_ports::twins::{
    FakeClock, MemoryBackups, MemoryBlobs, MemoryBus, MemoryCursors, MemoryDirectory, MemoryDiscovery,
    MemoryLedger, MemoryPresence,
};
use chinwag_ports::{Accounts, Appended, Clock, Devices, LiveBus, Memberships};
use chinwag_proto::entry::History;
use chinwag_proto::frame::Ready;
use chinwag_proto::rest::CreateChat;
use chinwag_proto::{ChatId, Content, DeviceId, Entry, Limits, Seq, ServerFrame, UserId};
use chinwag_server::gateway::{Gateway, GatewaySettings};
use chinwag_server::node::tasks::Tasks;
use chinwag_server::service::auth::Auth;
use chinwag_server::service::fanout::Fanout;
use chinwag_server::service::ids::IdGenerator;
use chinwag_server::service::sending::Request as Asked;
use chinwag_server::service::{Caller, Ports, Services};
use futures_util::StreamExt;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use serde_json::json;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderValue, Request, Response};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, Message};

use super::client::Client;

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
            key_packages: directory.clone(),
            device_chains: directory.clone(),
            blob_book: directory.clone(),
            contacts: directory.clone(),
            memberships: directory.clone(),
            reservations: directory.clone(),
            cursors: Arc::new(MemoryCursors::new()),
            backups: Arc::new(MemoryBackups::new()),
            blobs: Arc::new(MemoryBlobs::new()),
            live_bus: bus.clone(),
            presence: presence.clone(),
            discovery: discovery.clone(),
            id_lease: discovery.clone(),
            clock: clock.clone(),
        };
        let (services, gateway) = node(ports, setup).await;
        let (address, tasks) = listen(&gateway).await;
        Arc::new(Self { services, gateway, clock, directory, ledger, bus, presence, address, tasks })
    }

    /// Another node on the same engines.
    pub(crate) async fn another_node(&self) -> Arc<Self> {
        let mut setup = Setup::default();
        (setup.settings.node, setup.settings.incarnation) = (4, 1);
        let bus = Arc::new(self.bus.another_node());
        let ports = Ports { live_bus: bus.clone(), ..self.services.ports.clone() };
        let (services, gateway) = node(ports, setup).await;
        let (address, tasks) = listen(&gateway).await;
        Arc::new(Self {
            services,
            gateway,
            clock: Arc::clone(&self.clock),
            directory: Arc::clone(&self.directory),
            ledger: Arc::clone(&self.ledger),
            bus,
            presence: Arc::clone(&self.presence),
            address,
            tasks,
        })
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
        self.gateway.abort();
    }
}

async fn node(ports: Ports, setup: Setup) -> (Arc<Services>, Arc<Gateway>) {
    let (clock, lease) = (Arc::clone(&ports.clock), Arc::clone(&ports.id_lease));
    let ids = Arc::new(IdGenerator::start(clock, lease, setup.settings.node).await.unwrap());
    let mut services = Services::new(ports, Arc::new(setup.limits), ids);
    services.presences = services.presences.with_grace(setup.grace);
    let services = Arc::new(services);
    let gateway = Gateway::new(Arc::clone(&services), setup.settings);
    (services, gateway)
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
                    drop(
                        http1::Builder::new()
                            .serve_connection(TokioIo::new(tcp), service)
                            .with_upgrades()
                            .await,
                    );
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

    /// The same user, to connect to another node.
    pub(crate) fn at(&self, world: &Arc<World>) -> Self {
        Self { world: Arc::clone(world), id: self.id }
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
