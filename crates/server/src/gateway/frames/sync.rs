//! `{type:"sync", id, chatId, after, limit?}` → `{type:"entries", id, chatId, from, to, head, complete,
//! entries}`, oldest first; without `limit` as many as a page holds.
//!
//! Live entries that arrive meanwhile wait. Those up to `to` are in the page and are not delivered again;
//! those above follow it.
//!
//! Errors: `not_found`, `not_member`; `invalid_request` with `head` where `after` stands above it;
//! `unavailable`.

use chinwag_proto::ServerFrame;
use chinwag_proto::frame::{Page, Sync};

use super::super::session::Session;
use super::{Answer, Result};

pub(super) async fn handle(session: &Session, sync: Sync) -> Result {
    let limit = sync.limit.map_or(session.limits().page, |limit| limit as usize);
    let page = session.services().reading.entries(session.user(), sync.chat_id, sync.after, limit).await?;
    let acks = if page.entries.is_empty() {
        Vec::new()
    } else {
        session.connection.inbox().overtake(sync.chat_id, page.to, session.gateway.now_ms())
    };
    let frame = ServerFrame::Entries(Page {
        id: sync.id,
        chat_id: sync.chat_id,
        from: page.from,
        to: page.to,
        head: page.head,
        complete: page.complete,
        entries: page.entries,
    });
    Ok(Answer::After { acks, frame })
}
