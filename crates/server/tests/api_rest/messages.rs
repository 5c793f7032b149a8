//! Messages: sent, read, edited, deleted, reacted to.

use chinwag_proto::Code::{
    Forbidden, IdempotencyConflict, InvalidRequest, NotFound, NotMember, RateLimited, Unavailable,
};
use chinwag_proto::rest::{EntryPage, MessagePage, Sent};
use serde_json::json;

use crate::bench::Server;

#[tokio::test]
async fn a_message_to_a_user_makes_the_direct_chat() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    let chat = bob.chat_with(&amy);
    bob.get(&format!("/messages/{chat}")).await.refused(NotFound);
    let sent: Sent = bob.sends("hi", amy.id).await.json();
    assert_eq!((sent.chat_id, sent.seq.get()), (chat, 1));
    assert_eq!(amy.sent("hello", bob.id).await.seq.get(), 2);
    assert_eq!(amy.sent("by its id", chat).await.seq.get(), 3);
    let answer =
        bob.posts("/messages", json!({"chatId": chat, "content": "by chatId", "senderId": bob.id})).await;
    assert_eq!(answer.json::<Sent>().seq.get(), 4);
    assert_eq!(bob.texts(chat).await, ["by chatId", "by its id", "hello", "hi"]);
}

#[tokio::test]
async fn notes_to_oneself_are_a_chat_too() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    let sent = bob.sent("buy milk", bob.id).await;
    assert_eq!(sent.chat_id.to_string(), format!("d.{0}.{0}", bob.id));
    assert_eq!(bob.texts(sent.chat_id).await, ["buy milk"]);
}

#[tokio::test]
async fn nobody_sends_as_another_or_to_nobody() {
    let server = Server::start().await;
    let (bob, amy, eve) =
        (server.person("bob").await, server.person("amy").await, server.person("eve").await);
    let as_amy = json!({"receiverId": eve.id, "content": "hi", "senderId": amy.id});
    bob.posts("/messages", as_amy).await.refused(Forbidden);
    bob.sends("hi", "999").await.refused(NotFound);
    bob.sends("hi", "g.999").await.refused(NotFound);
    bob.sends("hi", amy.chat_with(&eve)).await.refused(NotFound);
    bob.sends("hi", format!("u.{}", bob.id)).await;
    bob.get(&format!("/messages/u.{}", amy.id)).await.refused(NotFound);
    bob.posts("/messages", json!({"content": "hi"})).await.refused(InvalidRequest);
    let both = json!({"receiverId": amy.id, "chatId": bob.chat_with(&amy), "content": "hi"});
    bob.posts("/messages", both).await.refused(InvalidRequest);
}

#[tokio::test]
async fn content_is_a_text_or_an_object_with_type_and_text_within_their_sizes() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    let send = |content: serde_json::Value| {
        bob.posts("/messages", json!({"receiverId": amy.id, "content": content}))
    };
    let poll = json!({"type": "poll", "text": "Pizza?", "options": ["yes", "no"]});
    let sent: Sent = send(poll.clone()).await.json();
    assert_eq!(bob.get(&format!("/messages/{}", sent.chat_id)).await.is(200)["messages"][0]["content"], poll);
    for bad in [json!(""), json!(null), json!(3), json!(["x"]), json!({}), json!({"type": "poll"})] {
        let detail = send(bad.clone()).await.refused(InvalidRequest);
        assert!(detail.starts_with("`content`"), "{bad}: {detail}");
    }
    send(json!("é".repeat(8 * 1024))).await.is(201);
    send(json!("x".repeat(16 * 1024 + 1))).await.refused(InvalidRequest);
    send(json!({"type": "x", "text": "x".repeat(64 * 1024)})).await.refused(InvalidRequest);
}

#[tokio::test]
async fn a_page_is_newest_first_and_windows_are_exclusive() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    for number in 1..=10 {
        bob.sent(&number.to_string(), amy.id).await;
    }
    let chat = bob.chat_with(&amy);
    let seqs = async |query: &str| {
        let page: MessagePage = amy.get(&format!("/messages/{chat}?{query}")).await.json();
        assert_eq!(page.head.get(), 10);
        page.messages.iter().map(|message| message.seq.get()).collect::<Vec<_>>()
    };
    assert_eq!(seqs("limit=3").await, [10, 9, 8]);
    assert_eq!(seqs("limit=3&offset=2").await, [8, 7, 6]);
    assert_eq!(seqs("offset=9").await, [1]);
    assert_eq!(seqs("offset=10").await, [0; 0]);
    assert_eq!(seqs("limit=2&before=5").await, [4, 3]);
    assert_eq!(seqs("limit=2&after=5").await, [7, 6], "the next above, still newest first");
    assert_eq!(seqs("after=10").await, [0; 0]);
    assert_eq!(seqs("before=1").await, [0; 0]);
    for bad in [
        "limit=0",
        "limit=201",
        "offset=10001",
        "offset=1&before=2",
        "before=3&after=1",
        "limit=x",
        "offset=-1",
    ] {
        amy.get(&format!("/messages/{chat}?{bad}")).await.refused(InvalidRequest);
    }
    amy.get(&format!("/messages/{chat}?limit=200&offset=10000")).await.is(200);
}

