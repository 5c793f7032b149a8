//! The authorisation table of frames: every frame × who asks. A frame of the protocol without a row here
//! fails, and so does a row without a frame.

use std::sync::Arc;

use chinwag_chat::Ask;
use chinwag_ports::Devices;
use chinwag_proto::Code::{self, Forbidden, NotFound, NotMember};
use chinwag_proto::{ChatId, ClientFrame, Role, ServerFrame};
use futures_util::SinkExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::client::Client;
use super::kit::{World, close_code, message};

/// A frame about the group, in which seq 2 is the owner's message and seq 3 the member's.
struct Row {
    kind: &'static str,
    frame: fn(ChatId) -> Value,
    stranger: Option<Code>,
    former: Option<Code>,
    member: Option<Code>,
    admin: Option<Code>,
}

/// A row of a frame that concerns no chat, or tells those who may not see it that there is nothing.
const fn open_to_all(kind: &'static str, frame: fn(ChatId) -> Value) -> Row {
    Row { kind, frame, stranger: None, former: None, member: None, admin: None }
}

/// A row of a frame that members alone may send.
const fn for_members(kind: &'static str, frame: fn(ChatId) -> Value) -> Row {
    Row { stranger: Some(NotFound), former: Some(NotMember), ..open_to_all(kind, frame) }
}

const TABLE: &[Row] = &[
    for_members("send", |chat| json!({"id": 1, "chatId": chat, "clientMessageId": "s", "content": "x"})),
    Row {
        member: Some(Forbidden),
        admin: Some(Forbidden),
        ..for_members(
            "edit",
            |chat| json!({"id": 1, "chatId": chat, "target": 2, "clientMessageId": "e", "content": "x"}),
        )
    },
    Row {
        member: Some(Forbidden),
        ..for_members("delete", |chat| json!({"id": 1, "chatId": chat, "target": 2, "clientMessageId": "d"}))
    },
    for_members(
        "react",
        |chat| json!({"id": 1, "chatId": chat, "target": 2, "key": "x", "on": true, "clientMessageId": "r"}),
    ),
    Row {
        // A chat that is not encrypted takes no MLS record of anybody.
        member: Some(Code::InvalidRequest),
        admin: Some(Code::InvalidRequest),
        ..for_members("mls", |chat| {
            let data = json!({"type": "commit", "text": ""});
            json!({"id": 1, "chatId": chat, "after": 0, "clientMessageId": "m", "data": data})
        })
    },
    open_to_all("heads", |chat| json!({"id": 1, "chats": {chat.to_string(): 0}})),
    open_to_all("chats", |_| json!({"id": 1})),
    for_members("sync", |chat| json!({"id": 1, "chatId": chat, "after": 0})),
    for_members("read", |chat| json!({"chatId": chat, "seq": 1})),
    for_members("delivered", |chat| json!({"chatId": chat, "seq": 1})),
    for_members("typing", |chat| json!({"chatId": chat, "on": true})),
    open_to_all("active", |_| json!({"on": true})),
    for_members("open", |chat| json!({"chatId": chat})),
    open_to_all("watch", |_| json!({"users": ["1"]})),
    open_to_all("ping", |_| json!({"id": 1})),
    Row {
        stranger: Some(Code::InvalidRequest),
        former: Some(Code::InvalidRequest),
        member: Some(Code::InvalidRequest),
        admin: Some(Code::InvalidRequest),
        ..open_to_all("auth", |_| json!({"token": "another"}))
    },
];

struct Scene {
    world: Arc<World>,
    group: ChatId,
    stranger: Client,
    former: Client,
    member: Client,
    elsewhere: Client,
    admin: Client,
}

async fn scene() -> Scene {
    let world = World::start().await;
    let owner = world.client("olga").await;
    let (stranger, former) = (world.client("stan").await, world.client("fred").await);
    let (member, admin) = (world.client("mia").await, world.client("ada").await);
    let elsewhere = member.person().connects().await;
    let group = world.group(&[&owner, &former, &member, &admin]).await;
    world.asks(owner.caller(), group, message("the owner's")).await;
    world.asks(member.caller(), group, message("the member's")).await;
    world.asks(owner.caller(), group, Ask::SetRole { user: admin.user, role: Role::Admin }).await;
    world.asks(owner.caller(), group, Ask::Remove { user: former.user }).await;
    Scene { world, group, stranger, former, member, elsewhere, admin }
}

/// The code with which a frame is refused; `None` where it is not.
async fn refusal(client: &mut Client, row: &Row, group: ChatId) -> Option<Code> {
    let mut frame = (row.frame)(group);
    frame["type"] = json!(row.kind);
    client.says(frame).await;
    client.drains().await.into_iter().find_map(|frame| match frame {
        ServerFrame::Error(error) => Some(error.code),
        _ => None,
    })
}

#[tokio::test]
async fn every_frame_is_answered_as_the_table_says() {
    let kinds: Vec<_> = TABLE.iter().map(|row| row.kind).collect();
    for kind in ClientFrame::TYPES {
        assert_eq!(kinds.iter().filter(|row| *row == kind).count(), 1, "{kind} has one row");
    }
    assert_eq!(kinds.len(), ClientFrame::TYPES.len());
    for row in TABLE {
        let mut scene = scene().await;
        let group = scene.group;
        assert_eq!(
            refusal(&mut scene.stranger, row, group).await,
            row.stranger,
            "{} by a stranger",
            row.kind
        );
        assert_eq!(refusal(&mut scene.former, row, group).await, row.former, "{} by an ex-member", row.kind);
        assert_eq!(refusal(&mut scene.member, row, group).await, row.member, "{} by a member", row.kind);
        let elsewhere = refusal(&mut scene.elsewhere, row, group).await;
        assert_eq!(elsewhere, row.member, "{} by another device of the member", row.kind);
        assert_eq!(refusal(&mut scene.admin, row, group).await, row.admin, "{} by an admin", row.kind);
    }
}

#[tokio::test]
async fn nobody_says_any_frame_before_auth_or_on_a_token_that_died() {
    let scene = scene().await;
    scene.world.directory.end_token(scene.member.user, scene.member.device).await.unwrap();
    for row in TABLE {
        let mut frame = (row.frame)(scene.group);
        frame["type"] = json!(row.kind);
        let revoked = json!({"type": "auth", "token": scene.member.token});
        for first in [frame, revoked] {
            let mut socket = scene.world.socket(Some("chinwag.v1")).await;
            socket.send(Message::text(first.to_string())).await.unwrap();
            assert_eq!(close_code(&mut socket).await, 4401, "{}", row.kind);
        }
    }
}

#[tokio::test]
async fn a_stranger_learns_nothing_from_heads() {
    let mut scene = scene().await;
    let group = scene.group;
    scene.stranger.says(json!({"type": "heads", "id": 9, "chats": {group.to_string(): 0, "g.1": 0}})).await;
    let heads = scene.stranger.hears("heads", |frame| match frame {
        ServerFrame::Heads(heads) => Some((heads.changed.len(), heads.gone.len())),
        _ => None,
    });
    assert_eq!(heads.await, (0, 2), "a chat of others is gone like one that never was");
}
