//! The server's half of WebSocket framing (RFC 6455 §5) over buffers that are let go when they are empty.
//!
//! Headers are parsed and printed by tungstenite. Its own buffers are not used: they keep for ever the
//! size of the largest frame that passed (a connection that once read a page of 1 MiB holds 1 MiB), and
//! copy every outgoing frame once for each receiver. Compression is never negotiated.

use std::io::Cursor;

use bytes::{Buf, Bytes, BytesMut};
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

/// The largest payload of a control frame (RFC 6455 §5.5).
const CONTROL_BYTES_MAX: u64 = 125;
/// The longest header of a frame that a server sends.
const HEADER_BYTES_MAX: usize = 10;

/// What a client sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// A text, whole.
    Text(String),
    /// Bytes, whole.
    Binary(Vec<u8>),
    /// A ping, to be answered by a pong with the same bytes.
    Ping(Vec<u8>),
    /// A pong.
    Pong,
    /// The client closes; the code to answer with.
    Close(u16),
}

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum CodecError {
    /// A rule of RFC 6455 is broken.
    #[error("{0}")]
    Protocol(&'static str),
    /// A frame or a message above its limit.
    #[error("a frame above its limit")]
    TooLarge,
    /// A text that is not UTF-8.
    #[error("a text frame that is not UTF-8")]
    NotUtf8,
}

/// A message that comes in several frames.
struct Fragments {
    text: bool,
    payload: Vec<u8>,
}

/// Turns bytes into messages. Holds no memory between messages.
pub(crate) struct Decoder {
    buffer: BytesMut,
    fragments: Option<Box<Fragments>>,
    bytes_max: usize,
}

impl Decoder {
    /// A decoder that refuses messages above `bytes_max` bytes.
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { buffer: BytesMut::new(), fragments: None, bytes_max }
    }

    /// The next message in what is held and in `fresh` bytes from the socket, which come after that. What
    /// is left of them is held: nothing, where a message came whole and alone.
    pub(crate) fn next(&mut self, mut fresh: &[u8]) -> Result<Option<Message>, CodecError> {
        if !self.buffer.is_empty() {
            self.buffer.extend_from_slice(fresh);
            fresh = &[];
        }
        loop {
            let held = !self.buffer.is_empty();
            let bytes = if held { &self.buffer[..] } else { fresh };
            let Some((header, payload, used)) = self.frame(bytes)? else {
                if !held {
                    self.buffer = BytesMut::from(fresh);
                }
                return Ok(None);
            };
            if held {
                self.buffer.advance(used);
            } else {
                fresh = &fresh[used..];
            }
            let message = match header.opcode {
                OpCode::Control(control) => Some(control_message(control, payload)?),
                OpCode::Data(data) => self.data(data, header.is_final, payload)?,
            };
            if message.is_some() {
                if !fresh.is_empty() || self.buffer.is_empty() {
                    self.buffer = BytesMut::from(fresh);
                }
                return Ok(message);
            }
        }
    }

    /// The frame at the beginning, its payload unmasked, and how many bytes it takes.
    fn frame(&self, bytes: &[u8]) -> Result<Option<(FrameHeader, Vec<u8>, usize)>, CodecError> {
        let mut cursor = Cursor::new(bytes);
        let parsed = FrameHeader::parse(&mut cursor).map_err(|_| CodecError::Protocol("unknown opcode"))?;
        let Some((header, length)) = parsed else {
            return Ok(None);
        };
        let begin = usize::try_from(cursor.position()).unwrap_or(usize::MAX);
        let mask = self.check(&header, length)?;
        let end = begin.saturating_add(usize::try_from(length).map_err(|_| CodecError::TooLarge)?);
        let Some(masked) = bytes.get(begin..end) else {
            return Ok(None);
        };
        let mut payload = masked.to_vec();
        unmask(&mut payload, mask);
        Ok(Some((header, payload, end)))
    }

    /// What can be told from a header alone; answers the mask.
    fn check(&self, header: &FrameHeader, length: u64) -> Result<[u8; 4], CodecError> {
        if header.rsv1 || header.rsv2 || header.rsv3 {
            return Err(CodecError::Protocol("a reserved bit is set"));
        }
        if let OpCode::Control(_) = header.opcode {
            if !header.is_final {
                return Err(CodecError::Protocol("a control frame in fragments"));
            }
            if length > CONTROL_BYTES_MAX {
                return Err(CodecError::Protocol("a control frame above 125 bytes"));
            }
        }
        let begun = self.fragments.as_ref().map_or(0, |fragments| fragments.payload.len());
        if length > self.bytes_max.saturating_sub(begun) as u64 && matches!(header.opcode, OpCode::Data(_)) {
            return Err(CodecError::TooLarge);
        }
        header.mask.ok_or(CodecError::Protocol("a frame without a mask"))
    }

    fn data(&mut self, data: Data, last: bool, mut payload: Vec<u8>) -> Result<Option<Message>, CodecError> {
        let text = match (data, self.fragments.take()) {
            (Data::Continue, None) => return Err(CodecError::Protocol("a continuation of nothing")),
            (Data::Continue, Some(mut fragments)) => {
                fragments.payload.append(&mut payload);
                payload = fragments.payload;
                fragments.text
            }
            (_, Some(_)) => return Err(CodecError::Protocol("a message within a message")),
            (data, None) => data == Data::Text,
        };
        if !last {
            self.fragments = Some(Box::new(Fragments { text, payload }));
            return Ok(None);
        }
        if !text {
            return Ok(Some(Message::Binary(payload)));
        }
        String::from_utf8(payload).map(|text| Some(Message::Text(text))).map_err(|_| CodecError::NotUtf8)
    }
}

