//! Two nodes on one bus and one set of engines: the code path of a cluster.

use std::sync::Arc;

use chinwag_chat::Ask;
use chinwag_ports::{Channel, Devices, Event, LiveBus};
use chinwag_proto::ServerFrame;
use chinwag_proto::frame::Status;
use serde_json::json;

use super::client::{Client, seqs};
use super::kit::{World, message};

/// A world of two nodes, with somebody connected to each.
async fn two() -> (Arc<World>, Arc<World>, Client, Client) {
    let here = World::start().await;
    let there = here.another_node().await;
    let amy = here.client("amy").await;
    let bob = there.client("bob").await;
    (here, there, amy, bob)
}

#[tokio::test]
async fn messages_cross_and_each_seq_comes_once() {
    let (here, _there, mut amy, mut bob) = two().await;
    let group = here.group(&[&amy, &bob]).await;
    for _ in 0..5 {
        amy.sends("hi", group).await;
        bob.sends("hi", group).await;
    }
    assert_eq!(
        seqs(&bob.drains().await, group),
        [1, 2, 4, 6, 8, 10],
        "its own acknowledgments were waited for"
    );
    assert_eq!(seqs(&amy.drains().await, group), [1, 3, 5, 7, 9, 11]);
    let chat = amy.chat_with(&bob);
    amy.sends("to you alone", chat).await;
    assert_eq!(bob.reads().await, "to you alone");
}

#[tokio::test]
async fn whoever_is_added_from_another_node_hears_the_group() {
    let (here, there, amy, mut bob) = two().await;
    let group = here.group(&[&amy]).await;
    here.asks(amy.caller(), group, Ask::Add { users: vec![bob.user] }).await;
    here.asks(amy.caller(), group, message("welcome")).await;
    assert_eq!(seqs(&bob.drains().await, group), [2, 3]);
    here.asks(amy.caller(), group, Ask::Remove { user: bob.user }).await;
    here.asks(amy.caller(), group, message("without bob")).await;
    assert_eq!(seqs(&bob.drains().await, group), [4]);
    assert_eq!(there.gateway.authenticated(), 1);
}

#[tokio::test]
async fn a_device_that_connects_to_another_node_leaves_the_first() {
    let (_here, there, mut amy, _bob) = two().await;
    let mut moved = amy.person().at(&there).connects_again(amy.device, &amy.token).await;
    assert_eq!(amy.is_closed().await, 4409);
    moved.hears_nothing().await;
}

#[tokio::test]
async fn a_token_that_dies_anywhere_closes_its_socket() {
    let (here, _there, _amy, mut bob) = two().await;
    here.directory.end_token(bob.user, bob.device).await.unwrap();
    here.bus.publish(Channel::User(bob.user), Arc::new(Event::Revoked { devices: vec![bob.device] }));
    assert_eq!(bob.is_closed().await, 4403);
}

#[tokio::test]
async fn an_origin_of_another_node_acknowledges_nothing_here() {
    let (here, there, mut amy, bob) = two().await;
    let mut same_place = there.client("cat").await;
    let group = here.group(&[&amy, &bob, &same_place]).await;
    same_place.forgets().await;
    amy.sends("hi", group).await;
    let told = same_place.drains().await;
    assert!(matches!(told[..], [ServerFrame::Entry(_)]), "{told:?}");
}

#[tokio::test]
async fn marks_typing_and_presence_cross() {
    let (here, _there, mut amy, mut bob) = two().await;
    let chat = amy.chat_with(&bob);
    here.asks(amy.caller(), chat, message("hi")).await;
    amy.says(json!({"type": "open", "chatId": chat})).await;
    amy.says(json!({"type": "watch", "users": [bob.user]})).await;
    amy.forgets().await;
    bob.says(json!({"type": "read", "chatId": chat, "seq": 1})).await;
    bob.says(json!({"type": "typing", "chatId": chat, "on": true})).await;
    bob.says(json!({"type": "active", "on": false})).await;
    let read = amy.hears("cursors", |frame| match frame {
        ServerFrame::Cursors(cursors) => Some(cursors.users[0].read.unwrap().get()),
        _ => None,
    });
    assert_eq!(read.await, 1);
    let typing = amy.hears("typing", |frame| match frame {
        ServerFrame::Typing(notice) => Some((notice.user_id, notice.on)),
        _ => None,
    });
    assert_eq!(typing.await, (bob.user, true));
    let away = amy.hears("presence", |frame| match frame {
        ServerFrame::Presence(presence) => Some(presence.users[0].status),
        _ => None,
    });
    assert_eq!(away.await, Status::Away);
}
