//! The figures of `/metrics`: one recorder a process, since the macros that everybody uses know but one.
//! Their names and meanings are documented in docs/operations.md.

use std::sync::OnceLock;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, Response};
use axum::response::IntoResponse;
use axum::routing::get;
use chinwag_proto::Code;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::http::problem;
use crate::config::metrics::Metrics;
use crate::config::units::Secret;

/// Times from a tenth of a millisecond to ten seconds.
const SECONDS: &[f64] = &[
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.0,
    2.0, 5.0, 10.0,
];
/// Sizes from one to ten thousand.
const SIZES: &[f64] =
    &[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0, 10_000.0];

/// The process's figures; the first call begins to record them.
pub(super) fn recorder() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let with = |builder: PrometheusBuilder, ending: &str, buckets: &[f64]| {
            // Fails on empty buckets alone, which these are not.
            builder.set_buckets_for_metric(Matcher::Suffix(ending.to_owned()), buckets).unwrap_or_default()
        };
        let builder = with(PrometheusBuilder::new(), "_seconds", SECONDS);
        let recorder = with(builder, "_size", SIZES).build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another recorder takes this process's figures; /metrics stays empty");
        }
        describe();
        handle
    })
}

fn describe() {
    metrics::describe_counter!("chinwag_http_requests_total", "Requests answered, by class of status");
    metrics::describe_histogram!(
        "chinwag_http_request_seconds",
        "From a request's head to its answer's head"
    );
    metrics::describe_gauge!("chinwag_http_connections", "Open TCP connections, WebSockets included");
    metrics::describe_counter!(
        "chinwag_connections_refused_total",
        "Connections closed as they came, by the limit"
    );
    metrics::describe_counter!("chinwag_accept_errors_total", "Times that no connection could be taken");
}

#[derive(Clone)]
struct Figures {
    handle: &'static PrometheusHandle,
    token: Option<Secret>,
}

/// `GET /metrics`, where it is enabled.
pub(super) fn routes(settings: &Metrics) -> Router {
    if !settings.enabled {
        return Router::new();
    }
    let figures = Figures { handle: recorder(), token: settings.token.clone() };
    Router::new().route("/metrics", get(render)).with_state(figures)
}

async fn render(State(figures): State<Figures>, headers: HeaderMap) -> Response<Body> {
    let offered = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    if figures.token.as_ref().is_some_and(|token| !token.matches(offered.unwrap_or_default())) {
        return problem(
            Code::Unauthenticated,
            "send the token of [metrics] as `Authorization: Bearer TOKEN`",
        );
    }
    let headers = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"), (CACHE_CONTROL, "no-store")];
    (headers, figures.handle.render()).into_response()
}
