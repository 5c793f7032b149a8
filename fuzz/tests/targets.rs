//! Every target, briefly; the same inputs each time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use chinwag_fuzz::targets::TARGETS;
use chinwag_fuzz::{Budget, Target, run};

macro_rules! targets {
    ($($name:ident)+) => {
        $(
            #[test]
            fn $name() {
                let target = TARGETS.iter().find(|target| target.name == stringify!($name)).unwrap();
                let ways = run(target, Budget::from_env());
                println!("{}: {ways} ways", target.name);
                assert!(ways >= 3, "{ways}: the inputs reach nothing");
            }
        )+

        #[test]
        fn no_target_is_forgotten() {
            let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(names, [$(stringify!($name)),+]);
        }
    };
}

targets!(client_frame cbor_frame server_frame rest_body content ids stored_entry stored_record stored_head
    stored_state stored_view chat_key chat_records key_certificate key_link key_chain key_box key_text
    backup_record backup_entry linking mls_data mls_commit mls_welcome mls_group_info key_package envelope
    epoch_record);

#[test]
fn every_seed_is_taken() {
    for target in TARGETS {
        assert!((target.seeds)().len() >= 3, "{}", target.name);
    }
}

/// A target with a fault that no seed shows: it is found.
#[test]
fn a_planted_fault_is_found() {
    let faulty = Target {
        name: "faulty",
        check: |input| {
            assert!(!input.ends_with(b"{{"), "found");
            u64::from(input.contains(&b'{'))
        },
        seeds: || vec![b"{\"a\":1}".to_vec()],
    };
    let found = std::panic::catch_unwind(|| run(&faulty, Budget { runs: 20_000, seed: 1 }));
    assert!(found.is_err());
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let target = &TARGETS[0];
    let budget = Budget { runs: 500, seed: 5 };
    assert_eq!(run(target, budget), run(target, budget));
}
