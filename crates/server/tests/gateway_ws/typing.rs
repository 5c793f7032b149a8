//! Typing: told to those who have the chat open, never stored, throttled, subject to switches and blocks.

use chinwag_ports::directory::ProfileChange;
use chinwag_ports::{Clock, Contacts, Profiles};
use chinwag_proto::{ChatId, Code, ServerFrame, UserId};
use serde_json::json;

use super::client::Client;
use super::kit::{World, message};

async fn opens(client: &mut Client, chat: ChatId) {
    client.says(json!({"type": "open", "chatId": chat})).await;
    client.forgets().await;
}

async fn types(client: &mut Client, chat: ChatId, on: bool) {
    client.says(json!({"type": "typing", "chatId": chat, "on": on})).await;
    // Handled when the answer to this comes.
    client.forgets().await;
}

async fn sees(client: &mut Client) -> Vec<(UserId, bool)> {
    let told = client.drains().await;
    let notices = told.iter().filter_map(|frame| match frame {
        ServerFrame::Typing(notice) => Some((notice.user_id, notice.on)),
        _ => None,
    });
    notices.collect()
}

async fn pair() -> (std::sync::Arc<World>, Client, Client, ChatId) {
    let world = World::start().await;
    let (amy, bob) = (world.client("amy").await, world.client("bob").await);
    let chat = amy.chat_with(&bob);
    world.asks(amy.caller(), chat, message("hi")).await;
    (world, amy, bob, chat)
}

#[tokio::test]
async fn typing_is_told_to_connections_with_the_chat_open() {
    let (_world, mut amy, mut bob, chat) = pair().await;
    let mut elsewhere = amy.person().connects().await;
    opens(&mut amy, chat).await;
    types(&mut bob, chat, true).await;
    assert_eq!(sees(&mut amy).await, [(bob.user, true)]);
    assert_eq!(sees(&mut elsewhere).await, []);
}

#[tokio::test]
async fn a_group_hears_it_once_and_not_on_the_device_itself() {
    let world = World::start().await;
    let (mut amy, mut bob) = (world.client("amy").await, world.client("bob").await);
    let mut laptop = bob.person().connects().await;
    let group = world.group(&[&amy, &bob]).await;
    for client in [&mut amy, &mut bob, &mut laptop] {
        opens(client, group).await;
    }
    types(&mut bob, group, true).await;
    for _ in 0..5 {
        types(&mut bob, group, true).await;
    }
    assert_eq!(sees(&mut amy).await, [(bob.user, true)], "at most one a second");
    assert_eq!(sees(&mut laptop).await, [(bob.user, true)]);
    assert_eq!(sees(&mut bob).await, []);
}

#[tokio::test]
async fn typing_is_not_told_in_large_groups() {
    let world = World::limited(|limits| limits.intimate_group_members = 2).await;
    let (mut amy, mut bob, cat) =
        (world.client("amy").await, world.client("bob").await, world.client("cat").await);
    let group = world.group(&[&amy, &bob, &cat]).await;
    opens(&mut amy, group).await;
    types(&mut bob, group, true).await;
    assert_eq!(sees(&mut amy).await, []);
}

#[tokio::test]
async fn whoever_has_switched_it_off_tells_his_own_devices_alone() {
    let (world, mut amy, mut bob, chat) = pair().await;
    let mut laptop = bob.person().connects().await;
    opens(&mut amy, chat).await;
    opens(&mut laptop, chat).await;
    let off = ProfileChange { shows_typing: Some(false), ..ProfileChange::default() };
    world.directory.update(bob.user, &off).await.unwrap();
    world.services.visibility.forget(bob.user);
    types(&mut bob, chat, true).await;
    assert_eq!(sees(&mut amy).await, []);
    assert_eq!(sees(&mut laptop).await, [(bob.user, true)]);
}

#[tokio::test]
async fn the_typing_of_a_blocked_user_is_dropped() {
    let (world, mut amy, mut bob, chat) = pair().await;
    opens(&mut amy, chat).await;
    opens(&mut bob, chat).await;
    world.directory.add_block(amy.user, bob.user, world.clock.now(), 10).await.unwrap();
    world.services.visibility.forget_block(amy.user, bob.user);
    types(&mut bob, chat, true).await;
    assert_eq!(sees(&mut amy).await, []);
    types(&mut amy, chat, true).await;
    assert_eq!(sees(&mut bob).await, [(amy.user, true)], "a block works one way");
}

#[tokio::test]
async fn typing_in_a_chat_that_is_not_ones_own_is_refused() {
    let (world, _amy, _bob, chat) = pair().await;
    let mut eve = world.client("eve").await;
    eve.says(json!({"type": "typing", "chatId": chat, "on": true})).await;
    assert_eq!(eve.error().await.code, Code::NotFound);
}
