//! What has to be asked for: the list and the heads after an absence, pages of chats, a few at a time.

use chinwag_proto::entry::Encryption;
use chinwag_proto::frame::{Chats, ChatsPage, ErrorFrame, Heads, HeadsAnswer, Page, Resync, Sync, Tag};
use chinwag_proto::rest::Summary;
use chinwag_proto::{ChatId, ClientFrame, Code, Seq};

use super::frames::{is_passing, number};
use super::{Asked, Engine};
use crate::chat::Chat;
use crate::event::{Change, Now};
use crate::follow::Next;
use crate::seal::News;
use crate::store::{self, Op};
use crate::timeline::Timeline;

/// Chats of one `heads` frame (protocol §2).
const HEADS_MAX: usize = 1_000;
/// Pages asked for at once, each of another chat.
const SYNCS_MAX: usize = 4;
/// The largest page of the contract.
const PAGE: u32 = 200;
/// Seqs of a chat that are held when it is first seen; what is older comes on demand.
const TAIL: u64 = 100;

impl Engine {
    /// Asks for all that may have changed during an absence.
    pub(super) fn catch_up(&mut self) {
        let held: Vec<(ChatId, Seq)> = self
            .chats
            .iter()
            .filter(|(_, chat)| !chat.gone && chat.last > Seq::ZERO)
            .map(|(id, chat)| (*id, chat.last))
            .collect();
        for chunk in held.chunks(HEADS_MAX) {
            let chats = chunk.iter().copied().collect();
            let id = self.ask(Asked::Heads);
            self.send(ClientFrame::Heads(Heads { tag: Tag, id, chats }));
        }
        self.ask_chats(None);
    }

    fn ask_chats(&mut self, cursor: Option<ChatId>) {
        let id = self.ask(Asked::Chats);
        self.send(ClientFrame::Chats(Chats { tag: Tag, id, cursor, limit: Some(PAGE) }));
    }

    /// Once more, if that was put off and nothing of the kind is under way.
    pub(super) fn catch_up_if_due(&mut self) {
        let busy = self.requests.values().any(|asked| matches!(asked, Asked::Heads | Asked::Chats));
        if self.catch_up_again && !busy && self.paused_until.is_none() && self.link.is_online() {
            self.catch_up_again = false;
            self.catch_up();
        }
    }

    pub(super) fn on_heads(&mut self, answer: &HeadsAnswer) {
        if number(&answer.id).and_then(|request| self.requests.remove(&request)) != Some(Asked::Heads) {
            return;
        }
        for changed in &answer.changed {
            let Some(chat) = self.chats.get_mut(&changed.chat_id) else { continue };
            chat.follow.on_head(changed.head);
            if chat.last != changed.head {
                self.wanted.insert(changed.chat_id);
            }
        }
        for gone in &answer.gone {
            self.on_gone(*gone);
        }
        self.catch_up_if_due();
    }

    pub(super) fn on_chats(&mut self, now: Now, page: ChatsPage) {
        if number(&page.id).and_then(|request| self.requests.remove(&request)) != Some(Asked::Chats) {
            return;
        }
        for summary in &page.chats {
            self.on_summary(now, summary);
        }
        match page.cursor {
            Some(cursor) => self.ask_chats(Some(cursor)),
            None if !self.listed => {
                self.listed = true;
                self.ops.push(Op::Put(store::META.to_owned(), "{\"listed\":true}".to_owned()));
                self.changed(Change::Listed);
            }
            None => {}
        }
        self.catch_up_if_due();
    }

