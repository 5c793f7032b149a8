//! `/metrics`.

use std::fs;
use std::path::Path;

use super::kit::{Server, until};

/// All of the server's source.
fn source() -> String {
    fn read(path: &Path, text: &mut String) {
        for entry in fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => read(&path, text),
                false => text.push_str(&fs::read_to_string(&path).unwrap()),
            }
        }
    }
    let mut text = String::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_have_the_names_that_are_documented() {
    let server = Server::start(&[]).await;
    let json = r#"{"username":"alice","password":"correct horse"}"#;
    server.post("/users/register", "", json).await;
    let log_in = r#"{"username":"alice","password":"correct horse","device":{"name":"d"}}"#;
    let answer = server.post("/users/login", "", log_in).await.body;
    let field = |name: &str| {
        let rest = answer.split_once(&format!("\"{name}\":\"")).unwrap().1;
        rest.split_once('"').unwrap().0.to_owned()
    };
    let (token, user) = (field("token"), field("userId"));
    let note = format!(r#"{{"receiverId":"{user}","content":"a note to myself"}}"#);
    let sent = server.post("/messages", &format!("authorization: Bearer {token}\r\n"), &note).await;
    assert_eq!(sent.status, 201, "{}", sent.body);

    // Gauges are told once a second.
    until("the fold's lag is told", || async {
        server.get("/metrics").await.body.contains("\nchinwag_fold_lag_entries ")
    })
    .await;
    let page = server.get("/metrics").await;
    assert!(page.head.contains("content-type: text/plain; version=0.0.4"), "{}", page.head);
    let documented = include_str!("../../../../docs/operations.md");
    for name in page.body.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let name = name.split(' ').next().unwrap();
        assert!(documented.contains(&format!("`{name}`")), "{name} is not documented in docs/operations.md");
    }
    let source = source();
    for line in documented.lines().filter_map(|line| line.strip_prefix("| `chinwag_")) {
        // Some are served only once there is something to tell.
        let name = format!("\"chinwag_{}\"", line.split('`').next().unwrap());
        assert!(source.contains(&name), "{name} is documented and nowhere recorded");
    }
    for user_content in ["alice", "note to myself", &token, &user] {
        assert!(!page.body.contains(user_content), "{user_content}");
    }
    server.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_token_the_figures_are_for_those_who_have_it() {
    let server = Server::start(&[("metrics.token", "0123456789abcdef")]).await;
    for wrong in
        ["", "authorization: Bearer 0123456789abcdeg\r\n", "authorization: Basic 0123456789abcdef\r\n"]
    {
        let refused = server.get_with("/metrics", wrong).await;
        assert_eq!((refused.status, refused.body.contains("chinwag_")), (401, false), "{wrong}");
    }
    assert_eq!(server.get_with("/metrics", "authorization: Bearer 0123456789abcdef\r\n").await.status, 200);
    server.node.stop().await;
}
