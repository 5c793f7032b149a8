//! What passes and is not stored: marks, typing, presence, over REST and WebSocket, with switches and blocks.

use chinwag_proto::frame::{CursorMark, Status};
use chinwag_proto::{ChatId, Code, Seq, ServerFrame, UserId};
use chinwag_testkit::person::Person;
use chinwag_testkit::phone::Phone;
use chinwag_testkit::server::Server;
use chinwag_testkit::{DEADLINE, wait};
use serde_json::{Value, json};

async fn opens(phone: &mut Phone, chat: ChatId) -> Vec<CursorMark> {
    phone.tells(json!({"type": "open", "chatId": chat})).await;
    hears_marks(phone, chat).await
}

async fn hears_marks(phone: &mut Phone, chat: ChatId) -> Vec<CursorMark> {
    phone
        .hears("marks", |frame| match frame {
            ServerFrame::Cursors(cursors) if cursors.chat_id == chat => Some(cursors.users.clone()),
            _ => None,
        })
        .await
}

/// Waits until somebody's read mark is told.
async fn hears_read(phone: &mut Phone, chat: ChatId, user: UserId, seq: u64) {
    phone
        .hears(&format!("that {user} has read {seq}"), |frame| match frame {
            ServerFrame::Cursors(cursors) if cursors.chat_id == chat => {
                let read = cursors.users.iter().find(|mark| mark.user_id == user)?.read?;
                (read.get() == seq).then_some(())
            }
            _ => None,
        })
        .await;
}

fn marks_of(frames: &[ServerFrame], user: UserId) -> usize {
    let of = |frame: &&ServerFrame| match frame {
        ServerFrame::Cursors(cursors) => cursors.users.iter().any(|mark| mark.user_id == user),
        _ => false,
    };
    frames.iter().filter(of).count()
}

fn typing_of(frames: &[ServerFrame], user: UserId) -> usize {
    frames
        .iter()
        .filter(|frame| matches!(frame, ServerFrame::Typing(typing) if typing.user_id == user))
        .count()
}

async fn hears_typing(phone: &mut Phone, user: UserId) -> bool {
    phone
        .hears("typing", |frame| match frame {
            ServerFrame::Typing(typing) if typing.user_id == user => Some(typing.on),
            _ => None,
        })
        .await
}

async fn hears_presence(phone: &mut Phone, user: UserId, status: Status) {
    phone
        .hears(&format!("that {user} is {status:?}"), |frame| match frame {
            ServerFrame::Presence(presence) => presence
                .users
                .iter()
                .find(|shown| shown.user_id == user && shown.status == status)
                .map(|_| ()),
            _ => None,
        })
        .await;
}

async fn watches(phone: &mut Phone, users: &[&Person]) -> Vec<(UserId, Status)> {
    let ids: Vec<_> = users.iter().map(|user| user.id).collect();
    phone.tells(json!({"type": "watch", "users": ids})).await;
    let mut shown = phone
        .hears("presence", |frame| match frame {
            ServerFrame::Presence(presence) => {
                Some(presence.users.iter().map(|shown| (shown.user_id, shown.status)).collect::<Vec<_>>())
            }
            _ => None,
        })
        .await;
    shown.sort_unstable_by_key(|(user, _)| *user);
    shown
}

