//! One fault at a time is planted, and found by the rule that names it.

use std::collections::BTreeSet;

use chinwag_checker::{Rule, check};

use crate::faults::Fault;
use crate::model::{Plan, run};

/// Runs the model with a fault under many seeds. In each run in which the fault has shown, its rule must be
/// broken; no rule may be that has nothing to do with it.
fn is_found(fault: Fault) {
    let (rule, besides) = fault.breaks();
    // What a lost refusal would excuse is judged where there is none.
    let refuses = rule != Rule::C6;
    let mut shown = 0;
    for seed in 0..40 {
        let outcome = run(Plan { seed, steps: 600, fault: Some(fault), refuses });
        let report = check(&outcome.history);
        assert!(report.unusable.is_empty(), "{fault:?}, seed {seed}: {report}");
        if outcome.planted > 0 {
            shown += 1;
            assert!(
                report.breaks(rule),
                "{fault:?}, seed {seed}: {} times and not found: {report}",
                outcome.planted
            );
        }
        let found: BTreeSet<_> = report.violations.iter().map(|violation| violation.rule).collect();
        let known = |found: &_| *found == rule || besides.contains(found);
        assert!(found.iter().all(known), "{fault:?}, seed {seed}: {report}");
    }
    assert!(shown >= 3, "{fault:?} has shown in {shown} of 40 runs");
}

macro_rules! planted {
    ($($name:ident: $fault:ident,)*) => {
        $(#[test]
        fn $name() {
            is_found(Fault::$fault);
        })*

        #[test]
        fn every_fault_has_a_test() {
            let tested = [$(Fault::$fault),*];
            assert!(Fault::ALL.iter().all(|fault| tested.contains(fault)));
        }
    };
}

planted! {
    an_acknowledgement_before_the_sync_is_found: AckBeforeSync,
    a_publication_before_the_sync_is_found: PublishBeforeSync,
    a_folder_that_was_never_synced_is_found: FolderNotSynced,
    an_acknowledgement_of_the_wrong_seq_is_found: AckNamesWrongSeq,
    swapped_content_is_found: ContentSwapped,
    lost_content_is_found: ContentLost,
    a_stale_read_is_found: StaleRead,
    missing_deduplication_is_found: NoDedupe,
    a_retry_on_another_connection_that_made_two_is_found: DedupePerConnection,
    a_double_commit_is_found: DoubleCommit,
    a_repeated_message_id_is_found: LabelRepeated,
    a_stale_head_is_found: StaleHead,
    two_entries_at_one_seq_are_found: SplitBrain,
    a_skipped_page_is_found: SkippedPage,
    a_hole_at_joining_is_found: HoleAtJoin,
    backlog_after_live_is_found: BacklogAfterLive,
    a_view_that_goes_back_is_found: ViewGoesBack,
    reordered_sends_are_found: Reordered,
    a_write_that_survives_the_one_before_it_is_found: LostBeforeKept,
    what_was_refused_and_stored_is_found: RefusedButStored,
    lost_live_frames_are_found: LostLiveFrames,
    late_arrival_is_found: TooLate,
    an_effect_before_its_cause_is_found: EffectBeforeCause,
    an_edit_after_the_deletion_is_found: EditAfterDeletion,
    a_send_after_removal_is_found: SendAfterRemoval,
    a_push_after_removal_is_found: PushAfterRemoval,
}
