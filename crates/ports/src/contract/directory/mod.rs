//! What every directory does.

mod accounts;
mod book;
mod chains;
mod contacts;
mod devices;
mod invites;
mod keys;
mod memberships;
mod profiles;
mod restart;

use std::sync::Arc;

use futures_util::future::join_all;

use super::samples::{at, device, email, name, user, username};
use crate::blobs::BlobBook;
use crate::directory::{
    Accounts, Contacts, CreateUser, DeviceChains, Devices, Invites, KeyPackages, Memberships, NewDevice,
    Profiles, Reservations, TokenHash,
};

pub use accounts::accounts_contract;
pub use book::blob_book_contract;
pub use chains::device_chains_contract;
pub use contacts::contacts_contract;
pub use devices::devices_contract;
pub use invites::invites_contract;
pub use keys::key_packages_contract;
pub use memberships::{memberships_contract, reservations_contract};
pub use profiles::profiles_contract;
pub use restart::directory_restart_contract;

/// All traits of the directory: what one engine implements.
pub trait WholeDirectory:
    Accounts
    + Profiles
    + Invites
    + Devices
    + KeyPackages
    + DeviceChains
    + Contacts
    + Memberships
    + Reservations
    + BlobBook
    + 'static
{
}

impl<T> WholeDirectory for T where
    T: Accounts
        + Profiles
        + Invites
        + Devices
        + KeyPackages
        + DeviceChains
        + Contacts
        + Memberships
        + Reservations
        + BlobBook
        + 'static
{
}

/// All suites of the directory.
pub async fn directory_contract(make: impl AsyncFn() -> Arc<dyn WholeDirectory>) {
    accounts_contract(&make).await;
    profiles_contract(&make).await;
    invites_contract(&make).await;
    devices_contract(&make).await;
    contacts_contract(&make).await;
    memberships_contract(&make).await;
    reservations_contract(&make).await;
    key_packages_contract(&make).await;
    device_chains_contract(&make).await;
    blob_book_contract(&make).await;
}

/// A user named after his number: `user-7`, without address and invitation.
fn new_user(number: u64) -> CreateUser {
    CreateUser {
        id: user(number),
        username: username(&format!("user-{number}")),
        display_name: name(&format!("User {number}")),
        email: None,
        password_hash: format!("hash {number}"),
        created_at: at(number as i64),
        invite: None,
    }
}

fn with_email(number: u64, address: &str) -> CreateUser {
    CreateUser { email: Some(email(address)), ..new_user(number) }
}

async fn enter(directory: &dyn WholeDirectory, numbers: impl IntoIterator<Item = u64>) {
    let created = join_all(numbers.into_iter().map(|number| directory.create(new_user(number)))).await;
    assert!(created.iter().all(Result::is_ok), "{created:?}");
}

fn token(number: u64) -> TokenHash {
    let mut hash = [7; 32];
    hash[..8].copy_from_slice(&number.to_be_bytes());
    TokenHash(hash)
}

/// A device of a user with the token of its own number, which dies at 1,000,000.
fn new_device(number: u64, whose: u64) -> NewDevice {
    NewDevice {
        id: device(number),
        user: user(whose),
        name: name(&format!("Device {number}")),
        token: token(number),
        expires_at: at(1_000_000),
        created_at: at(number as i64),
    }
}

/// Gives every user of `number / 10` a device.
async fn enter_devices(directory: &dyn WholeDirectory, numbers: impl IntoIterator<Item = u64>) {
    let devices =
        numbers.into_iter().map(|number| directory.add_device(new_device(number, number / 10), 100));
    let added = join_all(devices).await;
    assert!(added.iter().all(|added| *added == Ok(true)), "{added:?}");
}

/// Everything that two directories must agree on of a user who was not made.
async fn assert_is_absent(directory: &dyn WholeDirectory, number: u64) {
    assert_eq!(directory.account(user(number)).await, Ok(None));
    assert_eq!(directory.credential_of(user(number)).await, Ok(None));
    assert_eq!(directory.users(&[user(number)]).await, Ok(vec![None]));
}