    pub(super) fn on_summary(&mut self, now: Now, summary: &Summary) {
        let id = summary.chat_id;
        // The hash chain over the log needs every entry.
        let whole = summary.encryption == Encryption::Mls;
        let chat = self.chats.entry(id).or_insert_with(|| {
            let first = summary.since.max(summary.floor).unwrap_or_default();
            let tail = if whole { Seq::ZERO } else { below(summary.head) };
            let last = tail.max(first.prev());
            Chat { begins: last == first.prev(), ..Chat::after(last) }
        });
        let holds_part = whole && !chat.begins && chat.encryption == Encryption::None;
        let before = serde_json::to_string(chat).ok();
        chat.on_summary(summary);
        if serde_json::to_string(chat).ok() != before {
            self.dirty.insert(id);
        }
        let behind = summary.read < chat.read;
        if chat.last < chat.follow.known {
            self.wanted.insert(id);
        }
        if behind {
            self.mark(now, id);
        }
        if holds_part {
            self.take_anew(id, summary.since.max(summary.floor).unwrap_or_default().prev(), summary.head);
        }
        self.changed(Change::Chat(id));
    }

    pub(super) fn on_gone(&mut self, id: ChatId) {
        if let Some(chat) = self.chats.get_mut(&id) {
            chat.gone = true;
            chat.follow.given_up();
            chat.follow.known = chat.last;
            self.wanted.remove(&id);
            self.touch(id);
        }
    }

    pub(super) fn on_resync(&mut self, resync: Resync) {
        #[cfg(test)]
        if self.has(super::Fault::ResyncIgnored) {
            return;
        }
        if resync.all == Some(true) {
            self.catch_up_again = true;
            // A page that is under way may be older than what was dropped.
            self.chats.values_mut().for_each(|chat| chat.follow.on_head(Seq::ZERO));
        }
        for changed in resync.chats.unwrap_or_default() {
            let chat = self.unknown_from(changed.chat_id, below(changed.head));
            chat.follow.on_head(changed.head);
            self.wanted.insert(changed.chat_id);
        }
        self.catch_up_if_due();
    }

    /// A chat; one that was not known yet is held from above this seq on.
    pub(super) fn unknown_from(&mut self, id: ChatId, after: Seq) -> &mut Chat {
        self.chats.entry(id).or_insert_with(|| Chat::after(after))
    }

    /// Asks for what is missing, the chat on screen first.
    pub(super) fn start_syncs(&mut self) {
        let is_sync = |asked: &&Asked| matches!(asked, Asked::Sync(_));
        let mut free = SYNCS_MAX.saturating_sub(self.requests.values().filter(is_sync).count());
        if free == 0 || self.wanted.is_empty() {
            return;
        }
        let open = self.timeline.as_ref().map(|timeline| timeline.chat).filter(|id| self.wanted.contains(id));
        let order: Vec<ChatId> = open.into_iter().chain(self.wanted.iter().copied()).collect();
        for id in order {
            if free == 0 {
                return;
            }
            let number = self.numbers + 1;
            let Some(chat) = self.chats.get_mut(&id).filter(|chat| !chat.put_off) else { continue };
            self.wanted.remove(&id);
            if let Some(after) = chat.follow.begin(number) {
                let id_of_request = self.ask(Asked::Sync(id));
                let limit = Some(PAGE);
                self.send(ClientFrame::Sync(Sync { tag: Tag, id: id_of_request, chat_id: id, after, limit }));
                free -= 1;
            }
        }
    }

    pub(super) fn on_page(&mut self, now: Now, page: Page) {
        let request = number(&page.id).unwrap_or_default();
        match self.requests.remove(&request) {
            Some(Asked::Fill) => return self.on_fill_page(now, page),
            Some(Asked::Sync(id)) if id == page.chat_id => {}
            _ => return,
        }
        let id = page.chat_id;
        let Some(chat) = self.chats.get_mut(&id) else { return };
        if !chat.follow.awaits(request) {
            return;
        }
        let Ok(turned) = chat.follow.on_page(page) else { return self.give_up(now) };
        if let Some(first) = turned.begins_at {
            self.begin_at(id, first);
        }
        for entry in turned.entries {
            self.take(now, entry);
        }
        self.go_on(now, id, turned.next);
    }

