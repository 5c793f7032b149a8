//! Ids in the path: a malformed one is `invalid_request`, whether it exists is the endpoint's question.

use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use chinwag_proto::UserId;

use super::super::Api;
use super::super::reply::ApiError;
use crate::service::{Caller, Failure};

/// The parameters of the path, in its order.
pub(in crate::api) struct PathIds<T>(pub(in crate::api) T);

/// Types that the parameters of a path become.
pub(in crate::api) trait FromParams: Sized {
    fn from_params<'a>(params: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Self, ApiError>;
}

fn next<'a, T>(params: &mut impl Iterator<Item = (&'a str, &'a str)>) -> Result<T, ApiError>
where
    T: FromStr,
    T::Err: Display,
{
    let (name, text) = params.next().ok_or_else(|| ApiError::invalid("the path lacks a part"))?;
    text.parse().map_err(|why| ApiError::invalid(format!("`{name}` in the path: {why}")))
}

macro_rules! from_params {
    ($($part:ident),+) => {
        impl<$($part),+> FromParams for ($($part,)+)
        where
            $($part: FromStr, $part::Err: Display),+
        {
            fn from_params<'a>(mut params: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Self, ApiError> {
                Ok(($(next::<$part>(&mut params)?,)+))
            }
        }
    };
}
from_params!(A);
from_params!(A, B);
from_params!(A, B, C);

impl<T: FromParams, S: Send + Sync> FromRequestParts<S> for PathIds<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let params = RawPathParams::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiError::invalid("the path is not percent-encoded UTF-8"))?;
        T::from_params(params.iter()).map(Self)
    }
}

/// The caller, where the first parameter of the path is himself; else 403. The rest follows.
pub(in crate::api) struct OwnPath<T>(pub(in crate::api) Caller, pub(in crate::api) T);

/// The parameters behind the user in a path.
pub(in crate::api) trait Rest: Sized {
    type Whole: FromParams + Send;
    fn split(whole: Self::Whole) -> (UserId, Self);
}

impl Rest for () {
    type Whole = (UserId,);
    fn split((user,): (UserId,)) -> (UserId, Self) {
        (user, ())
    }
}

impl<A> Rest for (A,)
where
    A: FromStr + Send,
    A::Err: Display,
{
    type Whole = (UserId, A);
    fn split((user, rest): (UserId, A)) -> (UserId, Self) {
        (user, (rest,))
    }
}

impl<T: Rest> FromRequestParts<Arc<Api>> for OwnPath<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, api).await?;
        let PathIds(whole) = PathIds::<T::Whole>::from_request_parts(parts, api).await?;
        let (user, rest) = T::split(whole);
        if user != caller.user {
            return Err(Failure::Forbidden("only the user himself may ask this").into());
        }
        Ok(Self(caller, rest))
    }
}
