//! `GET /chats/{chatId}/blobs/{sha256}`.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use chinwag_ports::Unavailable;
use chinwag_proto::{BlobName, ChatId};
use futures_util::stream::try_unfold;

use super::OCTETS;
use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::PathIds;
use crate::api::reply::Result;
use crate::service::Caller;

endpoint!(User, NotMember, NotFound);

/// Bytes in memory at once for each answer under way.
const PART: usize = 64 * 1024;

/// The bytes of a blob.
///
/// Who may see the chat may get it. Hold it against its name: that is the SHA-256 of its bytes.
#[utoipa::path(
    get, path = "/chats/{chatId}/blobs/{sha256}", operation_id = "getBlob", tag = "keys",
    params(
        ("chatId" = String, Path, description = "The chat."),
        ("sha256" = String, Path, description = "The name of the blob."),
    ),
    responses(
        (status = 200, description = "The bytes.", body = Vec<u8>, content_type = "application/octet-stream"),
    ),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    caller: Caller,
    PathIds((chat, name)): PathIds<(ChatId, BlobName)>,
) -> Result<Response> {
    let size = api.services.blobs.size(caller, chat, name).await?;
    let headers = [(CONTENT_TYPE, OCTETS.to_owned()), (CONTENT_LENGTH, size.to_string())];
    let parts = try_unfold(0, move |offset| next(Arc::clone(&api), name, offset, size));
    Ok((headers, Body::from_stream(parts)).into_response())
}

/// The part at an offset, and where the next one begins. An error breaks the answer off, and the connection
/// with it: the status has gone out already.
async fn next(
    api: Arc<Api>,
    name: BlobName,
    offset: u64,
    size: u64,
) -> std::result::Result<Option<(Bytes, u64)>, Unavailable> {
    if offset >= size {
        return Ok(None);
    }
    let part = api.services.blobs.read(name, offset, PART).await?.filter(|part| !part.is_empty());
    let part = part.ok_or_else(|| Unavailable("a blob was deleted while it was read".to_owned()))?;
    let behind = offset + part.len() as u64;
    Ok(Some((part, behind)))
}
