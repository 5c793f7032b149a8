//! C7: what was definitely refused never appears, to anybody. A refusal speaks for its own attempt, so a send
//! is refused when each attempt at this request was.
//!
//! Leaves out attempts without an answer: C10 judges them.

use crate::event::{Entry, Request};
use crate::index::{Answer, Index};
use crate::report::{Report, Rule};

pub(crate) fn check(index: &Index<'_>, report: &mut Report) {
    for (no, chat) in index.chats.iter().enumerate() {
        for version in &chat.versions {
            let entry = version.entry;
            let like = index.sends_like(no, entry);
            let named = index.send_of(no, entry);
            let suspects = match &named {
                Some(send) => std::slice::from_ref(send),
                None => like,
            };
            let mut asked = suspects
                .iter()
                .flat_map(|&send| &index.sends[send].tries)
                .filter(|t| fits(entry, t.request))
                .peekable();
            if asked.peek().is_some() && asked.all(|t| t.answer == Answer::Refused) {
                let (name, reader) = (index.name(suspects[0]), version.reader);
                report
                    .add(Rule::C7, format!("{name} was refused, {reader} was given it at seq {}", entry.seq));
            }
        }
    }
}

/// Whether an entry can have come from a request; wiped content fits any.
pub(super) fn fits(entry: &Entry, request: &Request) -> bool {
    let content = entry.digest.is_none() || entry.digest == request.digest;
    entry.kind == request.kind && entry.target == request.target && content
}
