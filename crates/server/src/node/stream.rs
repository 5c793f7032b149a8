//! One connection's bytes: the transport with its slot, and a limit on how long a peer may take nothing
//! of what waits for it. Costs an idle connection nothing: the timer exists only while a write is stuck.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::slots::Slot;

/// A transport whose writes may not stand still for long.
pub(super) struct Stream<T> {
    transport: T,
    write_timeout: Duration,
    stuck: Option<Pin<Box<Sleep>>>,
    _slot: Slot,
}

impl<T> Stream<T> {
    pub(super) fn new(transport: T, write_timeout: Duration, slot: Slot) -> Self {
        Self { transport, write_timeout, stuck: None, _slot: slot }
    }

    /// Passes a write's outcome on; one that stands still too long becomes an error.
    fn watch<R>(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<R>>) -> Poll<io::Result<R>> {
        if outcome.is_ready() {
            self.stuck = None;
            return outcome;
        }
        let timer = self.stuck.get_or_insert_with(|| Box::pin(sleep(self.write_timeout)));
        match timer.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Stream<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_read(cx, buf)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Stream<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.transport).poll_write(cx, buf);
        self.watch(cx, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.transport).poll_write_vectored(cx, bufs);
        self.watch(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.transport.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.transport).poll_flush(cx);
        self.watch(cx, outcome)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.transport).poll_shutdown(cx);
        self.watch(cx, outcome)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::super::slots::Slots;
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_is_cut_off_and_frees_its_slot() {
        let slots = Slots::new(1, 1);
        let (near, mut far) = tokio::io::duplex(10);
        let mut stream = Stream::new(near, Duration::from_secs(30), slots.take(None).ok().unwrap());
        stream.write_all(b"0123456789").await.unwrap();
        let stuck = stream.write_all(b"more").await.unwrap_err();
        assert_eq!(stuck.kind(), io::ErrorKind::TimedOut);
        far.read_exact(&mut [0; 10]).await.unwrap();
        stream.write_all(b"more").await.unwrap();
        drop(stream);
        assert_eq!(slots.taken(), 0);
    }
}
