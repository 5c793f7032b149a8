//! Invitations to register.

use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::bodies::{CreateInvite, InviteCreated, InviteRows};
use super::{Answer, Json, Operator};
use crate::api::ApiError;

pub(super) async fn create(State(admin): Operator, Json(body): Json<CreateInvite>) -> Answer<InviteCreated> {
    let made = admin.accounts.administration.create_invite(&body.note, body.uses, body.hours).await?;
    tracing::info!(invite = made.id, "an operator made an invitation");
    Ok(Json(InviteCreated { id: made.id, invite: made.secret, expires_at: made.expires_at }))
}

pub(super) async fn list(State(admin): Operator) -> Answer<InviteRows> {
    let invites = admin.accounts.administration.invites().await?;
    Ok(Json(InviteRows { invites: invites.into_iter().map(Into::into).collect() }))
}

pub(super) async fn revoke(State(admin): Operator, Path(id): Path<u64>) -> Result<StatusCode, ApiError> {
    admin.accounts.administration.revoke_invite(id).await?;
    tracing::info!(invite = id, "an operator took an invitation back");
    Ok(StatusCode::NO_CONTENT)
}
