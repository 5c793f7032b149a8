//! The query string, strictly: unknown and repeated parameters are refused, the parameter named.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::super::reply::ApiError;

/// Most characters of what is said about a query.
const DETAIL_MAX: usize = 240;

/// The query string as `T`, which refuses what it does not know.
pub(in crate::api) struct QueryOf<T>(pub(in crate::api) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for QueryOf<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(query)) => Ok(Self(query)),
            Err(rejection) => {
                let text = rejection.body_text();
                let text = text.rsplit_once("query string: ").map_or(text.as_str(), |(_, why)| why);
                let detail: String = text.chars().filter(|c| !c.is_control()).take(DETAIL_MAX).collect();
                Err(ApiError::invalid(format!("in the query: {detail}")))
            }
        }
    }
}

/// A page size from a query, held against its limit.
pub(in crate::api) fn page_size(limit: Option<u32>, default: usize, max: usize) -> Result<usize, ApiError> {
    match limit {
        None => Ok(default.min(max)),
        Some(limit) if limit >= 1 && limit as usize <= max => Ok(limit as usize),
        Some(_) => Err(ApiError::invalid(format!("`limit` is 1 to {max}"))),
    }
}
