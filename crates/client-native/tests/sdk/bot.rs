//! Bots: what they have handled they do not get again, what they have not they do.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use chinwag_client_native::{Client, Profile, Unlock};
use chinwag_testkit::server::{PASSWORD, Server};

use crate::user::{holds, login, user};

fn profile(home: &Path) -> Profile {
    Profile::at(home, Unlock::UnprotectedKeyFile)
}

#[tokio::test]
async fn a_bot_goes_on_where_it_was_and_gets_what_came_while_it_was_away() {
    let (server, home) = (Server::start().await, tempfile::tempdir().unwrap());
    let alice = user(&server, "alice").await;
    server.rest().register(&"bot".parse().unwrap(), PASSWORD).await.unwrap();
    let chat = alice.direct("bot").await.unwrap();
    alice.send(chat, "before it was there").await.unwrap();
    let bot = Client::log_in(profile(home.path()), &login(&server, "bot")).await.unwrap();
    let mut messages = bot.messages();
    assert_eq!(messages.next().await.unwrap().text(), "before it was there");
    alice.send(chat, "while it worked").await.unwrap();
    assert_eq!(messages.next().await.unwrap().text(), "while it worked");
    // It stops in the middle of this one.
    bot.close().await;
    alice.send(chat, "while it was away").await.unwrap();
    let bot = Client::open(profile(home.path())).await.unwrap();
    let mut messages = bot.messages();
    assert_eq!(messages.next().await.unwrap().text(), "while it worked");
    assert_eq!(messages.next().await.unwrap().text(), "while it was away");
    bot.send(chat, "own ones are none of them").await.unwrap();
    alice.send(chat, "last").await.unwrap();
    assert_eq!(messages.next().await.unwrap().text(), "last");
    bot.close().await;
    assert_eq!(messages.next().await, None);
}

struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const PAGE: &str = include_str!("../../../../docs/bots.md");
const BOT: &str = include_str!("../../bots/echo_bot.rs");

#[test]
fn the_bot_of_the_page_is_the_one_that_is_run_and_is_short() {
    let block = PAGE.split("```rust\n").nth(1).unwrap().split("```").next().unwrap();
    let (_, program) = BOT.split_once('\n').unwrap();
    assert_eq!(block, program);
    assert!(block.lines().count() <= 15);
}

#[tokio::test]
async fn the_bot_of_the_page_answers_also_after_it_was_killed() {
    let (server, home) = (Server::start().await, tempfile::tempdir().unwrap());
    let alice = user(&server, "alice").await;
    server.rest().register(&"echo".parse().unwrap(), PASSWORD).await.unwrap();
    let chat = alice.direct("echo").await.unwrap();
    let start = || {
        let mut bot = Command::new(env!("CARGO_BIN_EXE_chinwag-echo-bot"));
        bot.current_dir(home.path()).stdin(Stdio::null()).stdout(Stdio::null());
        bot.env("CHINWAG_SERVER", server.rest().address().to_string());
        bot.env("CHINWAG_USER", "echo").env("CHINWAG_PASSWORD", PASSWORD);
        Program(bot.spawn().unwrap())
    };
    let bot = start();
    alice.send(chat, "one").await.unwrap();
    holds(&alice, chat, &["one", "one"]).await;
    drop(bot);
    alice.send(chat, "two").await.unwrap();
    let _again = start();
    // The first one it had answered, but had not asked for the next before it died.
    let seen = async || crate::user::texts(&alice, chat).await;
    let answered = async || seen().await.iter().filter(|text| *text == "two").count() == 2;
    chinwag_testkit::wait::until("it answers", chinwag_testkit::DEADLINE, answered).await;
}
