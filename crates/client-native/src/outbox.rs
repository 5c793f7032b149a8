//! Messages on their way: kept until the server has acknowledged or refused them. Pure.

use std::collections::VecDeque;

use chinwag_proto::frame::{Ack, Send};
use tokio::sync::oneshot;

use crate::ClientError;

/// Where the outcome of a message goes.
pub(crate) type Reply = oneshot::Sender<Result<Ack, ClientError>>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Unsent,
    InFlight,
    /// It went out and may have arrived: whoever sends it again says so.
    ToResend,
}

struct Waiting {
    request: u64,
    frame: Send,
    state: State,
    reply: Reply,
}

/// The messages that are not settled yet, in the order in which they were given.
#[derive(Default)]
pub(crate) struct Outbox {
    waiting: VecDeque<Waiting>,
}

impl Outbox {
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn push(&mut self, request: u64, frame: Send, reply: Reply) {
        self.waiting.push_back(Waiting { request, frame, state: State::Unsent, reply });
    }

    /// The next message to go out, marked as a resend where it went out before.
    pub(crate) fn next(&mut self) -> Option<Send> {
        let waiting = self.waiting.iter_mut().find(|waiting| waiting.state != State::InFlight)?;
        waiting.frame.resend = waiting.state == State::ToResend;
        waiting.state = State::InFlight;
        Some(waiting.frame.clone())
    }

    /// The connection broke: what was in flight has to go out again.
    pub(crate) fn broken(&mut self) {
        for waiting in &mut self.waiting {
            if waiting.state == State::InFlight {
                waiting.state = State::ToResend;
            }
        }
    }

    /// The server could not take a message just now. `false`: no such message.
    pub(crate) fn put_off(&mut self, request: u64) -> bool {
        let waiting = self.waiting.iter_mut().find(|waiting| waiting.request == request);
        waiting.map(|waiting| waiting.state = State::ToResend).is_some()
    }

    /// Takes a message out that was acknowledged or refused.
    pub(crate) fn settle(&mut self, request: u64) -> Option<Reply> {
        let at = self.waiting.iter().position(|waiting| waiting.request == request)?;
        self.waiting.remove(at).map(|waiting| waiting.reply)
    }
}
