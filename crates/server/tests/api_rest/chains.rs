//! Device chains and backups.

use chinwag_proto::Code::{
    Forbidden, InvalidRequest, NotFound, PayloadTooLarge, StaleVersion, Unauthenticated, Unavailable,
};
use chinwag_proto::rest::{BackupPage, DeviceChain};
use serde_json::{Value, json};

use crate::bench::{Answer, PASSWORD, Person, Server};
use crate::keys::{bytes, plain};

fn texts(items: &Value) -> Vec<String> {
    items.as_array().unwrap().iter().map(plain).collect()
}

impl Person {
    async fn links(&self, after: u64, links: &[&str]) -> Answer {
        let links: Vec<_> = links.iter().map(|text| bytes(text)).collect();
        self.posts("/users/me/keys/chain", json!({"after": after, "links": links})).await
    }

    async fn chain_of(&self, other: &Person, query: &str) -> Value {
        self.get(&format!("/users/{}/keys/chain{query}", other.id)).await.is(200)
    }

    async fn backs_up(&self, after: u64, records: &[&str]) -> Answer {
        let records: Vec<_> = records.iter().map(|text| bytes(text)).collect();
        self.posts("/users/me/keys/backups", json!({"after": after, "records": records})).await
    }

    async fn backup_of(&self, device: &Person, query: &str) -> Value {
        self.get(&format!("/users/me/keys/backups/{}{query}", device.device)).await.is(200)
    }
}

#[track_caller]
fn is_stale(answer: Answer, after: u64) {
    let problem = answer.problem();
    assert_eq!(
        (problem.code, problem.after.map(|after| after.get())),
        (StaleVersion, Some(after)),
        "{answer}"
    );
}

#[tokio::test]
async fn a_device_chain_grows_at_its_end_and_anybody_reads_it() {
    let server = Server::start().await;
    let (amy, bob) = (server.person("amy").await, server.person("bob").await);
    let nothing = json!({"links": [], "from": 0, "version": 0, "complete": true});
    assert_eq!(amy.chain_of(&bob, "").await, nothing);
    assert_eq!(bob.links(0, &["one", "two"]).await.is(200), json!({"version": 2}));
    is_stale(bob.links(0, &["other"]).await, 2);
    is_stale(bob.links(3, &["other"]).await, 2);
    let phone = bob.another_device("phone").await;
    assert_eq!(phone.links(2, &["three"]).await.is(200), json!({"version": 3}), "any of his devices");
    for _ in 0..2 {
        assert_eq!(bob.links(0, &["one", "two"]).await.is(200), json!({"version": 2}), "a retry");
    }
    let chain = amy.chain_of(&bob, "").await;
    assert_eq!(texts(&chain["links"]), ["one", "two", "three"]);
    assert_eq!((&chain["from"], &chain["version"], &chain["complete"]), (&json!(1), &json!(3), &json!(true)));
    let page = amy.chain_of(&bob, "?after=1&limit=1").await;
    assert_eq!((texts(&page["links"]), &page["from"]), (vec!["two".to_owned()], &json!(2)));
    assert_eq!((&page["version"], &page["complete"]), (&json!(3), &json!(false)));
    let above = amy.chain_of(&bob, "?after=9").await;
    assert_eq!(above, json!({"links": [], "from": 9, "version": 3, "complete": true}));
    amy.get("/users/999/keys/chain").await.refused(NotFound);
}

#[tokio::test]
async fn a_device_chain_has_its_limits() {
    let server = Server::limited(|limits| {
        limits.chain_link_bytes = 4;
        limits.chain_links_per_call = 2;
        limits.chain_links = 3;
    })
    .await;
    let bob = server.person("bob").await;
    assert!(bob.links(0, &["12345"]).await.refused(InvalidRequest).contains("`links`"));
    assert!(bob.links(0, &["1", "2", "3"]).await.refused(InvalidRequest).contains("`links`"));
    assert!(bob.links(0, &[]).await.refused(InvalidRequest).contains("`links`"));
    bob.links(0, &["1", "2"]).await.is(200);
    bob.links(2, &["3", "4"]).await.refused(Forbidden);
    bob.links(2, &["3"]).await.is(200);
    bob.links(3, &["4"]).await.refused(Forbidden);
    bob.links(2, &["3"]).await.is(200);
    for query in ["?limit=0", "?limit=201", "?after=x", "?before=1"] {
        bob.get(&format!("/users/{}/keys/chain{query}", bob.id)).await.refused(InvalidRequest);
        bob.get(&format!("/users/me/keys/backups/{}{query}", bob.device)).await.refused(InvalidRequest);
    }
}

