//! One frame, one file: what it asks, how it is answered, what can go wrong.
//!
//! A handler gets a frame that is valid in form and the session that asked. What it refuses becomes an
//! `error` frame with the request's id; the connection lives.

mod active;
mod auth;
mod chats;
mod delete;
mod delivered;
mod edit;
mod heads;
mod mls;
mod open;
mod ping;
mod react;
mod read;
mod record;
mod send;
mod sync;
mod told;
mod typing;
mod watch;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use chinwag_proto::frame::ErrorFrame;
use chinwag_proto::text::RequestId;
use chinwag_proto::{ClientFrame, ServerFrame};

use super::outgoing::LiveEntry;
use super::session::Session;
use crate::service::Failure;

pub(crate) use auth::{authenticate, join_groups, sign_off};
pub(crate) use record::{Flight, Landed, answer_of};
pub(crate) use told::look_up;

/// A handler under way, in a box of its own size: an idle connection holds none.
pub(crate) type Handling<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a handler answers.
pub(crate) enum Answer {
    /// Nothing, or later by another way.
    Nothing,
    /// A frame.
    Frame(ServerFrame),
    /// A frame that gives the client a chat up to a seq, after the acknowledgments of its own entries up
    /// to there.
    After {
        /// The acknowledgments.
        acks: Vec<(Arc<LiveEntry>, RequestId)>,
        /// The frame.
        frame: ServerFrame,
    },
    /// A record has its place in the ledger's order; its outcome is awaited.
    InFlight(Flight),
    /// The device has used up its budget.
    OverBudget(ServerFrame),
}

/// What a handler comes to.
type Result = std::result::Result<Answer, Failure>;

/// Handles a frame.
pub(crate) fn handle(session: &Session, frame: ClientFrame) -> Handling<'_, Answer> {
    // A macro: a future that is handed to a function first would be held twice.
    macro_rules! answer {
        ($id:expr, $handler:expr) => {{
            let id = $id;
            Box::pin(async move { answer(id, $handler) })
        }};
    }
    match frame {
        ClientFrame::Auth(_) => answer!(None, auth::again()),
        ClientFrame::Send(send) => {
            record::submit(session, send.id.clone(), send::request(session.user(), send))
        }
        ClientFrame::Edit(edit) => record::submit(session, edit.id.clone(), Ok(edit::request(edit))),
        ClientFrame::Delete(delete) => {
            record::submit(session, delete.id.clone(), Ok(delete::request(delete)))
        }
        ClientFrame::React(react) => record::submit(session, react.id.clone(), Ok(react::request(react))),
        ClientFrame::Mls(mls) => record::submit(session, mls.id.clone(), Ok(mls::request(mls))),
        ClientFrame::Heads(heads) => answer!(Some(heads.id.clone()), heads::handle(session, heads).await),
        ClientFrame::Chats(chats) => answer!(Some(chats.id.clone()), chats::handle(session, chats).await),
        ClientFrame::Sync(sync) => answer!(Some(sync.id.clone()), sync::handle(session, sync).await),
        ClientFrame::Read(mark) => answer!(None, read::handle(session, mark).await),
        ClientFrame::Delivered(mark) => answer!(None, delivered::handle(session, mark).await),
        ClientFrame::Typing(typing) => answer!(None, typing::handle(session, typing).await),
        ClientFrame::Active(active) => answer!(None, active::handle(session, active).await),
        ClientFrame::Open(open) => answer!(None, open::handle(session, open).await),
        ClientFrame::Watch(watch) => answer!(None, watch::handle(session, watch).await),
        ClientFrame::Ping(ping) => answer!(None, Ok(ping::answer(ping))),
    }
}

/// Makes a refusal an `error` frame.
fn answer(id: Option<RequestId>, result: Result) -> Answer {
    match result {
        Ok(answer) => answer,
        Err(failure @ Failure::RateLimited { .. }) => Answer::OverBudget(refused(id, &failure)),
        Err(failure) => Answer::Frame(refused(id, &failure)),
    }
}

/// The `error` frame of a refusal.
pub(crate) fn refused(id: Option<RequestId>, failure: &Failure) -> ServerFrame {
    let problem = failure.to_problem();
    ServerFrame::Error(ErrorFrame {
        id,
        code: problem.code,
        detail: problem.detail,
        retry_after_ms: problem.retry_after_ms,
        head: problem.head,
        after: problem.after,
    })
}
