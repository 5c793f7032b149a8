//! The commands. Each is a variant with its arguments, and a line in `run`.

use clap::{Parser, Subcommand};

use crate::exit::Failure;
use crate::{serve, settings};

/// Chinwag: a chat server that starts with one command and keeps what it has acknowledged.
///
/// `chinwag serve` runs it: data in ./chinwag-data, listening on 127.0.0.1:8080.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, arg_required_else_help = true, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server.
    Serve(serve::ServeArgs),
    /// Show the settings in force, or the page that describes them all.
    #[command(subcommand)]
    Config(settings::ConfigCommand),
}

impl Command {
    /// Runs the command to its end.
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Serve(args) => serve::run(args),
            Self::Config(command) => settings::run(command),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
