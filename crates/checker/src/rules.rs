//! The ten rules, a file for each group that looks at the same facts.
//!
//! Leaves out how the facts are gathered: the index has them.

mod acknowledged;
mod arrival;
mod cause;
mod once;
mod order;
mod refused;
mod same;
mod view;

pub use arrival::ARRIVAL_MS_MAX;

use crate::index::{Answer, Index, Step};
use crate::report::{Judged, Report};

/// Applies every rule.
pub(crate) fn judge(index: &Index<'_>) -> Report {
    let mut report = Report { judged: count(index), unusable: index.unusable.clone(), ..Report::default() };
    acknowledged::check(index, &mut report);
    once::check(index, &mut report);
    same::check(index, &mut report);
    view::check(index, &mut report);
    order::check(index, &mut report);
    refused::check(index, &mut report);
    arrival::check(index, &mut report);
    cause::check(index, &mut report);
    report.violations.sort_by_key(|violation| violation.rule);
    report
}

fn count(index: &Index<'_>) -> Judged {
    let tries =
        |answer| index.sends.iter().flat_map(|send| &send.tries).filter(|t| t.answer == answer).count();
    let steps = index.views.iter().flat_map(|view| &view.steps);
    Judged {
        sends: index.sends.len(),
        acked: index.sends.iter().filter(|send| send.tries.iter().any(|t| t.answer == Answer::Acked)).count(),
        refused: tries(Answer::Refused),
        open: tries(Answer::Open),
        observed: steps.filter(|step| matches!(step, Step::Got { .. })).count(),
        chats: index.chats.iter().filter(|chat| !chat.logs.is_empty()).count(),
        entries: index.chats.iter().filter_map(|chat| chat.logs.first()).map(|log| log.len()).sum(),
    }
}
