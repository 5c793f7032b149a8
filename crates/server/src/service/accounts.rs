//! Accounts: registration, log-in, devices, profile, contacts and blocks, erasure, administration.
//!
//! One small struct per capability, wired here once. Who may ask is settled before: REST hands in the
//! caller, `chinwag admin` acts for the operator. Nothing here knows HTTP.

mod activity;
mod administration;
mod contact_book;
mod entropy;
mod erasure;
mod login;
mod own_devices;
mod own_password;
mod profile;
mod provisioning;
mod registration;
mod revocation;

use std::sync::Arc;

pub use activity::Activity;
pub use administration::{Administration, InviteMade, NewAccount};
pub use contact_book::ContactBook;
pub use entropy::{Entropy, SystemEntropy};
pub use erasure::Erasure;
pub use login::Login;
pub use own_devices::OwnDevices;
pub use own_password::OwnPassword;
pub use profile::Profile;
pub use provisioning::{ProvisionedUser, Provisioning};
pub use registration::{Registration, WhoMayRegister};
pub use revocation::Revocation;

use super::Services;
use super::passwords::Passwords;
use super::throttle::Throttle;

/// What the capabilities share beside the ports.
struct Shared {
    services: Arc<Services>,
    passwords: Arc<Passwords>,
    entropy: Arc<dyn Entropy>,
    throttle: Arc<Throttle>,
    revocation: Revocation,
}

/// The capabilities around accounts of one node.
pub struct Accounts {
    /// Who may register, and does.
    pub registration: Registration,
    /// Log-in.
    pub login: Login,
    /// The caller's own devices.
    pub devices: OwnDevices,
    /// The caller's own password.
    pub password: OwnPassword,
    /// Profiles, one's own and others'.
    pub profile: Profile,
    /// Contacts and blocks.
    pub contacts: ContactBook,
    /// The end of an account.
    pub erasure: Erasure,
    /// When and where a device was last heard.
    pub activity: Activity,
    /// What an operator does.
    pub administration: Administration,
    /// Accounts in numbers.
    pub provisioning: Provisioning,
}

impl Accounts {
    /// Wires the capabilities. `passwords` and `entropy` are handed in, so that a test sets their cost
    /// and repeats a run.
    pub fn new(
        services: &Arc<Services>,
        passwords: &Arc<Passwords>,
        entropy: &Arc<dyn Entropy>,
        who_may_register: WhoMayRegister,
    ) -> Self {
        let shared = Arc::new(Shared {
            services: Arc::clone(services),
            passwords: Arc::clone(passwords),
            entropy: Arc::clone(entropy),
            throttle: Arc::new(Throttle::new(&services.limits)),
            revocation: Revocation::new(services),
        });
        Self {
            registration: Registration::new(&shared, who_may_register),
            login: Login::new(&shared),
            devices: OwnDevices::new(&shared),
            password: OwnPassword::new(&shared),
            profile: Profile::new(&shared),
            contacts: ContactBook::new(&shared),
            erasure: Erasure::new(&shared),
            activity: Activity::new(&shared),
            administration: Administration::new(&shared),
            provisioning: Provisioning::new(&shared),
        }
    }
}
