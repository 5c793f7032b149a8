//! What is kept for encrypted chats, on the engines of one machine: over restarts, and gone when it has to go.

use bytes::Bytes;
use chinwag_proto::entry::Notice;
use chinwag_proto::rest::{AppendBackup, AppendLinks, ClaimKeys, PublishKeys, PutNotice};
use chinwag_proto::{BlobName, Body, ChatId, Content, Opaque, Seq};
use chinwag_testkit::person::Person;
use chinwag_testkit::server::Server;
use serde_json::json;
use sha2::{Digest, Sha256};

fn bytes(text: &str) -> Opaque {
    Opaque(text.as_bytes().to_vec())
}

async fn publishes(person: &Person, packages: &[&str], last_resort: &str) {
    let key_packages = packages.iter().map(|text| bytes(text)).collect();
    let keys = PublishKeys { key_packages, last_resort: Some(bytes(last_resort)) };
    person.rest().publish_keys(person.device, &keys).await.unwrap();
}

async fn claims(person: &Person, from: &Person) -> Vec<String> {
    let claimed = person.rest().claim_keys(from.id, &ClaimKeys { devices: None }).await.unwrap();
    claimed.keys.into_iter().map(|key| String::from_utf8(key.key_package.0).unwrap()).collect()
}

/// Whether any file of the data folder holds the text.
fn is_on_disk(server: &Server, text: &str) -> bool {
    fn files(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { files(&path, found) } else { found.push(path) }
        }
    }
    let mut found = Vec::new();
    files(&server.data(), &mut found);
    let holds = |path: &std::path::PathBuf| {
        let bytes = std::fs::read(path).unwrap();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    };
    found.iter().any(holds)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_given_out_or_kept_stays_so_over_a_restart() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    publishes(&bob, &["one", "two"], "last").await;
    assert_eq!(claims(&alice, &bob).await, ["one"]);
    let links = AppendLinks { after: Seq::ZERO, links: vec![bytes("link")] };
    assert_eq!(format!("{:?}", bob.rest().append_links(&links).await.unwrap()), "Done(Seq(1))");
    let other = AppendLinks { links: vec![bytes("other")], ..links.clone() };
    assert_eq!(format!("{:?}", bob.rest().append_links(&other).await.unwrap()), "Stale(Seq(1))");
    let records = AppendBackup { after: Seq::ZERO, records: vec![bytes("record")] };
    bob.rest().append_backup(&records).await.unwrap();
    let chat = alice.chat_with(&bob);
    let blob = Bytes::from(vec![7; 1_000_000]);
    let name = BlobName(Sha256::digest(&blob).into());
    alice.rest().put_blob(chat, name, blob.clone()).await.unwrap();
    server.restarts().await;
    publishes(&bob, &["one", "two"], "last").await;
    assert_eq!(claims(&alice, &bob).await, ["two"]);
    assert_eq!(claims(&alice, &bob).await, ["last"]);
    assert_eq!(bob.rest().key_stock(bob.device).await.unwrap().available, 0);
    assert_eq!(alice.rest().device_chain(bob.id, Seq::ZERO).await.unwrap().links, [bytes("link")]);
    assert_eq!(bob.rest().backups().await.unwrap().backups[0].head.get(), 1);
    assert_eq!(bob.rest().backup(bob.device, Seq::ZERO).await.unwrap().records, [bytes("record")]);
    assert!(bob.rest().blob(chat, name).await.unwrap() == blob);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_arrives_at_once() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let chat = alice.makes_a_group("tea", &[&bob]).await;
    let mut phone = bob.connects().await;
    let data = json!({"type": "welcome", "text": "", "chatId": chat, "seq": 2}).to_string();
    let data = Content::from_json(data).unwrap();
    let client_message_id = Some("w-1".parse().unwrap());
    let notice = PutNotice { kind: Notice::Welcome, data: data.clone(), client_message_id };
    let put = alice.rest().put_notice(bob.id, &notice).await.unwrap();
    let entry = phone.sees_in(ChatId::Inbox(bob.id)).await;
    assert_eq!((entry.seq, entry.sender_id), (put.seq, alice.id));
    assert_eq!(entry.body, Body::Notice { notice: Notice::Welcome, data });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_of_a_revoked_device_and_all_of_an_erased_user_leave_the_disk() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let phone = bob.another_device("phone").await;
    publishes(&phone, &["the phone's claimed key", "the phone's waiting key"], "the phone's last resort")
        .await;
    assert_eq!(claims(&alice, &bob).await, ["the phone's claimed key"]);
    publishes(&bob, &["the laptop's waiting key"], "the laptop's last resort").await;
    let links = AppendLinks { after: Seq::ZERO, links: vec![bytes("the link")] };
    bob.rest().append_links(&links).await.unwrap();
    let records = AppendBackup { after: Seq::ZERO, records: vec![bytes("the phone's backup")] };
    phone.rest().append_backup(&records).await.unwrap();
    let blob = "the blob";
    let name = BlobName(Sha256::digest(blob).into());
    bob.rest().put_blob(alice.chat_with(&bob), name, Bytes::from(blob)).await.unwrap();
    bob.revokes(phone.device).await;
    server.stop().await;
    for gone in ["the phone's claimed key", "the phone's waiting key", "the phone's last resort"] {
        assert!(!is_on_disk(&server, gone), "{gone}");
    }
    let kept = ["the laptop's waiting key", "the laptop's last resort", "the phone's backup", "the blob"];
    for kept in kept {
        assert!(is_on_disk(&server, kept), "{kept}");
    }
    server.start_again().await;
    bob.does("DELETE", "/users/me", json!({"password": chinwag_testkit::server::PASSWORD})).await;
    server.stop().await;
    for gone in kept {
        assert!(!is_on_disk(&server, gone), "{gone}");
    }
    assert!(is_on_disk(&server, "the link"), "the device chain stays");
}
