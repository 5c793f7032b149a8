//! Presence: who is told of whom, when, and when not.

use std::sync::Arc;
use std::time::Duration;

use chinwag_ports::directory::ProfileChange;
use chinwag_ports::{Channel, Clock, Contacts, Event, LiveBus, Profiles};
use chinwag_proto::frame::{PresenceStatus, Status};
use chinwag_proto::{ServerFrame, UserId};
use serde_json::json;

use super::client::Client;
use super::kit::{Setup, World, message};

async fn told(client: &mut Client) -> Vec<PresenceStatus> {
    client
        .hears("presence", |frame| {
            if let ServerFrame::Presence(presence) = frame { Some(presence.users) } else { None }
        })
        .await
}

async fn watches(client: &mut Client, users: &[UserId]) -> Vec<(UserId, Status)> {
    client.says(json!({"type": "watch", "users": users})).await;
    told(client).await.into_iter().map(|status| (status.user_id, status.status)).collect()
}

async fn quick() -> Arc<World> {
    World::with(Setup { grace: Duration::from_millis(50), ..Setup::default() }).await
}

async fn acquaint(world: &World, one: &Client, other: &Client) {
    world.asks(one.caller(), one.chat_with(other), message("hi")).await;
}

#[tokio::test]
async fn a_watch_is_answered_at_once_and_on_change() {
    let world = quick().await;
    let (mut amy, bob) = (world.client("amy").await, world.client("bob").await);
    let cat = world.person("cat").await;
    acquaint(&world, &amy, &bob).await;
    let chat = chinwag_proto::ChatId::direct(amy.user, cat.id);
    world.asks(amy.caller(), chat, message("hi")).await;
    let now = watches(&mut amy, &[bob.user, cat.id]).await;
    assert_eq!(now, [(bob.user, Status::Online), (cat.id, Status::Offline)]);
    let cat = cat.connects().await;
    let news = told(&mut amy).await;
    assert_eq!((news[0].user_id, news[0].status, news[0].last_seen), (cat.user, Status::Online, None));
}

#[tokio::test]
async fn offline_is_announced_after_the_grace_with_the_time() {
    let world = quick().await;
    let (mut amy, bob) = (world.client("amy").await, world.client("bob").await);
    acquaint(&world, &amy, &bob).await;
    watches(&mut amy, &[bob.user]).await;
    let left = world.clock.now();
    drop(bob);
    world.eventually("bob is gone", |world| world.gateway.connections() == 1).await;
    // The grace is measured by the wall clock, which stands still here until it is moved.
    world.clock.advance(60);
    let news = told(&mut amy).await;
    assert_eq!((news[0].status, news[0].last_seen), (Status::Offline, Some(left)));
}

#[tokio::test]
async fn a_reconnect_within_the_grace_makes_no_noise() {
    let world = quick().await;
    let (mut amy, bob) = (world.client("amy").await, world.client("bob").await);
    acquaint(&world, &amy, &bob).await;
    watches(&mut amy, &[bob.user]).await;
    let (person, device, token) = (bob.person(), bob.device, bob.token.clone());
    drop(bob);
    world.eventually("bob is gone", |world| world.gateway.connections() == 1).await;
    let shown = world.services.presences.status(amy.user, &[person.id]).await.unwrap();
    assert_eq!(shown[0].status, Status::Online, "within the grace he still counts as there");
    let bob = person.connects_again(device, &token).await;
    world.clock.advance(60);
    world.services.presences.announce(bob.user);
    // Another's news comes by the same way, later: had there been any of bob, it would have come before.
    let cat = world.client("cat").await;
    acquaint(&world, &amy, &cat).await;
    amy.says(json!({"type": "watch", "users": [bob.user, cat.user]})).await;
    told(&mut amy).await;
    let mut cat = cat;
    cat.says(json!({"type": "active", "on": false})).await;
    let news = told(&mut amy).await;
    assert_eq!(news.iter().map(|status| status.user_id).collect::<Vec<_>>(), [cat.user]);
}

#[tokio::test]
async fn away_is_when_no_device_is_active() {
    let world = quick().await;
    let (mut amy, mut phone) = (world.client("amy").await, world.client("bob").await);
    let mut laptop = phone.person().connects().await;
    acquaint(&world, &amy, &phone).await;
    watches(&mut amy, &[phone.user]).await;
    phone.says(json!({"type": "active", "on": false})).await;
    phone.forgets().await;
    laptop.says(json!({"type": "active", "on": false})).await;
    assert_eq!(told(&mut amy).await[0].status, Status::Away);
    phone.says(json!({"type": "active", "on": true})).await;
    assert_eq!(told(&mut amy).await[0].status, Status::Online);
}

