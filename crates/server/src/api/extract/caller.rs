//! Who asks: the owner of the bearer token (RFC 6750).

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::super::reply::ApiError;
use super::super::{Api, ClientAddr};
use crate::service::{Caller, Failure};

/// Longest token that is looked up; ours have 43 characters.
const TOKEN_BYTES_MAX: usize = 256;

impl FromRequestParts<Arc<Api>> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, ApiError> {
        let token = bearer(&parts.headers).ok_or(Failure::Unauthenticated)?;
        let owner = api.services.auth.owner(token).await?.ok_or(Failure::Unauthenticated)?;
        let ClientAddr(address) = match ClientAddr::from_request_parts(parts, api).await {
            Ok(address) => address,
            Err(never) => match never {},
        };
        api.accounts.activity.note(owner, address).await;
        Ok(Self { user: owner.user, device: owner.device })
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all(AUTHORIZATION).iter();
    let (scheme, token) = given.next()?.to_str().ok()?.split_once(' ')?;
    let well_formed = given.next().is_none()
        && scheme.eq_ignore_ascii_case("bearer")
        && (1..=TOKEN_BYTES_MAX).contains(&token.len())
        && token.bytes().all(|b| b.is_ascii_graphic());
    well_formed.then_some(token)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (AUTHORIZATION, value.parse().unwrap())).collect()
    }

    #[test]
    fn a_token_stands_alone_after_its_scheme() {
        assert_eq!(bearer(&headers(&["Bearer abc-_"])), Some("abc-_"));
        assert_eq!(bearer(&headers(&["bearer abc"])), Some("abc"));
        let long = format!("Bearer {}", "x".repeat(257));
        for wrong in ["", "abc", "Bearer", "Bearer ", "Bearer a b", "Basic abc", long.as_str()] {
            assert_eq!(bearer(&headers(&[wrong])), None, "{wrong}");
        }
        assert_eq!(bearer(&headers(&["Bearer abc", "Bearer abc"])), None);
        assert_eq!(bearer(&HeaderMap::new()), None);
    }
}
