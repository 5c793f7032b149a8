//! `/users`: accounts and profiles.

pub(super) mod change_password;
pub(super) mod erase_me;
pub(super) mod find;
pub(super) mod login;
pub(super) mod logout;
pub(super) mod me;
pub(super) mod profile;
pub(super) mod register;
pub(super) mod update_me;
