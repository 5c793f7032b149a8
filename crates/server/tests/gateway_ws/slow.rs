//! Readers that are slow, or read nothing: bounded memory, a resync, nobody else disturbed.

use std::time::Duration;

use chinwag_proto::{ChatId, ServerFrame};
use chinwag_server::service::Caller;
use futures_util::SinkExt;
use tokio_tungstenite::tungstenite::Message;

use super::client::seqs;
use super::kit::{DEADLINE, Setup, World, close_code, message};

/// More than the kernel's buffers between the two take.
const FLOOD: usize = 700;
const TEXT_BYTES: usize = 16_000;

/// Sends more than the reader's side takes, with a turn for the server after each.
async fn flood(world: &World, from: Caller, chat: ChatId) {
    let text = message(&"x".repeat(TEXT_BYTES));
    for _ in 0..FLOOD {
        world.asks(from, chat, text.clone()).await;
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_reader_that_falls_behind_is_told_what_to_sync_and_others_are_not_disturbed() {
    let world = World::start().await;
    let (script, bob) = (world.person("amy").await.as_a_script().await, world.person("bob").await);
    let mut slow = bob.connects_narrowly().await;
    let mut quick = slow.person().connects().await;
    let chat = ChatId::direct(script.user, slow.user);
    let text = message(&"x".repeat(TEXT_BYTES));
    for number in 1..=FLOOD as u64 {
        world.asks(script, chat, text.clone()).await;
        assert_eq!(quick.entry().await.seq.get(), number);
    }
    // From here on it reads again.
    let mut told = Vec::new();
    let head = loop {
        match slow.next().await.unwrap() {
            ServerFrame::Resync(resync) => break resync.chats.unwrap()[0].head.get(),
            frame => told.push(frame),
        }
    };
    let live = seqs(&told, chat);
    assert_eq!(live, (1..=live.len() as u64).collect::<Vec<_>>(), "what came before the gap is in order");
    assert!(live.len() < FLOOD && head == FLOOD as u64);
    world.asks(script, chat, text).await;
    assert_eq!(slow.entry().await.seq.get(), head + 1, "live delivery goes on");
    let mut has = live.len() as u64;
    while has < head {
        has = slow.syncs(chat, has).await.to.get();
    }
}

#[tokio::test]
async fn acknowledgments_survive_an_overflow() {
    let world = World::limited(|limits| (limits.live_queue_frames, limits.sends_in_flight) = (2, 64)).await;
    let (mut amy, bob) = (world.client("amy").await, world.client("bob").await);
    let (chat, group) = (amy.chat_with(&bob), world.group(&[&amy, &bob]).await);
    amy.forgets().await;
    let mut ids = Vec::new();
    for number in 0..50 {
        ids.push(amy.begins_to_send(&number.to_string(), chat).await);
        world.asks(bob.caller(), group, message("noise")).await;
    }
    for id in ids {
        amy.ack(id).await;
    }
}

#[tokio::test]
async fn a_client_that_takes_nothing_at_all_is_closed_as_too_slow() {
    let mut setup = Setup::default();
    setup.limits.heartbeat_ms = 8_000;
    setup.settings.stall = Duration::from_millis(100);
    let world = World::with(setup).await;
    let (script, bob) = (world.person("amy").await.as_a_script().await, world.person("bob").await);
    let mut slow = bob.connects_narrowly().await;
    let chat = ChatId::direct(script.user, slow.user);
    flood(&world, script, chat).await;
    // Pings do not save it: it takes nothing.
    let gone = async {
        loop {
            drop(slow.socket.send(Message::text("{\"type\":\"ping\",\"id\":1}")).await);
            if world.gateway.connections() == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        () = gone => {}
        () = tokio::time::sleep(DEADLINE) => panic!("it is still connected"),
    }
}

#[tokio::test]
async fn a_client_that_begins_to_read_in_time_hears_why_it_was_closed() {
    let mut setup = Setup::default();
    setup.limits.heartbeat_ms = 8_000;
    setup.settings.stall = Duration::from_millis(100);
    let world = World::with(setup).await;
    let (script, bob) = (world.person("amy").await.as_a_script().await, world.person("bob").await);
    let mut slow = bob.connects_narrowly().await;
    let chat = ChatId::direct(script.user, slow.user);
    flood(&world, script, chat).await;
    // It is signed off at once, and then given a moment to take the close frame.
    world.eventually("the slow one is signed off", |world| world.gateway.authenticated() == 0).await;
    assert_eq!(close_code(&mut slow.socket).await, 4008);
}

#[tokio::test]
async fn a_slow_reader_is_closed_within_a_second_when_its_token_dies() {
    use chinwag_ports::{Channel, Devices, Event, LiveBus};
    let world = World::start().await;
    let (script, bob) = (world.person("amy").await.as_a_script().await, world.person("bob").await);
    let slow = bob.connects_narrowly().await;
    let chat = ChatId::direct(script.user, slow.user);
    flood(&world, script, chat).await;
    world.directory.end_token(slow.user, slow.device).await.unwrap();
    let event = Event::Revoked { devices: vec![slow.device] };
    world.bus.publish(Channel::User(slow.user), std::sync::Arc::new(event));
    world.eventually("it is signed off", |world| world.gateway.authenticated() == 0).await;
}

#[tokio::test]
async fn a_client_that_sends_without_reading_its_answers_waits_unread() {
    let world = World::limited(|limits| limits.sends_in_flight = 4).await;
    let (mut amy, bob) = (world.client("amy").await, world.client("bob").await);
    let chat = amy.chat_with(&bob);
    let mut ids = Vec::new();
    for number in 0..100 {
        ids.push(amy.begins_to_send(&number.to_string(), chat).await);
    }
    for id in ids {
        amy.ack(id).await;
    }
}