/// Takes a client's mask off (RFC 6455 §5.3), four bytes at a time.
fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let key = u32::from_ne_bytes(mask);
    let (words, rest) = payload.as_chunks_mut::<4>();
    for word in words {
        *word = (u32::from_ne_bytes(*word) ^ key).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(mask) {
        *byte ^= key;
    }
}

fn control_message(control: Control, payload: Vec<u8>) -> Result<Message, CodecError> {
    match control {
        Control::Ping => Ok(Message::Ping(payload)),
        Control::Pong => Ok(Message::Pong),
        Control::Close => close_code(&payload).map(Message::Close),
        Control::Reserved(_) => Err(CodecError::Protocol("unknown opcode")),
    }
}

/// The code to answer a close with: the client's own, where it may send that one.
fn close_code(payload: &[u8]) -> Result<u16, CodecError> {
    const BAD: CodecError = CodecError::Protocol("a close frame that is none");
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        return if payload.is_empty() { Ok(CloseCode::Normal.into()) } else { Err(BAD) };
    };
    let code = u16::from_be_bytes(*code);
    if !CloseCode::from(code).is_allowed() || std::str::from_utf8(reason).is_err() {
        return Err(BAD);
    }
    Ok(code)
}

/// A whole text frame, as it goes to any number of clients.
pub(crate) fn text_frame(text: &str) -> Bytes {
    frame(OpCode::Data(Data::Text), text.as_bytes())
}

/// A whole binary frame, as it goes to any number of clients.
pub(crate) fn binary_frame(payload: &[u8]) -> Bytes {
    frame(OpCode::Data(Data::Binary), payload)
}

/// The answer to a ping.
pub(crate) fn pong_frame(payload: &[u8]) -> Bytes {
    frame(OpCode::Control(Control::Pong), payload)
}

/// A close frame. The reason is cut to what fits.
pub(crate) fn close_frame(code: u16, reason: &'static str) -> Bytes {
    let reason = reason.as_bytes();
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend_from_slice(&reason[..reason.len().min(100)]);
    frame(OpCode::Control(Control::Close), &payload)
}

