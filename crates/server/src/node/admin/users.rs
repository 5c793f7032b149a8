//! Accounts and devices.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use chinwag_proto::{DeviceId, UserId};
use serde::Deserialize;

use super::bodies::{
    CreateDevice, CreateUser, DeviceCreated, DeviceRows, PasswordReset, Provision, Provisioned,
    ResetPassword, UserCreated, UserInfo, UserPage,
};
use super::{Answer, Json, Operator, named};
use crate::api::ApiError;
use crate::service::accounts::NewAccount;

/// Accounts of one page.
const PAGE_MAX: usize = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    after: Option<UserId>,
    limit: Option<usize>,
}

pub(super) async fn list(State(admin): Operator, Query(page): Query<Page>) -> Answer<UserPage> {
    let limit = page.limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
    let mut accounts = admin.accounts.administration.users(page.after, limit + 1).await?;
    let more = accounts.len() > limit;
    accounts.truncate(limit);
    let after = accounts.last().filter(|_| more).map(|last| last.user.id);
    Ok(Json(UserPage { users: accounts.into_iter().map(UserInfo::from).collect(), after }))
}

pub(super) async fn create(State(admin): Operator, Json(body): Json<CreateUser>) -> Answer<UserCreated> {
    let CreateUser { username, display_name, email, password } = body;
    let administration = &admin.accounts.administration;
    let made = if password.is_none() { Some(administration.new_password()?) } else { None };
    let password = password.or_else(|| made.clone()).unwrap_or_default();
    let account = NewAccount { username: username.clone(), display_name, email, password };
    let user_id = administration.create_user(account).await?;
    Ok(Json(UserCreated { user_id, username, password: made }))
}

pub(super) async fn provision(State(admin): Operator, Json(body): Json<Provision>) -> Answer<Provisioned> {
    let made = admin.accounts.provisioning.provision(body.count, &body.prefix, &body.device).await?;
    tracing::info!(count = made.len(), "an operator provisioned users");
    Ok(Json(Provisioned { users: made.into_iter().map(Into::into).collect() }))
}

pub(super) async fn show(State(admin): Operator, Path(user): Path<String>) -> Answer<UserInfo> {
    let user = named(&admin, &user).await?;
    Ok(Json(admin.accounts.administration.user(user).await?.into()))
}

pub(super) async fn erase(State(admin): Operator, Path(user): Path<String>) -> Result<StatusCode, ApiError> {
    let user = named(&admin, &user).await?;
    admin.accounts.administration.erase(user).await?;
    tracing::info!(%user, "an operator erased a user");
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn suspend(
    State(admin): Operator,
    Path(user): Path<String>,
) -> Result<StatusCode, ApiError> {
    let user = named(&admin, &user).await?;
    admin.accounts.administration.set_suspended(user, true).await?;
    tracing::info!(%user, "an operator suspended a user");
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn restore(
    State(admin): Operator,
    Path(user): Path<String>,
) -> Result<StatusCode, ApiError> {
    let user = named(&admin, &user).await?;
    admin.accounts.administration.set_suspended(user, false).await?;
    tracing::info!(%user, "an operator restored a user");
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn reset_password(
    State(admin): Operator,
    Path(user): Path<String>,
    Json(body): Json<ResetPassword>,
) -> Answer<PasswordReset> {
    let user = named(&admin, &user).await?;
    let administration = &admin.accounts.administration;
    let made = if body.password.is_none() { Some(administration.new_password()?) } else { None };
    let password = body.password.or_else(|| made.clone()).unwrap_or_default();
    administration.reset_password(user, password).await?;
    tracing::info!(%user, "an operator reset a password");
    Ok(Json(PasswordReset { password: made }))
}

pub(super) async fn devices(State(admin): Operator, Path(user): Path<String>) -> Answer<DeviceRows> {
    let user = named(&admin, &user).await?;
    let devices = admin.accounts.administration.devices(user).await?;
    Ok(Json(DeviceRows { devices: devices.into_iter().map(Into::into).collect() }))
}

pub(super) async fn create_device(
    State(admin): Operator,
    Path(user): Path<String>,
    Json(body): Json<CreateDevice>,
) -> Answer<DeviceCreated> {
    let user_id = named(&admin, &user).await?;
    let (device_id, token, expires_at) = admin.accounts.administration.log_in(user_id, body.name).await?;
    tracing::info!(user = %user_id, device = %device_id, "an operator logged a device in");
    Ok(Json(DeviceCreated { user_id, device_id, token, expires_at }))
}

pub(super) async fn revoke_device(
    State(admin): Operator,
    Path((user, device)): Path<(String, DeviceId)>,
) -> Result<StatusCode, ApiError> {
    let user = named(&admin, &user).await?;
    admin.accounts.administration.revoke_device(user, device).await?;
    tracing::info!(%user, %device, "an operator revoked a device");
    Ok(StatusCode::NO_CONTENT)
}
