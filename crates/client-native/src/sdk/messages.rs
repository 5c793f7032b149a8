//! The bot's view: messages of others, each once, in the order of their chat.

use std::collections::BTreeMap;

use chinwag_client::store::{Op, Range, Row};
use chinwag_client::{Body, Change};
use chinwag_proto::{ChatId, Content, Seq, UserId};

use super::changes::{Changes, Update};
use super::{Client, Command};

/// Seqs that are looked at together.
const STRETCH: u64 = 100;

/// A message of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Where.
    pub chat: ChatId,
    /// Its place.
    pub seq: Seq,
    /// Who.
    pub sender: UserId,
    /// When, milliseconds since 1970 by the server's clock.
    pub at_ms: i64,
    /// The message that it answers.
    pub reply_to: Option<Seq>,
    /// What it says, edits applied.
    pub content: Content,
}

impl Message {
    /// Its text; of richer content the text that stands for it.
    pub fn text(&self) -> String {
        self.content.fallback()
    }
}

/// How far the messages of each chat have been handled: the rows `n/CHAT`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Positions(BTreeMap<ChatId, Seq>);

impl Positions {
    pub(crate) fn range() -> Range {
        Range::prefix("n/")
    }

    pub(crate) fn read(rows: Vec<Row>) -> Self {
        let parse = |(key, value): Row| {
            let chat = key.strip_prefix("n/")?.parse().ok()?;
            Some((chat, Seq::new(value.parse().ok()?)?))
        };
        Self(rows.into_iter().filter_map(parse).collect())
    }
}

/// Messages of others, by [`Client::messages`].
pub struct Messages {
    client: Client,
    changes: Changes,
    positions: BTreeMap<ChatId, Seq>,
    /// Chats that have to be looked at.
    due: Vec<ChatId>,
    /// What was found, newest first.
    found: Vec<Message>,
    /// What the program has now; handled when it asks for the next.
    handed: Option<(ChatId, Seq)>,
    /// Whether the list is known; before that, nothing is new.
    begun: bool,
}

impl Client {
    /// Messages of others that were not handled yet, and all that come. One counts as handled when the next
    /// is asked for; that is kept in the profile, so that a bot that was away goes on where it was, and one
    /// that died in the middle of a message gets it again. At the very first time it begins with what is
    /// unread. Of one chat they come in their order; deleted and unreadable ones are left out, and one that
    /// cannot be opened yet is waited for.
    pub fn messages(&self) -> Messages {
        Messages {
            changes: self.changes(),
            client: self.clone(),
            positions: self.inner.seen.0.clone(),
            due: Vec::new(),
            found: Vec::new(),
            handed: None,
            begun: false,
        }
    }
}

impl Messages {
    /// The next message; `None` when the client has stopped. Cancel-safe.
    pub async fn next(&mut self) -> Option<Message> {
        if let Some((chat, seq)) = self.handed.take() {
            self.keep(chat, seq).await;
        }
        loop {
            if let Some(message) = self.found.pop() {
                self.handed = Some((message.chat, message.seq));
                return Some(message);
            }
            if !self.begun {
                self.begun = self.client.read(|engine| engine.is_listed());
                if self.begun {
                    self.due = self.client.read(|engine| engine.chats().iter().map(|(id, _)| *id).collect());
                }
            }
            if let Some(chat) = self.due.last().copied() {
                if !self.look(chat).await? {
                    self.due.retain(|due| *due != chat);
                }
                continue;
            }
            match self.changes.next().await? {
                Update::Changed(Change::Chat(chat) | Change::Timeline(chat)) if self.begun => {
                    self.due.push(chat);
                }
                Update::Everything => self.begun = false,
                Update::Changed(_) => {}
            }
        }
    }

    /// Looks at the next stretch of a chat; whether there may be more.
    async fn look(&mut self, chat: ChatId) -> Option<bool> {
        let (first, last, read) = {
            let held = |chat: &chinwag_client::Chat| (chat.first, chat.last, chat.read);
            match self.client.read(|engine| engine.chat(chat).map(held)) {
                Some(held) => held,
                None => return Some(false),
            }
        };
        let from = self.positions.get(&chat).copied().unwrap_or(read).max(first.prev()).next();
        if from > last {
            return Some(false);
        }
        let to = last.min(Seq::clamped(from.get() + STRETCH - 1));
        let lines = self.client.look(chat, from, to).await.ok()?;
        let me = self.client.me();
        let mut reached = to;
        for line in lines {
            let Some(seq) = line.seq else { continue };
            match line.body {
                Body::NotYet => {
                    reached = seq.prev();
                    break;
                }
                Body::Content(content) if line.sender != me => self.found.push(Message {
                    chat,
                    seq,
                    sender: line.sender,
                    at_ms: line.at_ms,
                    reply_to: line.reply_to,
                    content,
                }),
                _ => {}
            }
        }
        self.found.reverse();
        self.positions.insert(chat, reached);
        Some(reached == to && to < last)
    }

    async fn keep(&self, chat: ChatId, seq: Seq) {
        let ops = vec![Op::Put(format!("n/{chat}"), seq.get().to_string())];
        // A client that has stopped keeps nothing; the message comes again.
        let _ = self.client.command(Command::Keep(ops)).await;
    }
}
