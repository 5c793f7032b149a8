//! `/messages`: what is said, and what is made of it.

pub(super) mod delete;
pub(super) mod edit;
pub(super) mod list;
pub(super) mod react;
pub(super) mod send;
pub(super) mod unreact;

use chinwag_chat::Ask;
use chinwag_ports::Appended;
use chinwag_proto::{ChatId, ClientMessageId, Content, MessageId, Seq, Timestamp};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Api;
use super::reply::{ApiError, Result};
use crate::service::sending::Request;
use crate::service::{Caller, Failure};

/// The client's own id in a query.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(super) struct OwnId {
    /// The client's own id: the same again is the same request.
    #[param(value_type = Option<String>)]
    client_message_id: Option<ClientMessageId>,
}

/// Where a record stands.
struct Placed {
    seq: Seq,
    message_id: MessageId,
    created_at: Timestamp,
    /// Whether it stood there before.
    duplicate: bool,
}

impl TryFrom<Appended> for Placed {
    type Error = Failure;

    fn try_from(appended: Appended) -> std::result::Result<Self, Failure> {
        match appended {
            Appended::Committed(entry) => {
                let (seq, message_id, created_at) = (entry.seq, entry.message_id, entry.created_at);
                Ok(Self { seq, message_id, created_at, duplicate: false })
            }
            Appended::Duplicate { seq, message_id, created_at } => {
                Ok(Self { seq, message_id, created_at, duplicate: true })
            }
            Appended::Rejected(refusal) => Err(refusal.into()),
        }
    }
}

/// Takes one send from the caller's bucket and makes the record. Over REST every id is looked up,
/// however long ago it was used.
async fn append(
    api: &Api,
    caller: Caller,
    chat: ChatId,
    id: Option<ClientMessageId>,
    after: Option<Seq>,
    ask: Ask,
) -> Result<Placed> {
    let services = &api.services;
    services.budget.take(caller.device).map_err(|retry_after_ms| Failure::RateLimited { retry_after_ms })?;
    let request = Request { chat, id, resend: true, after, ask };
    Ok(Placed::try_from(services.sending.send(caller, request).await?)?)
}

/// Content as a client sent it, held against its limits.
fn check(api: &Api, content: &Content) -> Result<Content> {
    Content::check(content.raw(), &api.services.limits)
        .map_err(|why| ApiError::invalid(format!("`content`: {why}")))
}
