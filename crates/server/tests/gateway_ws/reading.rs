//! Reading: pages, heads, the chat list, and how pages and live entries keep their order.

use std::time::Duration;

use chinwag_proto::{ChatId, Code, ServerFrame};
use serde_json::json;

use super::client::{Client, seqs, text_of};
use super::kit::{Setup, World, message};

#[tokio::test]
async fn a_chat_is_read_page_by_page_until_it_is_complete() {
    let world = World::start().await;
    let (amy, mut bob) = (world.client("amy").await, world.client("bob").await);
    let chat = amy.chat_with(&bob);
    for number in 1..=5 {
        world.asks(amy.caller(), chat, message(&number.to_string())).await;
    }
    let mut texts = Vec::new();
    let mut after = 0;
    loop {
        let id = bob.next_id();
        bob.says(json!({"type": "sync", "id": id, "chatId": chat, "after": after, "limit": 2})).await;
        let page = bob
            .hears("entries", |frame| if let ServerFrame::Entries(page) = frame { Some(page) } else { None })
            .await;
        assert_eq!((page.from.get(), page.head.get()), (after + 1, 5));
        texts.extend(page.entries.iter().map(text_of));
        after = page.to.get();
        assert_eq!(page.complete, after == 5);
        if page.complete {
            break;
        }
    }
    assert_eq!(texts, ["1", "2", "3", "4", "5"]);
    let empty = bob.syncs(chat, 5).await;
    assert_eq!((empty.from.get(), empty.to.get(), empty.complete, empty.entries.len()), (5, 5, true, 0));
}

#[tokio::test]
async fn whoever_stands_above_the_head_is_told_the_head() {
    let world = World::start().await;
    let (amy, mut bob) = (world.client("amy").await, world.client("bob").await);
    let chat = amy.chat_with(&bob);
    world.asks(amy.caller(), chat, message("hi")).await;
    let error = bob.is_refused(json!({"type": "sync", "chatId": chat, "after": 9})).await;
    assert_eq!((error.code, error.head.map(|head| head.get())), (Code::InvalidRequest, Some(1)));
}

#[tokio::test]
async fn a_strangers_chat_is_not_there_and_an_ex_member_is_told_so() {
    let world = World::start().await;
    let (amy, mut bob, mut eve) =
        (world.client("amy").await, world.client("bob").await, world.client("eve").await);
    let group = world.group(&[&amy, &bob]).await;
    let sync = json!({"type": "sync", "chatId": group, "after": 0});
    assert_eq!(eve.is_refused(sync.clone()).await.code, Code::NotFound);
    assert_eq!(
        eve.is_refused(json!({"type": "sync", "chatId": "g.1", "after": 0})).await.code,
        Code::NotFound
    );
    world.asks(amy.caller(), group, chinwag_chat::Ask::Remove { user: bob.user }).await;
    assert_eq!(bob.is_refused(sync).await.code, Code::NotMember);
}

#[tokio::test]
async fn heads_tell_what_to_sync_after_an_absence_and_what_is_gone() {
    let world = World::start().await;
    let (amy, mut bob) = (world.client("amy").await, world.client("bob").await);
    let (moved, same) = (amy.chat_with(&bob), world.group(&[&amy, &bob]).await);
    let left = world.group(&[&amy, &bob]).await;
    let others = world.group(&[&amy]).await;
    world.asks(amy.caller(), moved, message("hi")).await;
    world.asks(amy.caller(), left, chinwag_chat::Ask::Remove { user: bob.user }).await;
    let id = bob.next_id();
    let chats = json!({moved.to_string(): 0, same.to_string(): 1, left.to_string(): 1, others.to_string(): 1, "g.1": 4});
    bob.says(json!({"type": "heads", "id": id, "chats": chats})).await;
    let heads = bob
        .hears("heads", |frame| if let ServerFrame::Heads(heads) = frame { Some(heads) } else { None })
        .await;
    assert_eq!(
        heads.changed.iter().map(|chat| (chat.chat_id, chat.head.get())).collect::<Vec<_>>(),
        [(moved, 1)]
    );
    let mut gone = heads.gone;
    gone.sort_unstable();
    let mut expected = [left, others, "g.1".parse().unwrap()];
    expected.sort_unstable();
    assert_eq!(gone, expected);
}

