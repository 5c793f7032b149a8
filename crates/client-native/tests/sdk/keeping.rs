//! What a profile keeps, and what nobody reads in it.

use std::path::Path;

use chinwag_client_native::engine::Wish;
use chinwag_client_native::{Client, OpenError, Profile, Unlock};
use chinwag_proto::Seq;
use chinwag_testkit::server::{PASSWORD, Server};

use crate::user::{holds, is_online, login, texts, user};

fn profile(home: &Path) -> Profile {
    Profile::at(home.join("profile"), Unlock::UnprotectedKeyFile)
}

#[tokio::test]
async fn what_is_held_is_there_again_without_a_server() {
    let (server, home) = (Server::start().await, tempfile::tempdir().unwrap());
    let bob = user(&server, "bob").await;
    server.rest().register(&"alice".parse().unwrap(), PASSWORD).await.unwrap();
    assert!(matches!(Client::open(profile(home.path())).await, Err(OpenError::NotLoggedIn)));
    let alice = Client::log_in(profile(home.path()), &login(&server, "alice")).await.unwrap();
    let chat = alice.direct("bob").await.unwrap();
    alice.send(chat, "first").await.unwrap();
    bob.send(chat, "second").await.unwrap();
    holds(&alice, chat, &["first", "second"]).await;
    alice.wish(Wish::Draft { chat, text: "half a".to_owned() }).await.unwrap();
    let before = alice.account().clone();
    alice.close().await;
    server.stop().await;

    let alice = Client::open(profile(home.path())).await.unwrap();
    assert_eq!(alice.account(), &before);
    assert_eq!(texts(&alice, chat).await, ["first", "second"]);
    assert_eq!(alice.search("sec").await.unwrap(), [(chat, Seq::clamped(2))]);
    assert_eq!(alice.read(|engine| engine.chat(chat).unwrap().draft.clone()), "half a");
    alice.close().await;
    server.start_again().await;
}

#[tokio::test]
async fn a_profile_is_one_device_of_one_user() {
    let (server, home) = (Server::start().await, tempfile::tempdir().unwrap());
    server.rest().register(&"alice".parse().unwrap(), PASSWORD).await.unwrap();
    server.rest().register(&"eve".parse().unwrap(), PASSWORD).await.unwrap();
    let alice = Client::log_in(profile(home.path()), &login(&server, "alice")).await.unwrap();
    let device = alice.account().device_id;
    let second = Client::open(profile(home.path())).await.err().unwrap().to_string();
    assert!(second.contains(&format!("pid {}", std::process::id())), "{second}");
    alice.close().await;
    let eve = Client::log_in(profile(home.path()), &login(&server, "eve")).await;
    assert!(matches!(eve, Err(OpenError::Another { username, .. }) if username == "alice"));
    let again = Client::log_in(profile(home.path()), &login(&server, "alice")).await.unwrap();
    assert_eq!(again.account().device_id, device);
    is_online(&again).await;
}

#[tokio::test]
async fn nobody_who_finds_the_folder_reads_a_text_a_title_a_name_or_a_token_in_it() {
    let (server, home) = (Server::start().await, tempfile::tempdir().unwrap());
    let bob = user(&server, "bobolink").await;
    server.rest().register(&"alicebird".parse().unwrap(), PASSWORD).await.unwrap();
    let at = Profile::at(home.path().join("profile"), Unlock::passphrase("open sesame"));
    let alice = Client::log_in(at, &login(&server, "alicebird")).await.unwrap();
    let group = alice.create_group(&"Holidays".parse().unwrap(), &[bob.me()]).await.unwrap();
    alice.send(group, "the tulips are yellow").await.unwrap();
    bob.send(group, "und die Kirschblüte").await.unwrap();
    holds(&alice, group, &["the tulips are yellow", "und die Kirschblüte"]).await;
    alice.wish(Wish::Draft { chat: group, text: "unfinished".to_owned() }).await.unwrap();
    alice.flush().await.unwrap();
    let token = alice.rest().token().unwrap().to_owned();
    let server_host = server.socket_address().to_string();
    let id = group.to_string();
    let secrets = [
        "tulips",
        "yellow",
        "Kirsch",
        "kirsch",
        "Holidays",
        "holidays",
        "unfinished",
        "alicebird",
        "bobolink",
        PASSWORD,
        "sesame",
        &token,
        &server_host,
        &id,
    ];
    // While it runs, with what is not yet in its place, and after it has ended.
    assert_eq!(found(home.path(), &secrets), Vec::<String>::new());
    alice.close().await;
    assert_eq!(found(home.path(), &secrets), Vec::<String>::new());
    // The search for bytes finds what is there.
    std::fs::write(home.path().join("profile/note"), "yellow").unwrap();
    assert_eq!(found(home.path(), &secrets), ["note: yellow"]);
}

fn found(home: &Path, secrets: &[&str]) -> Vec<String> {
    let files = std::fs::read_dir(home.join("profile")).unwrap().map(Result::unwrap);
    let mut found = Vec::new();
    for file in files {
        let bytes = std::fs::read(file.path()).unwrap();
        let name = file.file_name().into_string().unwrap();
        let there = |secret: &&&str| bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
        found.extend(secrets.iter().filter(there).map(|secret| format!("{name}: {secret}")));
    }
    found
}