#[tokio::test]
async fn an_edit_is_applied_where_it_is_read_and_only_the_sender_edits() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    let chat = bob.chat_with(&amy);
    let seq = bob.sent("helo", amy.id).await.seq;
    let path = format!("/messages/{chat}/{seq}");
    server.clock.advance(5_000);
    let edited = bob.patches(&path, json!({"content": "hello"})).await.is(200);
    assert_eq!(edited["seq"], 2);
    let message = &amy.reads(chat).await.messages[0];
    assert_eq!(message.content.as_ref().unwrap().fallback(), "hello");
    assert_eq!(message.edited_at.unwrap().ms_since(message.created_at), 5_000);
    amy.patches(&path, json!({"content": "x"})).await.refused(Forbidden);
    bob.patches(&format!("/messages/{chat}/2"), json!({"content": "x"})).await.refused(NotFound);
    bob.patches(&format!("/messages/{chat}/99"), json!({"content": "x"})).await.refused(NotFound);
    bob.patches(&path, json!({"content": ""})).await.refused(InvalidRequest);
}

#[tokio::test]
async fn a_deleted_message_has_no_content_anywhere() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    let chat = bob.chat_with(&amy);
    let seq = bob.sent("secret", amy.id).await.seq;
    let path = format!("/messages/{chat}/{seq}");
    bob.patches(&path, json!({"content": "secret too"})).await.is(200);
    amy.put(&format!("{path}/reactions/x")).await.is(204);
    amy.delete(&path).await.refused(Forbidden);
    bob.delete(&path).await.is(204);
    let message = &amy.reads(chat).await.messages[0];
    assert!(message.content.is_none() && message.deleted_at.is_some() && message.reactions.is_empty());
    let entries = amy.get(&format!("/chats/{chat}/entries")).await;
    assert!(!String::from_utf8_lossy(&entries.body).contains("secret"), "{entries}");
    let head = entries.json::<EntryPage>().head;
    bob.delete(&path).await.is(204);
    assert_eq!(amy.reads(chat).await.head, head, "deleting what is deleted makes no entry");
    bob.patches(&path, json!({"content": "again"})).await.refused(NotFound);
    amy.put(&format!("{path}/reactions/x")).await.refused(NotFound);
    let reply = json!({"chatId": chat, "content": "re", "replyTo": seq});
    amy.posts("/messages", reply).await.refused(NotFound);
}

#[tokio::test]
async fn reactions_are_summed_up_and_taken_back() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    let chat = bob.chat_with(&amy);
    let seq = bob.sent("hi", amy.id).await.seq;
    let reaction = |key: &str| format!("/messages/{chat}/{seq}/reactions/{key}");
    bob.put(&reaction("%F0%9F%91%8D")).await.is(204);
    amy.put(&reaction("%F0%9F%91%8D")).await.is(204);
    amy.put(&reaction("a%2Fb")).await.is(204);
    amy.put(&reaction("a%2Fb")).await.is(204);
    let page = bob.get(&format!("/messages/{chat}")).await.is(200);
    let expected =
        json!([{"key": "👍", "count": 2, "mine": true}, {"key": "a/b", "count": 1, "mine": false}]);
    assert_eq!(page["messages"][0]["reactions"], expected);
    bob.delete(&reaction("%F0%9F%91%8D")).await.is(204);
    bob.delete(&reaction("never")).await.is(204);
    let page = bob.get(&format!("/messages/{chat}")).await.is(200);
    assert_eq!(page["messages"][0]["reactions"][0], json!({"key": "👍", "count": 1, "mine": false}));
    bob.put(&reaction(&"x".repeat(65))).await.refused(InvalidRequest);
    bob.put(&reaction("%0A")).await.refused(InvalidRequest);
    bob.put(&reaction("%FF")).await.refused(InvalidRequest);
}

#[tokio::test]
async fn the_21st_key_on_one_message_is_refused() {
    let server = Server::start().await;
    let bob = server.person("bob").await;
    let sent = bob.sent("hi", bob.id).await;
    let reaction = |key: usize| format!("/messages/{}/{}/reactions/k{key}", sent.chat_id, sent.seq);
    for key in 0..20 {
        bob.put(&reaction(key)).await.is(204);
    }
    bob.put(&reaction(20)).await.refused(InvalidRequest);
    bob.put(&reaction(19)).await.is(204);
}

