//! The node among nodes: it tells its load, and stops when its place was given away.

use std::sync::Arc;

use chinwag_ports::twins::{
    FakeClock, MemoryBackups, MemoryBlobs, MemoryBus, MemoryCursors, MemoryDirectory, MemoryDiscovery,
    MemoryLedger, MemoryPresence,
};
use chinwag_ports::{Discovery, LiveBus};
use chinwag_server::node::Node;
use chinwag_server::node::engines::Engines;
use chinwag_server::service::Ports;
use chinwag_server::service::fanout::Fanout;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::kit::{DEADLINE, config, until};

fn ports(discovery: &Arc<MemoryDiscovery>) -> Ports {
    let directory = Arc::new(MemoryDirectory::new());
    let live_bus: Arc<dyn LiveBus> = Arc::new(MemoryBus::new());
    let fanout = Arc::new(Fanout::new(directory.clone(), Arc::clone(&live_bus)));
    Ports {
        ledger: Arc::new(MemoryLedger::new(fanout)),
        accounts: directory.clone(),
        profiles: directory.clone(),
        invites: directory.clone(),
        devices: directory.clone(),
        key_packages: directory.clone(),
        device_chains: directory.clone(),
        blob_book: directory.clone(),
        contacts: directory.clone(),
        memberships: directory.clone(),
        reservations: directory,
        cursors: Arc::new(MemoryCursors::new()),
        backups: Arc::new(MemoryBackups::new()),
        blobs: Arc::new(MemoryBlobs::new()),
        live_bus,
        presence: Arc::new(MemoryPresence::new()),
        discovery: discovery.clone(),
        id_lease: discovery.clone(),
        clock: Arc::new(FakeClock::default()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_tells_its_load_and_leaves_in_the_end() {
    let discovery = Arc::new(MemoryDiscovery::new());
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start_on(&config(&folder, &[]), Engines::of(ports(&discovery))).await.unwrap();
    let entered = discovery.nodes().await.unwrap();
    assert_eq!(entered[0].url, format!("ws://{}/ws", node.address()));

    let mut socket = TcpStream::connect(node.address()).await.unwrap();
    let upgrade = "GET /ws HTTP/1.1\r\nhost: test\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    socket.write_all(upgrade.as_bytes()).await.unwrap();
    until("discovery knows of the connection", || async {
        discovery.nodes().await.unwrap()[0].load.connections == 1
    })
    .await;
    timeout(DEADLINE, node.stop()).await.unwrap();
    assert_eq!(discovery.nodes().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_place_was_given_away_says_so() {
    let discovery = Arc::new(MemoryDiscovery::new());
    let folder = tempfile::tempdir().unwrap();
    let node = Node::start_on(&config(&folder, &[]), Engines::of(ports(&discovery))).await.unwrap();
    let place = discovery.nodes().await.unwrap().remove(0);
    discovery.leave(place.number, place.incarnation).await.unwrap();
    timeout(DEADLINE, node.lost()).await.expect("it notices");
    timeout(DEADLINE, node.stop()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_sent_to_a_node_that_drains_however_long_that_takes() {
    let discovery = Arc::new(MemoryDiscovery::new());
    let folder = tempfile::tempdir().unwrap();
    // Longer than two reports apart, held open by a request that never ends.
    let config = config(&folder, &[("server.drain_ms", "2500")]);
    let node = Node::start_on(&config, Engines::of(ports(&discovery))).await.unwrap();
    let mut stream = TcpStream::connect(node.address()).await.unwrap();
    let head = "POST /users/register HTTP/1.1\r\nhost: test\r\nexpect: 100-continue\r\n\
        content-type: application/json\r\ncontent-length: 100\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    timeout(DEADLINE, stream.read_exact(&mut [0; 25])).await.unwrap().unwrap();

    let watching = async {
        until("it drains", || async { discovery.nodes().await.unwrap()[0].load.draining }).await;
        until("it left", || async {
            let nodes = discovery.nodes().await.unwrap();
            assert!(nodes.iter().all(|node| node.load.draining), "{nodes:?}");
            nodes.is_empty()
        })
        .await;
    };
    timeout(DEADLINE, async { tokio::join!(node.stop(), watching) }).await.unwrap();
}
