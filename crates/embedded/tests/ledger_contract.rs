//! The embedded ledger keeps the contract of the port, in both modes, whatever is folded when.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod ledger_common;

use std::cell::RefCell;
use std::sync::Arc;

use chinwag_embedded::Place;
use chinwag_embedded::ledger::{EmbeddedLedger, LedgerSettings};
use chinwag_ports::contract::{ledger_contract, ledger_restart_contract, ledger_twin_contract};
use chinwag_ports::{Commits, Ledger};
use chinwag_powercut::{Disk, Model};
use ledger_common::{calm, restless};
use tempfile::TempDir;

/// Makes ledgers, each in a folder of its own, which are kept until the end: on threads on the real disk, inline on
/// a simulated one.
struct Maker {
    settings: LedgerSettings,
    inline: bool,
    folders: RefCell<Vec<TempDir>>,
    disks: RefCell<Vec<Disk>>,
}

impl Maker {
    fn new(settings: LedgerSettings, inline: bool) -> Self {
        Self { settings, inline, folders: RefCell::default(), disks: RefCell::default() }
    }

    fn make(&self, commits: Arc<dyn Commits>) -> Arc<dyn Ledger> {
        let place = self.place();
        self.open(&place, commits)
    }

    fn place(&self) -> Place {
        if self.inline {
            let disk = Disk::new(Model::default(), 1);
            let place = Place::folder("/data").on_vfs(disk.vfs_name()).inline();
            self.disks.borrow_mut().push(disk);
            return place;
        }
        let folder = tempfile::tempdir().unwrap();
        let place = Place::folder(folder.path());
        self.folders.borrow_mut().push(folder);
        place
    }

    fn open(&self, place: &Place, commits: Arc<dyn Commits>) -> Arc<dyn Ledger> {
        Arc::new(EmbeddedLedger::open(place, self.settings.clone(), commits).unwrap())
    }
}

#[tokio::test]
async fn on_threads_it_keeps_the_contract() {
    let maker = Maker::new(calm(), false);
    ledger_contract(async |commits| maker.make(commits)).await;
}

#[tokio::test]
async fn on_threads_it_keeps_the_contract_while_it_folds_all_the_time() {
    let maker = Maker::new(restless(), false);
    ledger_contract(async |commits| maker.make(commits)).await;
}

#[tokio::test]
async fn inline_it_keeps_the_contract() {
    for settings in [calm(), restless(), LedgerSettings { fold_rows: 1, ..restless() }] {
        let maker = Maker::new(settings, true);
        ledger_contract(async |commits| maker.make(commits)).await;
    }
}

#[tokio::test]
async fn it_answers_as_the_twin_in_memory_does() {
    for (seed, fold_rows, inline) in
        [(1, 1, true), (2, 5, true), (3, 40, true), (4, 5, false), (5, 1, false), (6, 9, true)]
    {
        let maker = Maker::new(LedgerSettings { fold_rows, ..restless() }, inline);
        ledger_twin_contract(async |commits| maker.make(commits), seed, 1_500).await;
    }
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_restart() {
    for (settings, inline) in [(calm(), false), (restless(), false), (calm(), true), (restless(), true)] {
        let maker = Maker::new(settings, inline);
        let place = maker.place();
        // A drop is a stop without care.
        ledger_restart_contract(async |commits| maker.open(&place, commits), async |ledger| drop(ledger))
            .await;
    }
}
