//! The twins run the contract suites.

use std::sync::Arc;

use chinwag_proto::Timestamp;

use crate::contract::{
    WholeDirectory, backups_contract, backups_restart_contract, blobs_contract, blobs_restart_contract,
    cursors_contract, cursors_restart_contract, directory_contract, directory_restart_contract,
    discovery_contract, discovery_of_many_contract, discovery_restart_contract, id_lease_restart_contract,
    ledger_contract, ledger_restart_contract, ledger_twin_contract, live_bus_contract, presence_contract,
};
use crate::twins::{
    FakeClock, MemoryBackups, MemoryBlobs, MemoryBus, MemoryCursors, MemoryDirectory, MemoryDiscovery,
    MemoryLedger, MemoryPresence,
};
use crate::{Backups, Blobs, Clock, Commits, Cursors, Discovery, IdLease, Ledger, LiveBus, Presence};

fn new_ledger(commits: Arc<dyn Commits>) -> Arc<dyn Ledger> {
    Arc::new(MemoryLedger::new(commits))
}

#[tokio::test]
async fn the_ledger_keeps_its_contract() {
    ledger_contract(async |commits: Arc<dyn Commits>| new_ledger(commits)).await;
}

#[tokio::test]
async fn two_twins_are_alike() {
    for seed in 0..3 {
        ledger_twin_contract(async |commits: Arc<dyn Commits>| new_ledger(commits), seed, 2_000).await;
    }
}

#[tokio::test]
async fn the_directory_keeps_its_contract() {
    directory_contract(async || Arc::new(MemoryDirectory::new()) as Arc<dyn WholeDirectory>).await;
}

#[tokio::test]
async fn a_directory_that_is_opened_again_is_the_same() {
    let directory = Arc::new(MemoryDirectory::new());
    let open = async || Arc::clone(&directory) as Arc<dyn WholeDirectory>;
    directory_restart_contract(open, async |_: Arc<dyn WholeDirectory>| {}).await;
}

#[tokio::test]
async fn cursors_keep_their_contract() {
    cursors_contract(async || Arc::new(MemoryCursors::new()) as Arc<dyn Cursors>).await;
    let cursors = Arc::new(MemoryCursors::new());
    let open = async || Arc::clone(&cursors) as Arc<dyn Cursors>;
    cursors_restart_contract(open, async |_: Arc<dyn Cursors>| {}).await;
}

#[tokio::test]
async fn backups_keep_their_contract() {
    backups_contract(async || Arc::new(MemoryBackups::new()) as Arc<dyn Backups>).await;
    let backups = Arc::new(MemoryBackups::new());
    let open = async || Arc::clone(&backups) as Arc<dyn Backups>;
    backups_restart_contract(open, async |_: Arc<dyn Backups>| {}).await;
}

#[tokio::test]
async fn blobs_keep_their_contract() {
    blobs_contract(async || Arc::new(MemoryBlobs::new()) as Arc<dyn Blobs>).await;
    let blobs = MemoryBlobs::new();
    let open = async || Arc::new(blobs.clone()) as Arc<dyn Blobs>;
    blobs_restart_contract(open, async |_: Arc<dyn Blobs>| {}).await;
}

#[tokio::test]
async fn presence_keeps_its_contract() {
    presence_contract(async || Arc::new(MemoryPresence::new()) as Arc<dyn Presence>).await;
}

#[tokio::test]
async fn the_live_bus_keeps_its_contract_on_one_node_and_between_two() {
    let one = async || {
        let bus: Arc<dyn LiveBus> = Arc::new(MemoryBus::new());
        (Arc::clone(&bus), bus)
    };
    live_bus_contract(one, async || {}).await;
    let two = async || {
        let bus = MemoryBus::new();
        (Arc::new(bus.another_node()) as Arc<dyn LiveBus>, Arc::new(bus) as Arc<dyn LiveBus>)
    };
    live_bus_contract(two, async || {}).await;
}

#[tokio::test]
async fn discovery_keeps_its_contract() {
    let make = async || Arc::new(MemoryDiscovery::new()) as Arc<dyn Discovery>;
    discovery_contract(make).await;
    discovery_of_many_contract(make).await;
    let discovery = Arc::new(MemoryDiscovery::new());
    let close = async |ended: Arc<dyn Discovery>| {
        for node in ended.nodes().await.unwrap() {
            discovery.expire(node.number);
        }
    };
    discovery_restart_contract(async || Arc::clone(&discovery) as Arc<dyn Discovery>, close).await;
    let open = async || Arc::clone(&discovery) as Arc<dyn IdLease>;
    id_lease_restart_contract(open, async |_: Arc<dyn IdLease>| {}).await;
}

#[tokio::test]
async fn a_ledger_that_is_opened_again_is_the_same() {
    // The twin tells of its commits to whom it was made with: a stand-in passes them on to whoever
    // opened it last.
    let relay = Arc::new(Relay::default());
    let ledger = Arc::new(MemoryLedger::new(Arc::clone(&relay) as Arc<dyn Commits>));
    let open = async |commits: Arc<dyn Commits>| {
        *relay.0.lock() = Some(commits);
        Arc::clone(&ledger) as Arc<dyn Ledger>
    };
    ledger_restart_contract(open, async |_: Arc<dyn Ledger>| {}).await;
}

#[derive(Default)]
struct Relay(parking_lot::Mutex<Option<Arc<dyn Commits>>>);

#[async_trait::async_trait]
impl Commits for Relay {
    async fn project(&self, commits: &[crate::Commit]) -> Result<(), crate::Unavailable> {
        let to = self.0.lock().clone();
        match to {
            Some(to) => to.project(commits).await,
            None => Ok(()),
        }
    }

    fn publish(&self, commits: &[crate::Commit]) {
        let to = self.0.lock().clone();
        if let Some(to) = to {
            to.publish(commits);
        }
    }
}

#[test]
fn a_clock_moves_when_it_is_moved() {
    let clock = FakeClock::default();
    let start = clock.now();
    assert_eq!(start.to_string(), "2026-06-01T12:00:00.000Z");
    assert_eq!(clock.advance(1_500), start.plus_ms(1_500));
    clock.advance(-2_000);
    assert_eq!(clock.now(), start.plus_ms(-500));
    clock.set(Timestamp::from_ms(0));
    assert_eq!(clock.now(), Timestamp::from_ms(0));
}

#[tokio::test]
async fn a_twin_that_was_told_to_fail_fails_so_often() {
    let cursors = MemoryCursors::new();
    cursors.faults().fail_next(2);
    let failed =
        [cursors.flush().await.is_err(), cursors.flush().await.is_err(), cursors.flush().await.is_err()];
    assert_eq!(failed, [true, true, false]);
    cursors.faults().fail_from_now_on();
    assert!(cursors.flush().await.is_err() && cursors.flush().await.is_err());
    cursors.faults().heal();
    assert!(cursors.flush().await.is_ok());
}
