//! Answers: the one place where results and failures become HTTP.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chinwag_ports::Unavailable;
use chinwag_proto::{Code, Problem};
use serde::Serialize;

use crate::service::Failure;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");
const BEARER: HeaderValue = HeaderValue::from_static("Bearer");

/// What an endpoint answers: a status and a body.
pub(super) struct Reply<T>(pub(super) StatusCode, pub(super) T);

/// What an endpoint comes to.
pub(super) type Result<T> = std::result::Result<T, ApiError>;

impl<T> Reply<T> {
    /// 200.
    pub(super) const fn ok(body: T) -> Self {
        Self(StatusCode::OK, body)
    }

    /// 201 the first time, 200 for a retry.
    pub(super) const fn made(body: T, duplicate: bool) -> Self {
        Self(if duplicate { StatusCode::OK } else { StatusCode::CREATED }, body)
    }
}

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.1) {
            Ok(json) => (self.0, [(CONTENT_TYPE, JSON)], json).into_response(),
            Err(why) => {
                tracing::error!(reason = %why, "an answer could not be written");
                ApiError::new(Code::Internal, "the answer could not be written").into_response()
            }
        }
    }
}

/// An error answer: a problem document (RFC 9457) with the headers that go with its code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError(pub Box<Problem>);

impl ApiError {
    /// A problem with its code and what is wrong here.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self(Box::new(Problem::new(code, detail)))
    }

    /// The request breaks a rule of form.
    pub(super) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(Code::InvalidRequest, detail)
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        Self(Box::new(failure.to_problem()))
    }
}

impl From<Unavailable> for ApiError {
    fn from(why: Unavailable) -> Self {
        Failure::from(why).into()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self(problem) = self;
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let json = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (status, [(CONTENT_TYPE, PROBLEM)], Body::from(json)).into_response();
        let headers = response.headers_mut();
        if problem.code == Code::Unauthenticated {
            headers.insert(WWW_AUTHENTICATE, BEARER);
        }
        if let Some(ms) = problem.retry_after_ms {
            // Whole seconds (RFC 9110 §10.2.3), never sooner than the problem says.
            headers.insert(RETRY_AFTER, HeaderValue::from(ms.div_ceil(1_000).max(1)));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_limit_says_when_to_come_back_in_whole_seconds() {
        for (ms, seconds) in [(1, "1"), (1_000, "1"), (1_001, "2"), (60_000, "60")] {
            let response = ApiError::from(Failure::RateLimited { retry_after_ms: ms }).into_response();
            assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
            assert_eq!(response.headers()[RETRY_AFTER], seconds);
        }
    }

    #[test]
    fn every_code_answers_with_its_status_as_a_problem() {
        for &code in Code::ALL {
            let response = ApiError::new(code, "why").into_response();
            assert_eq!(response.status().as_u16(), code.status());
            assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
            assert_eq!(response.headers().contains_key(WWW_AUTHENTICATE), code == Code::Unauthenticated);
        }
    }
}
