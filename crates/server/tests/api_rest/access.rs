//! The authorisation table: every route × who asks. The routes come from the router's own table; a route
//! without a row here, or a row without a route, fails.

use std::collections::BTreeSet;
use std::sync::Arc;

use chinwag_proto::Code::{self, Forbidden, NotFound, NotMember, Unauthenticated};
use chinwag_server::api::{Described, described};
use serde_json::{Value, json};

use crate::bench::{Answer, Group, PASSWORD, Person, Server};
use crate::blobs::blob_name;

/// What Mia has put into the group.
const BLOB: &str = "bytes";

/// Who asks. The group belongs to somebody else; the member is called Mia, and the paths about a user
/// name her.
#[derive(Clone, Copy, Debug)]
enum Who {
    Anonymous,
    Stranger,
    ExMember,
    Member,
    Admin,
    OtherDevice,
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

struct Scene {
    server: Arc<Server>,
    mia: Person,
    mia_elsewhere: Person,
    mia_revoked: Person,
    ada: Person,
    eve: Person,
    stan: Person,
    olga: Person,
    group: Group,
    /// Mia's message.
    seq: u64,
}

impl Scene {
    async fn set() -> Self {
        let server = Server::start().await;
        let olga = server.person("olga").await;
        let mia = server.person("mia").await;
        let (ada, eve) = (server.person("ada").await, server.person("eve").await);
        let stan = server.person("stan").await;
        let group = olga.makes_a_group("lunch", &[&mia, &ada, &eve]).await;
        olga.gives_role("admin", &ada, group).await.is(204);
        olga.removes(&eve, group).await.is(204);
        let seq = mia.sent("hello", group).await.seq.get();
        let path = format!("/chats/{group}/blobs/{}", blob_name(BLOB.as_bytes()));
        let put = server.call("PUT", &path).token(&mia.token).raw("application/octet-stream", BLOB);
        put.answer().await.is(204);
        let mia_elsewhere = mia.another_device("second").await;
        let mia_revoked = mia.another_device("lost").await;
        let path = format!("/users/{}/devices/{}", mia.id, mia_revoked.device);
        mia.delete(&path).await.is(204);
        Self { server, mia, mia_elsewhere, mia_revoked, ada, eve, stan, olga, group, seq }
    }

    fn token(&self, who: Who) -> Option<&str> {
        let person = match who {
            Who::Anonymous => return None,
            Who::Stranger => &self.stan,
            Who::ExMember => &self.eve,
            Who::Member => &self.mia,
            Who::Admin => &self.ada,
            Who::OtherDevice => &self.mia_elsewhere,
            Who::RevokedDevice => &self.mia_revoked,
        };
        Some(&person.token)
    }

    fn fill(&self, path: &str) -> String {
        path.replace("{chatId}", &self.group.to_string())
            .replace("{seq}", &self.seq.to_string())
            .replace("{key}", "%F0%9F%91%8D")
            .replace("{userId}", &self.mia.id.to_string())
            .replace("{otherId}", &self.olga.id.to_string())
            .replace("{deviceId}", &self.mia.device.to_string())
            .replace("{sha256}", &blob_name(BLOB.as_bytes()).to_string())
    }

