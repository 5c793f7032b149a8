//! Headers of every answer: what browsers must not do with it, and which origins may read it.

use std::collections::HashSet;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, CACHE_CONTROL,
    CONTENT_SECURITY_POLICY, HeaderName, ORIGIN, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// What an answer says unless its endpoint said otherwise: data, not a page; for this reader, not for
/// caches.
const SECURE: [(HeaderName, &str); 4] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (CACHE_CONTROL, "no-store"),
    (REFERRER_POLICY, "no-referrer"),
    (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
];

/// Adds the headers of [`SECURE`] where they are missing.
pub(super) async fn secure(mut response: Response) -> Response {
    for (name, value) in SECURE {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// The origins that may read answers (CORS; Fetch standard §3.2). Tokens travel in a header of their
/// own, so credentials in the sense of CORS (cookies) are never allowed.
#[derive(Clone)]
pub(super) struct Cors(Arc<HashSet<String>>);

impl Cors {
    pub(super) fn new(origins: &[String]) -> Self {
        Self(Arc::new(origins.iter().cloned().collect()))
    }

    /// The origin of a request, if it may read the answer.
    fn allowed(&self, request: &Request) -> Option<HeaderValue> {
        let origin = request.headers().get(ORIGIN)?;
        self.0.contains(origin.to_str().ok()?).then(|| origin.clone())
    }
}

/// Answers preflights of allowed origins and marks their answers as readable; others get what they
/// would get without an origin, which their browser keeps from the page.
pub(super) async fn cors(State(cors): State<Cors>, request: Request, next: Next) -> Response {
    let Some(origin) = cors.allowed(&request) else {
        let mut response = next.run(request).await;
        if !cors.0.is_empty() {
            response.headers_mut().append(VARY, HeaderValue::from_static("origin"));
        }
        return response;
    };
    let is_preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if is_preflight {
        let headers = [
            (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, PATCH, DELETE"),
            (ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type"),
            (ACCESS_CONTROL_MAX_AGE, "600"),
        ];
        secure((StatusCode::NO_CONTENT, headers).into_response()).await
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after"));
    headers.append(VARY, HeaderValue::from_static("origin"));
    response
}
