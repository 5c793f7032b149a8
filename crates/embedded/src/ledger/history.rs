//! Reading what was folded: rows of `chunks.db` as values. Works on any connection, inside a transaction
//! or not. What is not folded yet is not here.

use std::ops::RangeInclusive;

use chinwag_chat::stored::{
    ChatKey, StoredError, chat_key, decode_entry, decode_head, decode_state, decode_view,
};
use chinwag_chat::{Head, IdKey, Known, State, View};
use chinwag_proto::{ChatId, Seq};
use rusqlite::{Connection, OptionalExtension};

use super::chunk::Chunk;
use super::error::{InFile, StoreError};
use super::record::{self, Accepted};
use super::schema::CHUNKS;
use super::spine::{ChunkRef, Spine, SpineBytes};

/// A chat's own row.
#[derive(Clone, Debug)]
pub(super) struct ChatRow {
    pub(super) head: Head,
    /// The newest block of the spine.
    pub(super) spine: Spine,
}

/// The folded history, read through a connection.
#[derive(Clone, Copy)]
pub(super) struct History<'a>(pub(super) &'a Connection);

fn damaged(what: impl Into<String>, detail: impl ToString) -> StoreError {
    StoreError::Damaged { file: CHUNKS, what: what.into(), detail: detail.to_string() }
}

fn number(seq: Seq) -> i64 {
    seq.get().cast_signed()
}

