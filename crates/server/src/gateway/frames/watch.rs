//! `{type:"watch", users}` → `{type:"presence", users}` at once and on change. Replaces the earlier list.
//! Users whom the caller may not see are left out, now and later; rights are looked at again every five
//! minutes, and when somebody changes his switches, contacts or blocks.
//!
//! Errors: `unavailable`, without an id.

use chinwag_proto::ServerFrame;
use chinwag_proto::frame::{PresenceFrame, Watch};

use super::super::session::Session;
use super::{Answer, Result};

pub(super) async fn handle(session: &Session, watch: Watch) -> Result {
    let mut users = watch.users;
    users.sort_unstable();
    users.dedup();
    // Before the look-up, so that what changes meanwhile is told.
    session.gateway.hub().watch(&session.connection, &users);
    let shown = session.services().presences.status(session.user(), &users).await?;
    let now_ms = session.gateway.now_ms();
    let users = session.connection.with_screen(|screen| {
        screen.has_rights(now_ms);
        screen.tell(&users, &shown)
    });
    Ok(Answer::Frame(ServerFrame::Presence(PresenceFrame { users })))
}
