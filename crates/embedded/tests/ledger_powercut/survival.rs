//! The ledger survives.

use std::collections::HashSet;

use chinwag_powercut::{Directory, Disk, Model, TornUnit};

use crate::script::{Run, open, settings};
use crate::verdict::{judge, judge_disk};

/// How a run is cut.
struct Cuts {
    /// After every so many steps.
    stride: usize,
    /// So many images each.
    per_step: u64,
    /// At least so many different images: 5,000 over this file.
    at_least: usize,
}

/// Judges images after the steps of a run.
async fn survives(model: Model, seed: u64, fold_rows: usize, records: u64, cuts: Cuts) {
    let run = Run::new(model, settings(fold_rows), seed, records).await;
    let mut seen = HashSet::new();
    for step in (0..=run.disk.steps()).step_by(cuts.stride) {
        for choice in 0..cuts.per_step {
            let image = run.disk.image_at(step, choice + 100 * step as u64).unwrap();
            if seen.insert((image.digest(), step)) {
                let verdict = judge(&run, &image, step).await;
                assert_eq!(verdict, Ok(()), "cut after step {step}, {image:?}");
            }
        }
    }
    let (steps, entries, judged) = (run.disk.steps(), run.entries.len(), seen.len());
    eprintln!("{model:?}: {steps} steps, {entries} entries, {judged} images");
    assert!(judged >= cuts.at_least, "{judged} images");
}

#[tokio::test]
async fn every_step_of_a_run_on_the_usual_disk() {
    survives(Model::default(), 1, 5, 110, Cuts { stride: 1, per_step: 2, at_least: 1_700 }).await;
}

#[tokio::test]
async fn every_step_of_a_run_with_large_folds_on_the_strictest_disk() {
    survives(Model::strict(), 4, 24, 110, Cuts { stride: 1, per_step: 2, at_least: 1_300 }).await;
}

#[tokio::test]
async fn every_other_step_of_a_run_on_a_disk_with_large_sectors() {
    let model = Model { torn_unit: TornUnit::Bytes4096, ..Model::lenient() };
    survives(model, 5, 1, 90, Cuts { stride: 2, per_step: 1, at_least: 700 }).await;
}

#[tokio::test]
async fn the_birth_of_a_store_on_every_kind_of_disk() {
    for directory in [Directory::Strict, Directory::Unix, Directory::Journaled] {
        for torn_unit in [TornUnit::Bytes512, TornUnit::Bytes4096] {
            let model = Model { directory, torn_unit, ..Model::default() };
            survives(model, 2, 2, 3, Cuts { stride: 1, per_step: 2, at_least: 200 }).await;
        }
    }
}

#[tokio::test]
async fn a_power_cut_while_the_start_after_a_power_cut_is_under_way() {
    let run = Run::new(Model::strict(), settings(4), 3, 40).await;
    for step in (0..run.disk.steps()).step_by(7) {
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
