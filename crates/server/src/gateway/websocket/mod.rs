//! A WebSocket over an upgraded connection: whole messages in, whole frames out, nothing held while idle.
//!
//! Reading goes through a buffer on the stack; what is left of a message waits in the decoder. Frames to
//! the client are shared bytes, written several at a time with one call.

mod codec;

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pub(crate) use codec::{CodecError, Message, binary_frame, close_frame, pong_frame, text_frame};

/// Read at once, on the stack.
const READ_BYTES: usize = 8 * 1024;
/// Written with one call.
const WRITE_FRAMES: usize = 16;
/// No more frames are taken on while so many bytes wait to be written.
const WAITING_BYTES_MAX: usize = 64 * 1024;

/// Why no message comes any more.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// The bytes are no message.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The client is gone.
    #[error("the connection is broken")]
    Gone(#[source] Option<io::Error>),
}

/// A server's WebSocket.
pub(crate) struct Socket<S> {
    io: S,
    decoder: codec::Decoder,
    waiting: VecDeque<Bytes>,
    waiting_bytes: usize,
    has_written: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket<S> {
    /// Over an upgraded connection; messages above `bytes_max` are refused.
    pub(crate) fn new(io: S, bytes_max: usize) -> Self {
        Self {
            io,
            decoder: codec::Decoder::new(bytes_max),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            has_written: false,
        }
    }

    /// The next message. A ping is answered before it is handed on.
    pub(crate) fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Message, ReadError>> {
        let mut decoded = self.decoder.next(&[])?;
        while decoded.is_none() {
            let mut stack = [const { MaybeUninit::<u8>::uninit() }; READ_BYTES];
            let mut bytes = ReadBuf::uninit(&mut stack);
            ready!(Pin::new(&mut self.io).poll_read(cx, &mut bytes))
                .map_err(|error| ReadError::Gone(Some(error)))?;
            if bytes.filled().is_empty() {
                return Poll::Ready(Err(ReadError::Gone(None)));
            }
            decoded = self.decoder.next(bytes.filled())?;
        }
        if let Some(Message::Ping(payload)) = &decoded {
            self.push(pong_frame(payload));
        }
        Poll::Ready(decoded.ok_or(ReadError::Gone(None)))
    }

    /// Puts a whole frame behind those that wait to be written.
    pub(crate) fn push(&mut self, frame: Bytes) {
        self.waiting_bytes += frame.len();
        self.waiting.push_back(frame);
    }

    /// Whether more frames may be pushed before those that wait are written.
    pub(crate) fn has_room(&self) -> bool {
        self.waiting.len() < WRITE_FRAMES && self.waiting_bytes < WAITING_BYTES_MAX
    }

    /// Whether nothing waits to be written.
    pub(crate) fn is_flushed(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether the client's side has taken anything since the last call.
    pub(crate) fn has_written(&mut self) -> bool {
        std::mem::take(&mut self.has_written)
    }

    /// Writes once as much as goes at once.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut slices = [IoSlice::new(&[]); WRITE_FRAMES];
        let count = self.waiting.len().min(WRITE_FRAMES);
        for (slice, frame) in slices.iter_mut().zip(&self.waiting) {
            *slice = IoSlice::new(frame);
        }
        let io = Pin::new(&mut self.io);
        let poll = if io.is_write_vectored() {
            io.poll_write_vectored(cx, &slices[..count])
        } else {
            io.poll_write(cx, &slices[0])
        };
        match ready!(poll)? {
            0 => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            bytes => {
                self.has_written = true;
                self.written(bytes);
                Poll::Ready(Ok(()))
            }
        }
    }

    fn written(&mut self, mut bytes: usize) {
        self.waiting_bytes -= bytes;
        while let Some(frame) = self.waiting.front_mut() {
            if bytes < frame.len() {
                frame.advance(bytes);
                return;
            }
            bytes -= frame.len();
            self.waiting.pop_front();
        }
        self.waiting = VecDeque::new();
    }

    /// Writes everything that waits, and pushes it through a transport that has a buffer of its own.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.waiting.is_empty() {
            ready!(self.poll_write(cx))?;
        }
        Pin::new(&mut self.io).poll_flush(cx)
    }

    /// Tells the client that no byte follows.
    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    /// Drops what the client sends, until it closes its side.
    pub(crate) fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let mut stack = [const { MaybeUninit::<u8>::uninit() }; READ_BYTES];
            let mut bytes = ReadBuf::uninit(&mut stack);
            match Pin::new(&mut self.io).poll_read(cx, &mut bytes) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) if !bytes.filled().is_empty() => {}
                Poll::Ready(_) => return Poll::Ready(()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::future::poll_fn;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn a_ping_is_answered_and_frames_keep_their_order() {
        let (near, mut far) = duplex(100);
        let mut socket = Socket::new(near, 100);
        far.write_all(&[0x89, 0x81, 0, 0, 0, 0, b'p']).await.unwrap();
        socket.push(text_frame("a"));
        assert_eq!(poll_fn(|cx| socket.poll_message(cx)).await.unwrap(), Message::Ping(b"p".to_vec()));
        poll_fn(|cx| socket.poll_flush(cx)).await.unwrap();
        let mut bytes = [0; 6];
        far.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes, b"\x81\x01a\x8a\x01p");
        assert_eq!((socket.is_flushed(), socket.waiting.capacity(), socket.waiting_bytes), (true, 0, 0));
    }

    #[tokio::test]
    async fn a_frame_longer_than_the_pipe_is_written_in_parts() {
        let (near, mut far) = duplex(7);
        let mut socket = Socket::new(near, 100);
        let long = "x".repeat(200);
        for _ in 0..40 {
            socket.push(text_frame(&long));
        }
        assert!(!socket.has_room());
        let reading = async {
            let mut bytes = vec![0; 40 * 204];
            far.read_exact(&mut bytes).await.unwrap();
            bytes
        };
        let (flushed, bytes) = tokio::join!(poll_fn(|cx| socket.poll_flush(cx)), reading);
        flushed.unwrap();
        assert_eq!(bytes, text_frame(&long).repeat(40));
    }

    #[tokio::test]
    async fn the_end_of_the_stream_is_told_from_an_empty_message() {
        let (near, mut far) = duplex(100);
        let mut socket = Socket::new(near, 100);
        far.write_all(&[0x81, 0x80, 0, 0, 0, 0]).await.unwrap();
        drop(far);
        assert_eq!(poll_fn(|cx| socket.poll_message(cx)).await.unwrap(), Message::Text(String::new()));
        assert!(matches!(poll_fn(|cx| socket.poll_message(cx)).await, Err(ReadError::Gone(None))));
    }
}
