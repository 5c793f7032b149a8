//! Groups: who is added hears of it and of what follows, who is removed hears of nothing after that.

use chinwag_chat::Ask;
use chinwag_proto::entry::{Encryption, MembershipChange};
use chinwag_proto::rest::{CreateChat, Summary};
use chinwag_proto::{Body, ChatId, Role, ServerFrame};
use serde_json::json;

use super::client::{Client, seqs};
use super::kit::{World, message};

async fn appears(client: &mut Client, chat: ChatId) -> Summary {
    client
        .hears("chat", |frame| match frame {
            ServerFrame::Chat(summary) if summary.chat_id == chat => Some(*summary),
            _ => None,
        })
        .await
}

#[tokio::test]
async fn founders_hear_of_a_new_group_and_then_its_first_entry() {
    let world = World::start().await;
    let (mut amy, mut bob) = (world.client("amy").await, world.client("bob").await);
    let mut phone = bob.person().connects().await;
    let group = world.group(&[&amy, &bob]).await;
    for (client, role) in [(&mut amy, Role::Owner), (&mut bob, Role::Member), (&mut phone, Role::Member)] {
        let told = client.drains().await;
        let [ServerFrame::Chat(summary), ServerFrame::Entry(entry)] = &told[..] else {
            panic!("{told:?}");
        };
        assert_eq!((summary.chat_id, summary.role, summary.members), (group, role, Some(2)));
        assert_eq!((entry.seq.get(), entry.body.kind()), (1, "chat"));
    }
}

#[tokio::test]
async fn whoever_is_added_gets_his_own_entry_and_everything_after_it() {
    let world = World::start().await;
    let (mut amy, bob, mut cat) =
        (world.client("amy").await, world.client("bob").await, world.client("cat").await);
    let group = world.group(&[&amy, &bob]).await;
    amy.sends("before cat", group).await;
    world.asks(amy.caller(), group, Ask::Add { users: vec![cat.user] }).await;
    amy.sends("after cat", group).await;
    let told = cat.drains().await;
    assert_eq!(seqs(&told, group), [3, 4]);
    let ServerFrame::Chat(summary) = &told[0] else { panic!("{told:?}") };
    assert_eq!((summary.since.map(|since| since.get()), summary.role), (Some(3), Role::Member));
}

#[tokio::test]
async fn a_removed_members_own_entry_is_the_last_he_gets_and_no_send_of_his_stands_after_it() {
    let world = World::start().await;
    let (mut amy, mut bob) = (world.client("amy").await, world.client("bob").await);
    let group = world.group(&[&amy, &bob]).await;
    bob.says(json!({"type": "open", "chatId": group})).await;
    bob.forgets().await;
    world.asks(amy.caller(), group, Ask::Remove { user: bob.user }).await;
    amy.says(json!({"type": "typing", "chatId": group, "on": true})).await;
    amy.sends("without bob", group).await;
    let told = bob.drains().await;
    let [ServerFrame::Entry(entry)] = &told[..] else { panic!("{told:?}") };
    let Body::Member { changes } = &entry.body else { panic!("{entry:?}") };
    assert_eq!((changes[0].user_id, changes[0].change), (bob.user, MembershipChange::Removed));
    let send = json!({"type": "send", "chatId": group, "clientMessageId": "m", "content": "wait"});
    assert_eq!(bob.is_refused(send).await.code, chinwag_proto::Code::NotMember);
    let mut back = bob.person().connects_again(bob.device, &bob.token).await;
    amy.sends("still without bob", group).await;
    back.hears_nothing().await;
}

#[tokio::test]
async fn whoever_comes_back_to_a_group_hears_it_again() {
    let world = World::start().await;
    let (mut amy, mut bob) = (world.client("amy").await, world.client("bob").await);
    let group = world.group(&[&amy, &bob]).await;
    world.asks(bob.caller(), group, Ask::Remove { user: bob.user }).await;
    amy.sends("gone", group).await;
    world.asks(amy.caller(), group, Ask::Add { users: vec![bob.user] }).await;
    amy.sends("welcome back", group).await;
    assert_eq!(seqs(&bob.drains().await, group), [1, 2, 4, 5]);
}