impl History<'_> {
    /// A chat's head and newest spine block.
    pub(super) fn chat(self, chat: ChatId) -> Result<Option<ChatRow>, StoreError> {
        let Some((head, spine)) = self.chat_with(chat, Spine::decode)? else { return Ok(None) };
        if spine.end() != head.seq.get() + 1 {
            return Err(damaged(format!("the head of chat {chat}"), "head and spine differ"));
        }
        Ok(Some(ChatRow { head, spine }))
    }

    /// The same, with the spine as bytes, to add to.
    pub(super) fn chat_to_fold(self, chat: ChatId) -> Result<Option<(Head, SpineBytes)>, StoreError> {
        self.chat_with(chat, SpineBytes::of)
    }

    fn chat_with<T>(
        self,
        chat: ChatId,
        spine: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Result<Option<(Head, T)>, StoreError> {
        let mut statement =
            self.0.prepare_cached("SELECT head, spine FROM chat WHERE chat = ?1").file(CHUNKS)?;
        let mut rows = statement.query([chat_key(chat).as_bytes()]).file(CHUNKS)?;
        let Some(row) = rows.next().file(CHUNKS)? else { return Ok(None) };
        let broken = |detail: &dyn ToString| damaged(format!("the head of chat {chat}"), detail.to_string());
        let head = row.get_ref(0).file(CHUNKS)?.as_blob().map_err(|error| broken(&error))?;
        let head = decode_head(head).map_err(|error| broken(&error))?;
        let bytes = row.get_ref(1).file(CHUNKS)?.as_blob().map_err(|error| broken(&error))?;
        let spine = spine(bytes).ok_or_else(|| broken(&"not a spine"))?;
        Ok(Some((head, spine)))
    }

    /// Members, roles and settings as of the head's last change of them.
    pub(super) fn state(self, chat: ChatId, head: &Head) -> Result<State, StoreError> {
        let broken = |detail: &dyn ToString| damaged(format!("the state of chat {chat}"), detail.to_string());
        let mut statement = self
            .0
            .prepare_cached(
                "SELECT whole, data FROM state WHERE chat = ?1 AND seq <= ?2
                 AND seq >= (SELECT max(seq) FROM state WHERE chat = ?1 AND seq <= ?2 AND whole = 1) ORDER BY seq",
            )
            .file(CHUNKS)?;
        let mut rows = statement.query((chat_key(chat).as_bytes(), number(head.state_seq))).file(CHUNKS)?;
        let mut state = None;
        while let Some(row) = rows.next().file(CHUNKS)? {
            let whole: i64 = row.get(0).file(CHUNKS)?;
            let data = row.get_ref(1).file(CHUNKS)?.as_blob().map_err(|error| broken(&error))?;
            if whole == 1 {
                state = Some(decode_state(data).map_err(|error| broken(&error))?);
            } else if let Some(state) = &mut state {
                state.fold(&decode_entry(data).map_err(|error| broken(&error))?);
            }
        }
        state.ok_or_else(|| broken(&"no row"))
    }

    /// The block of the spine that holds a seq, or begins nearest before it.
    pub(super) fn block(self, chat: ChatId, row: &ChatRow, seq: Seq) -> Result<Spine, StoreError> {
        if seq >= row.spine.first {
            return Ok(row.spine.clone());
        }
        let block = self
            .0
            .prepare_cached(
                "SELECT data FROM spine WHERE chat = ?1 AND first_seq <= ?2 ORDER BY first_seq DESC LIMIT 1",
            )
            .file(CHUNKS)?
            .query_row((chat_key(chat).as_bytes(), number(seq)), |row| row.get::<_, Vec<u8>>(0))
            .optional()
            .file(CHUNKS)?;
        block
            .and_then(|bytes| Spine::decode(&bytes))
            .filter(|block| block.first <= seq)
            .ok_or_else(|| gap(chat, seq))
    }

    /// The chunk that holds message number `n` of a chat.
    pub(super) fn chunk_of_message(
        self,
        chat: ChatId,
        row: &ChatRow,
        n: u64,
    ) -> Result<Option<ChunkRef>, StoreError> {
        let mut block = row.spine.clone();
        loop {
            if n > block.messages_before {
                return Ok(block.find_message(n).and_then(|place| block.chunks.get(place).copied()));
            }
            if block.first.get() <= 1 {
                return Ok(None);
            }
            block = self.block(chat, row, block.first.prev())?;
        }
    }

    /// The chunk of a spine that holds a seq.
    pub(super) fn locate(
        self,
        chat: ChatId,
        row: &ChatRow,
        seq: Seq,
    ) -> Result<Option<ChunkRef>, StoreError> {
        if seq == Seq::ZERO || seq > row.head.seq {
            return Ok(None);
        }
        let block = self.block(chat, row, seq)?;
        match block.find(seq).and_then(|place| block.chunks.get(place)) {
            Some(chunk) => Ok(Some(*chunk)),
            None => Err(gap(chat, seq)),
        }
    }

    /// A whole chunk.
    pub(super) fn chunk(self, key: &ChatKey, chunk: &ChunkRef) -> Result<Chunk, StoreError> {
        let mut statement = self.0.prepare_cached("SELECT data FROM chunk WHERE id = ?1").file(CHUNKS)?;
        let mut rows = statement.query([chunk.at.row]).file(CHUNKS)?;
        let broken = |detail: &str| broken_chunk(key, chunk, detail);
        let row = rows.next().file(CHUNKS)?.ok_or_else(|| broken("it is not there"))?;
        let row = row.get_ref(0).file(CHUNKS)?.as_blob().map_err(|_| broken("it is no bytes"))?;
        let bytes = row.get(chunk.at.begin..).and_then(|rest| rest.get(..chunk.at.bytes));
        let bytes = bytes.ok_or_else(|| broken("it is cut short"))?.to_vec();
        let found = Chunk::parse(bytes, key, chunk.first).map_err(broken)?;
        if found.count() as u64 != chunk.count {
            return Err(broken("it holds another number of entries"));
        }
        Ok(found)
    }

    /// One entry; `None` where the chat's folded part does not hold it.
    pub(super) fn accepted(self, chat: ChatId, seq: Seq) -> Result<Option<Accepted>, StoreError> {
        let Some(row) = self.chat(chat)? else { return Ok(None) };
        self.accepted_of(chat, &row, seq)
    }

    /// The same, with the chat's row at hand.
    pub(super) fn accepted_of(
        self,
        chat: ChatId,
        row: &ChatRow,
        seq: Seq,
    ) -> Result<Option<Accepted>, StoreError> {
        let Some(at) = self.locate(chat, row, seq)? else { return Ok(None) };
        let key = chat_key(chat);
        decode(&key, &at, &self.chunk(&key, &at)?, seq).map(Some)
    }

    /// A message's view row, without the content of the last edit.
    pub(super) fn view(self, chat: ChatId, seq: Seq) -> Result<Option<View>, StoreError> {
        Ok(self.views(chat, seq..=seq)?.pop().map(|(_, view)| view))
    }

    /// The view rows of a range, in the order of seq.
    pub(super) fn views(
        self,
        chat: ChatId,
        range: RangeInclusive<Seq>,
    ) -> Result<Vec<(Seq, View)>, StoreError> {
        let mut statement = self
            .0
            .prepare_cached(
                "SELECT seq, data FROM view WHERE chat = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq",
            )
            .file(CHUNKS)?;
        let bounds = (chat_key(chat), number(*range.start()), number(*range.end()));
        let mut rows = statement.query((bounds.0.as_bytes(), bounds.1, bounds.2)).file(CHUNKS)?;
        let mut views = Vec::new();
        while let Some(row) = rows.next().file(CHUNKS)? {
            let seq = Seq::clamped(row.get::<_, i64>(0).file(CHUNKS)?.cast_unsigned());
            let broken = |detail: String| damaged(format!("the view row {seq} of chat {chat}"), detail);
            let data = row.get_ref(1).file(CHUNKS)?.as_blob().map_err(|error| broken(error.to_string()))?;
            views.push((seq, decode_view(data).map_err(|error: StoredError| broken(error.to_string()))?));
        }
        Ok(views)
    }

    /// What the entry itself says about the id: another id may share the first 64 bits.
    pub(super) fn known_at(self, chat: ChatId, key: IdKey, seq: Seq) -> Result<Option<Known>, StoreError> {
        let Some(row) = self.chat(chat)? else { return Ok(None) };
        let Some(at) = self.locate(chat, &row, seq)? else { return Ok(None) };
        let chat_key = chat_key(chat);
        let chunk = self.chunk(&chat_key, &at)?;
        let (offset, id, _) = chunk
            .slot(seq)
            .and_then(record::parts)
            .ok_or_else(|| broken_chunk(&chat_key, &at, "an entry that is none"))?;
        Ok(id.filter(|(known, _)| *known == key).map(|(_, fingerprint)| Known { seq, fingerprint, offset }))
    }
}

/// An entry of a chunk that was read.
pub(super) fn decode(key: &ChatKey, at: &ChunkRef, chunk: &Chunk, seq: Seq) -> Result<Accepted, StoreError> {
    match chunk.accepted(seq) {
        Ok(Some(accepted)) if accepted.entry.seq == seq => Ok(accepted),
        Ok(_) => Err(broken_chunk(key, at, "an entry out of place")),
        Err(detail) => Err(broken_chunk(key, at, &detail)),
    }
}

/// No chunk holds an entry that has to be there.
pub(super) fn gap(chat: ChatId, seq: Seq) -> StoreError {
    damaged(format!("the spine of chat {chat}"), format!("no chunk holds entry {seq}"))
}

/// Names the chunk, so that an operator finds it.
pub(super) fn broken_chunk(key: &ChatKey, at: &ChunkRef, detail: &str) -> StoreError {
    let chat = ChatKey::parse(key.as_bytes()).map_or_else(|| "?".to_owned(), |chat| chat.to_string());
    let last = at.end().saturating_sub(1);
    damaged(format!("chunk {} (entries {} to {last} of chat {chat})", at.at.row, at.first), detail)
}
