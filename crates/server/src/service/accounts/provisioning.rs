//! Many accounts at once, each with a device that is logged in: for load tests and for bots in numbers.
//!
//! They have no password, so that none has to be computed: only the operator logs them in.

use std::sync::Arc;

use chinwag_ports::directory::{CreateUser, CreateUserError};
use chinwag_proto::text::Name;
use chinwag_proto::{DeviceId, UserId};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::super::Failure;
use super::Shared;
use super::login::Login;

/// Most accounts of one call.
const COUNT_MAX: usize = 1_000;
/// Accounts that are made at the same time, so that one write of the directory takes many.
const AT_ONCE: usize = 64;
/// No password has this hash, for it is none.
const NO_PASSWORD: &str = "!";

/// An account with a device that is logged in.
#[derive(Clone, Debug)]
pub struct ProvisionedUser {
    /// The user.
    pub user: UserId,
    /// His device.
    pub device: DeviceId,
    /// Its token.
    pub token: String,
}

/// Makes accounts in numbers.
pub struct Provisioning {
    shared: Arc<Shared>,
    login: Login,
}

impl Provisioning {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared), login: Login::new(shared) }
    }

    /// Makes so many accounts, at most 1,000; each is called by the prefix and his id. After a
    /// failure some of them may have been made.
    pub async fn provision(
        &self,
        count: usize,
        prefix: &str,
        device: &Name,
    ) -> Result<Vec<ProvisionedUser>, Failure> {
        if count == 0 || count > COUNT_MAX {
            return Err(Failure::Invalid(format!("`count` is 1 to {COUNT_MAX}")));
        }
        stream::iter(0..count).map(|_| self.one(prefix, device)).buffer_unordered(AT_ONCE).try_collect().await
    }

    async fn one(&self, prefix: &str, device: &Name) -> Result<ProvisionedUser, Failure> {
        let services = &self.shared.services;
        let user = services.ids.user().await?;
        let name = format!("{prefix}{user}");
        let (Ok(username), Ok(display_name)) = (name.parse(), name.parse()) else {
            return Err(Failure::Invalid("`prefix` has at most 12 of a-z 0-9 _ . -".to_owned()));
        };
        let create = CreateUser {
            id: user,
            username,
            display_name,
            email: None,
            password_hash: NO_PASSWORD.to_owned(),
            created_at: services.ports.clock.now(),
            invite: None,
        };
        match services.ports.accounts.create(create).await {
            Ok(()) => {}
            Err(CreateUserError::Unavailable(why)) => return Err(why.into()),
            Err(_) => return Err(Failure::UsernameTaken),
        }
        let (device, token, _) = self.login.vouched(user, device.clone()).await?;
        Ok(ProvisionedUser { user, device, token })
    }
}
