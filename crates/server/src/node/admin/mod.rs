//! What `chinwag admin` asks for: a small JSON API for the operator, served on a socket in the data folder
//! while the server runs, and called directly while it does not. What the operations do is `service`'s.
//!
//! Whoever reaches it is the operator: the socket's permissions (0600, in a folder of 0700) say who that is.

pub mod bodies;
mod chats;
pub mod door;
mod invites;
mod socket;
mod users;

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use chinwag_proto::{Code, UserId};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::health::Readiness;
use super::parts::Core;
use crate::api::ApiError;
use crate::service::accounts::Accounts;
use crate::service::{Failure, Services};

pub use socket::SOCKET_NAME;
pub(super) use socket::Socket;

/// What the operations stand on.
pub(super) struct Admin {
    services: Arc<Services>,
    accounts: Arc<Accounts>,
    readiness: Readiness,
    url: String,
}

impl Admin {
    pub(super) fn new(core: &Core, readiness: Readiness, url: String) -> Self {
        let Core { services, accounts } = core.clone();
        Self { services, accounts, readiness, url }
    }
}

type Operator = axum::extract::State<Arc<Admin>>;
type Answer<T> = Result<Json<T>, ApiError>;

/// All operations.
pub(super) fn router(admin: Arc<Admin>) -> Router {
    Router::new()
        .route("/status", get(status))
        .route("/users", get(users::list).post(users::create))
        .route("/provisioned-users", post(users::provision))
        .route("/users/{user}", get(users::show).delete(users::erase))
        .route("/users/{user}/suspended", put(users::suspend).delete(users::restore))
        .route("/users/{user}/password", put(users::reset_password))
        .route("/users/{user}/devices", get(users::devices).post(users::create_device))
        .route("/users/{user}/devices/{device}", delete(users::revoke_device))
        .route("/users/{user}/chats", get(chats::of_user))
        .route("/chats/{chat}", get(chats::show))
        .route("/invites", post(invites::create).get(invites::list))
        .route("/invites/{id}", delete(invites::revoke))
        .fallback(|| async {
            ApiError::new(Code::NotFound, "the running server does not know this operation")
        })
        .method_not_allowed_fallback(|| async {
            ApiError::new(Code::MethodNotAllowed, "the running server does not know this operation")
        })
        .with_state(admin)
}

async fn status(axum::extract::State(admin): Operator) -> Answer<bodies::Status> {
    Ok(Json(bodies::Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        url: admin.url.clone(),
        obstacle: admin.readiness.obstacle(),
    }))
}

/// JSON in and out, with problem documents for what is wrong.
struct Json<T>(T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        match axum::Json::from_request(request, state).await {
            Ok(axum::Json(body)) => Ok(Self(body)),
            Err(why) => Err(ApiError::new(Code::InvalidRequest, why.body_text())),
        }
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// The user that a path names: `id:NUMBER`, or a user name. No user name has a colon, so that nobody can
/// call himself another's id.
async fn named(admin: &Admin, user: &str) -> Result<UserId, Failure> {
    match user.strip_prefix("id:") {
        Some(number) => number.parse().map_err(|_| Failure::Invalid(format!("`{number}` is no user id"))),
        None => admin.accounts.administration.find_user(user).await,
    }
}
