//! `[accounts]`: who may register, and what a password costs.

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
    /// Who may register, and what a password costs (Argon2id, RFC 9106).
    Accounts "accounts" {
        /// Who may register: anybody, whoever has an invitation (`chinwag admin invites create`), or nobody
        /// (`chinwag admin users create` makes the accounts).
        registration: Registration = Registration::Open, Text "open, invite, closed";
        /// Memory of one password computation. Passwords that are stored keep their cost until their user logs
        /// in again.
        password_memory_kib: u32 = 19 * 1024, Number "KiB";
        /// Passes over that memory.
        password_passes: u32 = 2, Number "passes";
        /// Threads that compute passwords, so many at once; 0 is half of the cores, at least one.
        password_threads: usize = 0, Number "threads";
    }
}

fn rules(accounts: &Accounts) -> Result<(), Invalid> {
    if !(8..=4 * 1024 * 1024).contains(&accounts.password_memory_kib) {
        return Err(Invalid::new(
            "password_memory_kib",
            "must lie between 8 (for tests) and 4194304 (4 GiB)",
        ));
    }
    if !(1..=100).contains(&accounts.password_passes) {
        return Err(Invalid::new("password_passes", "must lie between 1 and 100"));
    }
    if accounts.password_threads > 1_024 {
        return Err(Invalid::new("password_threads", "must be at most 1024"));
    }
    Ok(())
}
