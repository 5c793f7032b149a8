//! A network that can be switched off: connections through it end, and new ones are dropped.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;

pub(crate) struct Network {
    address: SocketAddr,
    to: Arc<Mutex<Option<SocketAddr>>>,
    on: watch::Sender<bool>,
    _runtime: Runtime,
}

impl Network {
    pub(crate) fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let to = Arc::new(Mutex::new(None));
        let on = watch::Sender::new(true);
        let (place, switch) = (Arc::clone(&to), on.clone());
        runtime.spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let to: Option<SocketAddr> = *place.lock().unwrap();
                let mut on = switch.subscribe();
                if let Some(to) = to.filter(|_| *on.borrow_and_update()) {
                    connections.spawn(async move {
                        tokio::select! {
                            () = pass_on(client, to) => {}
                            _ = on.changed() => {}
                        }
                    });
                }
            }
        });
        Self { address, to, on, _runtime: runtime }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn leads_to(&self, port: u16) {
        *self.to.lock().unwrap() = Some(SocketAddr::from(([127, 0, 0, 1], port)));
    }

    pub(crate) fn switch(&self, on: bool) {
        self.on.send_replace(on);
    }
}

async fn pass_on(mut client: TcpStream, to: SocketAddr) {
    if let Ok(mut server) = TcpStream::connect(to).await {
        // How it ends is of no interest: both sides learn it.
        let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
    }
}
