//! Message pages against the raw entries: what edits, deletions and reactions come to; and that deleted
//! content is nowhere any more.

use std::collections::BTreeMap;
use std::path::Path;

use chinwag_proto::rest::{Message, MessagePage};
use chinwag_proto::{Body, ChatId, Content, Entry, Seq, ServerFrame, UserId};
use chinwag_testkit::person::Person;
use chinwag_testkit::server::Server;
use serde_json::json;

/// The messages of a chat as they stand after its entries, by seq: what pages are held against. A target
/// that the viewer may not see is none for him.
fn fold(entries: &[Entry], viewer: UserId) -> BTreeMap<u64, Expected> {
    let mut messages = BTreeMap::new();
    for entry in entries {
        match &entry.body {
            Body::Message { content, reply_to } => {
                let text = content.as_ref().map(Content::fallback);
                let expected = Expected { text, reply_to: *reply_to, ..Expected::default() };
                messages.insert(entry.seq.get(), expected);
            }
            Body::Edit { target, content } => {
                let Some(message): Option<&mut Expected> = messages.get_mut(&target.get()) else { continue };
                message.text = content.as_ref().map(Content::fallback);
                message.edited = true;
            }
            Body::Delete { target } => {
                let Some(message) = messages.get_mut(&target.get()) else { continue };
                *message = Expected { deleted: true, reply_to: message.reply_to, ..Expected::default() };
            }
            Body::Reaction { target, key, on } => {
                let Some(message) = messages.get_mut(&target.get()) else { continue };
                let users = message.reactions.entry(key.to_string()).or_default();
                users.retain(|user| *user != entry.sender_id);
                if *on {
                    users.push(entry.sender_id);
                }
            }
            _ => {}
        }
    }
    for message in messages.values_mut() {
        message.reactions.retain(|_, users| !users.is_empty());
        message.counts = message
            .reactions
            .iter()
            .map(|(key, users)| (key.clone(), (users.len() as u32, users.contains(&viewer))))
            .collect();
    }
    messages
}

#[derive(Debug, Default, PartialEq)]
struct Expected {
    text: Option<String>,
    reply_to: Option<Seq>,
    edited: bool,
    deleted: bool,
    reactions: BTreeMap<String, Vec<UserId>>,
    counts: BTreeMap<String, (u32, bool)>,
}

fn is_as_expected(message: &Message, expected: &Expected) {
    let shown = format!("{message:?} is not {expected:?}");
    assert_eq!(message.content.as_ref().map(Content::fallback), expected.text, "{shown}");
    assert_eq!(message.reply_to, expected.reply_to, "{shown}");
    assert_eq!(message.edited_at.is_some(), expected.edited, "{shown}");
    assert_eq!(message.deleted_at.is_some(), expected.deleted, "{shown}");
    let counts: BTreeMap<_, _> =
        message.reactions.iter().map(|row| (row.key.to_string(), (row.count, row.mine))).collect();
    assert_eq!(counts, expected.counts, "{shown}");
}

