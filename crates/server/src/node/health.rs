//! `/healthz`: the process answers. `/readyz`: it takes requests and its engines work, or why not.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, Response};
use axum::response::IntoResponse;
use axum::routing::get;
use chinwag_proto::Code;
use tokio::sync::watch;

use super::engines::Obstacle;
use super::http::problem;

/// Whether the node is ready.
#[derive(Clone)]
pub(super) struct Readiness {
    pub(super) draining: watch::Receiver<bool>,
    pub(super) engines: Obstacle,
}

impl Readiness {
    /// Why the node takes no requests just now; `None` when it does.
    pub(super) fn obstacle(&self) -> Option<String> {
        if *self.draining.borrow() { Some("the node is going away".to_owned()) } else { (self.engines)() }
    }
}

/// `GET /healthz` and `GET /readyz`.
pub(super) fn routes(readiness: Readiness) -> Router {
    Router::new()
        .route("/healthz", get(|| async { plain("ok\n") }))
        .route("/readyz", get(ready))
        .with_state(readiness)
}

async fn ready(State(readiness): State<Readiness>) -> Response<Body> {
    match readiness.obstacle() {
        None => plain("ready\n"),
        Some(obstacle) => {
            tracing::warn!(%obstacle, "not ready");
            let mut response = problem(Code::Unavailable, &obstacle);
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
    }
}

fn plain(text: &'static str) -> Response<Body> {
    ([(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "no-store")], text).into_response()
}
