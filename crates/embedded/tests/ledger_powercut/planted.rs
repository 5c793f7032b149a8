//! Faults planted into the ledger are found by the judgement that the ledger passes.

use chinwag_embedded::ledger::Faults;
use chinwag_powercut::Model;

use crate::script::{Run, settings};
use crate::verdict::judge;

/// The first complaint about a run with a fault.
async fn complaint(faults: Faults) -> String {
    let run =
        Run::new(Model::strict(), chinwag_embedded::ledger::LedgerSettings { faults, ..settings(5) }, 11, 50)
            .await;
    for step in (0..=run.disk.steps()).step_by(3) {
        for choice in 0..2 {
            let image = run.disk.image_at(step, choice + 10 * step as u64).unwrap();
            if let Err(complaint) = judge(&run, &image, step).await {
                return complaint;
            }
        }
    }
    panic!("{faults:?} is not found in {} steps", run.disk.steps());
}

macro_rules! planted {
    ($($fault:ident),* $(,)?) => {
        $(#[tokio::test]
        async fn $fault() {
            let complaint = complaint(Faults { $fault: true, ..Faults::default() }).await;
            eprintln!("{}: {complaint:.200}", stringify!($fault));
        })*
    };
}

planted! {
    ack_before_sync,
    no_dedupe,
    clear_before_fold,
    position_ahead,
    fold_unsynced,
    no_wipe,
    no_replay,
    careless_birth,
    forget_ids,
}