    async fn ask(&self, row: &Row, who: Who) -> Answer {
        let (method, path) = row.route.split_once(' ').unwrap();
        let mut call = self.server.call(method, &(self.fill(path) + &(row.query)(self)));
        if let Some(token) = self.token(who) {
            call = call.token(token);
        }
        let body = (row.body)(self);
        match &body {
            Value::Null => {}
            Value::String(bytes) => call = call.raw("application/octet-stream", bytes.as_bytes()),
            body => call = call.json(body),
        }
        call.answer().await
    }
}

/// What comes out: a status, or an error code.
type Outcome = Result<u16, Code>;

struct Row {
    route: &'static str,
    query: fn(&Scene) -> String,
    body: fn(&Scene) -> Value,
    /// In the order of [`EVERYBODY`].
    outcomes: [Outcome; 7],
}

fn plain(_: &Scene) -> String {
    String::new()
}

/// Anybody may, with or without a token.
fn anyone(route: &'static str, body: fn(&Scene) -> Value, status: u16) -> Row {
    Row { route, query: plain, body, outcomes: [Ok(status); 7] }
}

/// Everybody with a live token may.
fn users(route: &'static str, query: fn(&Scene) -> String, body: fn(&Scene) -> Value, status: u16) -> Row {
    row(route, query, body, [Ok(status); 5])
}

/// Mia herself may, on any of her devices.
fn own(route: &'static str, body: fn(&Scene) -> Value, status: u16) -> Row {
    row(route, plain, body, [Err(Forbidden), Err(Forbidden), Ok(status), Err(Forbidden), Ok(status)])
}

/// The device that the path names may, and no other, not even of the same user.
fn device(route: &'static str, body: fn(&Scene) -> Value, status: u16) -> Row {
    row(route, plain, body, [Err(NotFound), Err(NotFound), Ok(status), Err(NotFound), Err(NotFound)])
}

/// Members may.
fn members(route: &'static str, body: fn(&Scene) -> Value, status: u16) -> Row {
    row(route, plain, body, [Err(NotFound), Err(NotMember), Ok(status), Ok(status), Ok(status)])
}

/// Admins may, members may not.
fn admins(route: &'static str, body: fn(&Scene) -> Value, status: u16) -> Row {
    row(route, plain, body, [Err(NotFound), Err(NotMember), Err(Forbidden), Ok(status), Err(Forbidden)])
}

/// Stranger, ex-member, member, admin and the member's other device; without a live token nobody may.
fn row(
    route: &'static str,
    query: fn(&Scene) -> String,
    body: fn(&Scene) -> Value,
    [stranger, ex_member, member, admin, other_device]: [Outcome; 5],
) -> Row {
    let no = Err(Unauthenticated);
    Row { route, query, body, outcomes: [no, stranger, ex_member, member, admin, other_device, no] }
}

const NO_BODY: fn(&Scene) -> Value = |_| Value::Null;

fn table() -> Vec<Row> {
    let mut rows = plain_rows();
    rows.extend(rows_of_encrypted_chats());
    rows
}

fn rows_of_encrypted_chats() -> Vec<Row> {
    vec![
        device("GET /devices/{deviceId}/keys", NO_BODY, 200),
        device("POST /devices/{deviceId}/keys", |_| json!({"keyPackages": ["AA"]}), 200),
        users("POST /users/{userId}/keys/claim", plain, |_| json!({}), 200),
        users("GET /users/{userId}/keys/chain", plain, NO_BODY, 200),
        users("POST /users/me/keys/chain", plain, |_| json!({"after": 0, "links": ["AA"]}), 200),
        users("GET /users/me/keys/backups", plain, NO_BODY, 200),
        users("POST /users/me/keys/backups", plain, |_| json!({"after": 0, "records": ["AA"]}), 200),
        users("GET /users/me/keys/backups/{deviceId}", plain, NO_BODY, 200),
        members(
            "POST /users/{userId}/inbox",
            |scene| json!({"kind": "welcome", "data": {"type": "a", "text": "b", "chatId": scene.group.0}}),
            201,
        ),
        members("PUT /chats/{chatId}/blobs/{sha256}", |_| json!(BLOB), 204),
        members("GET /chats/{chatId}/blobs/{sha256}", NO_BODY, 200),
    ]
}

fn plain_rows() -> Vec<Row> {
    vec![
        anyone("POST /users/register", |_| json!({"username": "new-one", "password": PASSWORD}), 201),
        anyone(
            "POST /users/login",
            |_| json!({"username": "mia", "password": PASSWORD, "device": {"name": "third"}}),
            200,
        ),
        users("POST /users/logout", plain, NO_BODY, 204),
        users("GET /users/me", plain, NO_BODY, 200),
        users("PATCH /users/me", plain, |_| json!({"displayName": "M."}), 200),
        users("DELETE /users/me", plain, |_| json!({"password": PASSWORD}), 204),
        users("PUT /users/me/password", plain, |_| json!({"current": PASSWORD, "new": "another horse"}), 204),
        users("GET /users", |_| "?username=mia".to_owned(), NO_BODY, 200),
        users("GET /users/{userId}", plain, NO_BODY, 200),
        own("GET /users/{userId}/devices", NO_BODY, 200),
        own("PATCH /users/{userId}/devices/{deviceId}", |_| json!({"name": "kitchen"}), 200),
        own("DELETE /users/{userId}/devices/{deviceId}", NO_BODY, 204),
        own("GET /users/{userId}/contacts", NO_BODY, 200),
        own("PUT /users/{userId}/contacts/{otherId}", NO_BODY, 204),
        own("DELETE /users/{userId}/contacts/{otherId}", NO_BODY, 204),
        own("GET /users/{userId}/blocks", NO_BODY, 200),
        own("PUT /users/{userId}/blocks/{otherId}", NO_BODY, 204),
        own("DELETE /users/{userId}/blocks/{otherId}", NO_BODY, 204),
        users("GET /presence", |scene| format!("?users={}", scene.mia.id), NO_BODY, 200),
        members("POST /messages", |scene| json!({"chatId": scene.group.0, "content": "hi"}), 201),
        members("GET /messages/{chatId}", NO_BODY, 200),
        row(
            "PATCH /messages/{chatId}/{seq}",
            plain,
            |_| json!({"content": "hullo"}),
            [Err(NotFound), Err(NotMember), Ok(200), Err(Forbidden), Ok(200)],
        ),
        members("DELETE /messages/{chatId}/{seq}", NO_BODY, 204),
        members("PUT /messages/{chatId}/{seq}/reactions/{key}", NO_BODY, 204),
        members("DELETE /messages/{chatId}/{seq}/reactions/{key}", NO_BODY, 204),
        users("GET /chats", plain, NO_BODY, 200),
        users("POST /chats", plain, |scene| json!({"title": "tea", "members": [scene.olga.id]}), 201),
        members("GET /chats/{chatId}", NO_BODY, 200),
        admins("PATCH /chats/{chatId}", |_| json!({"title": "dinner"}), 200),
        members("GET /chats/{chatId}/entries", NO_BODY, 200),
        members("PUT /chats/{chatId}/read", |_| json!({"seq": 1}), 204),
        members("GET /chats/{chatId}/members", NO_BODY, 200),
        admins("POST /chats/{chatId}/members", |scene| json!({"users": [scene.stan.id]}), 200),
        row(
            "PUT /chats/{chatId}/members/{userId}",
            plain,
            |_| json!({"role": "admin"}),
            [Err(NotFound), Err(NotMember), Err(Forbidden), Err(Forbidden), Err(Forbidden)],
        ),
        members("DELETE /chats/{chatId}/members/{userId}", NO_BODY, 204),
        anyone("GET /openapi.json", NO_BODY, 200),
        anyone("GET /docs", NO_BODY, 200),
        anyone("GET /docs/style.css", NO_BODY, 200),
    ]
}

fn name_of(route: &Described) -> String {
    format!("{} {}", route.method, route.path)
}

#[test]
fn every_route_has_its_row_and_every_row_its_route() {
    let routes: BTreeSet<_> = described().iter().map(name_of).collect();
    let rows: BTreeSet<_> = table().iter().map(|row| row.route.to_owned()).collect();
    let without_row: Vec<_> = routes.difference(&rows).collect();
    let without_route: Vec<_> = rows.difference(&routes).collect();
    assert!(without_row.is_empty(), "routes without a row in the authorisation table: {without_row:?}");
    assert!(without_route.is_empty(), "rows without a route: {without_route:?}");
}

#[test]
fn a_route_asks_for_a_token_as_its_row_says() {
    let rows = table();
    for route in described() {
        let row = rows.iter().find(|row| row.route == name_of(&route)).unwrap();
        assert_eq!(route.authenticated, row.outcomes[0] == Err(Unauthenticated), "{}", row.route);
    }
}

#[tokio::test]
async fn each_may_do_what_the_table_says_and_nothing_else() {
    let mut wrong = Vec::new();
    for row in table() {
        for (who, expected) in EVERYBODY.into_iter().zip(row.outcomes) {
            let scene = Scene::set().await;
            let answer = scene.ask(&row, who).await;
            if answer.outcome() != expected {
                wrong.push(format!("{who:?}: expected {expected:?}: {answer}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_stranger_cannot_tell_a_chat_of_others_from_one_that_never_was() {
    let scene = Scene::set().await;
    for path in ["/messages/{}", "/chats/{}", "/chats/{}/entries", "/chats/{}/members"] {
        let there = scene.stan.get(&path.replace("{}", &scene.group.to_string())).await;
        let nowhere = scene.stan.get(&path.replace("{}", "g.999")).await;
        assert_eq!(there.body, nowhere.body, "{path}");
        let others = scene.olga.chat_with(&scene.mia);
        let direct = scene.stan.get(&path.replace("{}", &others.to_string())).await;
        assert_eq!(direct.body, nowhere.body, "{path}");
    }
    let to = |chat: &str| scene.stan.posts("/messages", json!({"chatId": chat, "content": "hi"}));
    let (there, nowhere) = (to(&scene.group.to_string()).await, to("g.999").await);
    assert_eq!(there.body, nowhere.body);
}