#[tokio::test]
async fn a_reply_names_a_message_of_the_same_chat() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    let sent = bob.sent("hi", amy.id).await;
    let reply =
        |to: u64| amy.posts("/messages", json!({"chatId": sent.chat_id, "content": "re", "replyTo": to}));
    reply(1).await.is(201);
    assert_eq!(bob.reads(sent.chat_id).await.messages[0].reply_to.unwrap().get(), 1);
    reply(99).await.refused(NotFound);
}

#[tokio::test]
async fn entries_are_the_whole_truth_oldest_first() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    let chat = bob.chat_with(&amy);
    bob.posts("/messages", json!({"receiverId": amy.id, "content": "hi", "clientMessageId": "m1"}))
        .await
        .is(201);
    bob.patches(&format!("/messages/{chat}/1"), json!({"content": "hello"})).await.is(200);
    bob.delete(&format!("/messages/{chat}/1")).await.is(204);
    let page: EntryPage = amy.get(&format!("/chats/{chat}/entries?after=1&limit=1")).await.json();
    let (from, to) = (page.from.get(), page.to.get());
    assert_eq!((from, to, page.head.get(), page.complete), (2, 2, 3, false));
    let page: EntryPage = amy.get(&format!("/chats/{chat}/entries?after=2")).await.json();
    assert_eq!((page.from.get(), page.to.get(), page.complete), (3, 3, true));
    let page: EntryPage = amy.get(&format!("/chats/{chat}/entries?after=3")).await.json();
    assert_eq!((page.from.get(), page.to.get(), page.complete, page.entries.len()), (3, 3, true, 0));
    let refused = amy.get(&format!("/chats/{chat}/entries?after=4")).await;
    let problem = refused.problem();
    assert_eq!((problem.code, problem.head.map(|head| head.get())), (InvalidRequest, Some(3)));
    let mine = bob.get(&format!("/chats/{chat}/entries")).await.is(200);
    let hers = amy.get(&format!("/chats/{chat}/entries")).await.is(200);
    assert_eq!(mine["entries"][0]["clientMessageId"], "m1");
    assert_eq!(hers["entries"][0]["clientMessageId"], json!(null), "the sender's own devices alone see it");
}

#[tokio::test]
async fn an_ex_member_reads_and_writes_nothing_more() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    let group = bob.makes_a_group("tea", &[&amy]).await;
    amy.sent("hi", group).await;
    bob.removes(&amy, group).await.is(204);
    amy.sends("but", group).await.refused(NotMember);
    amy.get(&format!("/messages/{group}")).await.refused(NotMember);
    amy.get(&format!("/chats/{group}/entries")).await.refused(NotMember);
}

#[tokio::test]
async fn sends_have_a_bucket_of_their_own_for_each_device() {
    let server = Server::limited(|limits| {
        limits.sends_per_second = 1;
        limits.sends_burst = 3;
    })
    .await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    tokio::time::pause();
    let sent = bob.sent("1", amy.id).await;
    let path = format!("/messages/{}/{}", sent.chat_id, sent.seq);
    bob.patches(&path, json!({"content": "2"})).await.is(200);
    bob.put(&format!("{path}/reactions/x")).await.is(204);
    let refused = bob.delete(&path).await;
    assert_eq!(refused.headers["retry-after"], "1");
    let problem = refused.problem();
    assert_eq!((problem.code, problem.retry_after_ms), (RateLimited, Some(1_000)));
    amy.sends("mine", bob.id).await.is(201);
    bob.another_device("phone").await.sends("another bucket", amy.id).await.is(201);
    tokio::time::advance(std::time::Duration::from_secs(1)).await;
    bob.delete(&path).await.is(204);
}

#[tokio::test]
async fn a_ledger_that_takes_nothing_is_unavailable_and_a_resend_makes_one_message() {
    let server = Server::start().await;
    let (bob, amy) = (server.person("bob").await, server.person("amy").await);
    let send = |text: &str| {
        bob.posts("/messages", json!({"receiverId": amy.id, "content": text, "clientMessageId": "m1"}))
    };
    server.ledger.append_faults().fail_next(1);
    send("hi").await.refused(Unavailable);
    server.ledger.answer_faults().fail_next(1);
    send("hi").await.refused(Unavailable);
    send("hi").await.is(200);
    send("other").await.refused(IdempotencyConflict);
    assert_eq!(amy.texts(bob.chat_with(&amy)).await, ["hi"]);
}
