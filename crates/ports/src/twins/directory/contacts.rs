//! Contacts and blocks.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use async_trait::async_trait;
use chinwag_proto::{Timestamp, UserId};

use super::{MemoryDirectory, Tables};
use crate::Unavailable;
use crate::directory::{Contacts, Since};

type Pairs = BTreeMap<(UserId, UserId), Timestamp>;

fn of(pairs: &Pairs, user: UserId) -> Vec<Since> {
    let his = pairs.iter().filter(|((whose, _), _)| *whose == user);
    his.map(|(&(_, user), &since)| Since { user, since }).collect()
}

/// Which of `others` have a pair with `user`.
fn with(pairs: &Pairs, user: UserId, others: &[UserId]) -> Vec<UserId> {
    others.iter().copied().filter(|&other| pairs.contains_key(&(other, user))).collect()
}

impl Tables {
    /// A pair with somebody who is not there or erased is as one that the erasure took away.
    fn add(
        &mut self,
        pairs: fn(&mut Self) -> &mut Pairs,
        pair: (UserId, UserId),
        now: Timestamp,
        max: usize,
    ) -> bool {
        let both = self.user(pair.0).is_some() && self.user(pair.1).is_some();
        let pairs = pairs(self);
        if !both || pairs.contains_key(&pair) {
            return true;
        }
        if of(pairs, pair.0).len() >= max {
            return false;
        }
        pairs.insert(pair, now);
        true
    }
}

#[async_trait]
impl Contacts for MemoryDirectory {
    async fn add_contact(
        &self,
        user: UserId,
        other: UserId,
        now: Timestamp,
        max: usize,
    ) -> Result<bool, Unavailable> {
        Ok(self.write()?.add(|tables| &mut tables.contacts, (user, other), now, max))
    }

    async fn remove_contact(&self, user: UserId, other: UserId) -> Result<(), Unavailable> {
        self.write()?.contacts.remove(&(user, other));
        Ok(())
    }

    async fn contacts(&self, user: UserId) -> Result<Vec<Since>, Unavailable> {
        Ok(of(&self.read()?.contacts, user))
    }

    async fn add_block(
        &self,
        user: UserId,
        other: UserId,
        now: Timestamp,
        max: usize,
    ) -> Result<bool, Unavailable> {
        Ok(self.write()?.add(|tables| &mut tables.blocks, (user, other), now, max))
    }

    async fn remove_block(&self, user: UserId, other: UserId) -> Result<(), Unavailable> {
        self.write()?.blocks.remove(&(user, other));
        Ok(())
    }

    async fn blocks(&self, user: UserId) -> Result<Vec<Since>, Unavailable> {
        let mut blocks = of(&self.read()?.blocks, user);
        blocks.sort_by_key(|block| Reverse((block.since, block.user)));
        Ok(blocks)
    }

    async fn blocked_by(&self, user: UserId, others: &[UserId]) -> Result<Vec<UserId>, Unavailable> {
        Ok(with(&self.read()?.blocks, user, others))
    }

    async fn contact_of(&self, user: UserId, others: &[UserId]) -> Result<Vec<UserId>, Unavailable> {
        Ok(with(&self.read()?.contacts, user, others))
    }
}
