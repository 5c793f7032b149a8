//! What is inside an envelope.
//!
//! ```text
//! body   = "chinwag body 1" ‖ i64 sentAt ‖ option ref[32] ‖ option replyRef[32]
//!   ‖ head (u64 generation ‖ u64 version ‖ hash[32]) ‖ u64 seen seq ‖ seen hash[32]
//!   ‖ option (text chat ‖ u64 seq ‖ hash[32]) ‖ u8 form (1 text, 2 object) ‖ bytes content
//! signed = "chinwag content 1" ‖ bytes header ‖ SHA-256(body)
//! inside = u32 length of body ‖ body ‖ signature[64] ‖ zeroes up to the padded length
//! ```
//!
//! `ref` and `replyRef` are the digests of the target's and the answered message's envelopes: a seq is the
//! server's and could be given to another message. Text stands as it is, so that what the server's limit
//! allows fits however it would be escaped in JSON.

use chinwag_proto::{ChatId, Content, Seq};

use crate::canonical::{self, DecodeError, Hash, Reader, Writer};
use crate::group::Seen;
use crate::group::facts::read_seq;
use crate::identity::{Chain, Pin, Position, verify_signature};

use super::padding::padded_len;

const LABEL: &str = "chinwag body 1";
const SIGNED: &str = "chinwag content 1";

/// Bytes of content: text up to the server's 16 KiB, objects as compact JSON up to this, so that the envelope
/// stays within the 64 KiB of an object: Padmé and base64 make 62.8 kB of it.
pub const CONTENT_BYTES_MAX: usize = 44 * 1024;
/// With all fields around it.
pub(super) const INSIDE_BYTES_MAX: usize = 48 * 1024;

/// The end of the sender's own device chain, so that one who holds an older one learns of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainHead {
    /// Root-signed links.
    pub generation: u64,
    /// Links.
    pub version: u64,
    /// The hash of the last one.
    pub hash: Hash,
}

/// How a sender's chain stands to what this device knows of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadVerdict {
    /// Known: the same, or one that it has grown out of.
    Known,
    /// The sender is further: ask for the chain, and send nothing until it is here (check 3).
    Further,
    /// Another chain: an alarm.
    Parts,
}

impl ChainHead {
    /// Holds it against the chain that this device knows.
    pub fn against(&self, chain: &Chain) -> HeadVerdict {
        let here = chain.position();
        let there = Position { generation: self.generation, version: self.version };
        match chain.hash_at(self.version) {
            Some(hash) if hash == self.hash => HeadVerdict::Known,
            // A chain that the root has begun anew goes on from before what it beats.
            _ if there > here => HeadVerdict::Further,
            _ if there.generation < here.generation => HeadVerdict::Known,
            _ => HeadVerdict::Parts,
        }
    }
}

impl From<Pin> for ChainHead {
    fn from(pin: Pin) -> Self {
        let (generation, version) = (pin.position.generation, pin.position.version);
        Self { generation, version, hash: pin.head }
    }
}

/// In a direct chat: what the sender has seen of another chat that both share, in turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherChat {
    /// The chat.
    pub chat: ChatId,
    /// How far, and the log's hash.
    pub seen: Seen,
}

/// What is inside an envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plain {
    /// The content as it would travel in a chat that is not encrypted.
    pub content: Content,
    /// When it was written, milliseconds since the Unix epoch, as the sender claims.
    pub sent_at_ms: i64,
    /// The digest of the message that an edit changes.
    pub target: Option<Hash>,
    /// The digest of the message that a message answers.
    pub reply: Option<Hash>,
    /// The end of the sender's device chain.
    pub head: ChainHead,
    /// What the sender has seen of the log.
    pub seen: Seen,
    /// And of another chat.
    pub other: Option<OtherChat>,
}

impl Plain {
    pub(super) fn encode(&self) -> Option<Vec<u8>> {
        let mut writer = Writer::new(LABEL);
        writer.i64(self.sent_at_ms);
        writer.option(self.target.as_ref(), |writer, hash| {
            writer.fixed(hash);
        });
        writer.option(self.reply.as_ref(), |writer, hash| {
            writer.fixed(hash);
        });
        writer.u64(self.head.generation).u64(self.head.version).fixed(&self.head.hash);
        writer.u64(self.seen.seq.get()).fixed(&self.seen.hash);
        writer.option(self.other, |writer, other| {
            writer.text(&other.chat.to_string()).u64(other.seen.seq.get()).fixed(&other.seen.hash);
        });
        let json = self.content.json();
        match serde_json::from_str::<String>(json) {
            Ok(text) => writer.u8(1).text(&text),
            Err(_) => writer.u8(2).text(json),
        };
        let bytes = writer.finish();
        (bytes.len() <= INSIDE_BYTES_MAX).then_some(bytes)
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, LABEL, INSIDE_BYTES_MAX)?;
        let sent_at_ms = reader.i64()?;
        let target = reader.option("ref", Reader::array)?;
        let reply = reader.option("replyRef", Reader::array)?;
        let head = ChainHead { generation: reader.u64()?, version: reader.u64()?, hash: reader.array()? };
        let seen = read_seen(&mut reader)?;
        let other = reader.option("other", |reader| {
            let chat = reader.text(64, "chat")?.parse();
            let chat = chat.map_err(|_| DecodeError::Invalid { field: "chat" })?;
            Ok(OtherChat { chat, seen: read_seen(reader)? })
        })?;
        let form = reader.u8()?;
        let text = reader.text(INSIDE_BYTES_MAX, "content")?;
        let content = match form {
            1 => Some(Content::text(text)),
            2 if text.starts_with('{') => Content::from_json(text.to_owned()),
            _ => None,
        };
        let content = content.ok_or(DecodeError::Invalid { field: "content" })?;
        reader.finish()?;
        Ok(Self { content, sent_at_ms, target, reply, head, seen, other })
    }
}

fn read_seen(reader: &mut Reader<'_>) -> Result<Seen, DecodeError> {
    Ok(Seen { seq: read_seq(reader)?, hash: reader.array()? })
}

/// What the device signs.
pub(super) fn signed(header: &[u8], body: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new(SIGNED);
    writer.bytes(header).fixed(&canonical::hash(body));
    writer.finish()
}

/// Body and signature, padded.
pub(super) fn pack(body: &[u8], signature: &[u8; 64]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    let mut inside = [&length.to_be_bytes()[..], body, signature].concat();
    inside.resize(padded_len(inside.len()), 0);
    inside
}

/// Body and signature; the padding must be as it has to be, so that there is one spelling.
pub(super) fn unpack(inside: &[u8]) -> Option<(&[u8], &[u8; 64])> {
    let (length, rest) = inside.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (body, rest) = rest.split_at_checked(length)?;
    let (signature, padding) = rest.split_first_chunk::<64>()?;
    let unpadded = inside.len().checked_sub(padding.len())?;
    (padded_len(unpadded) == inside.len() && padding.iter().all(|byte| *byte == 0))
        .then_some((body, signature))
}

/// Whether the device signed this body for this header.
pub(super) fn is_signed(key: &[u8; 32], header: &[u8], body: &[u8], signature: &[u8; 64]) -> bool {
    verify_signature(key, &signed(header, body), signature).is_ok()
}

/// Before the first entry: says nothing.
pub(super) const fn ahead(seen: Seq, seq: Seq) -> bool {
    seen.get() >= seq.get()
}
