//! The commands. Each is a variant with its arguments, and a line in `run`.

use clap::{Parser, Subcommand};

use crate::exit::Failure;
use crate::{admin, bench, chat, client, doctor, serve, settings};

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
    Serve(serve::ServeArgs),
    Chat(chat::ChatArgs),
    Admin(admin::AdminArgs),
    Doctor(doctor::DoctorArgs),
    /// Show the settings in force, or the page that describes them all.
    #[command(subcommand)]
    Config(settings::ConfigCommand),
    /// Log in, and keep the session for `send` and `tail`.
    Login(client::login::LoginArgs),
    /// Log out: the device's token dies, and the session that was kept here is deleted.
    Logout(client::logout::LogoutArgs),
    /// Send one message, and wait until the server has it for good.
    Send(client::send::SendArgs),
    /// Follow a chat: its entries as JSON lines, each once, in order, without a hole.
    Tail(client::tail::TailArgs),
    /// Measure a server: latency at a rate, the highest rate, memory of idle connections, fan-out.
    Bench(bench::BenchArgs),
}

impl Command {
    /// Runs the command to its end.
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Serve(args) => serve::run(args),
            Self::Chat(args) => chat::run(args),
            Self::Admin(args) => admin::run(args),
            Self::Doctor(args) => doctor::run(args),
            Self::Config(command) => settings::run(command),
            Self::Login(args) => client::login::run(args),
            Self::Logout(args) => client::logout::run(args),
            Self::Send(args) => client::send::run(args),
            Self::Tail(args) => client::tail::run(args),
            Self::Bench(args) => bench::run(args),
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
