//! Correct runs are passed, however rough they are.

use chinwag_checker::{History, Report, check};

use crate::model::{Plan, run};

fn judged(seed: u64, steps: usize) -> (History, Report) {
    let history = run(Plan { seed, steps, fault: None, refuses: !seed.is_multiple_of(4) }).history;
    let report = check(&history);
    (history, report)
}

#[test]
fn hundreds_of_rough_but_correct_runs_are_clean() {
    let mut sum = chinwag_checker::Judged::default();
    for seed in 0..400 {
        let (_, report) = judged(seed, 600);
        assert!(report.is_clean(), "seed {seed}: {report}");
        sum.acked += report.judged.acked;
        sum.refused += report.judged.refused;
        sum.open += report.judged.open;
        sum.observed += report.judged.observed;
    }
    // They were rough: everything that a rule looks at has happened, many times.
    assert!(sum.acked > 10_000 && sum.observed > 50_000, "{sum:?}");
    assert!(sum.refused > 1_000 && sum.open > 1_000, "{sum:?}");
}

#[test]
fn a_history_of_a_hundred_thousand_events_is_judged() {
    let (history, report) = judged(1, 75_000);
    assert!(history.events.len() > 100_000, "{} events", history.events.len());
    assert!(report.is_clean(), "{report}");
}

#[test]
fn a_history_that_went_through_a_file_is_judged_alike() {
    let (history, report) = judged(7, 600);
    let mut file = Vec::new();
    history.write_json_lines(&mut file).unwrap();
    let read = History::read_json_lines(file.as_slice()).unwrap();
    assert_eq!(check(&read), report);
}

#[test]
fn the_same_seed_is_the_same_run() {
    assert_eq!(judged(3, 500).0, judged(3, 500).0);
}
