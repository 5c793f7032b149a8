//! `POST /chats`.

use std::sync::Arc;

use axum::extract::State;
use chinwag_ports::Appended;
use chinwag_proto::rest::{CreateChat, HeadDone};

use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::JsonBody;
use crate::api::reply::{Reply, Result};
use crate::service::Caller;

endpoint!(User, Forbidden, NotFound, IdempotencyConflict, EncryptionRequired, TooManyMembers);

/// Makes a group.
///
/// The creator is its owner. Its first entry names the founders, up to 100 beside him. An encrypted group
/// is made without a title; that follows as an encrypted record. Direct chats are made by sending.
#[utoipa::path(
    post, path = "/chats", operation_id = "createChat", tag = "chats",
    request_body = CreateChat,
    responses(
        (status = 201, description = "The group is made.", body = HeadDone),
        (status = 200, description = "It was made before with this `clientMessageId`.", body = HeadDone),
    ),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    caller: Caller,
    JsonBody(body): JsonBody<CreateChat>,
) -> Result<Reply<HeadDone>> {
    let (chat, appended) = api.services.sending.create_group(caller, body).await?;
    let (head, duplicate) = match appended {
        Appended::Committed(entry) => (entry.seq, false),
        Appended::Duplicate { seq, .. } => (seq, true),
        Appended::Rejected(refusal) => return Err(crate::service::Failure::from(refusal).into()),
    };
    Ok(Reply::made(HeadDone { chat_id: Some(chat), head }, duplicate))
}
