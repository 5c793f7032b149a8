//! `chinwag`: one binary for the server, its administration and its clients.
//!
//! Here is the command line alone: what a command does is in its own file, what the server does is in
//! `chinwag-server`.

mod admin;
mod bench;
mod chat;
mod cli;
mod client;
mod doctor;
mod exit;
mod home;
mod serve;
mod settings;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    exit::code(cli.command.run())
}
