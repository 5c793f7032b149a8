//! The simulation: five devices of three users against a model of the server, with everything between them
//! failing, and at the end nothing lost, nothing doubled and everything equal.
//!
//! A failing run names its seed; `CHINWAG_SIM_SEED=7 cargo test -p chinwag-client sim` runs it alone, and
//! `CHINWAG_SIM_STEPS` sets how long a run is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod check;
mod device;
mod people;
mod server;
mod world;

use crate::engine::Fault;
use world::World;

fn run(seed: u64, steps: usize, fault: Option<Fault>) -> Result<World, String> {
    let mut world = World::new(seed, fault);
    for _ in 0..steps {
        world.step();
    }
    world.calm_down()?;
    check::check(&mut world)?;
    Ok(world)
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn runs(seeds: std::ops::Range<u64>, steps: usize) {
    let steps = setting("CHINWAG_SIM_STEPS").map_or(steps, |steps| steps as usize);
    let seeds = setting("CHINWAG_SIM_SEED").map_or(seeds, |seed| seed..seed + 1);
    let (mut entries, mut typed) = (0, 0);
    for seed in seeds {
        match run(seed, steps, None) {
            Ok(world) => {
                entries += world.server.logs.values().map(|log| log.entries.len()).sum::<usize>();
                typed += world.typed.len();
            }
            Err(what) => panic!(
                "{what}\nagain: CHINWAG_SIM_SEED={seed} CHINWAG_SIM_STEPS={steps} cargo test -p chinwag-client sim"
            ),
        }
    }
    assert!(entries > 0 && typed > 0);
    println!("{typed} records typed, {entries} entries");
}

#[test]
fn after_all_that_can_fail_every_device_is_equal_and_nothing_is_lost() {
    runs(0..40, 5_000);
}

#[test]
fn long_runs_too() {
    runs(1_000..1_002, 50_000);
}

/// `cargo test --release -p chinwag-client sim -- --ignored`
#[test]
#[ignore = "five million steps: for a release build"]
fn millions_of_steps() {
    runs(10_000..11_000, 5_000);
}

/// Some seed fails with the fault, and passes without it.
fn is_found(fault: Fault) {
    let fails = |seed: &u64| {
        let outcome = std::panic::catch_unwind(|| run(*seed, 5_000, Some(fault)).map(|_| ()));
        outcome.unwrap_or_else(|_| Err("a panic".to_owned())).is_err()
    };
    let seed = (0..60).find(fails).unwrap_or_else(|| panic!("nobody noticed {fault:?}"));
    let whole = run(seed, 5_000, None).map(|_| ());
    assert_eq!(whole, Ok(()), "seed {seed} fails without {fault:?} as well");
}

#[test]
fn a_resend_without_its_flag_is_noticed() {
    is_found(Fault::NoResendFlag);
}

#[test]
fn sending_before_storing_is_noticed() {
    is_found(Fault::SendBeforeStored);
}

#[test]
fn not_looking_for_gaps_is_noticed() {
    is_found(Fault::NoGapCheck);
}

#[test]
fn passing_over_a_resync_is_noticed() {
    is_found(Fault::ResyncIgnored);
}

#[test]
fn an_outbox_that_forgets_is_noticed() {
    is_found(Fault::OutboxForgottenAtBreak);
}
