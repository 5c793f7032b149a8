//! What the user wants done and the server has not settled. Pure: storing and sending are the engine's.
//!
//! An item is stored before it is sent; of one chat only one is on its way, so that the order is kept also
//! when the server puts one off. Once it may have been sent, and after every start, it goes out as a resend.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_proto::{ChatId, ClientMessageId, Content, Seq};
use serde::{Deserialize, Serialize};

use crate::event::{Failure, Record};
use crate::seal::MlsRecord;

/// Items that may wait; the next wish is refused.
pub(crate) const OUTBOX_MAX: usize = 1_000;
/// Items on their way at once, each of another chat.
pub(crate) const IN_FLIGHT_MAX: usize = 16;

/// A row `o/ORDER`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Item {
    pub(crate) chat: ChatId,
    pub(crate) id: ClientMessageId,
    pub(crate) at_ms: i64,
    pub(crate) record: Record,
    /// What travels, where it has been sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sealed: Option<SealedContent>,
    /// The server has taken it; its entry is not held yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) acked: Option<Seq>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failed: Option<Failure>,
    /// Sent, or perhaps sent in an earlier life.
    #[serde(skip, default = "perhaps")]
    pub(crate) sent: bool,
    #[serde(skip)]
    pub(crate) state: State,
}

const fn perhaps() -> bool {
    true
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SealedContent {
    pub(crate) content: Content,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<Seq>,
}

impl SealedContent {
    pub(crate) fn as_it_is(content: &Content) -> Self {
        Self { content: content.clone(), after: None }
    }
}

/// Where an item stands that is neither acknowledged nor failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum State {
    /// It may go: it is in the store as it stands.
    #[default]
    Stored,
    /// It waits for its seal.
    Unsealed,
    /// It waits for this batch to be stored.
    Storing(u64),
    /// It is on its way with this request.
    InFlight(u64),
}

/// A chat's MLS record: also the row `p/CHAT`. It goes before the chat's other records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mls {
    #[serde(flatten)]
    pub(crate) record: MlsRecord,
    /// Sent, or perhaps sent in an earlier life.
    #[serde(skip, default = "perhaps")]
    pub(crate) sent: bool,
    #[serde(skip)]
    pub(crate) state: State,
    /// The server has taken it; its entry is not held yet.
    #[serde(skip)]
    pub(crate) acked: Option<Seq>,
}

impl Item {
    pub(crate) const fn is_settled(&self) -> bool {
        self.acked.is_some() || self.failed.is_some()
    }

    /// Whether it has to pass the seal before it goes.
    pub(crate) const fn needs_seal(&self) -> bool {
        self.sealed.is_none() && !matches!(self.record, Record::Delete { .. })
    }

    /// The content that has to be sealed.
    pub(crate) const fn plain(&self) -> Option<&Content> {
        match &self.record {
            Record::Message { content, .. } | Record::Edit { content, .. } => Some(content),
            Record::Delete { .. } | Record::React { .. } => None,
        }
    }
}

/// The items, in the order of the wishes.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    pub(crate) items: BTreeMap<u64, Item>,
    pub(crate) mls: BTreeMap<ChatId, Mls>,
    orders: u64,
}

impl Outbox {
    /// An item from the store.
    pub(crate) fn restore(&mut self, order: u64, mut item: Item) {
        if item.needs_seal() {
            item.state = State::Unsealed;
        }
        self.orders = self.orders.max(order);
        self.items.insert(order, item);
    }

    pub(crate) fn push(&mut self, item: Item) -> u64 {
        self.orders += 1;
        self.items.insert(self.orders, item);
        self.orders
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty() && self.mls.is_empty()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.items.len() >= OUTBOX_MAX
    }

    pub(crate) fn find(&self, chat: ChatId, id: &ClientMessageId) -> Option<u64> {
        self.items.iter().find(|(_, item)| item.chat == chat && item.id == *id).map(|(order, _)| *order)
    }

