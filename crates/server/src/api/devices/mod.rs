//! `/users/{userId}/devices`: one's own devices.

pub(super) mod list;
pub(super) mod rename;
pub(super) mod revoke;
