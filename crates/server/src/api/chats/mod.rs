//! `/chats`: the chat list, groups, raw entries, read marks.

pub(super) mod create;
pub(super) mod entries;
pub(super) mod get;
pub(super) mod list;
pub(super) mod mark_read;
pub(super) mod update;
