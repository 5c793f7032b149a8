//! One call over HTTP, and its answer.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use chinwag_proto::{Code, Problem};
use chinwag_server::api::ClientAddr;
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tower::ServiceExt;

use super::Server;

/// A call that is being put together.
pub struct Call {
    server: Arc<Server>,
    request: axum::http::request::Builder,
    body: Vec<u8>,
    what: String,
}

impl Server {
    /// A call of a method and path.
    pub fn call(self: &Arc<Self>, method: &str, path: &str) -> Call {
        let request = Request::builder().method(method).uri(path).extension(ClientAddr(address(1)));
        Call { server: Arc::clone(self), request, body: Vec::new(), what: format!("{method} {path}") }
    }

    pub async fn get(self: &Arc<Self>, path: &str) -> Answer {
        self.call("GET", path).answer().await
    }

    pub async fn post(self: &Arc<Self>, path: &str, body: Value) -> Answer {
        self.call("POST", path).json(&body).answer().await
    }
}

/// An address of some client.
pub fn address(number: u32) -> IpAddr {
    IpAddr::from(std::net::Ipv4Addr::from_bits(0x0a00_0000 + number))
}

impl Call {
    pub fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// From an address other than the usual one.
    pub fn from(mut self, address: IpAddr) -> Self {
        self.request = self.request.extension(ClientAddr(address));
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.raw("application/json", body.to_string())
    }

    pub fn raw(self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let mut call = self.header("content-type", content_type);
        call.body = body.into();
        call
    }

    pub async fn answer(self) -> Answer {
        let request = self.request.body(Body::from(self.body)).unwrap();
        let response = self.server.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        let answer = Answer { status: parts.status, headers: parts.headers, body, what: self.what };
        answer.check();
        answer
    }
}

/// What was answered.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    what: String,
}

impl Answer {
    /// What holds for every answer whatsoever.
    fn check(&self) {
        let header = |name| self.headers.get(name).map(|value| value.to_str().unwrap());
        assert_eq!(header(header::X_CONTENT_TYPE_OPTIONS), Some("nosniff"), "{self}");
        assert!(header(header::CACHE_CONTROL).is_some_and(|value| value.starts_with("no-")), "{self}");
        assert_eq!(header(header::REFERRER_POLICY), Some("no-referrer"), "{self}");
        let policy = header(header::CONTENT_SECURITY_POLICY).unwrap_or_default();
        assert!(policy.starts_with("default-src 'none'"), "{self}");
        if self.status.is_client_error() || self.status.is_server_error() {
            assert_eq!(header(header::CONTENT_TYPE), Some("application/problem+json"), "{self}");
            if !self.body.is_empty() {
                let problem: Problem = self.json();
                assert_eq!(problem.status, self.status.as_u16(), "{self}");
                assert_eq!(problem.code.status(), self.status.as_u16(), "{self}");
                assert_eq!(problem.title, problem.code.title(), "{self}");
                assert!(!problem.detail.is_empty() && problem.kind == "about:blank", "{self}");
            }
            let limited = [429, 503].contains(&self.status.as_u16());
            assert_eq!(header(header::RETRY_AFTER).is_some(), limited, "{self}");
            assert_eq!(header(header::WWW_AUTHENTICATE).is_some(), self.status.as_u16() == 401, "{self}");
        }
    }

    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap_or_else(|why| panic!("{why}: {self}"))
    }

    pub fn problem(&self) -> Problem {
        assert!(self.status.as_u16() >= 400, "{self}");
        self.json()
    }

    /// The answer has this status; hands its body out.
    #[track_caller]
    pub fn is(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{self}");
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// The answer is this error; hands its detail out.
    #[track_caller]
    pub fn refused(self, code: Code) -> String {
        let problem = self.problem();
        assert_eq!(problem.code, code, "{self}");
        problem.detail
    }

    /// `Ok` or the code: what a table compares.
    pub fn outcome(&self) -> Result<u16, Code> {
        if self.status.is_success() { Ok(self.status.as_u16()) } else { Err(self.problem().code) }
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body: String = String::from_utf8_lossy(&self.body).chars().take(600).collect();
        write!(f, "{} → {} {body}", self.what, self.status)
    }
}
