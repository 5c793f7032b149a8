//! The sync engine that every Chinwag client stands on: browser, terminal, bots.
//!
//! Sans-IO: events go in, effects come out. It has no socket, no store, no clock and no randomness; time
//! and random bits come with each event ([`Now`]), ids with the wishes. Leaves out all of that, the REST
//! calls (accounts, groups), encryption itself (see [`Seal`]) and everything about how a screen looks.
//!
//! ```text
//!   socket ── Connected, Frame, Disconnected ──┐              ┌── Connect, Send, Disconnect ──▶ socket
//!   store ─── Stored, StoreFailed, Loaded ─────┤  ┌────────┐  ├── Store (one batch), Load ────▶ store
//!   clock ─── Fired(timer) ────────────────────┼─▶│ Engine │──┼── SetTimer ──────────────────▶ clock
//!   user ──── Wish (send, open, read, …) ──────┤  └────────┘  └── Changed (what, not how) ────▶ screen
//!   REST ──── Answered(call) ──────────────────┘      ▲       └── Call ──────────────────────▶ REST
//!                                                     ▼
//!                              Seal: what encryption does with all this
//! ```
//!
//! **The driver** owns the socket, the store and the timers. It calls [`Engine::handle`] with one event at
//! a time and carries the effects out in their order. Its duties:
//!
//! - Start: load the rows of [`store::startup_ranges`], [`Engine::restore`], then [`Event::Started`].
//! - The store applies each batch wholly or not at all and in order, answers `Stored` when it is on disk,
//!   and a load sees every batch given before it. What was not `Stored` may be lost in a crash: the engine
//!   sends nothing of the user's, and tells the server that nothing is delivered, before that.
//! - A store that refuses a batch refuses every later one (`StoreFailed`); the program starts anew.
//! - Authenticate after `Connect` and hand in the `ready` frame as `Connected`. After `Disconnected`, or an
//!   effect `Disconnect`, nothing of that connection comes any more.
//! - Timers may fire late, or more than once.
//! - For encrypted chats ([`Sealing`]): load the rows under `s/` too, hand in a source of randomness fit for
//!   keys and the clock, and make the calls of [`Effect::Call`] over REST, each after the batches before it.
//!
//! **What it promises.** A record that was taken ([`Change::Refused`] did not name it) reaches its chat
//! exactly once, or is shown as failed with its reason until the user retries or discards it; records of one
//! device in one chat keep their order. Every chat is held without a hole from its first held seq on, and
//! shows what the server's entries, folded, show.
//!
//! Limits: one chat open at a time, 400 lines of it in memory; 1,000 records in the outbox, 16 on their way
//! (one of a chat); 4 syncs and 8 calls at once; 64 words of a message are indexed.

mod backoff;
mod call;
mod chat;
mod engine;
mod event;
mod fold;
mod follow;
mod outbox;
mod seal;
#[cfg(test)]
mod sim;
pub mod store;
#[cfg(test)]
mod testing;
mod timeline;
mod words;

pub use call::{Answer, Call, CallFailure};
pub use chat::{Chat, Marks, UNREAD_MAX};
pub use engine::{Body, Engine, Pending, Shown, Status, Window};
pub use event::{Change, Connection, Effect, Event, Failure, Now, Record, Refusal, Stop, Timer, Wish};
pub use seal::{
    Cause, Clock, MlsRecord, News, Opened, Plain, Random, Seal, SealWish, Sealed, Sealing, Secret, Stand,
    ToSeal, Told, Wants,
};
