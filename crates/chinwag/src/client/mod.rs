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
pub(crate) fn status(text: impl Display) {
    // Where standard error is gone, nobody wants to know.
    let _ = writeln!(io::stderr().lock(), "chinwag: {text}");
}

/// Prints the result: one JSON line for programs, a sentence for people at a terminal.
fn print_result(json: bool, result: &impl Serialize, sentence: impl Display) -> Result<(), Failure> {
    print_report(json || !io::stdout().is_terminal(), result, sentence)
}

/// Prints a report: one JSON line where that was asked for, else a text.
pub(crate) fn print_report(json: bool, report: &impl Serialize, text: impl Display) -> Result<(), Failure> {
    let text = if json { serde_json::to_string(report).map_err(Failure::runtime)? } else { text.to_string() };
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}", text.trim_end())?;
    Ok(stdout.flush()?)
}
