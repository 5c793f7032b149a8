//! A network between clients and the server that can be cut: every connection ends in the middle of
//! whatever is under way, in both directions, without a word.

use std::net::SocketAddr;
use std::sync::Arc;

use chinwag_client_native::ServerAddress;
use chinwag_server::node::tasks::Tasks;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::server::Server;

/// A listener that passes connections on to a server, wherever that listens just now.
pub struct Cutter {
    address: SocketAddr,
    cuts: watch::Sender<u64>,
    tasks: Tasks,
}

impl Cutter {
    /// Begins to pass connections on.
    pub async fn before(server: &Arc<Server>) -> Self {
        let (listener, address) = bind().await;
        Self::pass(listener, address, server)
    }

    /// Starts a server that sends its clients to the cutter, also after it was started again elsewhere.
    pub async fn with_server() -> (Arc<Server>, Self) {
        let (listener, address) = bind().await;
        let server = Server::with(&[("server.public_url", &format!("http://{address}"))]).await;
        let cutter = Self::pass(listener, address, &server);
        (server, cutter)
    }

    fn pass(listener: TcpListener, address: SocketAddr, server: &Arc<Server>) -> Self {
        let cuts = watch::Sender::new(0);
        let tasks = Tasks::default();
        let (server, connections, cut) = (Arc::clone(server), tasks.clone(), cuts.clone());
        let accepting = tasks.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (to, mut cut) = (server.socket_address(), cut.subscribe());
                let passing = connections.spawn(async move {
                    tokio::select! {
                        () = pass_on(client, to) => {}
                        _ = cut.changed() => {}
                    }
                });
                if passing.is_err() {
                    return;
                }
            }
        });
        accepting.expect("it has just begun");
        Self { address, cuts, tasks }
    }

    /// Where clients find the WebSocket.
    pub fn ws_address(&self) -> ServerAddress {
        format!("ws://{}/ws", self.address).parse().expect("an address")
    }

    /// Where clients find the server.
    pub fn address(&self) -> ServerAddress {
        format!("http://{}", self.address).parse().expect("an address")
    }

    /// Cuts all connections that there are.
    pub fn cuts(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }
}

impl Drop for Cutter {
    fn drop(&mut self) {
        self.tasks.abort();
    }
}

async fn bind() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    (listener, address)
}

async fn pass_on(mut client: TcpStream, to: SocketAddr) {
    if let Ok(mut server) = TcpStream::connect(to).await {
        // How it ends is of no interest: both sides learn it.
        let _ = copy_bidirectional(&mut client, &mut server).await;
    }
}
