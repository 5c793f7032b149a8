//! `GET /openapi.json`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use crate::api::Api;
use crate::api::endpoint::endpoint;

endpoint!(Documentation);

/// This description as OpenAPI 3.1.
#[utoipa::path(
    get, path = "/openapi.json", operation_id = "getOpenapi", tag = "server",
    responses((status = 200, description = "The document.", content_type = "application/json", body = Object)),
)]
pub(in crate::api) async fn handle(State(api): State<Arc<Api>>) -> Response {
    let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")];
    (headers, api.documentation.json.clone()).into_response()
}
