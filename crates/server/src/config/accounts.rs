//! `[accounts]`: who may register.

use serde::{Deserialize, Serialize};

use super::key::{Invalid, section};

/// Who may register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Registration {
    /// Anybody.
    Open,
    /// Whoever has an invitation (`chinwag admin invites create`).
    Invite,
    /// Nobody; the administrator makes the accounts (`chinwag admin users create`).
    Closed,
}

section! {
    /// Who may register.
    Accounts "accounts" {
        /// Who may register: anybody, whoever has an invitation (`chinwag admin invites create`), or nobody
        /// (`chinwag admin users create` makes the accounts).
        registration: Registration = Registration::Open, Text "open, invite, closed";
    }
}

fn rules(_: &Accounts) -> Result<(), Invalid> {
    Ok(())
}