async fn presence_over_rest(viewer: &Person, user: &Person) -> Option<String> {
    let answer = viewer.gets(&format!("/presence?users={}", user.id)).await;
    answer["users"].as_array().unwrap().first().map(|shown| shown["status"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn marks_go_to_the_other_side_and_the_own_devices_by_either_way_and_only_grow() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let chat = alice.chat_with(&bob);
    for number in 0..5 {
        alice.sends(&format!("message {number}")).to(&bob).await;
    }
    let (mut alices, mut bobs, mut tablet) =
        (alice.connects().await, bob.connects().await, bob.connects_another("tablet").await);
    assert_eq!(bob.summary(chat).await.unread, 5);
    bobs.tells(json!({"type": "read", "chatId": chat, "seq": 3})).await;
    hears_read(&mut alices, chat, bob.id, 3).await;
    hears_read(&mut tablet, chat, bob.id, 3).await;
    assert_eq!(bob.summary(chat).await.unread, 2);
    bob.does("PUT", &format!("/chats/{chat}/read"), json!({"seq": 99})).await;
    hears_read(&mut alices, chat, bob.id, 5).await;
    hears_read(&mut bobs, chat, bob.id, 5).await;
    bobs.tells(json!({"type": "read", "chatId": chat, "seq": 1})).await;
    bobs.tells(json!({"type": "delivered", "chatId": chat, "seq": 1})).await;
    bobs.everything().await;
    assert_eq!(bob.summary(chat).await.read.get(), 5, "a mark never goes back");
    let others = alice.summary(chat).await.others.unwrap();
    assert_eq!((others[0].user_id, others[0].read), (bob.id, Some(Seq::clamped(5))));
    server.restarts().await;
    assert_eq!(bob.summary(chat).await.read.get(), 5, "marks survive a clean stop");
    let mut alices = alice.connects().await;
    let marks = opens(&mut alices, chat).await;
    assert_eq!(marks.iter().find(|mark| mark.user_id == bob.id).unwrap().delivered, Some(Seq::clamped(5)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_receipts_off_marks_reach_the_own_devices_alone() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let chat = alice.chat_with(&bob);
    alice.sends("hi").to(&bob).await;
    bob.switches("receipts", "off").await;
    let (mut alices, mut bobs, mut tablet) =
        (alice.connects().await, bob.connects().await, bob.connects_another("tablet").await);
    bobs.tells(json!({"type": "read", "chatId": chat, "seq": 1})).await;
    hears_read(&mut tablet, chat, bob.id, 1).await;
    // Whatever was to be told of it has been by the beat that tells of Alice's own.
    let marks = opens(&mut alices, chat).await;
    assert!(marks.iter().all(|mark| mark.user_id != bob.id), "{marks:?}");
    let mut second = alice.connects_another("tablet").await;
    second.tells(json!({"type": "read", "chatId": chat, "seq": 1})).await;
    bob.sends("ho").to(&alice).await;
    second.tells(json!({"type": "read", "chatId": chat, "seq": 2})).await;
    hears_read(&mut alices, chat, alice.id, 2).await;
    assert_eq!(marks_of(&alices.everything().await, bob.id), 0);
    assert_eq!(alice.summary(chat).await.others.unwrap()[0].read, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_marks_of_groups_go_to_those_who_have_the_chat_open() {
    let server = Server::start().await;
    let (alice, bob, carol) =
        (server.person("alice").await, server.person("bob").await, server.person("carol").await);
    let group = alice.makes_a_group("lunch", &[&bob, &carol]).await;
    alice.sends("hi").to(group).await;
    let (mut alices, mut bobs, mut carols) =
        (alice.connects().await, bob.connects().await, carol.connects().await);
    let marks = opens(&mut alices, group).await;
    assert_eq!(marks.len(), 3);
    bobs.tells(json!({"type": "read", "chatId": group, "seq": 2})).await;
    hears_read(&mut alices, group, bob.id, 2).await;
    assert_eq!(marks_of(&carols.everything().await, bob.id), 0, "she has it not open");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn typing_is_told_to_those_who_have_the_chat_open_unless_switched_off_or_blocked() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let chat = alice.chat_with(&bob);
    alice.sends("hi").to(&bob).await;
    let (mut alices, mut bobs, mut elsewhere) =
        (alice.connects().await, bob.connects().await, bob.connects_another("tablet").await);
    opens(&mut alices, chat).await;
    opens(&mut bobs, chat).await;
    alices.tells(json!({"type": "typing", "chatId": chat, "on": true})).await;
    assert!(hears_typing(&mut bobs, alice.id).await);
    assert_eq!(typing_of(&elsewhere.everything().await, alice.id), 0, "the chat is not open there");
    assert_eq!(alice.entries(chat).await.len(), 1, "typing is never stored");
    // Bob blocks Alice: what she types is dropped, what he types she still sees.
    bob.blocks(&alice).await;
    wait::until("the block is in force", DEADLINE, async || {
        alice.calls("POST", "/messages", json!({"receiverId": bob.id, "content": "?"})).await.is_err()
    })
    .await;
    bobs.everything().await;
    let mut tablet = alice.connects_another("tablet").await;
    tablet.tells(json!({"type": "typing", "chatId": chat, "on": true})).await;
    tablet.everything().await;
    bobs.tells(json!({"type": "typing", "chatId": chat, "on": true})).await;
    assert!(hears_typing(&mut alices, bob.id).await);
    assert_eq!(typing_of(&bobs.everything().await, alice.id), 0);
    // Switched off, it goes to the own devices alone.
    bob.switches("typing", "off").await;
    alices.everything().await;
    opens(&mut elsewhere, chat).await;
    let mut third = bob.connects_another("third").await;
    third.tells(json!({"type": "typing", "chatId": chat, "on": true})).await;
    assert!(hears_typing(&mut elsewhere, bob.id).await);
    assert_eq!(typing_of(&alices.everything().await, bob.id), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn presence_is_shown_to_acquaintances_who_watch_with_away_and_over_rest() {
    let server = Server::start().await;
    let (alice, bob, carol) =
        (server.person("alice").await, server.person("bob").await, server.person("carol").await);
    alice.sends("hi").to(&bob).await;
    let mut alices = alice.connects().await;
    let shown = watches(&mut alices, &[&bob, &carol]).await;
    assert_eq!(shown, [(bob.id, Status::Offline)], "a stranger is left out");
    let mut bobs = bob.connects().await;
    hears_presence(&mut alices, bob.id, Status::Online).await;
    assert_eq!(presence_over_rest(&alice, &bob).await.as_deref(), Some("online"));
    bobs.tells(json!({"type": "active", "on": false})).await;
    hears_presence(&mut alices, bob.id, Status::Away).await;
    assert_eq!(presence_over_rest(&alice, &bob).await.as_deref(), Some("away"));
    let mut tablet = bob.connects_another("tablet").await;
    hears_presence(&mut alices, bob.id, Status::Online).await;
    tablet.tells(json!({"type": "active", "on": false})).await;
    hears_presence(&mut alices, bob.id, Status::Away).await;
    // A common group makes her an acquaintance, a switch makes him invisible.
    assert_eq!(presence_over_rest(&carol, &bob).await, None);
    bob.makes_a_group("lunch", &[&carol]).await;
    assert_eq!(presence_over_rest(&carol, &bob).await.as_deref(), Some("away"));
    bob.switches("presence", "off").await;
    hears_presence(&mut alices, bob.id, Status::Offline).await;
    assert_eq!(presence_over_rest(&alice, &bob).await, None);
    assert_eq!(presence_over_rest(&bob, &bob).await.as_deref(), Some("away"), "oneself one always sees");
    bob.switches("presence", "on").await;
    hears_presence(&mut alices, bob.id, Status::Away).await;
    // Whom she blocks she does not see.
    alice.blocks(&bob).await;
    hears_presence(&mut alices, bob.id, Status::Offline).await;
    assert_eq!(presence_over_rest(&alice, &bob).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reconnect_makes_no_noise_and_offline_is_announced_after_the_grace() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    alice.sends("hi").to(&bob).await;
    let (mut alices, bobs) = (alice.connects().await, bob.connects().await);
    assert_eq!(watches(&mut alices, &[&bob]).await, [(bob.id, Status::Online)]);
    let bobs = bobs.breaks_and_comes_back().await;
    assert_eq!(presence_over_rest(&alice, &bob).await.as_deref(), Some("online"));
    let noise = alices.everything().await;
    assert!(noise.iter().all(|frame| !matches!(frame, ServerFrame::Presence(_))), "{noise:?}");
    drop(bobs);
    hears_presence(&mut alices, bob.id, Status::Offline).await;
    let answer = alice.gets(&format!("/presence?users={}", bob.id)).await;
    assert_eq!(answer["users"][0]["status"], "offline");
    assert!(answer["users"][0]["lastSeen"].is_string(), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blocked_user_is_refused_by_either_way_and_groups_go_on() {
    let server = Server::start().await;
    let (alice, bob) = (server.person("alice").await, server.person("bob").await);
    let group = alice.makes_a_group("lunch", &[&bob]).await;
    let mut phone = alice.connects().await;
    let before = phone.sends("before").to(&bob).await;
    bob.blocks(&alice).await;
    wait::until("the block is in force", DEADLINE, async || {
        alice.calls("POST", "/messages", json!({"receiverId": bob.id, "content": "?"})).await.is_err()
    })
    .await;
    phone.sends("after").is_refused(Code::Forbidden, &bob).await;
    alice.sends("after").is_refused(Code::Forbidden, &bob).await;
    let (chat, seq) = (before.chat_id, before.seq);
    let edit = json!({"type": "edit", "chatId": chat, "target": seq, "content": "x", "clientMessageId": "e"});
    phone.is_refused(Code::Forbidden, edit).await;
    alice
        .is_refused(Code::Forbidden, "PUT", &format!("/messages/{chat}/{seq}/reactions/x"), Value::Null)
        .await;
    phone.sends("in the group").to(group).await;
    bob.sends("one way").to(&alice).await;
    phone.sees("one way").await;
    alice.is_refused(Code::Forbidden, "POST", "/chats", json!({"title": "new", "members": [bob.id]})).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_above_their_size_show_no_marks_typing_or_presence() {
    let server = Server::with(&[("limits.intimate_group_members", "2")]).await;
    let (alice, bob, carol) =
        (server.person("alice").await, server.person("bob").await, server.person("carol").await);
    let large = alice.makes_a_group("large", &[&bob, &carol]).await;
    let small = alice.makes_a_group("small", &[&bob]).await;
    alice.sends("hi").to(large).await;
    let (mut alices, mut bobs, mut carols) =
        (alice.connects().await, bob.connects().await, carol.connects().await);
    bobs.tells(json!({"type": "open", "chatId": large})).await;
    alices.tells(json!({"type": "typing", "chatId": large, "on": true})).await;
    alices.tells(json!({"type": "read", "chatId": large, "seq": 2})).await;
    alices.everything().await;
    // The beat that tells of the small group would have told of the large one, too.
    let mut tablet = bob.connects_another("tablet").await;
    opens(&mut tablet, small).await;
    alices.tells(json!({"type": "read", "chatId": small, "seq": 1})).await;
    hears_read(&mut tablet, small, alice.id, 1).await;
    let told = bobs.everything().await;
    assert_eq!((marks_of(&told, alice.id), typing_of(&told, alice.id)), (0, 0), "{told:?}");
    assert_eq!(watches(&mut carols, &[&alice]).await, [], "a large group makes nobody acquainted");
    assert_eq!(watches(&mut bobs, &[&alice]).await, [(alice.id, Status::Online)], "a small one does");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_who_was_removed_hears_no_more_typing_or_marks_of_the_chat_he_has_open() {
    let server = Server::start().await;
    let (alice, bob, carol) =
        (server.person("alice").await, server.person("bob").await, server.person("carol").await);
    let group = alice.makes_a_group("lunch", &[&bob, &carol]).await;
    let (mut alices, mut bobs, mut carols) =
        (alice.connects().await, bob.connects().await, carol.connects().await);
    opens(&mut bobs, group).await;
    opens(&mut carols, group).await;
    alice.removes(&bob, group).await;
    bobs.sees_in(group).await;
    bobs.everything().await;
    alices.tells(json!({"type": "typing", "chatId": group, "on": true})).await;
    alices.tells(json!({"type": "read", "chatId": group, "seq": 2})).await;
    assert!(hears_typing(&mut carols, alice.id).await);
    hears_read(&mut carols, group, alice.id, 2).await;
    let told = bobs.everything().await;
    assert_eq!((marks_of(&told, alice.id), typing_of(&told, alice.id)), (0, 0), "{told:?}");
}