#[tokio::test]
async fn the_chat_list_comes_in_pages() {
    let world = World::start().await;
    let (mut amy, bob) = (world.client("amy").await, world.client("bob").await);
    for _ in 0..3 {
        world.group(&[&amy, &bob]).await;
    }
    let mut listed = Vec::new();
    let mut cursor = None;
    loop {
        let id = amy.next_id();
        let mut chats = json!({"type": "chats", "id": id, "limit": 2});
        if let Some(cursor) = cursor {
            chats["cursor"] = json!(cursor);
        }
        amy.says(chats).await;
        let page = amy
            .hears("chats", |frame| if let ServerFrame::Chats(page) = frame { Some(page) } else { None })
            .await;
        listed.extend(page.chats.iter().map(|chat| chat.chat_id));
        cursor = page.cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(listed.len(), 3);
    assert!(listed.is_sorted());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_that_overlaps_with_live_delivery_gives_every_entry_once_and_in_order() {
    let world = World::start().await;
    let (mut amy, mut bob) = (world.client("amy").await, world.client("bob").await);
    let chat = amy.chat_with(&bob);
    const LAST: u64 = 400;
    let writing = async {
        for number in 1..=LAST {
            amy.begins_to_send(&number.to_string(), chat).await;
        }
    };
    let reading = async {
        let mut has = 0;
        let mut asked = false;
        while has < LAST {
            if !asked {
                let id = bob.next_id();
                bob.says(json!({"type": "sync", "id": id, "chatId": chat, "after": has.min(1)})).await;
                asked = true;
            }
            match bob.next().await.unwrap() {
                ServerFrame::Entries(page) => {
                    has = has.max(page.to.get());
                    asked = false;
                }
                ServerFrame::Entry(entry) => {
                    assert!(entry.seq.get() > has, "{} after {has}", entry.seq);
                    has = entry.seq.get();
                }
                ServerFrame::Error(error) => {
                    assert_eq!(error.code, Code::NotFound, "before the first entry");
                    asked = false;
                }
                _ => {}
            }
        }
    };
    tokio::join!(writing, reading);
}

#[tokio::test]
async fn what_a_page_holds_is_not_delivered_again_even_when_it_is_published_late() {
    let world = World::start().await;
    let (amy, mut bob) = (world.client("amy").await, world.client("bob").await);
    let chat = amy.chat_with(&bob);
    world.asks(amy.caller(), chat, message("one")).await;
    bob.forgets().await;
    // A commit that is durable, but whose projection waits: readers see it before it is published.
    let group = world.group(&[&amy, &bob]).await;
    bob.forgets().await;
    world.directory.write_faults().fail_from_now_on();
    let caller = amy.caller();
    let ask =
        chinwag_chat::Ask::Update { title: Some("new".parse().unwrap()), history: None, who_may_add: None };
    let request =
        chinwag_server::service::sending::Request { chat: group, id: None, resend: true, after: None, ask };
    let ask = chinwag_chat::Ask::SetRole { user: bob.user, role: chinwag_proto::Role::Admin };
    let held =
        chinwag_server::service::sending::Request { chat: group, id: None, resend: true, after: None, ask };
    let held = world.services.sending.submit(caller, held, None).await.unwrap();
    let after = world.services.sending.submit(caller, request, None).await.unwrap();
    let page = bob.syncs(group, 1).await;
    assert_eq!(page.to.get(), 3);
    world.directory.write_faults().heal();
    held.await.unwrap();
    after.await.unwrap();
    world.asks(caller, group, message("later")).await;
    assert_eq!(seqs(&bob.drains().await, group), [4]);
}

#[tokio::test]
async fn events_lost_on_the_way_are_told_as_a_resync_of_everything() {
    let world = World::start().await;
    let (amy, mut bob) = (world.client("amy").await, world.client("bob").await);
    let chat = amy.chat_with(&bob);
    world.bus.losses().fail_from_now_on();
    world.asks(amy.caller(), chat, message("lost")).await;
    world.bus.losses().heal();
    bob.hears_nothing().await;
    world.bus.reset();
    let all =
        bob.hears("resync", |frame| if let ServerFrame::Resync(resync) = frame { resync.all } else { None });
    assert!(all.await);
    world.asks(amy.caller(), chat, message("live")).await;
    assert_eq!(bob.reads().await, "live");
    assert_eq!(bob.syncs(chat, 0).await.entries.len(), 2);
}

/// The chats that a client is told to sync.
async fn missed(client: &mut Client) -> Vec<(ChatId, u64)> {
    let chats = client
        .hears("resync", |frame| if let ServerFrame::Resync(resync) = frame { resync.chats } else { None });
    chats.await.into_iter().map(|chat| (chat.chat_id, chat.head.get())).collect()
}

#[tokio::test]
async fn what_the_bus_lost_of_a_group_unheard_is_found_by_comparing() {
    let mut setup = Setup::default();
    setup.settings.compare = Duration::from_millis(100);
    let world = World::with(setup).await;
    let (amy, mut bob, mut eve) =
        (world.client("amy").await, world.client("bob").await, world.client("eve").await);
    let group = world.group(&[&amy, &bob]).await;
    bob.forgets().await;
    world.bus.losses().fail_from_now_on();
    world.asks(amy.caller(), group, message("lost")).await;
    world.bus.losses().heal();
    assert_eq!(missed(&mut bob).await, [(group, 2)]);
    world.asks(amy.caller(), group, message("live")).await;
    assert_eq!(bob.entry().await.seq.get(), 3);

    world.bus.losses().fail_from_now_on();
    world.asks(amy.caller(), group, chinwag_chat::Ask::Add { users: vec![eve.user] }).await;
    world.bus.losses().heal();
    assert_eq!(missed(&mut eve).await, [(group, 4)], "a membership that was lost, too");
    world.asks(amy.caller(), group, message("hello eve")).await;
    assert_eq!(eve.reads().await, "hello eve");
}

#[tokio::test]
async fn an_engine_that_fails_is_unavailable_and_the_connection_lives() {
    let world = World::start().await;
    let (amy, mut bob) = (world.client("amy").await, world.client("bob").await);
    let chat = amy.chat_with(&bob);
    world.asks(amy.caller(), chat, message("hi")).await;
    world.ledger.read_faults().fail_from_now_on();
    for frame in [
        json!({"type": "sync", "chatId": chat, "after": 0}),
        json!({"type": "heads", "chats": {chat.to_string(): 0}}),
        json!({"type": "chats"}),
    ] {
        assert_eq!(bob.is_refused(frame).await.code, Code::Unavailable);
    }
    world.ledger.read_faults().heal();
    assert_eq!(bob.syncs(chat, 0).await.entries.len(), 1);
}

#[tokio::test]
async fn a_large_page_stays_below_the_frames_limit_and_is_cut_not_refused() {
    let world = World::with(Setup::default()).await;
    let (amy, mut bob) = (world.client("amy").await, world.client("bob").await);
    let chat = amy.chat_with(&bob);
    for _ in 0..80 {
        world.asks(amy.caller(), chat, message(&"x".repeat(16_000))).await;
    }
    bob.forgets().await;
    let page = bob.syncs(chat, 0).await;
    assert!(!page.complete && page.entries.len() > 10, "{}", page.entries.len());
    let frame = ServerFrame::Entries(page).to_json();
    assert!(frame.len() <= world.services.limits.server_frame_bytes, "{}", frame.len());
}
