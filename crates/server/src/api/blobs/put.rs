//! `PUT /chats/{chatId}/blobs/{sha256}`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use chinwag_proto::{BlobName, ChatId, Code};
use http_body_util::BodyExt;

use super::OCTETS;
use crate::api::Api;
use crate::api::endpoint::endpoint;
use crate::api::extract::{PathIds, announced, is_media_type};
use crate::api::reply::{ApiError, Result};
use crate::service::{Caller, Failure};

endpoint!(User, Forbidden, NotMember, NotFound, RateLimited);

/// Puts a blob into a chat.
///
/// Its name is the SHA-256 of its bytes, which is checked. Who may send to the chat may put; a direct chat need
/// not have begun. Putting what is there already changes nothing.
#[utoipa::path(
    put, path = "/chats/{chatId}/blobs/{sha256}", operation_id = "putBlob", tag = "keys",
    params(
        ("chatId" = String, Path, description = "The chat."),
        ("sha256" = String, Path, description = "The SHA-256 of the bytes, 64 lower-case hexadecimal digits."),
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 204, description = "It is there, and durable.")),
)]
pub(in crate::api) async fn handle(
    State(api): State<Arc<Api>>,
    caller: Caller,
    PathIds((chat, name)): PathIds<(ChatId, BlobName)>,
    headers: HeaderMap,
    mut body: Body,
) -> Result<StatusCode> {
    if !is_media_type(&headers, OCTETS) {
        let detail = "the body has to be bytes, with the header `Content-Type: application/octet-stream`";
        return Err(ApiError::new(Code::UnsupportedMediaType, detail));
    }
    let bytes_max = api.services.limits.blob_bytes;
    if announced(&headers).is_some_and(|length| length > bytes_max as u64) {
        return Err(Failure::TooLarge { bytes_max }.into());
    }
    let mut incoming = api.services.blobs.begin(caller, chat, name).await?;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ApiError::invalid("the body did not arrive whole"))?;
        if let Ok(bytes) = frame.into_data() {
            incoming.write(bytes).await?;
        }
    }
    incoming.finish().await?;
    Ok(StatusCode::NO_CONTENT)
}