#[tokio::test]
async fn changes_of_title_and_role_are_told_to_those_whom_they_concern() {
    let world = World::start().await;
    let (mut amy, mut bob, mut cat) =
        (world.client("amy").await, world.client("bob").await, world.client("cat").await);
    let group = world.group(&[&amy, &bob, &cat]).await;
    for client in [&mut amy, &mut bob, &mut cat] {
        client.forgets().await;
    }
    world.asks(amy.caller(), group, Ask::SetRole { user: bob.user, role: Role::Admin }).await;
    assert_eq!(appears(&mut bob, group).await.role, Role::Admin);
    assert_eq!(cat.drains().await.len(), 1, "cat gets the entry alone");
    let ask = Ask::Update { title: Some("supper".parse().unwrap()), history: None, who_may_add: None };
    world.asks(amy.caller(), group, ask).await;
    for client in [&mut amy, &mut bob, &mut cat] {
        assert_eq!(appears(client, group).await.title.unwrap().as_str(), "supper");
    }
    world.asks(amy.caller(), group, message("no news of the chat")).await;
    let told = cat.drains().await;
    assert!(!told.iter().any(|frame| matches!(frame, ServerFrame::Chat(_))));
}

#[tokio::test]
async fn the_successor_of_the_last_owner_is_told() {
    let world = World::start().await;
    let (amy, mut bob) = (world.client("amy").await, world.client("bob").await);
    let group = world.group(&[&amy, &bob]).await;
    bob.forgets().await;
    world.asks(amy.caller(), group, Ask::Remove { user: amy.user }).await;
    assert_eq!(appears(&mut bob, group).await.role, Role::Owner);
}

#[tokio::test]
async fn a_direct_chat_appears_on_all_devices_of_both_with_its_first_message() {
    let world = World::start().await;
    let (mut amy, mut bob) = (world.client("amy").await, world.client("bob").await);
    let mut laptop = amy.person().connects().await;
    let chat = amy.chat_with(&bob);
    amy.sends("hi", chat).await;
    let own = appears(&mut amy, chat).await;
    assert_eq!((own.unread, own.read.get()), (0, 1), "whoever writes has read it");
    appears(&mut laptop, chat).await;
    assert_eq!(appears(&mut bob, chat).await.unread, 1);
    amy.sends("again", chat).await;
    assert_eq!(bob.drains().await.len(), 2, "two entries and no second summary");
}

#[tokio::test]
async fn a_member_who_connects_hears_all_his_groups_however_many() {
    let world = World::start().await;
    let amy = world.client("amy").await;
    let bob = world.person("bob").await;
    let mut groups = Vec::new();
    for _ in 0..1_050 {
        let body = CreateChat {
            title: None,
            members: vec![bob.id],
            encryption: Encryption::Mls,
            history: Default::default(),
            client_message_id: None,
        };
        groups.push(world.services.sending.create_group(amy.caller(), body).await.unwrap().0);
    }
    let mut bob = bob.connects().await;
    for group in [groups[0], groups[1_049]] {
        world.asks(amy.caller(), group, Ask::Remove { user: amy.user }).await;
        assert_eq!(bob.entry().await.chat_id, group);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn adding_removing_and_connecting_at_once_gives_each_what_its_membership_says() {
    let world = World::start().await;
    let amy = world.client("amy").await;
    let group = world.group(&[&amy]).await;
    let bob = world.person("bob").await;
    let caller = amy.caller();
    for _ in 0..20 {
        let (device, token) = bob.logs_in().await;
        let changing = async {
            world.asks(caller, group, Ask::Add { users: vec![bob.id] }).await;
            world.asks(caller, group, message("with bob")).await;
            world.asks(caller, group, Ask::Remove { user: bob.id }).await;
            world.asks(caller, group, message("without bob")).await
        };
        let (mut client, last) = tokio::join!(bob.connects_again(device, &token), changing);
        let told = client.drains().await;
        let live = seqs(&told, group);
        let removal = last.seq.get() - 1;
        assert!(live.iter().all(|&seq| seq <= removal), "{live:?} {removal}");
        assert!(live.is_sorted() && live.windows(2).all(|pair| pair[0] < pair[1]), "{live:?}");
        world.asks(caller, group, message("without bob")).await;
        client.hears_nothing().await;
    }
}

#[tokio::test]
async fn a_group_larger_than_the_node_is_delivered_to_whoever_is_here() {
    let world = World::start().await;
    let (mut amy, mut bob) = (world.client("amy").await, world.client("bob").await);
    let mut eve = world.client("eve").await;
    let group = world.group(&[&amy, &bob]).await;
    let mut users = Vec::new();
    for number in 0..50 {
        users.push(world.person(&format!("user{number}")).await.id);
    }
    world.asks(amy.caller(), group, Ask::Add { users }).await;
    bob.forgets().await;
    amy.sends("to the few", group).await;
    assert_eq!(bob.reads().await, "to the few");
    eve.hears_nothing().await;
}
