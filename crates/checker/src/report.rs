//! What the checker answers: each broken rule with its evidence in one line, and how much was judged.
//!
//! Leaves out any judgement of its own.

use std::collections::BTreeMap;
use std::fmt;

/// How many violations of one rule are listed; the rest are counted.
pub const LISTED_PER_RULE_MAX: usize = 20;

/// One of the ten rules of the promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Every acknowledged send is in the final log.
    C1,
    /// One (sender, client message id) at most once in a chat, ever, in every device's view too.
    C2,
    /// One (chat, seq) is the same entry to every reader, always.
    C3,
    /// A device's seqs have no hole from where it joined.
    C4,
    /// A device never sees seq go down.
    C5,
    /// What one device sent in order appears in that order.
    C6,
    /// What was definitely refused never appears.
    C7,
    /// After the faults stop, every acknowledged entry is at every member device within 30 s.
    C8,
    /// No effect before its cause: edit, deletion, reaction, membership.
    C9,
    /// A time-out means once or never; a retry does not make two.
    C10,
}

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub rule: Rule,
    /// What shows it, in one line.
    pub evidence: String,
}

/// How much a history held. A test that expects no violation should also expect these not to be nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// Different (chat, user, client message id).
    pub sends: usize,
    /// Those of them that were acknowledged.
    pub acked: usize,
    /// Attempts that were refused.
    pub refused: usize,
    /// Attempts that timed out or never had an answer.
    pub open: usize,
    /// Entries that reached a device.
    pub observed: usize,
    /// Chats with a final log.
    pub chats: usize,
    /// Entries in the final logs.
    pub entries: usize,
}

/// What the checker found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What is broken, by rule, at most [`LISTED_PER_RULE_MAX`] of each.
    pub violations: Vec<Violation>,
    /// How many more there are of a rule than are listed.
    pub unlisted: BTreeMap<Rule, usize>,
    /// What makes no sense as a recording, or is missing from it: no verdict can be had from such a history.
    pub unusable: Vec<String>,
    /// How much was judged.
    pub judged: Judged,
}

impl Report {
    /// Whether the history could be judged and no rule is broken.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.violations.is_empty() && self.unusable.is_empty()
    }

    /// Whether this rule is broken.
    #[must_use]
    pub fn breaks(&self, rule: Rule) -> bool {
        self.violations.iter().any(|violation| violation.rule == rule)
    }

    pub(crate) fn add(&mut self, rule: Rule, evidence: String) {
        let listed = self.violations.iter().filter(|violation| violation.rule == rule).count();
        if listed < LISTED_PER_RULE_MAX {
            self.violations.push(Violation { rule, evidence });
        } else {
            *self.unlisted.entry(rule).or_default() += 1;
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.rule, self.evidence)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for violation in &self.violations {
            writeln!(f, "{violation}")?;
        }
        for (rule, count) in &self.unlisted {
            writeln!(f, "{rule:?}: {count} more")?;
        }
        for reason in &self.unusable {
            writeln!(f, "unusable: {reason}")?;
        }
        let judged = &self.judged;
        write!(
            f,
            "{} violations; judged {} sends ({} acknowledged), {} refused and {} open attempts, {} entries in {} chats, {} at devices",
            self.violations.len() + self.unlisted.values().sum::<usize>(),
            judged.sends,
            judged.acked,
            judged.refused,
            judged.open,
            judged.entries,
            judged.chats,
            judged.observed,
        )
    }
}
