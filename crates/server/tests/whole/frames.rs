//! The authorisation table of the WebSocket: every frame × who sends it. The frames come from the
//! protocol's own list; one without a row here, or a row without a frame, fails.

use std::collections::BTreeSet;

use chinwag_proto::entry::{Encryption, History};
use chinwag_proto::{ChatId, ClientFrame, Code, ServerFrame};
use chinwag_testkit::person::Person;
use chinwag_testkit::server::Server;
use chinwag_testkit::stranger::Stranger;
use serde_json::{Value, json};

/// Who sends. The group belongs to somebody else; the message in it is the member's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// Before `auth`.
    Anonymous,
    Stranger,
    ExMember,
    Member,
    Admin,
    /// Another device of the member.
    OtherDevice,
    /// A device of the member that was revoked: its token is the first frame.
    RevokedDevice,
}

const EVERYBODY: [Who; 7] = [
    Who::Anonymous,
    Who::Stranger,
    Who::ExMember,
    Who::Member,
    Who::Admin,
    Who::OtherDevice,
    Who::RevokedDevice,
];

/// What comes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// A frame of this type.
    Answer(&'static str),
    /// Nothing.
    Silence,
    /// An `error` with this code; the connection lives.
    Refused(Code),
    /// The connection closes with this code.
    Closed(u16),
    /// A `heads` or a `chats` without the group in it.
    Without,
}

use Code::{Forbidden, InvalidRequest, NotFound, NotMember};
use Outcome::{Answer, Closed, Refused, Silence, Without};

struct Row {
    frame: &'static str,
    body: fn(&Scene) -> Value,
    /// Stranger, ex-member, member, admin, other device. Before `auth` everything closes 4401, and so
    /// does the token of a revoked device.
    outcomes: [Outcome; 5],
}

impl Row {
    fn outcome(&self, who: Who) -> Outcome {
        let [stranger, ex_member, member, admin, other_device] = self.outcomes;
        match who {
            Who::Anonymous | Who::RevokedDevice => Closed(4401),
            Who::Stranger => stranger,
            Who::ExMember => ex_member,
            Who::Member => member,
            Who::Admin => admin,
            Who::OtherDevice => other_device,
        }
    }
}

/// Members may; a stranger hears what he would of a chat that is not there.
fn members(frame: &'static str, body: fn(&Scene) -> Value, good: Outcome) -> Row {
    Row { frame, body, outcomes: [Refused(NotFound), Refused(NotMember), good, good, good] }
}

/// Everybody who is authenticated may.
fn users(frame: &'static str, body: fn(&Scene) -> Value, good: Outcome) -> Row {
    Row { frame, body, outcomes: [good; 5] }
}

fn table() -> Vec<Row> {
    vec![
        users("auth", |scene| json!({"token": scene.mia.token}), Refused(InvalidRequest)),
        members(
            "send",
            |scene| json!({"chatId": scene.group, "clientMessageId": "s", "content": "hi"}),
            Answer("ack"),
        ),
        Row {
            frame: "edit",
            body: |scene| scene.on_the_message(json!({"clientMessageId": "e", "content": "ho"})),
            outcomes: [
                Refused(NotFound),
                Refused(NotMember),
                Answer("ack"),
                Refused(Forbidden),
                Answer("ack"),
            ],
        },
        members("delete", |scene| scene.on_the_message(json!({"clientMessageId": "d"})), Answer("ack")),
        members(
            "react",
            |scene| scene.on_the_message(json!({"clientMessageId": "r", "key": "+1", "on": true})),
            Answer("ack"),
        ),
        members(
            "mls",
            |scene| {
                let data = json!({"type": "commit", "text": ""});
                json!({"chatId": scene.sealed, "after": 0, "clientMessageId": "m", "data": data})
            },
            Answer("ack"),
        ),
        Row {
            frame: "heads",
            body: |scene| json!({"chats": {scene.group.to_string(): 0}}),
            outcomes: [Without, Without, Answer("heads"), Answer("heads"), Answer("heads")],
        },
        Row {
            frame: "chats",
            body: |_| json!({}),
            outcomes: [Without, Without, Answer("chats"), Answer("chats"), Answer("chats")],
        },
        members("sync", |scene| json!({"chatId": scene.group, "after": 0}), Answer("entries")),
        members("read", |scene| json!({"chatId": scene.group, "seq": 1}), Silence),
        members("delivered", |scene| json!({"chatId": scene.group, "seq": 1}), Silence),
        members("typing", |scene| json!({"chatId": scene.group, "on": true}), Silence),
        users("active", |_| json!({"on": false}), Silence),
        members("open", |scene| json!({"chatId": scene.group}), Answer("cursors")),
        users("watch", |scene| json!({"users": [scene.mia.id]}), Answer("presence")),
        users("ping", |_| json!({}), Answer("pong")),
    ]
}

