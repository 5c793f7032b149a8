//! What happens to every request before and after the router: the client's address, a request id, a time
//! limit, figures, a line in the access log. Nothing here knows a route.

use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use axum::response::IntoResponse;
use chinwag_proto::Code;
use futures_util::FutureExt;
use hyper::body::Incoming;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use tokio::time::{Instant, timeout};

use crate::api::{ApiError, ClientAddr};
use crate::config::units::Network;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Answers the requests of all connections.
pub(super) struct Front {
    router: TowerToHyperService<Router>,
    trusted_proxies: Vec<Network>,
    request_timeout: Duration,
    /// Tells this start's request ids from those of others.
    start: u64,
    requests: AtomicU64,
}

impl Front {
    pub(super) fn new(
        router: Router,
        trusted_proxies: Vec<Network>,
        request_timeout: Duration,
        start: u64,
    ) -> Self {
        Self {
            router: TowerToHyperService::new(router),
            trusted_proxies,
            request_timeout,
            start,
            requests: AtomicU64::new(0),
        }
    }

    pub(super) fn trusts(&self, peer: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(peer))
    }

    /// The last address on the way that is no trusted proxy's.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let hops = headers.get_all(FORWARDED_FOR).iter().rev().filter_map(|value| value.to_str().ok());
        for hop in hops.flat_map(|value| value.rsplit(',')) {
            if !self.trusts(client) {
                break;
            }
            match hop.trim().parse::<IpAddr>() {
                Ok(hop) => client = hop.to_canonical(),
                Err(_) => break,
            }
        }
        client
    }

    async fn answer(self: Arc<Self>, peer: IpAddr, request: Request<Incoming>) -> Response<Body> {
        let begun = Instant::now();
        let id = format!("{:x}-{:x}", self.start, self.requests.fetch_add(1, Ordering::Relaxed));
        let method = request.method().clone();
        // Never the query: it may hold what a user looks for.
        let path = tracing::enabled!(tracing::Level::DEBUG).then(|| request.uri().path().to_owned());
        let mut request = request.map(Body::new);
        let client = self.client(peer, request.headers());
        request.extensions_mut().insert(ClientAddr(client));

        let mut response = match timeout(self.request_timeout, self.router.call(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            Err(_) => problem(
                Code::Unavailable,
                "the request took too long; resend it with the same clientMessageId",
            ),
        };

        let status = response.status();
        let took = begun.elapsed();
        metrics::counter!("chinwag_http_requests_total", "status" => status_class(status.as_u16()))
            .increment(1);
        metrics::histogram!("chinwag_http_request_seconds").record(took.as_secs_f64());
        if let Some(path) = path {
            tracing::debug!(request = %id, %method, path, status = status.as_u16(), took_us = took.as_micros(), %client, "request");
        }
        if let Ok(id) = HeaderValue::try_from(id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        response
    }
}

/// Answers the requests of one connection.
#[derive(Clone)]
pub(super) struct Handler {
    pub(super) front: Arc<Front>,
    pub(super) peer: IpAddr,
}

impl hyper::service::Service<Request<Incoming>> for Handler {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        // Boxed, so that a connection without a request under way holds none of it.
        Box::pin(Arc::clone(&self.front).answer(self.peer, request).map(Ok))
    }
}

/// A problem document as an answer.
pub(super) fn problem(code: Code, detail: &str) -> Response<Body> {
    ApiError::new(code, detail).into_response()
}

fn status_class(status: u16) -> &'static str {
    match status {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn client(trusted: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let trusted = trusted.iter().map(|network| network.parse().unwrap()).collect();
        let front = Front::new(Router::new(), trusted, Duration::from_secs(1), 1);
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED_FOR, value.parse().unwrap());
        }
        front.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn without_trusted_proxies_the_connections_address_counts() {
        assert_eq!(client(&[], "10.0.0.1", &["1.2.3.4"]), "10.0.0.1");
    }

    #[test]
    fn a_client_cannot_forge_its_address_behind_trusted_proxies() {
        let trusted = ["10.0.0.0/8"];
        assert_eq!(client(&trusted, "10.0.0.1", &["6.6.6.6, 1.2.3.4"]), "1.2.3.4");
        assert_eq!(client(&trusted, "10.0.0.1", &["6.6.6.6, 1.2.3.4, 10.0.0.2"]), "1.2.3.4");
        assert_eq!(client(&trusted, "10.0.0.1", &["6.6.6.6", "1.2.3.4"]), "1.2.3.4");
        assert_eq!(client(&trusted, "10.0.0.1", &["1.2.3.4, junk"]), "10.0.0.1");
        assert_eq!(client(&trusted, "9.9.9.9", &["1.2.3.4"]), "9.9.9.9");
        assert_eq!(client(&trusted, "10.0.0.1", &[]), "10.0.0.1");
    }
}
