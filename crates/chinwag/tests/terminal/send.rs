//! `chinwag send`.

use serde_json::{Value, json};

use crate::person::{Person, server};

#[test]
fn names_ids_and_chats_are_receivers() {
    let server = server();
    let (alice, bob) = (Person::at(&server, "alice"), Person::at(&server, "bob"));
    let to_name = alice.types(&["send", "bob", "1"]).succeeds();
    let chat = to_name["chatId"].as_str().unwrap().to_owned();
    let first = alice.types(&["tail", "bob", "--once", "--quiet"]).lines();
    let alices_id = first[0]["senderId"].as_str().unwrap().to_owned();
    for (person, to) in
        [(&alice, "@bob"), (&alice, chat.as_str()), (&bob, "alice"), (&bob, alices_id.as_str())]
    {
        assert_eq!(person.types(&["send", to, "hi"]).succeeds()["chatId"], chat.as_str(), "{to}");
    }
    assert_eq!(alice.types(&["tail", "bob", "--once", "--quiet"]).lines().len(), 5);
}

#[test]
fn the_text_comes_from_standard_input_where_there_is_none() {
    let server = server();
    let alice = Person::at(&server, "alice");
    Person::at(&server, "bob");
    alice.pipes("two\nlines\n", &["send", "bob"]).succeeds();
    alice.pipes("", &["send", "bob"]).fails(2, "empty");
    alice.types(&["send", "bob", "answer", "--reply-to", "1"]).succeeds();
    let lines = alice.types(&["tail", "bob", "--once", "--quiet"]).lines();
    assert_eq!((&lines[0]["content"], &lines[1]["replyTo"]), (&json!("two\nlines"), &json!(1)));
}

#[test]
fn an_id_makes_two_calls_one_message() {
    let server = server();
    let alice = Person::at(&server, "alice");
    Person::at(&server, "bob");
    let send = |text: &str| alice.types(&["send", "bob", text, "--id", "backup-1"]);
    let first = send("done").succeeds();
    assert_eq!(first, send("done").succeeds());
    assert_eq!(first["clientMessageId"], "backup-1");
    send("something else").fails(1, "another message has this id");
    assert_eq!(alice.types(&["tail", "bob", "--once", "--quiet"]).lines().len(), 1);
}

#[test]
fn what_cannot_be_sent_says_why() {
    let server = server();
    let alice = Person::at(&server, "alice");
    alice.types(&["send", "nobody-at-all", "hi"]).fails(1, "there is no user called nobody-at-all");
    alice.types(&["send", "g.99", "hi"]).fails(1, "not_found");
    alice.types(&["send", "No Name", "hi"]).fails(2, "neither a user name");
    alice.types(&["send", "alice", &"x".repeat(20_000)]).fails(1, "invalid_request");
}

#[test]
fn a_message_waits_for_a_server_that_restarts_and_is_there_once() {
    let mut server = server();
    let alice = Person::at(&server, "alice");
    Person::at(&server, "bob");
    alice.types(&["send", "bob", "before"]).succeeds();
    server.kill();
    let mut sending = alice.starts(&["send", "bob", "meanwhile"]);
    sending.says("trying again");
    server.restart();
    assert_eq!(sending.prints()["seq"], 2);
    let lines = alice.types(&["tail", "bob", "--once", "--quiet"]).lines();
    let contents: Vec<&Value> = lines.iter().map(|line| &line["content"]).collect();
    assert_eq!(contents, [&json!("before"), &json!("meanwhile")]);
}

#[test]
fn without_a_server_it_gives_up_in_time_and_says_how_to_be_sure() {
    let mut server = server();
    let alice = Person::at(&server, "alice");
    server.kill();
    alice.types(&["send", "alice", "hi", "--timeout", "1", "--id", "x1"]).fails(1, "--id x1");
}
