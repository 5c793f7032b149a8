//! The ledger survives.

use std::collections::HashSet;

use chinwag_powercut::{Directory, Disk, Model, TornUnit};

use crate::script::{Run, open, settings};
use crate::verdict::{judge, judge_disk};

/// Judges `per_step` images after each `stride`-th step of a run; returns how many different ones.
async fn judge_everywhere(run: &Run, stride: usize, per_step: u64) -> usize {
    let mut seen = HashSet::new();
    for step in (0..=run.disk.steps()).step_by(stride) {
        for choice in 0..per_step {
            let image = run.disk.image_at(step, choice + 100 * step as u64).unwrap();
            if seen.insert((image.digest(), step)) {
                let verdict = judge(run, &image, step).await;
                assert_eq!(verdict, Ok(()), "cut after step {step}, {image:?}");
            }
        }
    }
    seen.len()
}

async fn survives(model: Model, seed: u64, fold_rows: usize, records: u64, stride: usize, per_step: u64) {
    let run = Run::new(model, settings(fold_rows), seed, records).await;
    let judged = judge_everywhere(&run, stride, per_step).await;
    eprintln!("{model:?}: {} steps, {} entries, {judged} images", run.disk.steps(), run.entries.len());
}

#[tokio::test]
async fn every_step_of_a_run_on_the_usual_disk() {
    survives(Model::default(), 1, 5, 60, 1, 1).await;
}

#[tokio::test]
async fn the_birth_of_a_store_on_every_kind_of_disk() {
    for directory in [Directory::Strict, Directory::Unix, Directory::Journaled] {
        for torn_unit in [TornUnit::Bytes512, TornUnit::Bytes4096] {
            survives(Model { directory, torn_unit, ..Model::default() }, 2, 2, 3, 1, 2).await;
        }
    }
}

#[tokio::test]
async fn a_power_cut_while_the_start_after_a_power_cut_is_under_way() {
    let run = Run::new(Model::strict(), settings(4), 3, 40).await;
    for step in (0..run.disk.steps()).step_by(17) {
        let disk = Disk::from_image(&run.disk.image_at(step, step as u64).unwrap());
        let ledger = open(&disk, &run.settings).unwrap();
        ledger.flush().await.unwrap();
        drop(ledger);
        for again in [disk.steps() / 3, disk.steps() * 2 / 3, disk.steps()] {
            let image = disk.image_at(again, again as u64).unwrap();
            let verdict = judge_disk(&run, &Disk::from_image(&image), step).await;
            assert_eq!(verdict, Ok(()), "cut after step {step} and again after {again}");
        }
    }
}