/// Frames that carry a request's id.
const WITH_ID: [&str; 9] = ["send", "edit", "delete", "react", "mls", "heads", "chats", "sync", "ping"];

struct Scene {
    mia: Person,
    mia_elsewhere: Person,
    mia_revoked: Person,
    ada: Person,
    eve: Person,
    stan: Person,
    group: ChatId,
    /// An encrypted group with the same members.
    sealed: ChatId,
    /// Mia's message.
    seq: u64,
}

impl Scene {
    async fn set() -> Self {
        let server = Server::start().await;
        let (olga, mia) = (server.person("olga").await, server.person("mia").await);
        let (ada, eve, stan) =
            (server.person("ada").await, server.person("eve").await, server.person("stan").await);
        let group = olga.makes_a_group("lunch", &[&mia, &ada, &eve]).await;
        olga.gives_role("admin", &ada, group).await;
        olga.removes(&eve, group).await;
        let sealed = olga.makes(None, &[&mia, &ada, &eve], Encryption::Mls, History::Joined).await;
        eve.removes(&eve, sealed).await;
        let seq = mia.sends("hello").to(group).await.seq.get();
        let (mia_elsewhere, mia_revoked) =
            (mia.another_device("second").await, mia.another_device("lost").await);
        mia.revokes(mia_revoked.device).await;
        Self { mia, mia_elsewhere, mia_revoked, ada, eve, stan, group, sealed, seq }
    }

    fn person(&self, who: Who) -> Option<&Person> {
        Some(match who {
            Who::Anonymous => return None,
            Who::Stranger => &self.stan,
            Who::ExMember => &self.eve,
            Who::Member => &self.mia,
            Who::Admin => &self.ada,
            Who::OtherDevice => &self.mia_elsewhere,
            Who::RevokedDevice => &self.mia_revoked,
        })
    }

    fn on_the_message(&self, mut body: Value) -> Value {
        body["chatId"] = json!(self.group);
        body["target"] = json!(self.seq);
        body
    }

    fn frame(&self, row: &Row) -> String {
        let mut frame = (row.body)(self);
        frame["type"] = json!(row.frame);
        if WITH_ID.contains(&row.frame) {
            frame["id"] = json!("asked");
        }
        frame.to_string()
    }

