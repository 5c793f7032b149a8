//! The task of one authenticated connection: writes what waits, reads the next frame, has it handled,
//! until something ends it. An idle one holds its socket and its handle and nothing else: whatever is
//! rare (a handler under way, sends in flight, a look-up) lives in a box of its own.
//!
//! Frames are handled one after the other. A send's handler is done when its record has its place in the
//! ledger's order; the outcome is awaited beside the reading of further frames, up to `sends_in_flight`.

use std::future::poll_fn;
use std::io::ErrorKind;
use std::task::{Context, Poll, ready};

use chinwag_proto::error::Close;
use chinwag_proto::frame::FrameError;
use chinwag_proto::{ClientFrame, ServerFrame, cbor};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::io::{AsyncRead, AsyncWrite};

use super::frames::{self, Answer, Flight, Handling, Landed};
use super::inbox::Waiting;
use super::outgoing::{Encoding, ack_of};
use super::session::Session;
use super::websocket::{CodecError, Message, ReadError, Socket};
use crate::service::Failure;

/// The window in which refusals are counted.
const REFUSALS_WINDOW_MS: u64 = 60_000;

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The server closes it.
    Close(Close),
    /// A rule of WebSocket itself was broken: 1002.
    Protocol,
    /// The client closes it; the code is repeated.
    Closed(u16),
    /// The network does.
    Gone,
}

/// What the actor has to see to.
enum Event {
    /// A frame came.
    Message(Message),
    /// Something has to be looked up before it can be written.
    LookUp(Waiting),
    /// A send has its outcome.
    Landed(Landed),
}

