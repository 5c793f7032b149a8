//! A disk that is full or fails: nothing is acknowledged that is not durable, the ledger says why, reads go
//! on, and what was acknowledged is there afterwards.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod ledger_common;

use std::sync::Arc;
use std::time::Duration;

use chinwag_embedded::Place;
use chinwag_embedded::ledger::{EmbeddedLedger, LedgerSettings, OpenError};
use chinwag_ports::Unavailable;
use chinwag_ports::ledger::{Appended, Ledger};
use chinwag_powercut::{Disk, Fault, Model, OnPath};
use chinwag_proto::Seq;
use ledger_common::ask::{Deaf, append, committed, direct, message, record, seq};
use ledger_common::{calm, restless};

const THREADS: bool = false;
const INLINE: bool = true;

fn open(disk: &Disk, settings: &LedgerSettings, inline: bool) -> Result<EmbeddedLedger, OpenError> {
    let place = Place::folder("/data").on_vfs(disk.vfs_name());
    let place = if inline { place.inline() } else { place };
    EmbeddedLedger::open(&place, settings.clone(), Arc::new(Deaf))
}

async fn say(ledger: &EmbeddedLedger, number: u64, text: &str) -> Result<Appended, Unavailable> {
    append(ledger, record(number, direct(1, 2), 1, message(text))).await
}

async fn seqs(ledger: &EmbeddedLedger) -> Vec<u64> {
    let page = ledger.entries(direct(1, 2), Seq::ZERO, 10_000, 1 << 30).await.unwrap();
    page.entries.iter().map(|entry| entry.seq.get()).collect()
}

fn containing(part: &str) -> OnPath {
    OnPath::Containing(part.to_owned())
}

/// Asks until it is so; panics after twenty seconds.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let asked = async {
        while !holds().await {
            tokio::task::yield_now().await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(20), asked).await.is_ok(), "waited: {what}");
}

#[tokio::test]
async fn a_full_disk_refuses_records_and_takes_them_again_when_there_is_room() {
    for inline in [THREADS, INLINE] {
        let disk = Disk::new(Model::default(), 1);
        let ledger = open(&disk, &calm(), inline).unwrap();
        committed(say(&ledger, 1, "before").await);
        disk.fail_from(Fault::DiskFull, 0, containing("log.db"));
        for number in 2..5 {
            let refused = say(&ledger, number, "refused").await.unwrap_err();
            assert!(refused.0.contains("log.db: the disk is full"), "{refused}");
        }
        assert!(ledger.ready().unwrap_err().0.contains("the disk is full"));
        assert_eq!(seqs(&ledger).await, [1]);
        disk.heal();
        let entry = committed(say(&ledger, 2, "refused").await);
        assert_eq!((entry.seq, ledger.ready()), (seq(2), Ok(())));
        ledger.close().await.unwrap();
        drop(ledger);
        let ledger = open(&disk, &calm(), inline).unwrap();
        assert_eq!(seqs(&ledger).await, [1, 2]);
    }
}

#[tokio::test]
async fn a_disk_too_full_to_fold_refuses_records_when_the_tail_is_full() {
    for inline in [THREADS, INLINE] {
        let disk = Disk::new(Model::default(), 2);
        let settings = LedgerSettings { wait_ms_max: 200, ..restless() };
        let ledger = open(&disk, &settings, inline).unwrap();
        disk.fail_from(Fault::DiskFull, 0, containing("chunks.db"));
        let mut taken = 0;
        let refused = loop {
            match say(&ledger, taken + 1, "x").await {
                Ok(_) => taken += 1,
                Err(refused) => break refused,
            }
        };
        assert!(taken as usize >= settings.tail_rows_max, "{taken}: {refused}");
        assert!(
            ledger.ready().unwrap_err().0.contains("chunks.db: the disk is full"),
            "{:?}",
            ledger.ready()
        );
        assert_eq!(seqs(&ledger).await.len() as u64, taken);
        disk.heal();
        until("records are taken again", async || say(&ledger, taken + 1, "x").await.is_ok()).await;
        until("it is ready", async || ledger.ready().is_ok()).await;
        assert_eq!(seqs(&ledger).await.len() as u64, taken + 1);
    }
}

#[tokio::test]
async fn after_a_failed_write_or_sync_nothing_is_acknowledged_until_a_restart() {
    for inline in [THREADS, INLINE] {
        for fault in [Fault::WriteEio, Fault::SyncEio] {
            for file in ["log.db", "chunks.db"] {
                nothing_is_acknowledged_after(fault, file, inline).await;
            }
        }
    }
}

async fn nothing_is_acknowledged_after(fault: Fault, file: &str, inline: bool) {
    let disk = Disk::new(Model::default(), 3);
    let ledger = open(&disk, &restless(), inline).unwrap();
    for number in 1..=20 {
        committed(say(&ledger, number, "acknowledged").await);
    }
    disk.fail_next(fault, 0, containing(file));
    let mut number = 21;
    let refused = loop {
        match say(&ledger, number, "perhaps").await {
            Ok(_) => number += 1,
            Err(refused) => break refused,
        }
    };
    assert!(refused.0.contains(file) && refused.0.contains("the disk failed"), "{refused}");
    disk.heal();
    for late in 0..5 {
        assert!(say(&ledger, 1_000 + late, "too late").await.is_err(), "{fault:?} on {file}");
    }
    assert!(ledger.ready().unwrap_err().0.contains("until the server is restarted"));
    let there = seqs(&ledger).await;
    assert!(there.len() as u64 >= number - 1, "reads go on");
    drop(ledger);
    // The machine may go down as well.
    let after_power_cut = Disk::from_image(&disk.image_at(disk.steps(), 7).unwrap());
    for disk in [after_power_cut, disk] {
        let ledger = open(&disk, &restless(), inline).unwrap();
        let after = seqs(&ledger).await;
        assert!(after.len() as u64 >= number - 1, "{fault:?} on {file}: {} of {number}", after.len());
        assert_eq!(after, (1..=after.len() as u64).collect::<Vec<_>>());
        committed(say(&ledger, 2_000, "on we go").await);
        ledger.close().await.unwrap();
    }
}