#[tokio::test]
async fn those_who_may_not_see_are_told_nothing() {
    let world = quick().await;
    let (mut amy, bob, mut eve) =
        (world.client("amy").await, world.client("bob").await, world.client("eve").await);
    acquaint(&world, &amy, &bob).await;
    assert_eq!(watches(&mut eve, &[amy.user, bob.user]).await, []);
    amy.says(json!({"type": "active", "on": false})).await;
    amy.forgets().await;
    assert_eq!(watches(&mut eve, &[amy.user]).await, []);
    let own = eve.user;
    assert_eq!(watches(&mut eve, &[own]).await, [(own, Status::Online)], "one always sees oneself");
    // Whom amy has among her contacts sees her; the other way round nothing follows.
    world.directory.add_contact(amy.user, eve.user, world.clock.now(), 10).await.unwrap();
    assert_eq!(watches(&mut eve, &[amy.user]).await, [(amy.user, Status::Away)]);
}

fn announce_changed(world: &World, user: UserId) {
    world.services.visibility.forget(user);
    let event = Arc::new(Event::Changed { user });
    world.bus.publish(Channel::User(user), Arc::clone(&event));
    world.bus.publish(Channel::Presence(user), event);
}

#[tokio::test]
async fn whoever_switches_presence_off_disappears_and_comes_back() {
    let world = quick().await;
    let (mut amy, mut bob) = (world.client("amy").await, world.client("bob").await);
    acquaint(&world, &amy, &bob).await;
    amy.forgets().await;
    watches(&mut amy, &[bob.user]).await;
    for (on, status) in [(false, Status::Offline), (true, Status::Online)] {
        let change = ProfileChange { shows_presence: Some(on), ..ProfileChange::default() };
        world.directory.update(bob.user, &change).await.unwrap();
        announce_changed(&world, bob.user);
        let news = told(&mut amy).await;
        assert_eq!((news[0].status, news[0].last_seen), (status, None));
        if !on {
            bob.says(json!({"type": "active", "on": false})).await;
            bob.says(json!({"type": "active", "on": true})).await;
            bob.forgets().await;
        }
    }
    amy.hears_nothing().await;
}

#[tokio::test]
async fn a_blocked_users_presence_is_dropped_at_the_blocker() {
    let world = quick().await;
    let (mut amy, bob) = (world.client("amy").await, world.client("bob").await);
    acquaint(&world, &amy, &bob).await;
    watches(&mut amy, &[bob.user]).await;
    world.directory.add_block(amy.user, bob.user, world.clock.now(), 10).await.unwrap();
    world.services.visibility.forget_block(amy.user, bob.user);
    announce_changed(&world, amy.user);
    assert_eq!(told(&mut amy).await[0].status, Status::Offline);
    assert_eq!(watches(&mut amy, &[bob.user]).await, []);
}

#[tokio::test]
async fn rights_that_ended_unheard_are_looked_at_again() {
    let mut setup = Setup::default();
    setup.limits.heartbeat_ms = 1_000;
    setup.settings.rights = Duration::from_millis(50);
    let world = World::with(setup).await;
    let (mut amy, bob) = (world.client("amy").await, world.client("bob").await);
    world.directory.add_contact(bob.user, amy.user, world.clock.now(), 10).await.unwrap();
    assert_eq!(watches(&mut amy, &[bob.user]).await, [(bob.user, Status::Online)]);
    world.directory.remove_contact(bob.user, amy.user).await.unwrap();
    assert_eq!(told(&mut amy).await[0].status, Status::Offline);
}

#[tokio::test]
async fn a_new_watch_replaces_the_earlier_one() {
    let world = quick().await;
    let (mut amy, mut bob, mut cat) =
        (world.client("amy").await, world.client("bob").await, world.client("cat").await);
    acquaint(&world, &amy, &bob).await;
    acquaint(&world, &amy, &cat).await;
    watches(&mut amy, &[bob.user]).await;
    assert_eq!(watches(&mut amy, &[cat.user]).await, [(cat.user, Status::Online)]);
    bob.says(json!({"type": "active", "on": false})).await;
    bob.forgets().await;
    cat.says(json!({"type": "active", "on": false})).await;
    let news = told(&mut amy).await;
    assert_eq!(news.iter().map(|status| status.user_id).collect::<Vec<_>>(), [cat.user]);
}

#[tokio::test]
async fn a_watch_has_a_limit() {
    let world = quick().await;
    let mut amy = world.client("amy").await;
    let users: Vec<_> = (1..=201).map(|number| number.to_string()).collect();
    amy.says(json!({"type": "watch", "users": users})).await;
    assert_eq!(amy.error().await.code, chinwag_proto::Code::InvalidRequest);
}
