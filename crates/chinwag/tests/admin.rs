//! `chinwag admin`, on a running server and on the folder of a stopped one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::os::unix::fs::PermissionsExt;

use chinwag_client_native::{ClientError, Rest, ServerAddress, Socket};
use chinwag_proto::error::Close;
use common::{Bench, DEADLINE, Serving};
use serde_json::{Value, json};
use tokio::time::timeout;

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn rest(server: &Serving) -> Rest {
    Rest::new(server.url.parse::<ServerAddress>().unwrap())
}

/// Everything that can be done to users, by the command alone; the same in both ways.
fn administers_users(bench: &Bench) {
    let made = bench.json(&["admin", "users", "create", "alice", "--display-name", "Alice L", "--json"]);
    assert_eq!(made["username"], "alice");
    assert_eq!(text(&made["password"]).len(), 24);
    let with_password =
        ["admin", "users", "create", "bob", "--email", "bob@example.org", "--password-stdin", "--json"];
    let bob = bench.run_with_input(&with_password, "correct horse\n");
    assert_eq!(bob.code, 0, "{}", bob.stderr);
    assert_eq!(serde_json::from_str::<Value>(&bob.stdout).unwrap()["password"], Value::Null);

    let listed = bench.json(&["admin", "users", "list", "--json"]);
    let names: Vec<_> =
        listed["users"].as_array().unwrap().iter().map(|user| text(&user["username"])).collect();
    assert_eq!(names, ["alice", "bob"]);
    let first = bench.json(&["admin", "users", "list", "--limit", "1", "--json"]);
    assert_eq!(first["after"], made["userId"]);
    let rest = bench.json(&["admin", "users", "list", "--after", text(&made["userId"]), "--json"]);
    assert_eq!((&rest["users"][0]["username"], &rest["after"]), (&json!("bob"), &Value::Null));

    let by_id = format!("id:{}", text(&made["userId"]));
    let shown = bench.json(&["admin", "users", "show", &by_id, "--json"]);
    assert_eq!((&shown["displayName"], &shown["suspended"]), (&json!("Alice L"), &json!(false)));
    bench.json(&["admin", "users", "suspend", "alice", "--json"]);
    assert_eq!(bench.json(&["admin", "users", "show", "alice", "--json"])["suspended"], true);
    bench.json(&["admin", "users", "restore", "alice", "--json"]);
    assert_eq!(bench.json(&["admin", "users", "show", "alice", "--json"])["suspended"], false);

    let reset = bench.json(&["admin", "users", "reset-password", "alice", "--json"]);
    assert_ne!(reset["password"], made["password"]);

    let meant = bench.run(&["admin", "users", "erase", "alice"]);
    assert!(meant.code == 2 && meant.stderr.contains("--yes"), "{meant:?}");
    bench.json(&["admin", "users", "erase", "alice", "--yes", "--json"]);
    assert_eq!(bench.json(&["admin", "users", "show", &by_id, "--json"])["username"], Value::Null);
    let table = bench.run(&["admin", "users", "list"]).stdout;
    assert!(table.contains("erased") && table.contains("bob@example.org"), "{table}");
}

fn administers_devices_and_invites(bench: &Bench) {
    let made = bench.json(&["admin", "devices", "create", "bob", "my bot", "--json"]);
    assert!(text(&made["token"]).len() > 40);
    let listed = bench.json(&["admin", "devices", "list", "bob", "--json"]);
    assert_eq!(listed["devices"][0]["deviceId"], made["deviceId"]);
    assert_eq!(listed["devices"][0]["loggedIn"], true);
    bench.json(&["admin", "devices", "revoke", "bob", text(&made["deviceId"]), "--json"]);
    assert_eq!(bench.json(&["admin", "devices", "list", "bob", "--json"])["devices"], json!([]));

    let invite =
        bench.json(&["admin", "invites", "create", "--uses", "2", "--note", "for the band", "--json"]);
    assert!(text(&invite["invite"]).len() > 20);
    let listed = bench.json(&["admin", "invites", "list", "--json"]);
    assert_eq!(
        (&listed["invites"][0]["usesLeft"], &listed["invites"][0]["note"]),
        (&json!(2), &json!("for the band"))
    );
    bench.json(&["admin", "invites", "revoke", &invite["id"].to_string(), "--json"]);
    assert_eq!(bench.json(&["admin", "invites", "list", "--json"])["invites"], json!([]));
}