#[tokio::test]
async fn after_a_failed_write_or_sync_the_same_machine_starts_again_and_has_everything() {
    for settings in [restless(), calm()] {
        for fault in [Fault::WriteEio, Fault::SyncEio] {
            for file in ["log.db", "chunks.db"] {
                for after in 0..16 {
                    the_same_machine_starts_again(&settings, fault, file, after).await;
                }
            }
        }
    }
}

async fn the_same_machine_starts_again(settings: &LedgerSettings, fault: Fault, file: &str, after: u64) {
    let disk = Disk::new(Model::default(), after);
    let ledger = open(&disk, settings, INLINE).unwrap();
    let mut number = 1;
    disk.fail_next(fault, after, containing(file));
    while number < 50 && say(&ledger, number, "acknowledged").await.is_ok() {
        number += 1;
    }
    drop(ledger);
    disk.heal();
    let ledger = open(&disk, settings, INLINE).unwrap();
    assert!(seqs(&ledger).await.len() as u64 >= number - 1, "{fault:?} on {file}");
    for more in 2_000..2_010 {
        committed(say(&ledger, more, "on we go").await);
    }
    // What the system still showed after the failed sync may never have reached the disk.
    let acknowledged = seqs(&ledger).await;
    for choice in 0..8 {
        let disk = Disk::from_image(&disk.image_at(disk.steps(), choice).unwrap());
        let ledger = open(&disk, settings, INLINE).unwrap();
        assert_eq!(seqs(&ledger).await, acknowledged, "{fault:?} on {file} after {after}, choice {choice}");
    }
}

#[tokio::test]
async fn a_read_that_fails_concerns_whoever_asked() {
    let disk = Disk::new(Model::default(), 5);
    let ledger = open(&disk, &LedgerSettings { fold_rows: 1, ..restless() }, INLINE).unwrap();
    for number in 1..=300 {
        committed(say(&ledger, number, &"long ".repeat(200)).await);
    }
    drop(ledger);
    let ledger = open(&disk, &LedgerSettings { fold_rows: 1, ..restless() }, INLINE).unwrap();
    disk.fail_from(Fault::ReadEio, 0, containing("chunks.db"));
    assert!(ledger.entries(direct(1, 2), Seq::ZERO, 10, 1 << 20).await.is_err());
    disk.heal();
    assert_eq!(ledger.ready(), Ok(()));
    assert_eq!(seqs(&ledger).await.len(), 300);
    committed(say(&ledger, 301, "on we go").await);
}

#[tokio::test]
async fn a_damaged_chunk_is_named_and_nothing_else_suffers() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::folder(folder.path()).inline();
    let ledger = EmbeddedLedger::open(&place, calm(), Arc::new(Deaf)).unwrap();
    committed(say(&ledger, 1, "the needle in the hay").await);
    committed(append(&ledger, record(2, direct(1, 3), 1, message("another chat"))).await);
    ledger.close().await.unwrap();
    drop(ledger);
    let file = folder.path().join("chunks.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let at = bytes.windows(6).position(|window| window == b"needle").unwrap();
    bytes[at] = b'N';
    std::fs::write(&file, bytes).unwrap();

    let ledger = EmbeddedLedger::open(&place, calm(), Arc::new(Deaf)).unwrap();
    let error = ledger.entries(direct(1, 2), Seq::ZERO, 10, 1 << 20).await.unwrap_err();
    assert!(error.0.contains("chunk 1 (entries 1 to 1 of chat d.1.2) is damaged"), "{error}");
    assert!(!error.0.contains("eedle"), "no content in errors: {error}");
    let other = ledger.entries(direct(1, 3), Seq::ZERO, 10, 1 << 20).await.unwrap();
    assert_eq!(other.entries.len(), 1);
    committed(append(&ledger, record(3, direct(1, 3), 1, message("goes on"))).await);
}

#[tokio::test]
async fn files_that_are_not_of_this_store_are_refused() {
    let stores: Vec<_> = (1..=2_u8)
        .map(|number| {
            let folder = tempfile::tempdir().unwrap();
            let place = Place::folder(folder.path()).inline();
            let settings = LedgerSettings { fingerprint_key: Some([number; 16]), ..calm() };
            drop(EmbeddedLedger::open(&place, settings, Arc::new(Deaf)).unwrap());
            (folder, place)
        })
        .collect();
    let open = |place: &Place| EmbeddedLedger::open(place, calm(), Arc::new(Deaf)).map(drop);
    let file = |store: usize, name: &str| stores[store].0.path().join(name);
    for wal in ["log.db", "log.db-wal"] {
        std::fs::copy(file(0, wal), file(1, wal)).unwrap();
    }
    assert!(matches!(open(&stores[1].1), Err(OpenError::Strangers)));
    for wal in ["log.db", "log.db-wal", "log.db-shm"] {
        let _ = std::fs::remove_file(file(0, wal));
    }
    assert!(matches!(open(&stores[0].1), Err(OpenError::LogGone)));
}
