//! What breaks every rule: an error or a close code, and two others who chat meanwhile notice nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chinwag_proto::{Code, ServerFrame};
use chinwag_testkit::person::Person;
use chinwag_testkit::server::Server;
use chinwag_testkit::stranger::Stranger;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Two people who chat until they are told to stop: each message is acknowledged, and seen by the other in
/// order. Answers how many there were.
async fn chat_undisturbed(one: &Person, other: &Person, over: &AtomicBool) -> u64 {
    let chat = one.chat_with(other);
    let (mut ones, mut others) = (one.connects().await, other.connects().await);
    let mut sent = 0;
    while !over.load(Ordering::Relaxed) {
        let ack = ones.sends(&format!("ping {sent}")).to(chat).await;
        others.sees(&format!("ping {sent}")).await;
        others.sends(&format!("pong {sent}")).to(chat).await;
        ones.sees(&format!("pong {sent}")).await;
        assert_eq!(ack.seq.get(), 2 * sent + 1);
        sent += 1;
    }
    let expected: Vec<u64> = (1..=2 * sent).collect();
    assert_eq!((ones.order_in(chat).await, others.order_in(chat).await), (expected.clone(), expected));
    sent
}

/// Frames that are objects with a type, and wrong: answered by `invalid_request`.
fn wrong_frames() -> Vec<String> {
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let mut frames: Vec<String> = [
        r#"{"type":"no-such-frame","id":1}"#,
        r#"{"type":"ping"}"#,
        r#"{"type":"ping","id":1,"more":true}"#,
        r#"{"type":"ping","id":{"a":1}}"#,
        r#"{"type":"send","id":1}"#,
        r#"{"type":"send","id":1,"to":7,"clientMessageId":"m","content":"x"}"#,
        r#"{"type":"send","id":1,"to":"1","chatId":"g.1","clientMessageId":"m","content":"x"}"#,
        r#"{"type":"send","id":1,"to":"1","clientMessageId":"no spaces","content":"x"}"#,
        r#"{"type":"send","id":1,"to":"1","clientMessageId":"m","content":""}"#,
        r#"{"type":"send","id":1,"to":"1","clientMessageId":"m","content":null}"#,
        r#"{"type":"send","id":1,"to":"1","clientMessageId":"m","content":7}"#,
        r#"{"type":"send","id":1,"to":"1","clientMessageId":"m","content":{"type":"a"}}"#,
        r#"{"type":"send","id":1,"to":"01","clientMessageId":"m","content":"x"}"#,
        r#"{"type":"sync","id":1,"chatId":"g.1","after":-1}"#,
        r#"{"type":"sync","id":1,"chatId":"g.1","after":0,"limit":0}"#,
        r#"{"type":"sync","id":1,"chatId":"g.1","after":0,"limit":201}"#,
        r#"{"type":"sync","id":1,"chatId":"g.1","after":99999999999999999999999999}"#,
        r#"{"type":"sync","id":1,"chatId":"x.1","after":0}"#,
        r#"{"type":"heads","id":1,"chats":[]}"#,
        r#"{"type":"watch","users":"all"}"#,
        r#"{"type":"open"}"#,
        r#"{"type":"typing","chatId":"g.1","on":"yes"}"#,
        r#"{"type":"auth","token":"again"}"#,
        r#"{"type":"auth"}"#,
    ]
    .map(str::to_owned)
    .to_vec();
    frames.push(format!(
        r#"{{"type":"send","id":1,"to":"1","clientMessageId":"m","content":{}}}"#,
        deep(1_000)
    ));
    frames.push(format!(
        r#"{{"type":"send","id":1,"to":"1","clientMessageId":"m","content":"{}"}}"#,
        "x".repeat(16 * 1024 + 1)
    ));
    frames.push(format!(
        r#"{{"type":"send","id":1,"to":"1","clientMessageId":"{}","content":"x"}}"#,
        "m".repeat(65)
    ));
    frames.push(format!(r#"{{"type":"heads","id":1,"chats":{{{}}}}}"#, many(1_001)));
    frames
}

fn many(count: usize) -> String {
    (1..=count).map(|number| format!(r#""g.{number}":0"#)).collect::<Vec<_>>().join(",")
}

async fn wrong_frames_are_answered(person: &Person) {
    let mut socket = Stranger::authenticates(person).await;
    for frame in wrong_frames() {
        socket.writes(&frame).await;
        let said = socket.reads().await.unwrap_or_else(|code| panic!("closed {code} by {frame:.100}"));
        match ServerFrame::parse(&said).unwrap() {
            ServerFrame::Error(error) => {
                assert_eq!(error.code, Code::InvalidRequest, "{frame:.100}");
                assert!(!error.detail.is_empty());
            }
            other => panic!("{frame:.100}: {other:?}"),
        }
    }
    socket.writes(r#"{"type":"ping","id":"still here"}"#).await;
    assert!(socket.reads().await.unwrap().contains("still here"));
}

async fn junk_is_closed(person: &Person) {
    let server = &person.server;
    let nested = format!("{}{}", r#"{"a":"#.repeat(5_000), "}".repeat(5_000));
    let texts = ["not json", "{", "[1,2", "nul", r#"{"type":"ping","id":1}{"#, &nested];
    for authenticated in [true, false] {
        let expected = if authenticated { 4400 } else { 4401 };
        let connect = async || {
            if authenticated {
                Stranger::authenticates(person).await
            } else {
                Stranger::connects(server).await
            }
        };
        for text in texts {
            let mut socket = connect().await;
            socket.writes(text).await;
            assert_eq!(socket.is_closed().await, expected, "{text:.60}");
        }
        for bytes in [&b"\xff\xfe\xfd"[..], b"{\"type\":\"\xc3\x28\"}", b"\xed\xa0\x80"] {
            let mut socket = connect().await;
            socket.writes_as_text(bytes).await;
            assert_eq!(socket.is_closed().await, expected, "{bytes:?}");
        }
        let mut socket = connect().await;
        socket.writes_binary(&[0, 1, 2, 3, 255, 254, 7]).await;
        assert_eq!(socket.is_closed().await, expected);
        let mut socket = connect().await;
        socket.writes(&"x".repeat(200 * 1024)).await;
        assert_eq!(socket.is_closed().await, 4413);
    }
}

/// Bytes that are no WebSocket, written on a connection that was upgraded to one.
async fn broken_websockets_end(server: &Server) {
    let request = "GET /ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                   sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    // Reserved bits, an unknown opcode, no mask, a fragmented control frame, a length of 2^63.
    let broken: [&[u8]; 5] = [
        &[0xf1, 0x80, 0, 0, 0, 0],
        &[0x83, 0x80, 0, 0, 0, 0],
        &[0x81, 0x02, b'h', b'i'],
        &[0x09, 0x80, 0, 0, 0, 0],
        &[0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0],
    ];
    for bytes in broken {
        let mut stream = TcpStream::connect(server.socket_address()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        let read = timeout(chinwag_testkit::DEADLINE, stream.read_to_end(&mut answer)).await;
        // A reset is an end, too.
        drop(read.unwrap_or_else(|_| panic!("{bytes:?} leaves the connection open")));
        assert!(answer.starts_with(b"HTTP/1.1 101"), "{bytes:?}");
    }
}

async fn bad_rest_is_answered(person: &Person) {
    use Code::{InvalidRequest, MethodNotAllowed, NotFound};
    let deep = (0..200).fold(Value::Null, |inner, _| serde_json::json!([inner]));
    person.is_refused(InvalidRequest, "POST", "/messages", deep).await;
    person.is_refused(InvalidRequest, "POST", "/messages", serde_json::json!({"more": 1})).await;
    person.is_refused(InvalidRequest, "GET", "/messages/not-a-chat", Value::Null).await;
    person.is_refused(NotFound, "GET", "/no/such/path", Value::Null).await;
    person.is_refused(MethodNotAllowed, "PATCH", "/messages", Value::Null).await;
    let large = serde_json::json!({"content": "x".repeat(200 * 1024)});
    person.is_refused(Code::PayloadTooLarge, "POST", "/messages", large).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input_gets_its_answer_and_two_who_chat_meanwhile_are_not_disturbed() {
    let server = Server::start().await;
    let (alice, bob, mallory) =
        (server.person("alice").await, server.person("bob").await, server.person("mallory").await);
    let over = Arc::new(AtomicBool::new(false));
    // Half-open connections, one that says half a head, one that never authenticates: all stay as they are.
    let mut idle = Vec::new();
    for first in ["", "GET /ws HTTP/1.1\r\nhost:", "\x16\x03\x01\x02\x00"] {
        let mut stream = TcpStream::connect(server.socket_address()).await.unwrap();
        stream.write_all(first.as_bytes()).await.unwrap();
        idle.push(stream);
    }
    let silent = Stranger::connects(&server).await;
    let breaking = async {
        wrong_frames_are_answered(&mallory).await;
        junk_is_closed(&mallory).await;
        broken_websockets_end(&server).await;
        bad_rest_is_answered(&mallory).await;
        over.store(true, Ordering::Relaxed);
    };
    let (exchanged, ()) = tokio::join!(chat_undisturbed(&alice, &bob, &over), breaking);
    assert!(exchanged > 0);
    drop((idle, silent));
    assert_eq!(alice.entries(alice.chat_with(&bob)).await.len() as u64, 2 * exchanged);
}
