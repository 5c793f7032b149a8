//! Many devices write to two chats and read them while the ledger folds all the time and the power goes now and
//! then; the history checker judges what they saw.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod device;
#[path = "../ledger_common/mod.rs"]
mod ledger_common;
mod world;

use std::sync::Arc;

use chinwag_checker::{Event, Report, Rule, check};
use chinwag_embedded::ledger::Faults;
use tokio::task::JoinSet;

use crate::device::{observe, write};
use crate::ledger_common::ask::{create, direct, group, record};
use crate::world::World;

const DEVICES: u64 = 8;
const SENDS_PER_DEVICE: u64 = 40;
const SENDS: u64 = DEVICES * SENDS_PER_DEVICE;

/// A run: eight devices write, four read, and the power goes `cuts` times.
async fn run(seed: u64, cuts: u64, faults: Faults) -> Report {
    let world = Arc::new(World::new(seed, SENDS, faults));
    let chats = [direct(1, 2), group(1)];
    let readers = [(1, chats[0]), (2, chats[0]), (3, chats[1]), (4, chats[1])];
    world.begin(record(1, chats[1], 1, create(&[2, 3, 4]))).await;
    for (user, chat) in readers {
        world.join(&device::reader(user, chat), user, chat);
    }
    let (mut writing, mut reading) = (JoinSet::new(), JoinSet::new());
    for number in 1..=DEVICES {
        let user = 1 + number % if number % 2 == 0 { 2 } else { 4 };
        let chat = chats[(number % 2) as usize];
        writing.spawn(write(Arc::clone(&world), number, user, chat, SENDS_PER_DEVICE));
    }
    for (user, chat) in readers {
        reading.spawn(observe(Arc::clone(&world), user, chat));
    }
    for cut in 1..=cuts {
        world.wait_for_answers(cut * SENDS / (cuts + 1)).await;
        world.cut_the_power(seed + cut).await;
    }
    writing.join_all().await;
    world.record(|at| Event::FaultsStopped { at });
    world.stop_readers();
    reading.join_all().await;
    for chat in chats {
        world.final_log(chat).await;
    }
    check(&world.history())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_many_devices_see_keeps_the_promise_over_power_cuts() {
    for (seed, cuts) in [(1, 0), (2, 2), (3, 4)] {
        let report = run(seed, cuts, Faults::default()).await;
        assert!(report.is_clean(), "seed {seed}: {:#?} {:?}", report.violations, report.unusable);
        let judged = report.judged;
        assert_eq!((judged.sends as u64, judged.chats), (SENDS, 2), "{judged:?}");
        assert!(judged.acked as u64 >= SENDS * 9 / 10, "{judged:?}");
        assert!(judged.observed > 0 && (cuts == 0 || judged.open > 0), "{judged:?}");
    }
}

/// What the power leaves depends on the moment, and so does what a fault does.
async fn is_found_out(faults: Faults, rule: Rule) {
    for seed in 1..=100 {
        if run(seed, 4, faults).await.breaks(rule) {
            return;
        }
    }
    panic!("{faults:?} breaks no {rule:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_recognises_no_resend_is_found_out() {
    is_found_out(Faults { no_dedupe: true, ..Faults::default() }, Rule::C2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_forgets_what_is_not_folded_is_found_out() {
    is_found_out(Faults { no_replay: true, ..Faults::default() }, Rule::C1).await;
}
