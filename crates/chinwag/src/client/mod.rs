//! The commands of a user: log in and out, send a message, follow a chat.
//!
//! Only plain chats: end-to-end encryption is `chinwag chat`'s.

mod advice;
pub(crate) mod login;
pub(crate) mod logout;
mod password;
pub(crate) mod send;
mod sessions;
pub(crate) mod tail;
mod target;
mod who;

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::exit::Failure;

/// Runs a command that talks to a server. One thread beside the command's own keeps connections alive
/// while standard output is slow.
fn run<F: Future<Output = Result<(), Failure>>>(command: F) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|why| Failure::runtime(format!("cannot start threads: {why}")))?;
    let done = runtime.block_on(command);
    runtime.shutdown_background();
    done
}

/// Tells people how things stand; programs read standard output.
fn status(text: impl Display) {
    // Where standard error is gone, nobody wants to know.
    let _ = writeln!(io::stderr().lock(), "chinwag: {text}");
}

/// Prints the result: one JSON line for programs, a sentence for people.
fn print_result(json: bool, result: &impl Serialize, sentence: impl Display) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    if json || !stdout.is_terminal() {
        let line = serde_json::to_string(result).map_err(Failure::runtime)?;
        writeln!(stdout, "{line}")?;
    } else {
        writeln!(stdout, "{sentence}")?;
    }
    Ok(stdout.flush()?)
}
