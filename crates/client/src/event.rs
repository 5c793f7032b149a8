//! What goes into the engine and what comes out of it.

use chinwag_proto::frame::Ready;
use chinwag_proto::{
    ChatId, ClientFrame, ClientMessageId, Code, Content, ReactionKey, Seq, ServerFrame, UserId,
};

use crate::call::{Answer, Call, CallFailure};
use crate::engine::Shown;
use crate::seal::{SealWish, Told};
use crate::store::{Batch, Load, Row};

/// The time and random bits of an event: the engine has none of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds of a clock that does not run backwards within one engine's life.
    pub ms: u64,
    /// 64 random bits, fresh with each event.
    pub dice: u64,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// The program has started, after [`crate::Engine::restore`].
    Started,
    /// A connection stands and is authenticated.
    Connected(Ready),
    /// It broke or could not be made; with the close code where there is one. After an
    /// [`Effect::Disconnect`] it must not come for that connection, nor may any of its frames.
    Disconnected {
        /// The close code.
        code: Option<u16>,
    },
    /// A frame of the connection, in order.
    Frame(Box<ServerFrame>),
    /// A timer that was set has run out.
    Fired(Timer),
    /// Every batch up to this one is on disk.
    Stored(u64),
    /// The store takes no more: what was not stored is lost when the program ends.
    StoreFailed,
    /// The answer to a [`Load`].
    Loaded {
        /// Its number.
        number: u64,
        /// The rows.
        rows: Vec<Row>,
    },
    /// What came of an [`Effect::Call`].
    Answered {
        /// Its number.
        number: u64,
        /// The answer.
        answer: Result<Answer, CallFailure>,
    },
    /// The user wants something.
    Wish(Wish),
}

/// What a user can want.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Something that is to stand in the chat. It is kept until the server has taken or refused it.
    Record {
        /// The chat; a direct one need not exist.
        chat: ChatId,
        /// Fresh and random.
        id: ClientMessageId,
        /// The clock on the wall, milliseconds since 1970, for display.
        at_ms: i64,
        /// What.
        record: Record,
    },
    /// Sends again what was refused. `fresh` takes the place of an id that another request has used.
    Retry {
        /// The chat.
        chat: ChatId,
        /// Its id.
        id: ClientMessageId,
        /// Fresh and random.
        fresh: ClientMessageId,
    },
    /// Takes back what was refused, or was never on its way.
    Discard {
        /// The chat.
        chat: ChatId,
        /// Its id.
        id: ClientMessageId,
    },
    /// What stands in the input field; empty removes it.
    Draft {
        /// The chat.
        chat: ChatId,
        /// The text.
        text: String,
    },
    /// Keeps a chat on top of the list, on this device.
    Pin {
        /// The chat.
        chat: ChatId,
        /// Whether.
        on: bool,
    },
    /// No notice of new messages, on this device.
    Mute {
        /// The chat.
        chat: ChatId,
        /// Whether.
        on: bool,
    },
    /// The chat on screen.
    Open(Option<ChatId>),
    /// What is above the screen.
    Older,
    /// What is below the screen.
    Newer,
    /// The newest of the open chat.
    Newest,
    /// What is around a seq of the open chat, of what is held.
    At(Seq),
    /// The user has read this far.
    Read {
        /// The chat.
        chat: ChatId,
        /// Up to and with this.
        seq: Seq,
    },
    /// The user types, or has stopped.
    Typing {
        /// The chat.
        chat: ChatId,
        /// Whether.
        on: bool,
    },
    /// Whether the user is at the device.
    Active(bool),
    /// Whose presence is on screen; beyond 200 the rest is left out.
    Watch(Vec<UserId>),
    /// Finds messages held that contain all these beginnings of words.
    Search {
        /// Repeated by the answer.
        ticket: u64,
        /// The words.
        query: String,
    },
    /// Messages that are held, from a seq to a seq, without opening their chat: at most 200 seqs from the
    /// first on.
    Look {
        /// Repeated by the answer.
        ticket: u64,
        /// The chat.
        chat: ChatId,
        /// The first seq.
        from: Seq,
        /// The last seq.
        to: Seq,
    },
    /// Something about encryption.
    Seal(SealWish),
    /// Connect (again), also after the engine has stopped or while it waits.
    Connect,
    /// Break the connection and stay offline.
    Disconnect,
}

