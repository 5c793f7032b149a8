//! `chinwag admin`: what an operator does, on a running server or on the folder of a stopped one.
//!
//! Each file is one noun: its commands, what they ask for, how the answer is printed. What the operations
//! do is the server's.

mod chats;
mod devices;
mod invites;
mod table;
mod users;

use std::future::Future;
use std::io::{self, Read, Write};

use chinwag_server::node::admin::door::{Door, DoorError};
use clap::{Args, Subcommand};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::exit::Failure;
use crate::settings::SettingsArgs;

/// Administer users, devices, chats and invitations.
///
/// Works on the data folder (--data, or the configuration's): through the running server's socket in it, or,
/// while no server runs, on the folder itself. Run it as the user who runs the server.
#[derive(Args, Debug)]
pub(crate) struct AdminArgs {
    #[command(flatten)]
    settings: SettingsArgs,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    noun: Noun,
}

#[derive(Debug, Subcommand)]
enum Noun {
    /// Accounts: list, show, create, suspend, restore, erase, reset the password
    #[command(subcommand)]
    Users(users::UsersCommand),
    /// Devices of a user: list, create (for bots), revoke
    #[command(subcommand)]
    Devices(devices::DevicesCommand),
    /// Chats, without what was said in them: list those of a user, show one
    #[command(subcommand)]
    Chats(chats::ChatsCommand),
    /// Invitations to register: create, list, revoke
    #[command(subcommand)]
    Invites(invites::InvitesCommand),
}

/// Runs `chinwag admin`.
pub(crate) fn run(args: AdminArgs) -> Result<(), Failure> {
    let loaded = args.settings.load(Vec::new())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|why| Failure::runtime(format!("cannot start threads: {why}")))?;
    runtime.block_on(async {
        let operator =
            Operator { door: Door::open(&loaded.config).await.map_err(Failure::runtime)?, json: args.json };
        let done = match args.noun {
            Noun::Users(command) => users::run(&operator, command).await,
            Noun::Devices(command) => devices::run(&operator, command).await,
            Noun::Chats(command) => chats::run(&operator, command).await,
            Noun::Invites(command) => invites::run(&operator, command).await,
        };
        operator.door.close().await;
        done
    })
}

/// The way in, and how answers are printed.
struct Operator {
    door: Door,
    json: bool,
}

impl Operator {
    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        told(self.door.ask("GET", path, None::<&()>)).await
    }

    async fn delete(&self, path: &str) -> Result<(), Failure> {
        told(self.door.ask("DELETE", path, None::<&()>)).await
    }

    async fn put<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<T, Failure> {
        told(self.door.ask("PUT", path, Some(body))).await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<T, Failure> {
        told(self.door.ask("POST", path, Some(body))).await
    }

    /// Prints an answer: as JSON where that was asked for, else as `text` makes it.
    fn print<T: Serialize>(&self, answer: &T, text: impl FnOnce(&T) -> String) -> Result<(), Failure> {
        let text =
            if self.json { serde_json::to_string(answer).map_err(Failure::runtime)? } else { text(answer) };
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.trim_end().as_bytes())?;
        Ok(stdout.write_all(b"\n")?)
    }

    /// Says that something without an answer was done; as JSON, `{}`.
    fn done(&self, text: &str) -> Result<(), Failure> {
        self.print(&serde_json::json!({}), |_| text.to_owned())
    }
}

async fn told<T>(asked: impl Future<Output = Result<T, DoorError>>) -> Result<T, Failure> {
    asked.await.map_err(Failure::runtime)
}

/// A password from standard input, without its line end; `None` where the server shall make one.
fn password(from_stdin: bool) -> Result<Option<String>, Failure> {
    if !from_stdin {
        return Ok(None);
    }
    let mut text = String::new();
    io::stdin().lock().take(4_096).read_to_string(&mut text).map_err(Failure::runtime)?;
    Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
}
