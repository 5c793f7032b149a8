//! Those who wait for an answer of the engine: for the fate of a record, for what a search or a look finds.

use std::collections::BTreeMap;

use chinwag_client::{Failure, Refusal, Shown, Status};
use chinwag_proto::{ChatId, ClientMessageId, Seq};
use tokio::sync::oneshot;

/// What became of a record.
#[derive(Clone, Debug)]
pub(crate) enum Settled {
    /// The server has it, in this place.
    Stands(Seq),
    /// It was refused.
    Failed(Failure),
    /// It was not taken.
    NotTaken(Refusal),
}

impl Settled {
    pub(crate) fn from_status(status: Option<Status>) -> Self {
        match status {
            Some(Status::Failed(failure)) => Self::Failed(failure),
            _ => Self::Failed(Failure::Store),
        }
    }
}

/// What a wish with a ticket has found.
#[derive(Debug)]
pub(crate) enum Found {
    /// Messages.
    Hits(Vec<(ChatId, Seq)>),
    /// Lines.
    Lines(Vec<Shown>),
}

/// Who waits for what. Whoever has given up waiting is found out when the answer comes.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    records: BTreeMap<(ChatId, String), oneshot::Sender<Settled>>,
    tickets: BTreeMap<u64, oneshot::Sender<Found>>,
    last: u64,
}

impl Desk {
    pub(crate) fn awaits(&mut self, chat: ChatId, id: ClientMessageId, fate: oneshot::Sender<Settled>) {
        self.records.insert((chat, id.as_str().to_owned()), fate);
    }

    pub(crate) fn is_awaited(&self, chat: ChatId, id: &ClientMessageId) -> bool {
        self.records.contains_key(&(chat, id.as_str().to_owned()))
    }

    pub(crate) fn settles(&mut self, chat: ChatId, id: &ClientMessageId, settled: Settled) {
        if let Some(fate) = self.records.remove(&(chat, id.as_str().to_owned())) {
            let _ = fate.send(settled);
        }
    }

    /// A ticket for a question.
    pub(crate) fn asks(&mut self, answer: oneshot::Sender<Found>) -> u64 {
        self.last += 1;
        self.tickets.insert(self.last, answer);
        self.last
    }

    pub(crate) fn answers(&mut self, ticket: u64, found: Found) {
        if let Some(answer) = self.tickets.remove(&ticket) {
            let _ = answer.send(found);
        }
    }

    /// No answer comes any more.
    pub(crate) fn fail_all(&mut self) {
        self.records.clear();
        self.tickets.clear();
    }
}
