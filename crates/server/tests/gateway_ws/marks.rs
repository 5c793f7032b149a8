//! Read and delivered marks, and the chat on screen.

use chinwag_ports::Profiles;
use chinwag_ports::directory::ProfileChange;
use chinwag_proto::frame::{CursorMark, Cursors};
use chinwag_proto::{ChatId, Code, ServerFrame};
use serde_json::json;

use super::client::Client;
use super::kit::{World, message, seq};

async fn cursors(client: &mut Client) -> Cursors {
    client
        .hears(
            "cursors",
            |frame| if let ServerFrame::Cursors(cursors) = frame { Some(cursors) } else { None },
        )
        .await
}

fn read(of: &Client, number: u64) -> CursorMark {
    CursorMark { user_id: of.user, read: Some(seq(number)), delivered: Some(seq(number)) }
}

async fn marks(client: &mut Client, kind: &str, chat: ChatId, number: u64) {
    client.says(json!({"type": kind, "chatId": chat, "seq": number})).await;
}

/// Two with a direct chat of five messages.
async fn pair() -> (std::sync::Arc<World>, Client, Client, ChatId) {
    let world = World::start().await;
    let (mut amy, mut bob) = (world.client("amy").await, world.client("bob").await);
    let chat = amy.chat_with(&bob);
    for number in 1..=5 {
        world.asks(amy.caller(), chat, message(&number.to_string())).await;
    }
    amy.forgets().await;
    bob.forgets().await;
    (world, amy, bob, chat)
}

#[tokio::test]
async fn marks_reach_the_other_side_and_ones_other_devices_and_not_the_device_itself() {
    let (_world, mut amy, mut bob, chat) = pair().await;
    let mut laptop = bob.person().connects().await;
    marks(&mut bob, "delivered", chat, 4).await;
    let delivered = CursorMark { user_id: bob.user, read: None, delivered: Some(seq(4)) };
    assert_eq!(cursors(&mut amy).await, Cursors { chat_id: chat, users: vec![delivered.clone()] });
    assert_eq!(cursors(&mut laptop).await.users, [delivered]);
    marks(&mut bob, "read", chat, 5).await;
    assert_eq!(cursors(&mut amy).await.users, [read(&bob, 5)]);
    assert_eq!(cursors(&mut laptop).await.users, [read(&bob, 5)]);
    bob.hears_nothing().await;
}

#[tokio::test]
async fn marks_only_grow_and_above_the_head_count_as_the_head() {
    let (_world, mut amy, mut bob, chat) = pair().await;
    marks(&mut bob, "read", chat, 99).await;
    assert_eq!(cursors(&mut amy).await.users, [read(&bob, 5)]);
    marks(&mut bob, "read", chat, 2).await;
    bob.forgets().await;
    amy.says(json!({"type": "open", "chatId": chat})).await;
    let shown = cursors(&mut amy).await;
    assert_eq!(shown.users.iter().find(|mark| mark.user_id == bob.user), Some(&read(&bob, 5)));
}

#[tokio::test]
async fn many_marks_are_one_frame() {
    let mut setup = super::kit::Setup::default();
    setup.settings.beat = std::time::Duration::from_millis(300);
    let world = World::with(setup).await;
    let (mut amy, mut bob) = (world.client("amy").await, world.client("bob").await);
    let chat = amy.chat_with(&bob);
    for number in 1..=50 {
        world.asks(amy.caller(), chat, message(&number.to_string())).await;
    }
    for number in 1..=50 {
        marks(&mut bob, "read", chat, number).await;
    }
    bob.forgets().await;
    let mut frames = 0;
    loop {
        frames += 1;
        if cursors(&mut amy).await.users == [read(&bob, 50)] {
            break;
        }
    }
    assert!(frames <= 3, "{frames} frames for 50 marks");
}

#[tokio::test]
async fn a_group_tells_read_marks_to_those_who_have_it_open() {
    let world = World::start().await;
    let (mut amy, mut bob, mut cat) =
        (world.client("amy").await, world.client("bob").await, world.client("cat").await);
    let group = world.group(&[&amy, &bob, &cat]).await;
    amy.says(json!({"type": "open", "chatId": group})).await;
    let shown = cursors(&mut amy).await;
    assert_eq!((shown.chat_id, shown.users.len()), (group, 3), "open is answered at once");
    cat.forgets().await;
    marks(&mut bob, "delivered", group, 1).await;
    marks(&mut bob, "read", group, 1).await;
    let told = cursors(&mut amy).await;
    assert_eq!(told.users[0].read, Some(seq(1)));
    cat.hears_nothing().await;
    amy.says(json!({"type": "open", "chatId": null})).await;
    amy.forgets().await;
    world.asks(cat.caller(), group, message("hi")).await;
    marks(&mut bob, "read", group, 2).await;
    bob.forgets().await;
    let told = amy.drains().await;
    assert!(!told.iter().any(|frame| matches!(frame, ServerFrame::Cursors(_))), "{told:?}");
}

#[tokio::test]
async fn a_group_above_a_hundred_shows_no_marks() {
    let world = World::limited(|limits| limits.intimate_group_members = 2).await;
    let (mut amy, mut bob, cat) =
        (world.client("amy").await, world.client("bob").await, world.client("cat").await);
    let group = world.group(&[&amy, &bob, &cat]).await;
    amy.says(json!({"type": "open", "chatId": group})).await;
    amy.forgets().await;
    marks(&mut bob, "read", group, 1).await;
    bob.forgets().await;
    amy.hears_nothing().await;
}

#[tokio::test]
async fn whoever_has_switched_receipts_off_tells_his_own_devices_alone() {
    let (world, mut amy, mut bob, chat) = pair().await;
    let mut laptop = bob.person().connects().await;
    let off = ProfileChange { shows_receipts: Some(false), ..ProfileChange::default() };
    world.directory.update(bob.user, &off).await.unwrap();
    world.services.visibility.forget(bob.user);
    marks(&mut bob, "read", chat, 5).await;
    assert_eq!(cursors(&mut laptop).await.users, [read(&bob, 5)]);
    amy.hears_nothing().await;
    amy.says(json!({"type": "open", "chatId": chat})).await;
    assert!(cursors(&mut amy).await.users.iter().all(|mark| mark.user_id == amy.user));
}

#[tokio::test]
async fn marks_of_a_chat_that_is_not_ones_own_are_refused() {
    let (world, amy, bob, chat) = pair().await;
    let mut eve = world.client("eve").await;
    for kind in ["read", "delivered"] {
        marks(&mut eve, kind, chat, 1).await;
        assert_eq!(eve.error().await.code, Code::NotFound);
    }
    eve.says(json!({"type": "open", "chatId": chat})).await;
    assert_eq!(eve.error().await.code, Code::NotFound);
    let group = world.group(&[&amy, &bob, &eve]).await;
    world.asks(amy.caller(), group, chinwag_chat::Ask::Remove { user: eve.user }).await;
    for frame in
        [json!({"type": "read", "chatId": group, "seq": 1}), json!({"type": "open", "chatId": group})]
    {
        eve.says(frame).await;
        assert_eq!(eve.error().await.code, Code::NotMember);
    }
}