/// What a user can put into a chat.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Record {
    /// A message.
    Message {
        /// The content.
        content: Content,
        /// The message that it answers.
        reply_to: Option<Seq>,
    },
    /// Another content for an own message.
    Edit {
        /// The message.
        target: Seq,
        /// Its new content.
        content: Content,
    },
    /// The deletion of a message.
    Delete {
        /// The message.
        target: Seq,
    },
    /// A reaction, set or taken back.
    React {
        /// The message.
        target: Seq,
        /// What it says.
        key: ReactionKey,
        /// Whether it stands.
        on: bool,
    },
}

/// A timer; setting one that is set moves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// Connect again.
    Reconnect,
    /// A sign of life is due.
    Heartbeat,
    /// Own cursors are due.
    Marks,
    /// The server wanted to be left alone.
    Pause,
    /// Somebody may have stopped typing.
    Typing,
    /// Calls over REST are made again.
    Calls,
}

/// Something that the program has to do, in the order given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Open a connection and authenticate, there if the server has named an address.
    Connect {
        /// The address.
        url: Option<String>,
    },
    /// Drop the connection, or the attempt.
    Disconnect,
    /// Write a frame to the connection.
    Send(ClientFrame),
    /// Store a batch.
    Store(Batch),
    /// Read from the store.
    Load(Load),
    /// Make a call, once every batch given before it is on disk. Calls may be under way beside each other.
    Call {
        /// Repeated by the answer.
        number: u64,
        /// The call.
        call: Call,
    },
    /// Set a timer to a time of [`Now::ms`].
    SetTimer {
        /// Which.
        timer: Timer,
        /// When.
        at_ms: u64,
    },
    /// Something that may be on screen is different.
    Changed(Change),
}

/// What is different. The screen asks the engine for the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The connection.
    Connection,
    /// A chat in the list.
    Chat(ChatId),
    /// The whole list is known.
    Listed,
    /// The open chat's timeline.
    Timeline(ChatId),
    /// Who types.
    Typing(ChatId),
    /// Presence.
    Presence,
    /// A new message of another that the user should be told of.
    Notify {
        /// The chat.
        chat: ChatId,
        /// The message.
        seq: Seq,
    },
    /// The server has an own record for good. Told once for a record, except that one which was on its way
    /// when the program ended may be told again.
    Settled {
        /// The chat.
        chat: ChatId,
        /// Its id.
        id: ClientMessageId,
        /// Its place.
        seq: Seq,
    },
    /// An own record was refused; it waits for a retry.
    Failed {
        /// The chat.
        chat: ChatId,
        /// Its id.
        id: ClientMessageId,
    },
    /// A wish was not taken: keep what the user typed.
    Refused {
        /// The id of the record.
        id: ClientMessageId,
        /// Why.
        why: Refusal,
    },
    /// Something about encryption.
    Seal(Told),
    /// The answer to a search, newest first.
    Found {
        /// The search's.
        ticket: u64,
        /// The messages.
        hits: Vec<(ChatId, Seq)>,
    },
    /// The answer to a look, oldest first; what is not held is left out.
    Looked {
        /// The look's.
        ticket: u64,
        /// The lines.
        lines: Vec<Shown>,
    },
}

/// Why a wish was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Too much waits already.
    Full,
    /// The id is in use in this chat.
    Used,
    /// The content is above the limits, or empty.
    Content,
    /// The store takes no more.
    NoStore,
}

/// Why an own record failed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Failure {
    /// The server's word.
    Refused {
        /// The code.
        code: Code,
        /// What is wrong.
        detail: String,
    },
    /// It could not be sealed.
    Seal(String),
    /// It could not be stored, and was not sent.
    Store,
}

/// How the connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// Being made.
    Connecting,
    /// It stands.
    Online,
    /// Made again at this time.
    Waiting {
        /// A time of [`Now::ms`].
        until_ms: u64,
    },
    /// It is not made again by itself.
    Stopped(Stop),
}

/// Why the engine does not connect by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It was not asked to.
    NotStarted,
    /// The log-in is dead (4401, 4403).
    LoggedOut,
    /// The same device connected elsewhere (4409).
    Replaced,
    /// The server refused the client with this code.
    Refused(u16),
    /// The store takes no more.
    Store,
}
