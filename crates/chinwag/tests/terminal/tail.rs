//! `chinwag tail`.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::person::{Person, server};

fn seqs(lines: &[Value]) -> Vec<u64> {
    lines.iter().map(|line| line["seq"].as_u64().unwrap()).collect()
}

#[test]
fn two_people_chat_across_a_kill_of_the_server() {
    let mut server = server();
    let (alice, bob) = (Person::at(&server, "alice"), Person::at(&server, "bob"));
    // A chat that has not begun yet.
    let mut alices = alice.starts(&["tail", "bob"]);
    let mut bobs = bob.starts(&["tail", "alice"]);
    alice.types(&["send", "bob", "lunch?"]).succeeds();
    bob.types(&["send", "alice", "yes"]).succeeds();
    alices.prints_messages(&["lunch?", "yes"]);
    bobs.prints_messages(&["lunch?", "yes"]);
    server.kill();
    server.restart();
    bob.types(&["send", "alice", "still there?"]).succeeds();
    alice.types(&["send", "bob", "of course"]).succeeds();
    alices.prints_messages(&["still there?", "of course"]);
    bobs.prints_messages(&["still there?", "of course"]);
    for tail in [&mut alices, &mut bobs] {
        tail.gets_signal(Signal::INT);
        assert_eq!(tail.ends(), (Some(0), Vec::new()));
    }
}

#[test]
fn sends_amid_kills_of_the_server_are_neither_lost_nor_doubled() {
    let mut server = server();
    let (alice, bob) = (Person::at(&server, "alice"), Person::at(&server, "bob"));
    let mut bobs = bob.starts(&["tail", "alice"]);
    let (sent, sending) = std::sync::mpsc::sync_channel(0);
    std::thread::scope(|threads| {
        let kills = threads.spawn(move || {
            for _ in sending {
                server.restart();
            }
            server
        });
        for number in 1..=20 {
            if number % 5 == 0 {
                // The next message meets a server that is being killed.
                sent.send(()).unwrap();
            }
            alice.types(&["send", "bob", &number.to_string()]).succeeds();
        }
        drop(sent);
        let _server = kills.join().unwrap();
        for number in 1..=20 {
            let line = bobs.prints();
            assert_eq!(
                (line["seq"].as_u64(), line["content"].as_str()),
                (Some(number), Some(&*number.to_string()))
            );
        }
    });
}

#[test]
fn a_device_that_is_logged_out_hears_nothing_more_and_is_told() {
    let server = server();
    let alice = Person::at(&server, "alice");
    let mut tail = alice.starts(&["tail", "alice"]);
    tail.says("connected");
    alice.types(&["logout"]).succeeds();
    tail.says("log in again");
    assert_eq!(tail.ends(), (Some(1), Vec::new()));
}

#[test]
fn every_entry_is_printed_as_the_protocol_has_it() {
    let server = server();
    let alice = Person::at(&server, "alice");
    let ack = alice.types(&["send", "alice", "a note"]).succeeds();
    let lines = alice.types(&["tail", "alice", "--once", "--quiet"]).lines();
    let line = &lines[0];
    for (member, value) in
        [("v", json!(1)), ("n", json!(1)), ("kind", json!("message")), ("content", json!("a note"))]
    {
        assert_eq!(line[member], value);
    }
    for member in ["chatId", "seq", "messageId", "createdAt", "clientMessageId"] {
        assert_eq!(line[member], ack[member]);
    }
    assert!(line.get("type").is_none());
}

#[test]
fn it_begins_where_it_is_told_to() {
    let server = server();
    let alice = Person::at(&server, "alice");
    for number in 1..=14 {
        alice.types(&["send", "alice", &number.to_string()]).succeeds();
    }
    let shown = |words: &[&str]| {
        seqs(&alice.types(&[&["tail", "alice", "--once", "--quiet"], words].concat()).lines())
    };
    assert_eq!(shown(&[]), (5..=14).collect::<Vec<_>>());
    assert_eq!(shown(&["--last", "2"]), [13, 14]);
    assert_eq!(shown(&["--after", "0"]), (1..=14).collect::<Vec<_>>());
    assert_eq!(shown(&["--after", "12"]), [13, 14]);
    assert_eq!(shown(&["--after", "14"]), [0; 0]);
    let beyond = alice.types(&["tail", "alice", "--once", "--after", "15"]);
    beyond.fails(1, "--after 14");
}

#[test]
fn it_ends_when_nobody_reads_any_more() {
    let server = server();
    let alice = Person::at(&server, "alice");
    alice.types(&["send", "alice", "a note"]).succeeds();
    let mut tail = std::process::Command::new("sh");
    tail.arg("-c").arg(format!("'{}' tail alice | head -n 1", env!("CARGO_BIN_EXE_chinwag")));
    tail.env("CHINWAG_HOME", alice.home.path().join("kept"));
    let printed = tail.output().unwrap();
    assert!(String::from_utf8(printed.stdout).unwrap().contains("a note"));
}

#[test]
fn a_chat_that_one_may_not_see_is_not_there() {
    let server = server();
    let alice = Person::at(&server, "alice");
    alice.types(&["tail", "g.99", "--once"]).fails(1, "not_found");
    alice
        .types(&["tail", "g.99", "--once", "--after", "0"])
        .fails(1, "there is no chat g.99 that you may see");
    alice.types(&["tail", "nobody-at-all"]).fails(1, "there is no user called nobody-at-all");
}

#[tokio::test]
async fn a_removed_member_reads_his_removal_and_ends() {
    let server = server();
    let (alice, bob) = (Person::at(&server, "alice"), Person::at(&server, "bob"));
    let rest = server.rest();
    let login = rest.login("alice", &alice.password, "rest".parse().unwrap()).await.unwrap();
    let bobs_id = rest.clone().with_token(&login.token).find_user("bob").await.unwrap().user_id;
    let rest = rest.with_token(login.token);
    let group: Value = rest
        .call("POST".parse().unwrap(), "/chats", Some(&json!({"title": "all", "members": [bobs_id]})))
        .await
        .unwrap();
    let chat = group["chatId"].as_str().unwrap().to_owned();
    let mut tail = bob.starts(&["tail", &chat]);
    assert_eq!(tail.prints()["kind"], "chat");
    let member = format!("/chats/{chat}/members/{bobs_id}");
    rest.request::<()>("DELETE".parse().unwrap(), &member, None).await.unwrap();
    let (code, lines) = tail.ends();
    assert_eq!((code, lines.len()), (Some(1), 1));
    assert_eq!(lines[0]["changes"][0]["change"], "removed");
    alice.types(&["tail", &chat, "--once", "--quiet"]).succeeds();
}

#[test]
fn a_second_tail_of_the_same_device_tells_the_first_what_happened() {
    let server = server();
    let alice = Person::at(&server, "alice");
    let mut first = alice.starts(&["tail", "alice"]);
    alice.types(&["send", "alice", "a note"]).succeeds();
    first.prints_messages(&["a note"]);
    let mut second = alice.starts(&["tail", "alice"]);
    second.prints_messages(&["a note"]);
    first.says("chinwag login --device NAME");
    assert_eq!(first.ends().0, Some(1));
}
