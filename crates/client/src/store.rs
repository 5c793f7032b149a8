//! What the engine asks of a store, and the rows it keeps there.
//!
//! A store is an ordered map of text to text. It applies each [`Batch`] wholly or not at all, batches in
//! the order given, and a [`Load`] sees every batch given before it. Keys sort by bytes:
//!
//! | key | row |
//! |---|---|
//! | `c/CHAT` | the chat as the list shows it, and what of it is held |
//! | `o/ORDER` | something the user wants done that the server has not settled; `ORDER` rises |
//! | `e/CHAT/SEQ` | an entry that stands in the timeline by itself, as it travels |
//! | `a/CHAT/TARGET/SEQ` | an edit, deletion or reaction, by the message it changes |
//! | `w/WORD/CHAT/SEQ` | a word of a message; the value is the message's time in milliseconds |
//! | `j/CHAT/FROM/TO` | messages whose words and content have to be looked over |
//! | `m` | what belongs to no chat |
//! | `p/CHAT` | an MLS record that waits for its entry |
//! | `s/…` | the seal's, loaded at start |
//! | `g/CHAT/…` | the seal's, of one chat, loaded when something happens there |
//!
//! `SEQ`, `TARGET`, `FROM`, `TO` and `ORDER` are 14 hexadecimal digits. Leaves out where the rows lie.

use chinwag_proto::{ChatId, Seq};

/// One change of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Writes a row.
    Put(String, String),
    /// Removes a row; it need not exist.
    Delete(String),
    /// Removes all rows of a range; its limit and direction mean nothing here.
    DeleteRange(Range),
}

/// Changes that happen together or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Rises by one with each batch of one engine; answered by [`crate::Event::Stored`].
    pub number: u64,
    /// In order.
    pub ops: Vec<Op>,
}

/// Keys from `from` up to, not including, `to`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first key.
    pub from: String,
    /// The first key beyond.
    pub to: String,
    /// Rows wanted at most.
    pub limit: usize,
    /// From the end.
    pub backwards: bool,
}

/// A read, answered by [`crate::Event::Loaded`] with the rows of all ranges, one range after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// Repeated by the answer.
    pub number: u64,
    /// What is wanted.
    pub ranges: Vec<Range>,
}

/// A key and its value.
pub type Row = (String, String);

/// Rows of one range at most: what one page of the screen and all that changes it may be.
pub(crate) const ROWS_MAX: usize = 100_000;

impl Range {
    /// All keys that begin like this.
    pub fn prefix(prefix: &str) -> Self {
        Self {
            from: prefix.to_owned(),
            to: format!("{prefix}\u{10ffff}"),
            limit: usize::MAX,
            backwards: false,
        }
    }

    /// Whether a key lies in it.
    pub fn contains(&self, key: &str) -> bool {
        key >= self.from.as_str() && key < self.to.as_str()
    }

    fn between(from: String, to: String) -> Self {
        Self { from, to, limit: ROWS_MAX, backwards: false }
    }
}

/// What has to be loaded before an engine starts: see [`crate::Engine::restore`].
pub fn startup_ranges() -> Vec<Range> {
    ["c/", "j/", "m", "o/", "p/"].map(Range::prefix).to_vec()
}

pub(crate) const META: &str = "m";

fn hex(seq: Seq) -> String {
    format!("{:014x}", seq.get())
}

pub(crate) fn chat_key(chat: ChatId) -> String {
    format!("c/{chat}")
}

pub(crate) fn outbox_key(order: u64) -> String {
    format!("o/{order:014x}")
}

pub(crate) fn mls_key(chat: ChatId) -> String {
    format!("p/{chat}")
}

pub(crate) fn entry_key(chat: ChatId, seq: Seq) -> String {
    format!("e/{chat}/{}", hex(seq))
}

pub(crate) fn amend_key(chat: ChatId, target: Seq, seq: Seq) -> String {
    format!("a/{chat}/{}/{}", hex(target), hex(seq))
}

pub(crate) fn word_key(word: &str, chat: ChatId, seq: Seq) -> String {
    format!("w/{word}/{chat}/{}", hex(seq))
}

pub(crate) fn job_key(chat: ChatId, from: Seq, to: Seq) -> String {
    format!("j/{chat}/{}/{}", hex(from), hex(to))
}

/// The entries of a chat from a seq to a seq, both included.
pub(crate) fn entries(chat: ChatId, from: Seq, to: Seq) -> Range {
    Range::between(entry_key(chat, from), entry_key(chat, to.next()))
}

/// What changes the messages of a chat from a seq to a seq, both included.
pub(crate) fn amends(chat: ChatId, from: Seq, to: Seq) -> Range {
    Range::between(format!("a/{chat}/{}/", hex(from)), format!("a/{chat}/{}/", hex(to.next())))
}

/// The words that begin like this.
pub(crate) fn word_prefix(prefix: &str, limit: usize) -> Range {
    Range { limit, ..Range::prefix(&format!("w/{prefix}")) }
}

/// The chat and seq of a word's key.
pub(crate) fn parse_word(key: &str) -> Option<(ChatId, Seq)> {
    let mut parts = key.split('/').skip(2);
    Some((parts.next()?.parse().ok()?, parse_hex(parts.next()?)?))
}

/// The chat and range of a job's key.
pub(crate) fn parse_job(key: &str) -> Option<(ChatId, Seq, Seq)> {
    let mut parts = key.split('/').skip(1);
    Some((parts.next()?.parse().ok()?, parse_hex(parts.next()?)?, parse_hex(parts.next()?)?))
}

fn parse_hex(text: &str) -> Option<Seq> {
    u64::from_str_radix(text, 16).ok().and_then(Seq::new)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn keys_sort_by_seq_and_stay_within_their_chat() {
        let (one, eleven) = ("g.1".parse::<ChatId>().unwrap(), "g.11".parse::<ChatId>().unwrap());
        let seq = |n| Seq::new(n).unwrap();
        assert!(entry_key(one, seq(9)) < entry_key(one, seq(10)));
        let range = entries(one, Seq::ZERO, Seq::clamped(1 << 40));
        assert!(range.contains(&entry_key(one, seq(5))) && !range.contains(&entry_key(eleven, seq(5))));
        let range = amends(one, seq(2), seq(3));
        assert!(range.contains(&amend_key(one, seq(3), seq(900))));
        assert!(!range.contains(&amend_key(one, seq(4), seq(900))));
    }

    #[test]
    fn keys_are_read_back() {
        let chat: ChatId = "d.1.2".parse().unwrap();
        let seq = |n| Seq::new(n).unwrap();
        assert_eq!(parse_word(&word_key("hi", chat, seq(7))), Some((chat, seq(7))));
        assert_eq!(parse_job(&job_key(chat, seq(1), seq(300))), Some((chat, seq(1), seq(300))));
        assert!(word_prefix("h", 9).contains(&word_key("hi", chat, seq(7))));
    }
}
