//! How a command ends: 0 done, 1 it went wrong, 2 it was asked wrongly (command line or settings).

use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

/// Why a command did not do what it was asked: lines that say what to do about it.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line or the settings are wrong.
    Usage(String),
    /// It went wrong.
    Runtime(String),
    /// It went wrong, and all about it was printed already.
    Told,
}

impl Failure {
    pub(crate) fn usage(why: impl Display) -> Self {
        Self::Usage(why.to_string())
    }

    pub(crate) fn runtime(why: impl Display) -> Self {
        Self::Runtime(why.to_string())
    }
}

/// Writing to standard output failed.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // Whoever reads has seen enough, as `head` does.
            io::ErrorKind::BrokenPipe => Self::Told,
            _ => Self::Runtime(format!("cannot write the answer: {error}")),
        }
    }
}

/// Prints why, and answers the exit code.
pub(crate) fn code(done: Result<(), Failure>) -> ExitCode {
    let (code, why) = match done {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Told) => return ExitCode::from(1),
        Err(Failure::Runtime(why)) => (1, why),
        Err(Failure::Usage(why)) => (2, why),
    };
    let mut stderr = io::stderr().lock();
    for line in why.lines() {
        // Where standard error is gone, the exit code still tells.
        let _ = writeln!(stderr, "chinwag: {line}");
    }
    ExitCode::from(code)
}
