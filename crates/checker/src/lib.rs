//! The history checker: judges what clients of a chat system wrote down by the ten rules of the promise.
//!
//! *An acknowledged message is durable, has its final place in the chat, and reaches every device of every
//! member exactly once in view, in order, whatever crashes, disconnects or is resent.*
//!
//! | rule | |
//! |---|---|
//! | C1 | every acknowledged send is in the final log, and can be read as soon as it is acknowledged |
//! | C2 | one (sender, client message id) at most once in a chat, ever, in every device's view too |
//! | C3 | one (chat, seq) is the same entry to every reader, always |
//! | C4 | a device's seqs have no hole from where it joined |
//! | C5 | a device never sees seq go down: over reconnect, change of gateway, backlog mixed with live |
//! | C6 | what one device sent in order appears in that order |
//! | C7 | what was definitely refused never appears |
//! | C8 | after the faults stop, every acknowledged entry is at every member device within 30 s |
//! | C9 | no effect before its cause: edit, deletion, reaction, membership |
//! | C10 | a time-out means once or never; a retry does not make two |
//!
//! A test records [`Event`]s, as many recorders as it likes, and hands the [`History`] to [`check`]. The rules
//! are exact for clients that behave: they keep an outbox (on a new connection everything unanswered is resent
//! before anything new is sent), mark what they send again, and show nothing beyond a gap.
//!
//! ```
//! use chinwag_checker::{Attempt, Event, History, Kind, Request, Rule, check};
//!
//! let attempt = Attempt {
//!     device: "a1".into(),
//!     user: "a".into(),
//!     chat: "d.a.b".into(),
//!     client_message_id: "m-1".into(),
//!     number: 1,
//! };
//! let request = Request { kind: Kind::Message, target: None, digest: Some("hello".into()) };
//! let report = check(&History {
//!     events: vec![
//!         Event::SendStarted { at: 1, attempt: attempt.clone(), connection: 1, request },
//!         Event::Acked { at: 2, attempt, seq: 1, message_id: "1000".into(), duplicate: false },
//!         Event::FinalLog { at: 3, chat: "d.a.b".into(), entries: Vec::new() },
//!     ],
//! });
//! assert!(report.breaks(Rule::C1));
//! ```
//!
//! Leaves out the system under test: there is no dependency on any other part of it, so that no error can be
//! in both. Leaves out rights: who may do what is for tests of the rules of a chat.

mod event;
mod history;
mod index;
mod log;
mod report;
mod rules;

pub use event::{AtMs, Attempt, Change, Entry, Event, Kind, Request};
pub use history::{History, ReadError, write_event};
pub use report::{Judged, LISTED_PER_RULE_MAX, Report, Rule, Violation};
pub use rules::ARRIVAL_MS_MAX;

/// Judges a history. Takes a time that grows with its length and no more.
#[must_use]
pub fn check(history: &History) -> Report {
    rules::judge(&index::Index::new(history))
}
