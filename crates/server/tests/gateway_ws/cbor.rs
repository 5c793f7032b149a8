//! The CBOR encoding: the same frames, in binary.

use chinwag_proto::{Code, ServerFrame};
use futures_util::SinkExt;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::kit::World;

#[tokio::test]
async fn json_and_cbor_clients_chat_with_each_other() {
    let world = World::start().await;
    let mut amy = world.person("amy").await.connects_with_cbor().await;
    let mut bob = world.client("bob").await;
    let mut laptop = bob.person().connects_with_cbor().await;
    let chat = amy.chat_with(&bob);
    let ack = amy.sends("grüße", chat).await;
    assert_eq!((bob.reads().await, laptop.reads().await), ("grüße".to_owned(), "grüße".to_owned()));
    bob.sends("danke", chat).await;
    assert_eq!(amy.reads().await, "danke");
    let page = amy.syncs(chat, 0).await;
    assert_eq!((page.entries.len(), page.entries[0].seq), (2, ack.seq));
    let refused = amy.is_refused(json!({"type": "sync", "chatId": "g.1", "after": 0})).await;
    assert_eq!(refused.code, Code::NotFound);
    assert!(laptop.drains().await.iter().any(|frame| matches!(frame, ServerFrame::Chat(_))));
}

#[tokio::test]
async fn text_on_a_cbor_connection_and_junk_close_4400() {
    let world = World::start().await;
    let frames = [
        Message::text("{\"type\":\"ping\",\"id\":1}"),
        Message::binary(vec![0xff]),
        Message::binary(vec![0x81; 4_000]),
    ];
    for (number, frame) in frames.into_iter().enumerate() {
        let mut amy = world.person(&format!("amy{number}")).await.connects_with_cbor().await;
        amy.socket.send(frame).await.unwrap();
        assert_eq!(amy.is_closed().await, 4400);
    }
}
