//! `{type:"active", on}`: whether the user is at the device. No answer. A device is active until it says
//! otherwise; a user is `away` while none of his is.
//!
//! Errors: `unavailable`, without an id.

use chinwag_proto::frame::Active;

use super::super::session::Session;
use super::{Answer, Result};

pub(super) async fn handle(session: &Session, active: Active) -> Result {
    if let Some(claim) = session.connection.claim() {
        let services = session.services();
        services.ports.presence.set_active(session.connection.session, claim, active.on).await?;
        services.presences.announce(session.user());
    }
    Ok(Answer::Nothing)
}
