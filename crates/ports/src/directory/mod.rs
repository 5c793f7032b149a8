//! The directory: users, devices and their keys, contacts and blocks, memberships; plain relational data.
//!
//! Split by capability; one engine implements all. Answers to writes are durable. Nothing here is read
//! on the path of a decision about a record.

mod accounts;
mod contacts;
mod devices;
mod keys;
mod memberships;

pub use accounts::{
    Account, Accounts, CreateUser, CreateUserError, Credential, Invite, Invites, LoginName, NewInvite,
    ProfileChange, Profiles, User,
};
pub use contacts::{Contacts, Since};
pub use devices::{Device, Devices, NewDevice, TokenHash, TokenOwner};
pub use keys::{Claimed, DeviceChains, KeyPackages, Publish, Published, REMEMBERED, Stock};
pub use memberships::{Membership, MembershipRow, Memberships, Reservations, Reserved};
