//! Connections between clients and the server, and what travels on them, in order, until they are cut.

use std::collections::VecDeque;

use chinwag_checker::{AtMs, Attempt, Change, Entry, Request};

/// Place of a chat in the server's list.
pub(crate) type ChatNo = usize;
/// Number of a connection, never used again.
pub(crate) type LinkNo = usize;

/// What a client says.
pub(crate) enum ToServer {
    Send { chat: ChatNo, attempt: Attempt, request: Request, changes: Vec<Change> },
    Sync { chat: ChatNo, after: u64 },
    Head { chat: ChatNo, asked_at: AtMs },
}

/// What the server says.
pub(crate) enum ToClient {
    /// The chats of the user, each with the first seq that he may see.
    Chats(Vec<(ChatNo, u64)>),
    /// A chat came up.
    Appeared {
        chat: ChatNo,
        since: u64,
    },
    Ack {
        chat: ChatNo,
        attempt: Attempt,
        seq: u64,
        entry: Entry,
        duplicate: bool,
    },
    Refused {
        attempt: Attempt,
        code: &'static str,
    },
    Live {
        chat: ChatNo,
        entry: Entry,
    },
    /// `entries` is `None` where the user is no member.
    Page {
        chat: ChatNo,
        entries: Option<Vec<Entry>>,
        complete: bool,
    },
    Head {
        chat: ChatNo,
        asked_at: AtMs,
        head: u64,
    },
}

/// What the server says, and whether a planted fault shows as soon as the client takes it in.
pub(crate) struct Frame {
    pub(crate) body: ToClient,
    pub(crate) tampered: bool,
}

/// One connection.
pub(crate) struct Link {
    pub(crate) device: usize,
    pub(crate) user: String,
    pub(crate) up: VecDeque<ToServer>,
    pub(crate) down: VecDeque<Frame>,
}

impl Link {
    pub(crate) fn say(&mut self, body: ToClient) {
        self.down.push_back(Frame { body, tampered: false });
    }

    pub(crate) fn say_tampered(&mut self, body: ToClient) {
        self.down.push_back(Frame { body, tampered: true });
    }
}

/// All connections that stand, in the order in which they were made.
#[derive(Default)]
pub(crate) struct Links {
    pub(crate) open: std::collections::BTreeMap<LinkNo, Link>,
    next: LinkNo,
}

impl Links {
    pub(crate) fn connect(&mut self, device: usize, user: &str) -> LinkNo {
        self.next += 1;
        let link = Link { device, user: user.to_owned(), up: VecDeque::new(), down: VecDeque::new() };
        self.open.insert(self.next, link);
        self.next
    }

    pub(crate) fn numbers(&self) -> Vec<LinkNo> {
        self.open.keys().copied().collect()
    }
}

/// An entry as this user is shown it: the sender's own name for it is for the sender.
pub(crate) fn shown_to(user: &str, entry: &Entry) -> Entry {
    let mut entry = entry.clone();
    if entry.sender != user {
        entry.client_message_id = None;
    }
    entry
}
