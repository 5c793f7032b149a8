//! `GET /docs/style.css`.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use super::STYLE;
use crate::api::endpoint::endpoint;

endpoint!(Documentation);

/// The style of the page for people.
#[utoipa::path(
    get, path = "/docs/style.css", operation_id = "getDocsStyle", tag = "server",
    responses((status = 200, description = "The style sheet.", content_type = "text/css", body = String)),
)]
pub(in crate::api) async fn handle() -> Response {
    ([(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "no-cache")], STYLE).into_response()
}
