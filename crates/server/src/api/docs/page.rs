//! `GET /docs`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use crate::api::Api;
use crate::api::endpoint::endpoint;

endpoint!(Documentation);

/// The page needs its own style and nothing else: no script, no other host.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// This description as a page for people.
#[utoipa::path(
    get, path = "/docs", operation_id = "getDocs", tag = "server",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)),
)]
pub(in crate::api) async fn handle(State(api): State<Arc<Api>>) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, api.documentation.page.clone()).into_response()
}