    pub(super) fn go_on(&mut self, now: Now, id: ChatId, next: Next) {
        match next {
            Next::CaughtUp => {}
            Next::Sync => {
                self.wanted.insert(id);
            }
            Next::Later => self.put_off(now, id, None),
        }
    }

    fn put_off(&mut self, now: Now, id: ChatId, retry_after_ms: Option<u64>) {
        if let Some(chat) = self.chats.get_mut(&id) {
            chat.follow.given_up();
            chat.put_off = true;
            self.wanted.insert(id);
            self.pause(now, retry_after_ms);
        }
    }

    pub(super) fn on_sync_refused(&mut self, now: Now, id: ChatId, error: &ErrorFrame) {
        let Some(chat) = self.chats.get_mut(&id) else { return };
        chat.follow.given_up();
        if is_passing(error.code) {
            return self.put_off(now, id, error.retry_after_ms);
        }
        match (error.code, error.head) {
            // Nothing is dropped on the server's word alone where others may have signed that they saw it.
            (Code::InvalidRequest, Some(head)) if chat.encryption == Encryption::Mls => {
                chat.follow.known = chat.last;
                self.seal.on(now, News::RolledBack { chat: id, head });
            }
            (Code::InvalidRequest, Some(head)) => self.take_anew(id, below(head), head),
            // A direct chat without an entry: its first one will come live.
            (Code::NotFound, _) if chat.last == Seq::ZERO && matches!(id, ChatId::Direct(..)) => {
                chat.follow.known = Seq::ZERO;
            }
            _ => self.on_gone(id),
        }
    }

    /// What lies below is not kept, or not (any more) this user's to see.
    fn begin_at(&mut self, id: ChatId, first: Seq) {
        self.ops.push(Op::DeleteRange(store::entries(id, Seq::ZERO, first.prev())));
        self.ops.push(Op::DeleteRange(store::amends(id, Seq::ZERO, first.prev())));
        if let Some(chat) = self.chats.get_mut(&id) {
            (chat.first, chat.begins) = (first, true);
            if chat.preview.as_ref().is_some_and(|preview| preview.seq < first) {
                chat.preview = None;
            }
        }
        self.fill = self.fill.take().filter(|fill| fill.chat != id);
        if let Some(timeline) = self.timeline.as_mut().filter(|timeline| timeline.chat == id) {
            timeline.begin_at(first);
        }
        self.touch(id);
    }

    /// What is held is dropped and taken anew: the server holds less of the chat than this device, or it has
    /// to be held from its beginning.
    fn take_anew(&mut self, id: ChatId, after: Seq, head: Seq) {
        let end = Seq::clamped(u64::MAX).prev();
        self.ops.push(Op::DeleteRange(store::entries(id, Seq::ZERO, end)));
        self.ops.push(Op::DeleteRange(store::amends(id, Seq::ZERO, end)));
        let Some(chat) = self.chats.get_mut(&id) else { return };
        let fresh = Chat::after(after);
        *chat = Chat {
            title: chat.title.take(),
            role: chat.role,
            encryption: chat.encryption,
            draft: std::mem::take(&mut chat.draft),
            pinned: chat.pinned,
            muted: chat.muted,
            ..fresh
        };
        chat.follow.known = head;
        self.wanted.insert(id);
        self.fill = self.fill.take().filter(|fill| fill.chat != id);
        if self.timeline.as_ref().is_some_and(|timeline| timeline.chat == id) {
            let last = self.chats.get(&id).map_or(Seq::ZERO, |chat| chat.last);
            self.timeline = Some(Timeline::new(id, last));
            self.load_older();
        }
        self.catch_up_again = true;
        self.touch(id);
        self.catch_up_if_due();
    }
}

/// A little below a seq: where a chat is held from that is not held whole.
pub(super) fn below(seq: Seq) -> Seq {
    Seq::clamped(seq.get().saturating_sub(TAIL))
}
