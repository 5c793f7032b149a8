//! The caller's own password: proved once more, changed.

use std::net::IpAddr;
use std::sync::Arc;

use chinwag_ports::{Accounts, Devices};
use chinwag_proto::UserId;
use chinwag_proto::rest::ChangePassword;

use super::super::passwords::{Verdict, check_new};
use super::super::{Caller, Failure};
use super::Shared;

/// The caller's own password.
pub struct OwnPassword {
    shared: Arc<Shared>,
    accounts: Arc<dyn Accounts>,
    devices: Arc<dyn Devices>,
}

impl OwnPassword {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let ports = &shared.services.ports;
        Self {
            shared: Arc::clone(shared),
            accounts: Arc::clone(&ports.accounts),
            devices: Arc::clone(&ports.devices),
        }
    }

    /// Changes the password; with `logoutOthers`, the tokens of all other devices die.
    pub async fn change(&self, caller: Caller, body: ChangePassword, from: IpAddr) -> Result<(), Failure> {
        check_new(&body.new)?;
        prove(&self.shared, caller.user, body.current, from).await?;
        let hash = self.shared.passwords.hash(body.new).await?;
        if !self.accounts.set_password(caller.user, &hash).await? {
            return Err(Failure::Unauthenticated);
        }
        if body.logout_others {
            let ended = self.devices.end_other_tokens(caller.user, Some(caller.device)).await?;
            self.shared.revocation.announce(caller.user, ended);
        }
        Ok(())
    }
}

/// Asks for the caller's own password once more. Guesses count as those at log-in do: whoever holds a
/// stolen token finds no faster way to the password here.
pub(super) async fn prove(
    shared: &Shared,
    user: UserId,
    password: String,
    from: IpAddr,
) -> Result<(), Failure> {
    let credential =
        shared.services.ports.accounts.credential_of(user).await?.ok_or(Failure::Unauthenticated)?;
    let guess = shared.throttle.guess(format!("#{user}").into(), from, None)?;
    match shared.passwords.verify(password, Some(credential.password_hash)).await {
        Ok(Verdict::Right { .. }) => {
            guess.give_back();
            Ok(())
        }
        Ok(Verdict::Wrong) => Err(Failure::Forbidden("the password is wrong")),
        Err(failure) => {
            guess.give_back();
            Err(failure)
        }
    }
}
