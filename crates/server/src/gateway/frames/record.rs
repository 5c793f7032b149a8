//! What all frames that make an entry have in common: `send`, `edit`, `delete`, `react`, `mls`.
//!
//! - Each takes one send from the device's budget, duplicates included; none left: `rate_limited`.
//! - The handler is done when the record has its place in the ledger's order, so that the sends of one
//!   connection take their seqs in the order sent.
//! - `Committed` is acknowledged by the commit itself, as it comes from the live bus in its place among
//!   the chat's other entries. Should the bus have lost it, the acknowledgment is sent a moment later all
//!   the same, and the client is told to sync what else may have been lost with it.
//! - `Duplicate` is acknowledged with `duplicate: true`, a refusal by the rules is an `error`, and so is
//!   `unavailable`: then the record may or may not become an entry, and a resend tells.

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use chinwag_ports::{Appended, Origin, Pending, Unavailable};
use chinwag_proto::frame::Ack;
use chinwag_proto::text::RequestId;
use chinwag_proto::{ChatId, Entry, ServerFrame};
use tokio::time::sleep;

use super::super::connection::Connection;
use super::super::outgoing::ack_of;
use super::super::session::Session;
use super::{Answer, Handling, answer, refused};
use crate::service::Failure;
use crate::service::sending::Request;

/// How long a commit may be under way on the bus after its append was answered.
const BUS_DELAY_MAX: Duration = Duration::from_secs(1);

/// A send whose outcome is awaited.
pub(crate) type Flight = Pin<Box<dyn Future<Output = Landed> + Send>>;

/// A send with its outcome.
pub(crate) struct Landed {
    ticket: u64,
    chat: ChatId,
    outcome: Result<Appended, Unavailable>,
}

/// Puts a request into the ledger's order.
pub(super) fn submit(
    session: &Session,
    id: RequestId,
    request: Result<Request, Failure>,
) -> Handling<'_, Answer> {
    let begun = request.and_then(|request| Ok((begin(session, id.clone())?, request)));
    let (ticket, request) = match begun {
        Ok(begun) => begun,
        Err(failure) => return Box::pin(ready(answer(Some(id), Err(failure)))),
    };
    Box::pin(async move {
        let chat = request.chat;
        let origin = Origin { connection: session.connection.number, request: RequestId::Number(ticket) };
        match session.services().sending.submit(session.caller(), request, Some(origin)).await {
            Ok(pending) => {
                session.gateway.meters().sends.increment(1);
                Answer::InFlight(Box::pin(land(Arc::clone(&session.connection), ticket, chat, pending)))
            }
            Err(failure) => answer(session.connection.inbox().end(ticket), Err(failure)),
        }
    })
}

/// Takes a send from the budget and begins to await its answer: before the append, since the commit may
/// come back before the call does.
fn begin(session: &Session, id: RequestId) -> Result<u64, Failure> {
    let taken = session.services().budget.take(session.connection.device());
    taken.map_err(|retry_after_ms| Failure::RateLimited { retry_after_ms })?;
    let ticket = session.gateway.next_ticket();
    session.connection.inbox().begin(ticket, id);
    Ok(ticket)
}

async fn land(connection: Arc<Connection>, ticket: u64, chat: ChatId, pending: Pending) -> Landed {
    let outcome = pending.await;
    if matches!(outcome, Ok(Appended::Committed(_))) && connection.inbox().awaits(ticket) {
        sleep(BUS_DELAY_MAX).await;
    }
    Landed { ticket, chat, outcome }
}

/// The answer to a send; none where it was answered in its entry's place.
pub(crate) fn answer_of(session: &Session, landed: Landed) -> Answer {
    let Some(id) = session.connection.inbox().end(landed.ticket) else {
        return Answer::Nothing;
    };
    match landed.outcome {
        Ok(Appended::Committed(entry)) => acknowledge_lost(session, &entry, id),
        Ok(Appended::Duplicate { seq, message_id, created_at }) => {
            session.gateway.meters().acks.increment(1);
            let chat_id = landed.chat;
            Answer::Frame(ServerFrame::Ack(Ack { id, chat_id, message_id, seq, created_at, duplicate: true }))
        }
        Ok(Appended::Rejected(refusal)) => Answer::Frame(refused(Some(id), &refusal.into())),
        Err(why) => Answer::Frame(refused(Some(id), &why.into())),
    }
}

/// The commit did not come by the bus: whatever else of the chat is still under way there, up to this
/// seq, would come too late, and is left to the client to sync.
fn acknowledge_lost(session: &Session, entry: &Entry, id: RequestId) -> Answer {
    let mut inbox = session.connection.inbox();
    let acks = inbox.overtake(entry.chat_id, entry.seq, session.gateway.now_ms());
    inbox.miss(entry.chat_id, entry.seq);
    drop(inbox);
    session.gateway.meters().acks.increment(1);
    Answer::After { acks, frame: ack_of(entry, id) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::Caller;
    use crate::service::sending::Sending;

    fn size_of_future<T>(_: impl FnOnce(&'static Sending, Caller, Request, Option<Origin>) -> T) -> usize {
        size_of::<T>()
    }

    #[test]
    fn a_send_under_way_fits_a_small_allocation() {
        // Above about 1,000 bytes an allocation takes the allocator's slow path.
        let size = size_of_future(|sending, caller, request, origin| sending.submit(caller, request, origin));
        assert!(size <= 640, "the future has {size} bytes");
    }
}
