//! `/users/{userId}/blocks`: one's own blocks.

pub(super) mod add;
pub(super) mod list;
pub(super) mod remove;
