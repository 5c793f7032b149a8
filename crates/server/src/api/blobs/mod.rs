//! `/chats/{chatId}/blobs`: what is too large for an entry.

pub(super) mod get;
pub(super) mod put;

/// The media type of bytes that mean nothing to the server.
const OCTETS: &str = "application/octet-stream";