fn frame(opcode: OpCode, payload: &[u8]) -> Bytes {
    let header = FrameHeader { opcode, ..FrameHeader::default() };
    let mut bytes = Vec::with_capacity(HEADER_BYTES_MAX + payload.len());
    // A vector takes everything that is written to it.
    let _ = header.format(payload.len() as u64, &mut bytes);
    bytes.extend_from_slice(payload);
    bytes.into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// A frame as a client masks it.
    pub(crate) fn masked(opcode: u8, last: bool, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![opcode | if last { 0x80 } else { 0 }];
        match payload.len() {
            short if short < 126 => bytes.push(0x80 | u8::try_from(short).unwrap()),
            long if long < 65_536 => {
                bytes.push(0x80 | 126);
                bytes.extend(u16::try_from(long).unwrap().to_be_bytes());
            }
            longer => {
                bytes.push(0x80 | 127);
                bytes.extend((longer as u64).to_be_bytes());
            }
        }
        let mask = [1, 2, 3, 4];
        bytes.extend(mask);
        bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key));
        bytes
    }

    fn decode(bytes: &[u8]) -> Result<Vec<Message>, CodecError> {
        let mut decoder = Decoder::new(70_000);
        let mut messages = Vec::new();
        let mut fresh = bytes;
        while let Some(message) = decoder.next(fresh)? {
            messages.push(message);
            fresh = &[];
        }
        Ok(messages)
    }

    #[test]
    fn messages_of_every_length_come_whole_however_they_are_cut() {
        for length in [0, 1, 125, 126, 127, 65_535, 65_536] {
            let text = "x".repeat(length);
            let bytes = masked(1, true, text.as_bytes());
            let mut decoder = Decoder::new(70_000);
            let (last, rest) = bytes.split_last().unwrap();
            for chunk in rest.chunks(1_000) {
                assert_eq!(decoder.next(chunk), Ok(None));
            }
            assert_eq!(decoder.next(&[*last]), Ok(Some(Message::Text(text))));
            assert_eq!((decoder.next(&[]), decoder.buffer.capacity()), (Ok(None), 0), "{length}");
        }
    }

    #[test]
    fn fragments_make_one_message_and_control_frames_come_between() {
        let bytes = [
            masked(1, false, "gr\u{fc}".as_bytes()),
            masked(9, true, b"p"),
            masked(0, true, b"n"),
            masked(10, true, b""),
        ];
        let expected = [Message::Ping(b"p".to_vec()), Message::Text("grün".to_owned()), Message::Pong];
        assert_eq!(decode(&bytes.concat()).unwrap(), expected);
    }

    #[test]
    fn a_code_point_may_be_cut_by_a_fragment_but_not_left_out() {
        let bytes = "\u{20ac}".as_bytes();
        let whole = [masked(1, false, &bytes[..1]), masked(0, true, &bytes[1..])].concat();
        assert_eq!(decode(&whole), Ok(vec![Message::Text("\u{20ac}".to_owned())]));
        assert_eq!(decode(&masked(1, true, &bytes[..2])), Err(CodecError::NotUtf8));
    }

    #[test]
    fn what_breaks_the_protocol_is_refused() {
        let mut unmasked = masked(1, true, b"a");
        unmasked[1] &= 0x7f;
        let mut reserved = masked(1, true, b"a");
        reserved[0] |= 0x40;
        for (bytes, what) in [
            (unmasked, "no mask"),
            (reserved, "reserved bit"),
            (masked(3, true, b""), "unknown data opcode"),
            (masked(11, true, b""), "unknown control opcode"),
            (masked(9, false, b""), "ping in fragments"),
            (masked(9, true, &[0; 126]), "long ping"),
            (masked(0, true, b""), "continuation of nothing"),
            ([masked(1, false, b""), masked(1, true, b"")].concat(), "message within a message"),
            (masked(8, true, b"x"), "half a close code"),
            (masked(8, true, &1005_u16.to_be_bytes()), "a close code that never travels"),
            (masked(8, true, &[3, 232, 0xff]), "a reason that is not UTF-8"),
        ] {
            assert!(matches!(decode(&bytes), Err(CodecError::Protocol(_))), "{what}");
        }
    }

    #[test]
    fn a_message_above_the_limit_is_refused_by_its_header() {
        assert_eq!(decode(&masked(2, true, &[0; 70_001])[..14]), Err(CodecError::TooLarge));
        let parts = [masked(2, false, &[0; 40_000]), masked(0, true, &[0; 40_000])].concat();
        assert_eq!(decode(&parts), Err(CodecError::TooLarge));
        assert_eq!(
            decode(&[0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]),
            Err(CodecError::TooLarge)
        );
    }

    #[test]
    fn a_close_is_answered_with_its_own_code() {
        assert_eq!(decode(&masked(8, true, b"")), Ok(vec![Message::Close(1000)]));
        assert_eq!(decode(&masked(8, true, &[0x0f, 0xa0, b'x'])), Ok(vec![Message::Close(4000)]));
    }

    /// Numbers that look random and are the same in every run (xorshift, Marsaglia 2003).
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, below: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            usize::try_from(self.0 % below as u64).unwrap()
        }
    }

    #[test]
    fn however_messages_are_fragmented_and_cut_they_arrive_whole_and_in_order() {
        let mut dice = Dice(1);
        for _ in 0..200 {
            let mut expected = Vec::new();
            let mut bytes = Vec::new();
            for _ in 0..1 + dice.roll(5) {
                let payload: Vec<u8> = (0..dice.roll(700)).map(|_| b'a' + dice.roll(26) as u8).collect();
                let mut opcode = 1;
                let mut rest = &payload[..];
                loop {
                    let (part, after) = rest.split_at(dice.roll(rest.len() + 1));
                    if dice.roll(4) == 0 {
                        bytes.extend(masked(9, true, b"?"));
                        expected.push(Message::Ping(b"?".to_vec()));
                    }
                    bytes.extend(masked(opcode, after.is_empty(), part));
                    (opcode, rest) = (0, after);
                    if rest.is_empty() {
                        break;
                    }
                }
                expected.push(Message::Text(String::from_utf8(payload).unwrap()));
            }
            let mut decoder = Decoder::new(70_000);
            let mut messages = Vec::new();
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let (part, after) = rest.split_at(1 + dice.roll(rest.len()));
                rest = after;
                let mut fresh = part;
                while let Some(message) = decoder.next(fresh).unwrap() {
                    messages.push(message);
                    fresh = &[];
                }
            }
            assert_eq!(messages, expected);
        }
    }

    #[test]
    fn any_bytes_are_messages_or_an_error_and_take_no_more_memory_than_they_have() {
        let mut dice = Dice(2);
        for _ in 0..20_000 {
            let bytes: Vec<u8> = (0..dice.roll(64)).map(|_| dice.roll(256) as u8).collect();
            let mut decoder = Decoder::new(1_000);
            let mut fresh = &bytes[..];
            while let Ok(Some(_)) = decoder.next(fresh) {
                fresh = &[];
            }
            assert!(decoder.buffer.capacity() <= 64, "{bytes:02x?}");
        }
    }

    #[test]
    fn a_frame_to_clients_has_the_shortest_header() {
        assert_eq!(&text_frame("hi")[..], b"\x81\x02hi");
        assert_eq!(&binary_frame(&[0; 126])[..4], [0x82, 126, 0, 126]);
        assert_eq!(&pong_frame(b"p")[..], b"\x8a\x01p");
        assert_eq!(&close_frame(4000, "bye")[..], b"\x88\x05\x0f\xa0bye");
    }
}