/// The owner of a connection's socket.
pub(crate) struct Actor<'a, S> {
    session: &'a Session,
    socket: &'a mut Socket<S>,
    flights: Option<Box<FuturesUnordered<Flight>>>,
    refusals_since_ms: u64,
    refusals: u32,
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Actor<'a, S> {
    /// For a connection that is authenticated.
    pub(crate) fn new(session: &'a Session, socket: &'a mut Socket<S>) -> Self {
        Self { session, socket, flights: None, refusals_since_ms: 0, refusals: 0 }
    }

    /// Runs until the connection ends. What is awaited here is all that an idle connection holds.
    pub(crate) async fn run(mut self) -> Ending {
        loop {
            let begun = match poll_fn(|cx| self.poll_event(cx)).await {
                Ok(event) => self.begin(event),
                Err(ending) => Err(ending),
            };
            let handled = match begun {
                Ok(Some(handling)) => unless_ended(self.session, handling).await,
                Ok(None) => continue,
                Err(ending) => return ending,
            };
            if let Err(ending) = handled.and_then(|answer| self.write_answer(answer)) {
                return ending;
            }
        }
    }

    /// Begins to see to something; `None` where that was all.
    fn begin(&mut self, event: Event) -> Result<Option<Handling<'a, Answer>>, Ending> {
        match event {
            Event::Message(message) => {
                let frame = self.parse(message)?;
                Ok(frame.map(|frame| frames::handle(self.session, frame)))
            }
            Event::LookUp(waiting) => Ok(Some(frames::look_up(self.session, waiting))),
            Event::Landed(landed) => {
                self.write_answer(frames::answer_of(self.session, landed))?;
                Ok(None)
            }
        }
    }

    /// In this order: whether it ends; what can be written; outcomes; the next frame. Nothing is read
    /// while the client takes nothing, or while as many sends are in flight as may be.
    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<Event, Ending>> {
        let connection = &self.session.connection;
        connection.register(cx.waker());
        if let Some(close) = connection.ending() {
            return Poll::Ready(Err(Ending::Close(close)));
        }
        let written = match self.poll_write(cx) {
            Poll::Ready(Err(ending)) => return Poll::Ready(Err(ending)),
            Poll::Ready(Ok(Some(waiting))) => return Poll::Ready(Ok(Event::LookUp(waiting))),
            Poll::Ready(Ok(None)) => true,
            Poll::Pending => false,
        };
        if let Some(flights) = &mut self.flights {
            match flights.poll_next_unpin(cx) {
                Poll::Ready(Some(landed)) => return Poll::Ready(Ok(Event::Landed(landed))),
                Poll::Ready(None) => self.flights = None,
                Poll::Pending => {}
            }
        }
        let in_flight = self.flights.as_ref().map_or(0, |flights| flights.len());
        if self.session.connection.is_draining() {
            if written && in_flight == 0 && self.session.connection.inbox().is_idle() {
                return Poll::Ready(Err(Ending::Close(Close::GoingAway)));
            }
            return Poll::Pending;
        }
        if !written || in_flight >= self.session.limits().sends_in_flight {
            return Poll::Pending;
        }
        let message = match ready!(self.socket.poll_message(cx)) {
            Ok(message) => message,
            Err(error) => return Poll::Ready(Err(ending_of(&error))),
        };
        self.session.connection.heard(self.session.gateway.now_ms());
        Poll::Ready(Ok(Event::Message(message)))
    }

    /// Writes what waits, in order, until nothing waits any more or something has to be looked up.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Waiting>, Ending>> {
        loop {
            while self.socket.has_room() {
                let Some(waiting) = self.session.connection.inbox().next() else {
                    break;
                };
                if let Some(look_up) = self.write(waiting) {
                    return Poll::Ready(Ok(Some(look_up)));
                }
            }
            if self.socket.is_flushed() {
                return Poll::Ready(Ok(None));
            }
            match self.socket.poll_flush(cx) {
                Poll::Ready(Ok(())) => self.session.connection.takes(true, 0),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(ending_of(&ReadError::Gone(Some(error))))),
                Poll::Pending => {
                    let now_ms = self.session.gateway.now_ms();
                    if self.socket.has_written() {
                        // Slow, but there: taking something is a sign of life.
                        self.session.connection.takes(true, 0);
                        self.session.connection.heard(now_ms);
                    }
                    self.session.connection.takes(false, now_ms);
                    return Poll::Pending;
                }
            }
        }
    }

    /// Puts one thing into the socket's hands; gives it back where it has to be looked up first.
    fn write(&mut self, waiting: Waiting) -> Option<Waiting> {
        let meters = self.session.gateway.meters();
        match waiting {
            Waiting::Entry(live, viewer) => {
                self.socket.push(live.frame(viewer, self.encoding()));
                let now = self.session.services().ports.clock.now();
                meters.delivered(now.ms_since(live.entry().created_at));
            }
            Waiting::Ack(live, request) => {
                meters.acks.increment(1);
                self.push(&ack_of(live.entry(), request));
            }
            Waiting::Frame(frame) => self.push(&frame),
            Waiting::Resync(resync) => {
                meters.resyncs.increment(1);
                self.push(&ServerFrame::Resync(*resync));
            }
            waiting @ (Waiting::Summary(_) | Waiting::Presence) => return Some(waiting),
        }
        None
    }

    /// What a message asks; `None` where it asks nothing, or has been answered.
    fn parse(&mut self, message: Message) -> Result<Option<ClientFrame>, Ending> {
        let json = match (message, self.encoding()) {
            (Message::Text(text), Encoding::Json) => text,
            (Message::Binary(bytes), Encoding::Cbor) => {
                cbor::to_json(&bytes).map_err(|_| Ending::Close(Close::BadFrame))?
            }
            (Message::Text(_), Encoding::Cbor) | (Message::Binary(_), Encoding::Json) => {
                return Err(Ending::Close(Close::BadFrame));
            }
            (Message::Ping(_) | Message::Pong, _) => return Ok(None),
            (Message::Close(code), _) => return Err(Ending::Closed(code)),
        };
        match ClientFrame::parse(&json, self.session.limits()) {
            Ok(frame) => Ok(Some(frame)),
            Err(FrameError::Bad) => Err(Ending::Close(Close::BadFrame)),
            Err(FrameError::Invalid { id, detail }) => {
                self.push(&frames::refused(id, &Failure::Invalid(detail)));
                Ok(None)
            }
        }
    }

    fn write_answer(&mut self, answer: Answer) -> Result<(), Ending> {
        match answer {
            Answer::Nothing => {}
            Answer::Frame(frame) => self.push(&frame),
            Answer::After { acks, frame } => {
                for (live, request) in acks {
                    self.write(Waiting::Ack(live, request));
                }
                self.push(&frame);
            }
            Answer::InFlight(flight) => self.flights.get_or_insert_default().push(flight),
            Answer::OverBudget(error) => {
                self.push(&error);
                return self.count_refusal();
            }
        }
        Ok(())
    }

    /// A client that goes on sending far above its budget is closed.
    fn count_refusal(&mut self) -> Result<(), Ending> {
        let now_ms = self.session.gateway.now_ms();
        if now_ms >= self.refusals_since_ms + REFUSALS_WINDOW_MS {
            (self.refusals_since_ms, self.refusals) = (now_ms, 0);
        }
        self.refusals += 1;
        self.session.gateway.meters().refusals.increment(1);
        if self.refusals >= self.session.limits().send_refusals_per_minute {
            return Err(Ending::Close(Close::RateLimited));
        }
        Ok(())
    }

    fn encoding(&self) -> Encoding {
        self.session.connection.encoding
    }

    fn push(&mut self, frame: &ServerFrame) {
        self.socket.push(self.encoding().frame(frame));
    }
}

/// Waits for a handler, unless the connection is told to end meanwhile.
async fn unless_ended(session: &Session, mut handling: Handling<'_, Answer>) -> Result<Answer, Ending> {
    poll_fn(|cx| {
        session.connection.register(cx.waker());
        if let Some(close) = session.connection.ending() {
            return Poll::Ready(Err(Ending::Close(close)));
        }
        handling.as_mut().poll(cx).map(Ok)
    })
    .await
}

/// What the end of reading (or writing) means.
pub(crate) fn ending_of(error: &ReadError) -> Ending {
    match error {
        ReadError::Codec(CodecError::TooLarge) => Ending::Close(Close::FrameTooLarge),
        ReadError::Codec(CodecError::NotUtf8) => Ending::Close(Close::BadFrame),
        ReadError::Codec(CodecError::Protocol(_)) => Ending::Protocol,
        // The transport has its own limit on how long a client may take nothing.
        ReadError::Gone(Some(error)) if error.kind() == ErrorKind::TimedOut => Ending::Close(Close::TooSlow),
        ReadError::Gone(_) => Ending::Gone,
    }
}