async fn pages_are_right(viewer: &Person, chat: ChatId) {
    let entries = viewer.entries(chat).await;
    let head = entries.last().unwrap().seq;
    let expected = fold(&entries, viewer.id);
    let newest_first: Vec<u64> = expected.keys().rev().copied().collect();
    let check = |page: &MessagePage, window: Vec<u64>, what: String| {
        assert_eq!(page.head, head, "{what}");
        assert_eq!(
            page.messages.iter().map(|message| message.seq.get()).collect::<Vec<_>>(),
            window,
            "{what}"
        );
        page.messages.iter().for_each(|message| is_as_expected(message, &expected[&message.seq.get()]));
    };
    for limit in [1, 3, 200] {
        for offset in 0..=newest_first.len() {
            let query = format!("limit={limit}&offset={offset}");
            let window = newest_first.iter().skip(offset).take(limit).copied().collect();
            check(&viewer.page(chat, &query).await, window, query);
        }
        for seq in [1, 2, 5, 9, head.get()] {
            let query = format!("limit={limit}&before={seq}");
            let window = newest_first.iter().filter(|&&other| other < seq).take(limit).copied().collect();
            check(&viewer.page(chat, &query).await, window, query);
            let query = format!("limit={limit}&after={seq}");
            let mut window: Vec<u64> =
                expected.keys().filter(|&&other| other > seq).take(limit).copied().collect();
            window.reverse();
            check(&viewer.page(chat, &query).await, window, query);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_show_what_the_entries_come_to_now_and_after_a_restart() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let chat = alice.makes_a_group("lunch", &[&bob]).await;
    let mut messages = Vec::new();
    for number in 0..6 {
        let by = if number % 2 == 0 { &alice } else { &bob };
        messages.push(by.sends(&format!("message {number}")).to(chat).await.seq);
    }
    alice.edits(chat, messages[0], "edited once").await;
    alice.edits(chat, messages[0], "edited twice").await;
    alice.edits(chat, messages[2], "edited, then deleted").await;
    for key in ["x", "y", "z"] {
        alice.reacts(chat, messages[1], key).await;
        bob.reacts(chat, messages[1], key).await;
    }
    bob.takes_back(chat, messages[1], "x").await;
    for by in [&alice, &bob] {
        by.takes_back(chat, messages[1], "y").await;
    }
    bob.reacts(chat, messages[2], "x").await;
    alice.deletes(chat, messages[2]).await;
    let reply = json!({"chatId": chat, "content": "a reply", "replyTo": messages[1]});
    bob.does("POST", "/messages", reply).await;
    let carol = server.person("carol").await;
    alice.adds(&carol, chat).await;
    // She came later, and sees nothing of what happens to the messages before her.
    alice.edits(chat, messages[4], "changed behind her back").await;
    carol.reacts(chat, carol.sends("hello all").to(chat).await.seq, "x").await;
    for _ in 0..2 {
        for viewer in [&alice, &bob, &carol] {
            pages_are_right(viewer, chat).await;
        }
        assert_eq!(carol.page(chat, "limit=200").await.messages.len(), 1);
        server.restarts().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_large_content_are_shorter_than_asked_and_miss_nothing() {
    const MESSAGES: u64 = 60;
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let chat = alice.chat_with(&bob);
    let mut writer = alice.connects().await;
    let content = json!({"type": "blob", "text": "", "data": "x".repeat(60_000)});
    for number in 0..MESSAGES {
        let id = format!("m{number}");
        writer.asks(json!({"type": "send", "chatId": chat, "clientMessageId": id, "content": content})).await;
    }
    let expected: Vec<u64> = (1..=MESSAGES).collect();
    let mut reader = bob.connects().await;
    let first = reader.syncs(chat, 0, 200).await;
    assert!(!first.complete && (first.entries.len() as u64) < MESSAGES, "3.6 MB are more than a frame");
    let synced: Vec<_> = reader.syncs_all(chat, 0, 200).await.iter().map(|entry| entry.seq.get()).collect();
    assert_eq!(synced, expected);
    assert_eq!(bob.entries(chat).await.iter().map(|entry| entry.seq.get()).collect::<Vec<_>>(), expected);
    let (mut paged, mut before) = (Vec::new(), MESSAGES + 1);
    while before > 1 {
        let page = bob.page(chat, &format!("limit=200&before={before}")).await;
        assert!(!page.messages.is_empty(), "there is more below {before}");
        paged.extend(page.messages.iter().map(|message| message.seq.get()));
        before = *paged.last().unwrap();
    }
    paged.reverse();
    assert_eq!(paged, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unread_counts_messages_above_the_mark_and_sending_raises_it() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let chat = alice.makes_a_group("lunch", &[&bob]).await;
    let mut messages = Vec::new();
    for number in 0..5 {
        messages.push(alice.sends(&format!("message {number}")).to(chat).await.seq);
    }
    alice.edits(chat, messages[0], "edited").await;
    alice.reacts(chat, messages[0], "x").await;
    assert_eq!(bob.summary(chat).await.unread, 5, "edits and reactions are no messages");
    alice.deletes(chat, messages[4]).await;
    assert_eq!(bob.summary(chat).await.unread, 5, "one deleted later counts until read");
    bob.does("PUT", &format!("/chats/{chat}/read"), json!({"seq": messages[2]})).await;
    assert_eq!(bob.summary(chat).await.unread, 2);
    server.restarts().await;
    assert_eq!(bob.summary(chat).await.unread, 2);
    bob.sends("mine").to(chat).await;
    assert_eq!(bob.summary(chat).await.unread, 0);
    assert_eq!(alice.summary(chat).await.unread, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleted_content_is_in_no_answer_and_after_a_clean_stop_in_no_file() {
    const SECRETS: [&str; 5] =
        ["the-cat-is-out", "the-dog-is-out", "the-owl-is-out", "the-fox-is-out", "the-elk-is-out"];
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let chat = alice.chat_with(&bob);
    let mut phone = bob.connects().await;
    let [plain, edited, edit, folded, late] = SECRETS;
    let one = alice.sends(plain).to(&bob).await.seq;
    let two = alice.sends(edited).to(&bob).await.seq;
    alice.edits(chat, two, edit).await;
    let three = alice.sends(folded).to(&bob).await.seq;
    let kept = alice.sends("this-one-stays").to(&bob).await.seq;
    phone.reaches(chat, kept).await;
    for seq in [one, two] {
        alice.deletes(chat, seq).await;
    }
    nothing_says(&alice, &bob, &SECRETS[..3]).await;
    // What was folded into the history long ago is overwritten there.
    server.restarts().await;
    alice.deletes(chat, three).await;
    let four = alice.sends(late).to(&bob).await.seq;
    alice.deletes(chat, four).await;
    nothing_says(&alice, &bob, &SECRETS).await;
    server.stop().await;
    let mut files = Vec::new();
    read_all(&server.data(), &mut files);
    assert!(
        files.iter().any(|(_, bytes)| contains(bytes, "this-one-stays")),
        "content is where it is looked for"
    );
    for (name, bytes) in &files {
        for secret in SECRETS {
            assert!(!contains(bytes, secret), "{secret} is still in {name}");
        }
    }
    server.start_again().await;
    nothing_says(&alice, &bob, &SECRETS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleted_content_is_in_no_file_however_often_the_history_was_rewritten_around_it() {
    const ROUNDS: usize = 5;
    const EACH: usize = 20;
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let chat = alice.chat_with(&bob);
    // Texts from a line to several pages, in the same pieces of history, which grow over restarts.
    let text = |round: usize, number: usize| {
        format!("secret-{round}-{number}-of-alice {}", "x".repeat([10, 900, 5_000, 12_000][number % 4]))
    };
    let mut seqs = Vec::new();
    for round in 0..ROUNDS {
        let mut phone = alice.connects().await;
        for number in 0..EACH {
            let ack = phone.sends(&text(round, number)).to(&bob).await;
            let again = text(round + 100, number);
            let edit = json!({"type": "edit", "chatId": chat, "target": ack.seq, "content": again,
                "clientMessageId": format!("e-{round}-{number}")});
            phone.asks(edit).await;
            seqs.push(ack.seq);
        }
        bob.sends(&format!("bob-stays-{round}")).to(&alice).await;
        server.restarts().await;
    }
    for seq in &seqs {
        alice.deletes(chat, *seq).await;
    }
    server.stop().await;
    let mut files = Vec::new();
    read_all(&server.data(), &mut files);
    let said = |text: &str| -> Vec<&str> {
        files.iter().filter(|(_, bytes)| contains(bytes, text)).map(|(name, _)| name.as_str()).collect()
    };
    for round in 0..ROUNDS {
        assert_ne!(said(&format!("bob-stays-{round}")), Vec::<&str>::new());
        for secret in [format!("secret-{round}-"), format!("secret-{}-", round + 100), "x".repeat(500)] {
            assert_eq!(said(&secret), Vec::<&str>::new(), "{secret:.20} is still there");
        }
    }
    server.start_again().await;
    let page = alice.page(chat, "limit=200").await;
    assert_eq!(page.messages.iter().filter(|message| message.content.is_some()).count(), ROUNDS);
}

async fn nothing_says(alice: &Person, bob: &Person, secrets: &[&str]) {
    let chat = alice.chat_with(bob);
    let mut said = Vec::new();
    for person in [alice, bob] {
        let query = format!("/messages/{chat}?limit=200");
        said.push(person.gets(&query).await.to_string());
        said.push(person.gets(&format!("/chats/{chat}/entries?after=0&limit=200")).await.to_string());
        said.push(person.gets("/chats").await.to_string());
        let mut phone = person.connects().await;
        said.push(format!("{:?}", phone.syncs_all(chat, 0, 200).await));
        let id = phone.writes(json!({"type": "chats"})).await;
        let list = phone.hears("the list", |frame| match frame {
            ServerFrame::Chats(page) if page.id == id => Some(format!("{page:?}")),
            _ => None,
        });
        said.push(list.await);
    }
    assert!(said.iter().any(|text| text.contains("this-one-stays")));
    for (text, secret) in said.iter().flat_map(|text| secrets.iter().map(move |secret| (text, secret))) {
        assert!(!text.contains(secret), "{secret} is still said: {text}");
    }
}

fn read_all(folder: &Path, files: &mut Vec<(String, Vec<u8>)>) {
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            read_all(&path, files);
        } else if path.is_file() {
            files.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
