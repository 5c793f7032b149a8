//! The engines of one machine keep the contracts of their ports, on threads and within the call.
//! The ledger's are held in its own tests.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chinwag_embedded::{
    CursorSettings, FolderBlobs, LocalBus, LocalPresence, Mode, Place, SqliteBackups, SqliteCursors,
    SqliteDirectory,
};
use chinwag_ports::contract::{
    WholeDirectory, backups_contract, backups_restart_contract, blobs_contract, blobs_restart_contract,
    cursors_contract, cursors_restart_contract, directory_contract, directory_restart_contract,
    discovery_contract, discovery_restart_contract, id_lease_restart_contract, live_bus_contract,
    presence_contract,
};
use chinwag_ports::{Backups, Blobs, Cursors, Discovery, IdLease, LiveBus, Presence};
use chinwag_powercut::{Disk, Model};
use tempfile::TempDir;

const MODES: [Mode; 2] = [Mode::Threads, Mode::Inline];

/// Makes fresh places until it goes: on threads in folders of the system's disk, within the call on a
/// simulated one.
struct Ground {
    root: TempDir,
    disk: Disk,
    made: AtomicU64,
    mode: Mode,
}

impl Ground {
    fn new(mode: Mode) -> Self {
        let (root, disk) =
            (tempfile::tempdir().unwrap(), Disk::new(Model { history_bytes_max: 0, ..Model::default() }, 1));
        Self { root, disk, made: AtomicU64::new(0), mode }
    }

    fn fresh(&self) -> Place {
        let name = self.made.fetch_add(1, Ordering::Relaxed).to_string();
        match self.mode {
            Mode::Inline => Place::folder(format!("/{name}")).on_vfs(self.disk.vfs_name()).inline(),
            Mode::Threads => {
                let folder = self.root.path().join(name);
                std::fs::create_dir(&folder).unwrap();
                Place::folder(folder)
            }
        }
    }
}

#[tokio::test]
async fn the_directory_keeps_its_contract() {
    for mode in MODES {
        let ground = Ground::new(mode);
        let make =
            async || Arc::new(SqliteDirectory::open(&ground.fresh()).unwrap()) as Arc<dyn WholeDirectory>;
        directory_contract(make).await;
    }
}

#[tokio::test]
async fn the_directory_keeps_all_over_restarts() {
    for mode in MODES {
        let ground = Ground::new(mode);
        let place = ground.fresh();
        let open = async || Arc::new(SqliteDirectory::open(&place).unwrap()) as Arc<dyn WholeDirectory>;
        directory_restart_contract(open, async |last: Arc<dyn WholeDirectory>| drop(last)).await;
    }
}

#[tokio::test]
async fn cursors_keep_their_contract() {
    for mode in MODES {
        for cached_max in [1, 200_000] {
            let ground = Ground::new(mode);
            let settings = CursorSettings { flush_ms: 1, unwritten_max: 7, cached_max };
            let make = async || {
                Arc::new(SqliteCursors::open(&ground.fresh(), settings).unwrap()) as Arc<dyn Cursors>
            };
            cursors_contract(make).await;
        }
    }
}

#[tokio::test]
async fn cursors_keep_all_over_clean_stops() {
    for mode in MODES {
        let ground = Ground::new(mode);
        let place = ground.fresh();
        let settings = CursorSettings { flush_ms: 60_000, ..CursorSettings::default() };
        let open = async || Arc::new(SqliteCursors::open(&place, settings).unwrap()) as Arc<dyn Cursors>;
        cursors_restart_contract(open, async |last: Arc<dyn Cursors>| drop(last)).await;
    }
}

#[tokio::test]
async fn backups_keep_their_contract() {
    for mode in MODES {
        let ground = Ground::new(mode);
        let make = async || Arc::new(SqliteBackups::open(&ground.fresh()).unwrap()) as Arc<dyn Backups>;
        backups_contract(make).await;
        let place = ground.fresh();
        let open = async || Arc::new(SqliteBackups::open(&place).unwrap()) as Arc<dyn Backups>;
        backups_restart_contract(open, async |last: Arc<dyn Backups>| drop(last)).await;
    }
}

/// They lie in a folder of the system's own disk, whatever the mode.
#[tokio::test]
async fn blobs_keep_their_contract() {
    let ground = Ground::new(Mode::Threads);
    for mode in MODES {
        let fresh = || match mode {
            Mode::Inline => ground.fresh().inline(),
            Mode::Threads => ground.fresh(),
        };
        blobs_contract(async || Arc::new(FolderBlobs::open(&fresh()).unwrap()) as Arc<dyn Blobs>).await;
        let place = fresh();
        let open = async || Arc::new(FolderBlobs::open(&place).unwrap()) as Arc<dyn Blobs>;
        blobs_restart_contract(open, async |last: Arc<dyn Blobs>| drop(last)).await;
    }
}

#[tokio::test]
async fn discovery_keeps_its_contract() {
    for mode in MODES {
        let ground = Ground::new(mode);
        let make = async || {
            let directory = SqliteDirectory::open(&ground.fresh()).unwrap();
            Arc::new(directory.discovery()) as Arc<dyn Discovery>
        };
        discovery_contract(make).await;
        let place = ground.fresh();
        let open =
            async || Arc::new(SqliteDirectory::open(&place).unwrap().discovery()) as Arc<dyn Discovery>;
        discovery_restart_contract(open, async |last: Arc<dyn Discovery>| drop(last)).await;
        let open = async || Arc::new(SqliteDirectory::open(&place).unwrap().discovery()) as Arc<dyn IdLease>;
        id_lease_restart_contract(open, async |last: Arc<dyn IdLease>| drop(last)).await;
    }
}

#[tokio::test]
async fn presence_keeps_its_contract() {
    presence_contract(async || Arc::new(LocalPresence::default()) as Arc<dyn Presence>).await;
}

#[tokio::test]
async fn the_live_bus_keeps_its_contract() {
    let make = async || {
        let bus: Arc<dyn LiveBus> = Arc::new(LocalBus::new());
        (Arc::clone(&bus), bus)
    };
    live_bus_contract(make, async || {}).await;
}
