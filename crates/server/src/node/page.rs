//! `GET /`: says what this is and how to use it. Nothing but text: no script, no picture, no other origin.

use std::sync::Arc;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::routing::get;
use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};

const PAGE: &str = include_str!("page.html");
const STYLE: (&str, &str) = ("<style>", "</style>");

/// `GET /`.
pub(super) fn routes() -> Router {
    let policy: Arc<str> = policy(PAGE).into();
    let answer = move || async move {
        let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
            (CONTENT_SECURITY_POLICY, policy),
            (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
            (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
            (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        ];
        (headers, PAGE)
    };
    Router::new().route("/", get(answer))
}

/// Nothing is allowed but the page's own style sheet, named by its hash.
fn policy(page: &str) -> String {
    let style = page
        .split_once(STYLE.0)
        .and_then(|(_, rest)| rest.split_once(STYLE.1))
        .map_or("", |(style, _)| style);
    let hash = Base64::encode_string(&Sha256::digest(style.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_needs_nothing_that_its_policy_forbids() {
        assert_eq!(PAGE.matches(STYLE.0).count(), 1);
        for forbidden in
            ["<script", " style=", " onclick", " onload", "src=", "http-equiv", "@import", "url("]
        {
            assert!(!PAGE.contains(forbidden), "{forbidden}");
        }
        assert!(policy(PAGE).starts_with("default-src 'none'; style-src 'sha256-"));
    }
}
