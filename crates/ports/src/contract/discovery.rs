//! What every engine of discovery and of id leases does.

use std::sync::Arc;

use chinwag_proto::Timestamp;
use futures_util::future::join_all;

use super::samples::at;
use crate::{Discovery, IdLease, NodeLoad};

const URL: &str = "ws://127.0.0.1:8080/ws";

/// The guarantees of [`Discovery`] that one node sees.
pub async fn discovery_contract(make: impl AsyncFn() -> Arc<dyn Discovery>) {
    who_joins_is_found_with_his_load(&*make().await).await;
    who_leaves_is_gone(&*make().await).await;
    who_joins_again_is_another_incarnation(&*make().await).await;
}

async fn who_joins_is_found_with_his_load(discovery: &dyn Discovery) {
    assert_eq!(discovery.nodes().await, Ok(vec![]));
    let mut node = discovery.join(URL).await.unwrap();
    assert_eq!((node.url.as_str(), node.load), (URL, NodeLoad::default()));
    assert!(node.number < 1_024);
    assert_eq!(discovery.nodes().await, Ok(vec![node.clone()]));
    node.load = NodeLoad { connections: 7, draining: true };
    assert_eq!(discovery.report(node.number, node.incarnation, node.load).await, Ok(true));
    assert_eq!(discovery.nodes().await, Ok(vec![node]));
}

async fn who_leaves_is_gone(discovery: &dyn Discovery) {
    let node = discovery.join(URL).await.unwrap();
    discovery.leave(node.number, node.incarnation).await.unwrap();
    discovery.leave(node.number, node.incarnation).await.unwrap();
    assert_eq!(discovery.nodes().await, Ok(vec![]));
    assert_eq!(discovery.report(node.number, node.incarnation, NodeLoad::default()).await, Ok(false));
    assert_eq!(discovery.nodes().await, Ok(vec![]), "a late report brings nobody back");
}

async fn who_joins_again_is_another_incarnation(discovery: &dyn Discovery) {
    let first = discovery.join(URL).await.unwrap();
    discovery.leave(first.number, first.incarnation).await.unwrap();
    let second = discovery.join(URL).await.unwrap();
    assert!(second.number != first.number || second.incarnation > first.incarnation);
    discovery.leave(first.number, first.incarnation).await.unwrap();
    assert_eq!(
        discovery.nodes().await,
        Ok(vec![second.clone()]),
        "the earlier life ends nothing of the later"
    );
    assert_eq!(discovery.report(first.number, first.incarnation, NodeLoad::default()).await, Ok(false));
    assert_eq!(discovery.report(second.number, second.incarnation, NodeLoad::default()).await, Ok(true));
}

/// The guarantees of [`Discovery`] where many nodes may live.
pub async fn discovery_of_many_contract(make: impl AsyncFn() -> Arc<dyn Discovery>) {
    let discovery = make().await;
    let joined = join_all((0..20).map(|_| discovery.join(URL))).await;
    let mut nodes: Vec<_> = joined.into_iter().map(Result::unwrap).collect();
    nodes.sort_by_key(|node| node.number);
    assert!(nodes.windows(2).all(|pair| pair[0].number < pair[1].number), "numbers are unique");
    assert_eq!(discovery.nodes().await.as_ref(), Ok(&nodes), "in the order of numbers");
    let gone = nodes.remove(5);
    discovery.leave(gone.number, gone.incarnation).await.unwrap();
    assert_eq!(discovery.nodes().await, Ok(nodes.clone()));
    let load = NodeLoad { connections: 3, draining: false };
    nodes[8].load = load;
    discovery.report(nodes[8].number, nodes[8].incarnation, load).await.unwrap();
    assert_eq!(discovery.nodes().await, Ok(nodes));
}

/// The incarnation rises with every start, also after a crash: `open` opens the store, `close` stops it
/// without `leave`.
pub async fn discovery_restart_contract(
    open: impl AsyncFn() -> Arc<dyn Discovery>,
    close: impl AsyncFn(Arc<dyn Discovery>),
) {
    let mut lives: Vec<(u16, u64)> = Vec::new();
    for _ in 0..4 {
        let discovery = open().await;
        let node = discovery.join(URL).await.unwrap();
        let before =
            lives.iter().filter(|(number, _)| *number == node.number).map(|(_, incarnation)| *incarnation);
        assert!(before.max().is_none_or(|before| before < node.incarnation), "{lives:?}, then {node:?}");
        lives.push((node.number, node.incarnation));
        close(discovery).await;
    }
}

/// The guarantees of [`IdLease`], over restarts: `open` opens the store, `close` stops it.
pub async fn id_lease_restart_contract(
    open: impl AsyncFn() -> Arc<dyn IdLease>,
    close: impl AsyncFn(Arc<dyn IdLease>),
) {
    let mut ended = Timestamp::from_ms(0);
    // The clock goes on, jumps ahead, steps back, goes on: what was reserved is never free again.
    for until in [10, 20, 9_000, 30, 40, 9_001, 9_001, 12_000].map(at) {
        let lease = open().await;
        let free = lease.reserve(3, until).await.unwrap();
        assert!(free >= ended, "{until}: reserved up to {ended}, free from {free}");
        ended = ended.max(until);
        close(lease).await;
    }
    let lease = open().await;
    assert!(lease.reserve(3, at(0)).await.unwrap() >= ended, "within one life too");
    assert!(lease.reserve(3, at(13_000)).await.unwrap() >= ended);
    assert!(lease.reserve(3, at(1)).await.unwrap() >= at(13_000));
    assert!(lease.reserve(4, at(20)).await.unwrap() < at(20), "another number's time is its own");
    close(lease).await;
}