    /// The items that are next in their chats, those on their way among them. A failure lets the next one
    /// pass once it is stored: after a crash before that the failed one goes again, in its old place.
    pub(crate) fn firsts(&self) -> Vec<u64> {
        let mut seen = BTreeSet::new();
        let next = |(order, item): (&u64, &Item)| {
            let open = !item.is_settled() || matches!(item.state, State::Storing(_));
            (open && seen.insert(item.chat)).then_some(*order)
        };
        self.items.iter().filter_map(next).collect()
    }

    /// The item that this request has sent.
    pub(crate) fn in_flight(&self, request: u64) -> Option<u64> {
        self.items.iter().find(|(_, item)| item.state == State::InFlight(request)).map(|(order, _)| *order)
    }

    /// The chat whose MLS record this request has sent.
    pub(crate) fn mls_in_flight(&self, request: u64) -> Option<ChatId> {
        self.mls.iter().find(|(_, mls)| mls.state == State::InFlight(request)).map(|(chat, _)| *chat)
    }

    /// How many records are on their way.
    pub(crate) fn flying(&self) -> usize {
        self.states().filter(|state| matches!(state, State::InFlight(_))).count()
    }

    fn states(&self) -> impl Iterator<Item = State> {
        let items = self.items.values().map(|item| item.state);
        items.chain(self.mls.values().map(|mls| mls.state))
    }

    fn states_mut(&mut self) -> impl Iterator<Item = &mut State> {
        let items = self.items.values_mut().map(|item| &mut item.state);
        items.chain(self.mls.values_mut().map(|mls| &mut mls.state))
    }

    /// The connection broke: what was on its way has to go again.
    pub(crate) fn broken(&mut self) {
        for state in self.states_mut().filter(|state| matches!(state, State::InFlight(_))) {
            *state = State::Stored;
        }
    }

    /// Batches up to this one are on disk.
    pub(crate) fn on_stored(&mut self, batch: u64) {
        for state in self.states_mut() {
            if matches!(state, State::Storing(waits) if *waits <= batch) {
                *state = State::Stored;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn item(chat: &str, id: &str) -> Item {
        Item {
            chat: chat.parse().unwrap(),
            id: id.parse().unwrap(),
            at_ms: 0,
            record: Record::Message { content: Content::text("hi"), reply_to: None },
            sealed: Some(SealedContent { content: Content::text("hi"), after: None }),
            acked: None,
            failed: None,
            sent: false,
            state: State::Stored,
        }
    }

    #[test]
    fn one_of_each_chat_is_next_and_what_is_settled_lets_the_next_one_pass() {
        let mut outbox = Outbox::default();
        let orders: Vec<u64> =
            [item("g.1", "a"), item("g.1", "b"), item("g.2", "c")].map(|item| outbox.push(item)).to_vec();
        assert_eq!(outbox.firsts(), [orders[0], orders[2]]);
        outbox.items.get_mut(&orders[0]).unwrap().failed = Some(Failure::Store);
        assert_eq!(outbox.firsts(), [orders[1], orders[2]]);
    }

    #[test]
    fn what_is_restored_is_a_resend_and_keeps_its_place() {
        let text = serde_json::to_string(&item("g.1", "a")).unwrap();
        let restored: Item = serde_json::from_str(&text).unwrap();
        assert!(restored.sent && restored.state == State::Stored);
        let mut outbox = Outbox::default();
        outbox.restore(7, restored);
        assert_eq!(outbox.push(item("g.1", "b")), 8);
    }

    #[test]
    fn a_break_puts_what_was_on_its_way_back() {
        let mut outbox = Outbox::default();
        let order = outbox.push(Item { state: State::InFlight(4), sent: true, ..item("g.1", "a") });
        assert_eq!(outbox.in_flight(4), Some(order));
        outbox.broken();
        assert_eq!((outbox.in_flight(4), outbox.items[&order].state), (None, State::Stored));
    }
}
