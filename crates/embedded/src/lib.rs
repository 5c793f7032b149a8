//! Every port on SQLite, memory and a folder: one process, one data folder, nothing else to run.
//!
//! The rules of chats are not here (`chinwag-chat`), nor is what a port promises (`chinwag-ports`):
//! only how one machine keeps those promises.

pub mod ledger;