fn says_what_is_wrong(bench: &Bench) {
    for (arguments, says) in [
        (vec!["admin", "users", "show", "nobody"], "there is no such user"),
        (vec!["admin", "users", "show", "id:x"], "`x` is no user id"),
        (vec!["admin", "users", "create", "bob"], "this user name is taken"),
        (vec!["admin", "users", "show", "../status"], "there is no such user"),
        (vec!["admin", "devices", "revoke", "bob", "1"], "no device with this id"),
        (vec!["admin", "chats", "show", "g.1"], "there is no such chat"),
        (vec!["admin", "invites", "revoke", "77"], "there is no such invitation"),
    ] {
        let ran = bench.run(&arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(says), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn on_a_running_server() {
    let bench = Bench::new();
    let server = bench.serve(&[]);
    let mode = std::fs::metadata(bench.data().join("admin.sock")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    administers_users(&bench);
    administers_devices_and_invites(&bench);
    says_what_is_wrong(&bench);
    let (code, log) = server.stops();
    assert_eq!(code, Some(0));
    assert!(log.contains("an operator erased a user"), "{log}");
}

#[test]
fn on_a_stopped_server() {
    let bench = Bench::new();
    assert_eq!(bench.serve(&[]).stops().0, Some(0));
    administers_users(&bench);
    administers_devices_and_invites(&bench);
    says_what_is_wrong(&bench);
    // A server that was killed leaves its socket behind, which answers nobody.
    drop(bench.serve(&[]));
    assert!(bench.data().join("admin.sock").exists());
    assert_eq!(bench.json(&["admin", "users", "show", "bob", "--json"])["username"], "bob");
}

#[test]
fn without_a_data_folder_none_is_made() {
    let bench = Bench::new();
    let ran = bench.run(&["admin", "users", "list"]);
    assert!(ran.code == 1 && ran.stderr.contains("there is no data in chinwag-data"), "{}", ran.stderr);
    assert!(!bench.data().exists());
}

#[tokio::test]
async fn a_suspension_closes_connections_and_ends_with_the_restoration() {
    let bench = Bench::new();
    let server = bench.serve(&[]);
    bench.run_with_input(&["admin", "users", "create", "alice", "--password-stdin"], "correct horse");
    let login = rest(&server).login("alice", "correct horse", "d".parse().unwrap()).await.unwrap();
    let ws: ServerAddress = login.chat_server.url.parse().unwrap();
    let (mut socket, _) = Socket::connect(&ws, &login.token).await.unwrap();

    bench.json(&["admin", "users", "suspend", "alice", "--json"]);
    let closed = timeout(DEADLINE, async {
        loop {
            if let Err(error) = socket.next().await {
                return error;
            }
        }
    });
    let closed = closed.await.unwrap();
    assert!(
        matches!(closed, ClientError::Closed { code, .. } if code == Close::DeviceRevoked.code()),
        "{closed:?}"
    );
    assert!(rest(&server).login("alice", "correct horse", "d".parse().unwrap()).await.is_err());
    bench.json(&["admin", "users", "restore", "alice", "--json"]);
    rest(&server).login("alice", "correct horse", "d".parse().unwrap()).await.unwrap();
}

#[tokio::test]
async fn an_invitation_lets_so_many_in_as_it_says() {
    let bench = Bench::new();
    let server = bench.serve(&["--set", "accounts.registration=invite"]);
    let invite = bench.json(&["admin", "invites", "create", "--json"]);
    let register = async |name: &str, invite: Option<&str>| {
        rest(&server).register_with(&name.parse().unwrap(), "correct horse", invite.map(str::to_owned)).await
    };
    assert!(register("alice", None).await.is_err());
    assert!(register("alice", Some("guess")).await.is_err());
    assert!(register("alice", Some(text(&invite["invite"]))).await.is_ok());
    assert!(register("bob", Some(text(&invite["invite"]))).await.is_err());
}

#[tokio::test]
async fn chats_are_shown_without_what_was_said() {
    let bench = Bench::new();
    let server = bench.serve(&[]);
    for name in ["alice", "bob"] {
        bench.run_with_input(&["admin", "users", "create", name, "--password-stdin"], "correct horse");
    }
    let login = rest(&server).login("alice", "correct horse", "d".parse().unwrap()).await.unwrap();
    let alice = rest(&server).with_token(login.token);
    let bob = alice.find_user("bob").await.unwrap().user_id.to_string();
    let group = serde_json::from_value(json!({ "title": "the band", "members": [bob] })).unwrap();
    let chat = alice.create_chat(&group).await.unwrap().chat_id.unwrap().to_string();
    let message = json!({ "receiverId": chat, "content": "between ourselves" });
    alice.send(&serde_json::from_value(message).unwrap()).await.unwrap();

    let listed = bench.json(&["admin", "chats", "list", "bob", "--json"]);
    assert_eq!((&listed["chats"][0]["chatId"], &listed["chats"][0]["messages"]), (&json!(chat), &json!(1)));
    let shown = bench.json(&["admin", "chats", "show", &chat, "--json"]);
    let members = shown["members"].as_array().unwrap();
    let roles: Vec<_> =
        members.iter().map(|member| (text(&member["username"]), text(&member["role"]))).collect();
    assert_eq!(roles, [("alice", "owner"), ("bob", "member")]);
    let printed = bench.run(&["admin", "chats", "show", &chat]).stdout;
    assert!(printed.contains("the band") && printed.contains("owner"), "{printed}");
    assert!(!format!("{shown}{listed}{printed}").contains("between ourselves"));
}
