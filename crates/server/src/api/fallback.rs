//! What no handler answers: unknown paths and unknown methods.

use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use chinwag_proto::Code;

use super::headers::secure;
use super::reply::ApiError;

/// 404 for a path that nothing serves.
pub(super) async fn not_found() -> Response {
    secure(ApiError::new(Code::NotFound, "there is nothing at this path; see /docs").into_response()).await
}

/// 405 for a method that the path does not have; the router adds `Allow`. `OPTIONS` asks just for that.
pub(super) async fn method_not_allowed(method: Method) -> Response {
    let response = if method == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        ApiError::new(
            Code::MethodNotAllowed,
            "this path does not take this method; `Allow` names those it takes",
        )
        .into_response()
    };
    secure(response).await
}
