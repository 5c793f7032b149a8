//! Inline, the same records give the same steps on the disk, byte for byte: what simulations stand on.
//!
//! Alone in its file: SQLite's own random numbers are one stream for the whole process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod ledger_common;

use std::sync::Arc;

use chinwag_chat::Ask;
use chinwag_embedded::Place;
use chinwag_embedded::ledger::EmbeddedLedger;
use chinwag_powercut::{Disk, Landed, Model, seed_sqlite_randomness};
use ledger_common::ask::{Deaf, append, create, direct, edit, group, message, react, record, seq};
use ledger_common::restless;

async fn run() -> Disk {
    seed_sqlite_randomness(7);
    let disk = Disk::new(Model::default(), 7);
    let place = Place::folder("/data").on_vfs(disk.vfs_name()).inline();
    for life in 0..3_u64 {
        let ledger = EmbeddedLedger::open(&place, restless(), Arc::new(Deaf)).unwrap();
        for number in 1..=60 {
            let (chat, ask) = match number % 6 {
                0 => (group(1 + life), create(&[2, 3])),
                1 => (direct(1, 2), edit(seq(number), "edited")),
                2 => (direct(1, 2), react(seq(number), "+", true)),
                3 => (direct(1, 2), Ask::Delete { target: seq(number) }),
                _ => (direct(1, 2 + number % 4), message(&format!("text {number}"))),
            };
            // Some are refused, the same ones each time.
            append(&ledger, record(life * 100 + number, chat, 1, ask)).await.unwrap();
        }
        if life == 1 {
            ledger.close().await.unwrap();
        }
    }
    disk
}

#[tokio::test]
async fn the_same_records_give_the_same_steps_and_bytes() {
    let (one, other) = (run().await, run().await);
    assert!(one.steps() > 500, "{} steps", one.steps());
    assert_eq!(one.log(), other.log());
    for step in (0..=one.steps()).step_by(97) {
        let digest = |disk: &Disk| disk.image_with(step, Landed::Everything, 0).unwrap().digest();
        assert_eq!(digest(&one), digest(&other), "after step {step}");
    }
}
