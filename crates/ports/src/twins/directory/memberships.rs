//! Memberships and reservations.

use async_trait::async_trait;
use chinwag_chat::Fingerprint;
use chinwag_proto::{ChatId, ClientMessageId, GroupId, UserId};

use super::{MemoryDirectory, Tables};
use crate::Unavailable;
use crate::directory::{Membership, MembershipRow, Memberships, Reservations, Reserved};

#[async_trait]
impl Memberships for MemoryDirectory {
    async fn project(&self, rows: &[MembershipRow]) -> Result<(), Unavailable> {
        let mut tables = self.write()?;
        for row in rows {
            let stands = tables.memberships.entry((row.user, row.chat)).or_insert((row.seq, row.membership));
            // Of two rows of one entry the later one counts.
            if row.seq >= stands.0 {
                *stands = (row.seq, row.membership);
            }
        }
        Ok(())
    }

    async fn chats_of(
        &self,
        user: UserId,
        after: Option<ChatId>,
        limit: usize,
    ) -> Result<Vec<ChatId>, Unavailable> {
        let tables = self.read()?;
        let chats = tables.chats_of(user).filter(|chat| after.is_none_or(|after| *chat > after));
        Ok(chats.take(limit).collect())
    }

    async fn acquainted(
        &self,
        user: UserId,
        others: &[UserId],
        group_max: usize,
    ) -> Result<Vec<UserId>, Unavailable> {
        let tables = self.read()?;
        let near = |other: UserId| {
            tables.chats_of(user).any(|chat| {
                let small = !matches!(chat, ChatId::Group(_)) || tables.members(chat) <= group_max;
                small && tables.is_member(other, chat)
            })
        };
        Ok(others.iter().copied().filter(|&other| near(other)).collect())
    }
}

#[async_trait]
impl Reservations for MemoryDirectory {
    async fn reserve(
        &self,
        user: UserId,
        id: &ClientMessageId,
        group: GroupId,
        fingerprint: Fingerprint,
    ) -> Result<Reserved, Unavailable> {
        let mut tables = self.write()?;
        Ok(*tables.reservations.entry((user, id.clone())).or_insert(Reserved { group, fingerprint }))
    }
}

impl Tables {
    /// In the order of chat ids.
    fn chats_of(&self, user: UserId) -> impl Iterator<Item = ChatId> + '_ {
        let his = self.memberships.iter().filter(move |((whose, _), _)| *whose == user);
        his.filter(|(_, (_, membership))| *membership != Membership::Former).map(|(&(_, chat), _)| chat)
    }

    fn is_member(&self, user: UserId, chat: ChatId) -> bool {
        matches!(self.memberships.get(&(user, chat)), Some((_, Membership::Member(_))))
    }

    fn members(&self, chat: ChatId) -> usize {
        self.memberships.keys().filter(|&&(user, of)| of == chat && self.is_member(user, of)).count()
    }
}