    /// Sends the row's frame and says what came of it: all that was written before the answer to a ping.
    async fn outcome(&self, row: &Row, who: Who) -> Outcome {
        let frame = self.frame(row);
        let Some(person) = self.person(who) else {
            // An anonymous `auth` is one with a token that is nobody's.
            let frame =
                if row.frame == "auth" { r#"{"type":"auth","token":"nobody's"}"#.to_owned() } else { frame };
            let mut socket = Stranger::connects(&self.mia.server).await;
            socket.writes(&frame).await;
            return Closed(socket.is_closed().await);
        };
        if who == Who::RevokedDevice {
            let mut socket = Stranger::connects(&self.mia.server).await;
            socket.writes(&json!({"type": "auth", "token": person.token}).to_string()).await;
            socket.writes(&frame).await;
            return Closed(socket.is_closed().await);
        }
        let mut socket = Stranger::authenticates(person).await;
        socket.writes(&frame).await;
        socket.writes(r#"{"type":"ping","id":"after"}"#).await;
        let mut outcome = Silence;
        loop {
            let text = match socket.reads().await {
                Ok(text) => text,
                Err(code) => return Closed(code),
            };
            let said: Value = serde_json::from_str(&text).unwrap();
            // A send's acknowledgment may come after the pong: it is awaited beside what is read next.
            let waits = outcome == Silence && matches!(row.outcome(who), Answer("ack") | Refused(_));
            if said["type"] == "pong" && said["id"] == "after" && !waits {
                return outcome;
            }
            if let Some(found) = self.answer(&said) {
                outcome = found;
                if waits {
                    return outcome;
                }
            }
        }
    }

    fn answer(&self, said: &Value) -> Option<Outcome> {
        let kind = said["type"].as_str().unwrap();
        let ours = said["id"] == "asked" || said["id"].is_null();
        match ServerFrame::parse(&said.to_string()).unwrap() {
            ServerFrame::Error(error) if ours => Some(Refused(error.code)),
            ServerFrame::Heads(heads) if heads.changed.iter().all(|head| head.chat_id != self.group) => {
                assert_eq!(heads.gone, [self.group]);
                Some(Without)
            }
            ServerFrame::Chats(page) if page.chats.iter().all(|chat| chat.chat_id != self.group) => {
                Some(Without)
            }
            _ if !ours => None,
            _ => ["ack", "heads", "chats", "entries", "cursors", "presence", "pong"]
                .into_iter()
                .find(|&known| known == kind)
                .map(Answer),
        }
    }
}

#[test]
fn every_frame_has_its_row_and_every_row_its_frame() {
    let frames: BTreeSet<_> = ClientFrame::TYPES.iter().copied().collect();
    let rows: BTreeSet<_> = table().iter().map(|row| row.frame).collect();
    let without_row: Vec<_> = frames.difference(&rows).collect();
    let without_frame: Vec<_> = rows.difference(&frames).collect();
    assert!(without_row.is_empty(), "frames without a row in the authorisation table: {without_row:?}");
    assert!(without_frame.is_empty(), "rows without a frame: {without_frame:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_frame_does_what_the_table_says_for_each_sender() {
    let mut wrong = Vec::new();
    for row in table() {
        let mut scene = Scene::set().await;
        for who in EVERYBODY {
            if ["delete", "mls"].contains(&row.frame) {
                // What one has done, another cannot do again.
                scene = Scene::set().await;
            }
            let (outcome, expected) = (scene.outcome(&row, who).await, row.outcome(who));
            if outcome != expected {
                wrong.push(format!("{who:?} {}: expected {expected:?}, was {outcome:?}", row.frame));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_cannot_tell_a_chat_of_others_from_one_that_never_was() {
    let scene = Scene::set().await;
    let direct = scene.mia.sends("hi").to(&scene.ada).await.chat_id;
    let inbox = format!("u.{}", scene.mia.id);
    let mut socket = Stranger::authenticates(&scene.stan).await;
    for row in table().iter().filter(|row| row.outcomes[0] == Refused(NotFound)) {
        let mut said = BTreeSet::new();
        for chat in [scene.group.to_string(), direct.to_string(), inbox.clone(), "g.999".to_owned()] {
            let mut frame: Value = serde_json::from_str(&scene.frame(row)).unwrap();
            frame["chatId"] = json!(chat);
            socket.writes(&frame.to_string()).await;
            said.insert(socket.reads().await.unwrap());
        }
        assert_eq!(said.len(), 1, "{}: {said:?}", row.frame);
        assert!(said.first().unwrap().contains("not_found"), "{}: {said:?}", row.frame);
    }
}