#[tokio::test]
async fn each_device_has_a_backup_chain_that_outlives_it() {
    let server = Server::start().await;
    let (amy, laptop) = (server.person("amy").await, server.person("bob").await);
    let phone = laptop.another_device("phone").await;
    assert_eq!(laptop.get("/users/me/keys/backups").await.is(200), json!({"backups": []}));
    assert_eq!(phone.backs_up(0, &["p1", "p2"]).await.is(200), json!({"head": 2}));
    assert_eq!(laptop.backs_up(0, &["l1"]).await.is(200), json!({"head": 1}));
    is_stale(phone.backs_up(0, &["other"]).await, 2);
    assert_eq!(phone.backs_up(0, &["p1", "p2"]).await.is(200), json!({"head": 2}), "a retry");
    laptop.delete(&format!("/users/{}/devices/{}", laptop.id, phone.device)).await.is(204);
    let listed = laptop.get("/users/me/keys/backups").await.is(200);
    let heads: Vec<_> =
        listed["backups"].as_array().unwrap().iter().map(|one| (&one["deviceId"], &one["head"])).collect();
    assert_eq!(heads, [(&json!(laptop.device), &json!(1)), (&json!(phone.device), &json!(2))]);
    let page = laptop.backup_of(&phone, "?after=1").await;
    assert_eq!((texts(&page["records"]), &page["from"]), (vec!["p2".to_owned()], &json!(2)));
    assert_eq!((&page["head"], &page["complete"]), (&json!(2), &json!(true)));
    assert_eq!(amy.backup_of(&phone, "").await["head"], 0, "each sees his own alone");
    assert_eq!(amy.get("/users/me/keys/backups").await.is(200), json!({"backups": []}));
}

#[tokio::test]
async fn backups_have_their_limits() {
    let server = Server::limited(|limits| {
        limits.backup_record_bytes = 8;
        limits.backup_records_per_call = 3;
        limits.backup_records = 4;
        limits.backup_bytes = 20;
        limits.backup_chains = 1;
    })
    .await;
    let bob = server.person("bob").await;
    assert!(bob.backs_up(0, &["123456789"]).await.refused(InvalidRequest).contains("`records`"));
    bob.backs_up(0, &["1", "2", "3", "4"]).await.refused(InvalidRequest);
    bob.backs_up(0, &[]).await.refused(InvalidRequest);
    bob.backs_up(0, &["12345678", "12345678"]).await.is(200);
    bob.backs_up(2, &["12345"]).await.refused(Forbidden);
    bob.backs_up(2, &["3", "4"]).await.is(200);
    bob.backs_up(4, &["5"]).await.refused(Forbidden);
    bob.another_device("phone").await.backs_up(0, &["1"]).await.refused(Forbidden);
}

#[tokio::test]
async fn a_page_of_large_records_ends_early_and_says_so() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    let large = "x".repeat(64 * 1024);
    for after in [0, 5, 10] {
        bob.backs_up(after, &[large.as_str(); 5]).await.is(200);
    }
    let (mut after, mut pages) = (0, 0);
    loop {
        let answer = bob.get(&format!("/users/me/keys/backups/{}?after={after}", bob.device)).await;
        assert!(answer.body.len() < 1_024 * 1_024);
        let page: BackupPage = answer.json();
        assert_eq!(page.from.get(), after + 1);
        after += page.records.len() as u64;
        pages += 1;
        assert_eq!(page.complete, after == 15);
        if page.complete {
            break;
        }
    }
    assert!(pages > 1);
    let small = bob.posts("/users/me/keys/backups", json!({"after": 15, "records": vec![bytes(&large); 13]}));
    small.await.refused(PayloadTooLarge);
}

#[tokio::test]
async fn an_erased_users_backup_goes_and_his_device_chain_stays() {
    let server = Server::start().await;
    let (amy, bob) = (server.person("amy").await, server.person("bob").await);
    bob.links(0, &["one"]).await.is(200);
    bob.backs_up(0, &["r"]).await.is(200);
    server.backups.faults().fail_next(1);
    let erase = || bob.gives("DELETE", "/users/me", json!({"password": PASSWORD}));
    erase().await.refused(Unavailable);
    bob.get("/users/me").await.is(200);
    erase().await.is(204);
    bob.backs_up(1, &["s"]).await.refused(Unauthenticated);
    let chain: DeviceChain = amy.get(&format!("/users/{}/keys/chain", bob.id)).await.json();
    assert_eq!(chain.links[0].0, b"one");
    assert_eq!(server.services.ports.backups.chains(bob.id).await.unwrap(), []);
}
