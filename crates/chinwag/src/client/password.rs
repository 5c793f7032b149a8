//! Where a password comes from: `CHINWAG_PASSWORD`, standard input, or a prompt without echo. Never from
//! an argument, which other users of the machine can see.

use std::io::{self, BufRead, IsTerminal};

use crate::exit::Failure;

/// The longest password the contract allows, and room for a line's end.
const LINE_BYTES_MAX: u64 = 1024 + 2;

const VARIABLE: &str = "CHINWAG_PASSWORD";

/// How the password may be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// The first line of standard input.
    Stdin,
    /// The environment, else a prompt.
    Ask,
    /// The environment, else a prompt that asks twice.
    AskTwice,
}

/// The password, or `None` where it would have to be asked for and nobody is there to be asked.
pub(super) fn get(way: Way, user: &str, server: &str) -> Result<Option<String>, Failure> {
    if way == Way::Stdin {
        return first_line(io::stdin().lock()).map(Some);
    }
    if let Some(password) = std::env::var_os(VARIABLE).filter(|password| !password.is_empty()) {
        let password = password.into_string();
        return password.map(Some).map_err(|_| Failure::usage(format!("{VARIABLE} is not UTF-8")));
    }
    if !io::stderr().is_terminal() {
        return Ok(None);
    }
    let ask = |what: &str| {
        rpassword::prompt_password(format!("{what} of {user} at {server}: "))
            .map_err(|why| Failure::runtime(format!("cannot ask for the password: {why}; set {VARIABLE}")))
    };
    let password = ask("Password")?;
    if way == Way::AskTwice && ask("Password once more,")? != password {
        return Err(Failure::usage("the two passwords differ; nothing was done"));
    }
    Ok(Some(password))
}

fn first_line(input: impl BufRead) -> Result<String, Failure> {
    let mut line = String::new();
    let read = input.take(LINE_BYTES_MAX).read_line(&mut line);
    read.map_err(|why| Failure::runtime(format!("cannot read the password from standard input: {why}")))?;
    let end = line.trim_end_matches(['\n', '\r']).len();
    line.truncate(end);
    if line.is_empty() { Err(Failure::usage("there is no password on standard input")) } else { Ok(line) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_first_line_is_the_password() {
        for (input, password) in [("a b \nmore", "a b "), ("secret", "secret"), ("secret\r\n", "secret")] {
            assert_eq!(first_line(input.as_bytes()).unwrap(), password);
        }
        assert!(first_line("\n".as_bytes()).is_err());
        assert!(first_line("".as_bytes()).is_err());
    }
}
