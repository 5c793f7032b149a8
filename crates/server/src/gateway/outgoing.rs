//! Frames on their way to clients: an entry is encoded once for each kind of viewer and each encoding,
//! and its bytes are shared by all connections that get it.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use chinwag_proto::frame::Ack;
use chinwag_proto::text::RequestId;
use chinwag_proto::{Entry, ServerFrame, Viewer, cbor};

use super::websocket::{binary_frame, text_frame};

/// How a connection's frames are encoded: what the subprotocol says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// JSON in text frames.
    Json,
    /// CBOR in binary frames.
    Cbor,
}

impl Encoding {
    /// A whole WebSocket frame with a JSON object in this encoding.
    pub(crate) fn frame_of(self, json: &str) -> Bytes {
        match self {
            Self::Json => text_frame(json),
            // What this server printed has a CBOR form.
            Self::Cbor => binary_frame(&cbor::from_json(json).unwrap_or_default()),
        }
    }

    /// A whole WebSocket frame.
    pub(crate) fn frame(self, frame: &ServerFrame) -> Bytes {
        self.frame_of(&frame.to_json())
    }
}

/// A committed entry on its way to the connections of one channel.
pub(crate) struct LiveEntry {
    entry: Arc<Entry>,
    /// By viewer and encoding; made by the first connection that writes it.
    frames: [OnceLock<Bytes>; 4],
}

impl LiveEntry {
    /// Nothing is encoded yet.
    pub(crate) fn new(entry: Arc<Entry>) -> Self {
        Self { entry, frames: Default::default() }
    }

    /// The entry.
    pub(crate) fn entry(&self) -> &Entry {
        &self.entry
    }

    /// The whole frame, encoded once.
    pub(crate) fn frame(&self, viewer: Viewer, encoding: Encoding) -> Bytes {
        let at = match (viewer, encoding) {
            (Viewer::Sender, Encoding::Json) => 0,
            (Viewer::Sender, Encoding::Cbor) => 1,
            (Viewer::Other, Encoding::Json) => 2,
            (Viewer::Other, Encoding::Cbor) => 3,
        };
        self.frames[at].get_or_init(|| encoding.frame_of(&self.entry.to_frame(viewer))).clone()
    }

    /// What it costs a queue, without encoding it: its content and an envelope.
    pub(crate) fn bytes(&self) -> usize {
        const ENVELOPE_BYTES: usize = 300;
        let content = match &self.entry.body {
            chinwag_proto::Body::Message { content, .. } | chinwag_proto::Body::Edit { content, .. } => {
                content.as_ref()
            }
            chinwag_proto::Body::Mls { data, .. } | chinwag_proto::Body::Notice { data, .. } => Some(data),
            _ => None,
        };
        ENVELOPE_BYTES + content.map_or(0, |content| content.json().len())
    }
}

/// The acknowledgment of an entry.
pub(crate) fn ack_of(entry: &Entry, request: RequestId) -> ServerFrame {
    ServerFrame::Ack(Ack {
        id: request,
        chat_id: entry.chat_id,
        message_id: entry.message_id,
        seq: entry.seq,
        created_at: entry.created_at,
        duplicate: false,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use chinwag_proto::{Body, Content, Timestamp};

    use super::*;

    fn entry() -> Entry {
        Entry {
            v: 1,
            chat_id: "g.1".parse().unwrap(),
            seq: "3".parse().unwrap(),
            n: 2,
            message_id: "9".parse().unwrap(),
            sender_id: "4".parse().unwrap(),
            device_id: "5".parse().unwrap(),
            client_message_id: Some("mine".parse().unwrap()),
            created_at: Timestamp::from_ms(0),
            after: None,
            digest: None,
            body: Body::Message { content: Some(Content::text("hi")), reply_to: None },
        }
    }

    #[test]
    fn the_bytes_are_shared_by_viewers_of_a_kind_and_differ_between_kinds() {
        let live = LiveEntry::new(Arc::new(entry()));
        let first = live.frame(Viewer::Other, Encoding::Json);
        assert_eq!(first.as_ptr(), live.frame(Viewer::Other, Encoding::Json).as_ptr());
        let text = |bytes: Bytes| String::from_utf8_lossy(&bytes).into_owned();
        assert!(!text(first).contains("mine"));
        assert!(text(live.frame(Viewer::Sender, Encoding::Json)).contains("mine"));
    }

    #[test]
    fn cbor_says_the_same_as_json() {
        let live = LiveEntry::new(Arc::new(entry()));
        let frame = live.frame(Viewer::Sender, Encoding::Cbor);
        // A header of four bytes: its payload has more than 125.
        assert_eq!(cbor::to_json(&frame[4..]).unwrap(), entry().to_frame(Viewer::Sender));
    }
}
