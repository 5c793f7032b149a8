//! A program that is killed with messages in its outbox, and started again.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use chinwag_client_native::engine::{Record, Wish};
use chinwag_client_native::{Client, Login, Profile, Unlock, fresh_id};
use chinwag_proto::{ChatId, Content};
use chinwag_testkit::DEADLINE;
use chinwag_testkit::cutter::Cutter;
use chinwag_testkit::server::PASSWORD;
use chinwag_testkit::wait::until;

use crate::user::{login, texts, user};

const PROFILE: &str = "CHINWAG_TEST_PROFILE";
const CHAT: &str = "CHINWAG_TEST_CHAT";

fn profile(folder: &Path) -> Profile {
    Profile::at(folder, Unlock::UnprotectedKeyFile)
}

/// Writes message after message into its outbox, and says which are on disk.
#[tokio::test]
#[ignore = "the program that the test below kills"]
async fn the_program() {
    let Ok(folder) = std::env::var(PROFILE) else { return };
    let chat: ChatId = std::env::var(CHAT).unwrap().parse().unwrap();
    let client = Client::open(profile(&PathBuf::from(folder))).await.unwrap();
    for number in 0.. {
        let record = Record::Message { content: Content::text(&format!("number {number}")), reply_to: None };
        let wish = Wish::Record { chat, id: fresh_id().unwrap(), at_ms: 0, record };
        if client.wish(wish).await.is_ok() {
            client.flush().await.unwrap();
            println!("kept {number}");
        }
    }
}

struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs the program until it has said so often that a message is on disk, then kills it; answers the last.
fn run_and_kill(folder: &Path, chat: ChatId, kept: usize) -> u64 {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "killed::the_program", "--nocapture"]);
    command.env(PROFILE, folder).env(CHAT, chat.to_string());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut program = Program(command.spawn().unwrap());
    let lines = BufReader::new(program.0.stdout.take().unwrap()).lines();
    let numbers = lines.filter_map(|line| line.unwrap().split_once("kept ")?.1.parse().ok());
    numbers.take(kept).last().expect("it keeps messages")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_on_disk_arrives_once_in_order_whenever_the_program_is_killed() {
    let (server, cutter) = Cutter::with_server().await;
    let home = tempfile::tempdir().unwrap();
    let bob = user(&server, "bob").await;
    server.rest().register(&"alice".parse().unwrap(), PASSWORD).await.unwrap();
    let login = Login { server: cutter.address(), ..login(&server, "alice") };
    let first = Client::log_in(profile(home.path()), &login).await.unwrap();
    let chat = first.direct_with(bob.me());
    first.close().await;

    for (round, kept) in [1, 12, 40].into_iter().enumerate() {
        // In one round there is no server at all, and the outbox is full of what never went.
        if round == 1 {
            server.stop().await;
        }
        let before = texts(&bob, chat).await;
        let folder = home.path().to_owned();
        let killing = tokio::task::spawn_blocking(move || run_and_kill(&folder, chat, kept));
        let last = killing.await.unwrap();
        if round == 1 {
            server.start_again().await;
        }
        let again = Client::open(profile(home.path())).await.unwrap();
        until("the outbox is empty", DEADLINE, async || {
            again.read(|engine| engine.is_listed() && engine.unsettled() == 0)
        })
        .await;
        let wanted = texts(&again, chat).await;
        again.close().await;
        until("bob has it all", DEADLINE, async || texts(&bob, chat).await == wanted).await;
        let fresh = &wanted[before.len()..];
        let in_order = fresh.iter().enumerate().all(|(place, text)| *text == format!("number {place}"));
        assert!(
            in_order && fresh.len() as u64 > last,
            "round {round}: kept up to {last}, there is {fresh:?}"
        );
    }
}
