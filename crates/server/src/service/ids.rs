//! Ids: 63 bits, ordered by time, unique over all nodes.
//!
//! 41 bits of milliseconds since 2026, 10 bits of node number, 12 bits of counter (after Snowflake,
//! Twitter 2010). The generator never trusts the clock alone: it hands out only times that it has
//! durably reserved, so that neither a clock that steps back nor a restart repeats an id.

use std::sync::Arc;

use chinwag_ports::{Clock, IdLease, Unavailable};
use chinwag_proto::{DeviceId, GroupId, MessageId, Timestamp, UserId};
use parking_lot::Mutex;
use tokio::sync::Mutex as AsyncMutex;

/// 2026-01-01T00:00:00Z; 41 bits reach to 2095.
const EPOCH_MS: i64 = 1_767_225_600_000;
const NODE_BITS: u32 = 10;
const COUNTER_BITS: u32 = 12;
const COUNTER_MAX: u64 = (1 << COUNTER_BITS) - 1;
/// How far ahead time is reserved: one durable write each 10 s of use.
const LEASE_MS: i64 = 10_000;

struct Position {
    /// The millisecond of the last id, since the epoch of ids.
    ms: u64,
    counter: u64,
    /// Ids before this millisecond may be handed out.
    leased: u64,
}

/// Makes ids for one node.
pub struct IdGenerator {
    clock: Arc<dyn Clock>,
    lease: Arc<dyn IdLease>,
    node: u16,
    position: Mutex<Position>,
    renewing: AsyncMutex<()>,
}

impl IdGenerator {
    /// A generator for a node number below 1,024, with a first lease.
    pub async fn start(
        clock: Arc<dyn Clock>,
        lease: Arc<dyn IdLease>,
        node: u16,
    ) -> Result<Self, Unavailable> {
        let generator = Self {
            clock,
            lease,
            node: node & ((1 << NODE_BITS) - 1),
            position: Mutex::new(Position { ms: 0, counter: 0, leased: 0 }),
            renewing: AsyncMutex::new(()),
        };
        generator.renew(0).await?;
        Ok(generator)
    }

    /// A message's id.
    pub async fn message(&self) -> Result<MessageId, Unavailable> {
        self.next(MessageId::new).await
    }

    /// A user's id.
    pub async fn user(&self) -> Result<UserId, Unavailable> {
        self.next(UserId::new).await
    }

    /// A device's id.
    pub async fn device(&self) -> Result<DeviceId, Unavailable> {
        self.next(DeviceId::new).await
    }

    /// A group's id.
    pub async fn group(&self) -> Result<GroupId, Unavailable> {
        self.next(GroupId::new).await
    }

    async fn next<T>(&self, make: fn(u64) -> Option<T>) -> Result<T, Unavailable> {
        loop {
            let needed = match self.try_next() {
                Ok(number) => {
                    return make(number)
                        .ok_or_else(|| Unavailable("the ids of this epoch are used up".to_owned()));
                }
                Err(needed) => needed,
            };
            // Rare: boxed, so that no other id makes room for it.
            Box::pin(self.renew(needed)).await?;
        }
    }

    /// The next number, or the millisecond that has to be leased first.
    fn try_next(&self) -> Result<u64, u64> {
        let now = since_epoch(self.clock.now());
        let mut position = self.position.lock();
        let (mut ms, mut counter) = (position.ms, position.counter + 1);
        if now > ms {
            (ms, counter) = (now, 0);
        } else if counter > COUNTER_MAX {
            (ms, counter) = (ms + 1, 0);
        }
        if ms >= position.leased {
            return Err(ms);
        }
        (position.ms, position.counter) = (ms, counter);
        Ok((ms << (NODE_BITS + COUNTER_BITS)) | (u64::from(self.node) << COUNTER_BITS) | counter)
    }

    async fn renew(&self, needed: u64) -> Result<(), Unavailable> {
        let _one_at_a_time = self.renewing.lock().await;
        if needed != 0 && needed < self.position.lock().leased {
            return Ok(());
        }
        let from = since_epoch(self.clock.now()).max(needed);
        let until =
            Timestamp::from_ms(EPOCH_MS + i64::try_from(from).unwrap_or(i64::MAX / 2)).plus_ms(LEASE_MS);
        let free = since_epoch(self.lease.reserve(self.node, until).await?);
        let first = {
            let mut position = self.position.lock();
            let first = position.leased == 0;
            if first {
                // The first lease of this life: everything before `free` may have been used.
                (position.ms, position.counter) = (free, 0);
                position.leased = since_epoch(until).max(free);
            } else {
                position.leased = position.leased.max(since_epoch(until));
            }
            first
        };
        if first && since_epoch(until) <= free {
            // The clock stands before the last life's lease: reserve beyond that instead.
            let until =
                Timestamp::from_ms(EPOCH_MS + i64::try_from(free).unwrap_or(i64::MAX / 2)).plus_ms(LEASE_MS);
            self.lease.reserve(self.node, until).await?;
            self.position.lock().leased = since_epoch(until);
        }
        Ok(())
    }
}

fn since_epoch(time: Timestamp) -> u64 {
    // The first millisecond is left out, so that no id is 0.
    u64::try_from(time.as_ms() - EPOCH_MS).unwrap_or(0).max(1)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use chinwag_ports::twins::{FakeClock, MemoryDiscovery};

    use super::*;

    async fn generator(clock: &Arc<FakeClock>, lease: &Arc<MemoryDiscovery>, node: u16) -> IdGenerator {
        IdGenerator::start(Arc::clone(clock) as _, Arc::clone(lease) as _, node).await.unwrap()
    }

    #[tokio::test]
    async fn ids_rise_and_never_repeat_whatever_the_clock_does() {
        let (clock, lease) = (Arc::new(FakeClock::default()), Arc::new(MemoryDiscovery::new()));
        let mut last = 0;
        let mut seen = HashSet::new();
        for (life, step) in [0_i64, -3_600_000, 60_000, -86_400_000 * 300, 5].into_iter().enumerate() {
            clock.advance(step);
            let ids = generator(&clock, &lease, 3).await;
            for round in 0..20 {
                clock.advance([7, -400, 0, 12_000][round % 4]);
                for _ in 0..500 {
                    let id = ids.message().await.unwrap().get();
                    assert!(id > last, "life {life}: {id} after {last}");
                    assert!(seen.insert(id));
                    last = id;
                }
            }
        }
    }

    #[tokio::test]
    async fn more_than_a_counter_of_ids_in_one_millisecond_borrow_from_the_next() {
        let (clock, lease) = (Arc::new(FakeClock::default()), Arc::new(MemoryDiscovery::new()));
        let ids = generator(&clock, &lease, 0).await;
        let mut made = HashSet::new();
        for _ in 0..50_000 {
            assert!(made.insert(ids.message().await.unwrap()));
        }
    }

    #[tokio::test]
    async fn two_nodes_make_different_ids() {
        let (clock, lease) = (Arc::new(FakeClock::default()), Arc::new(MemoryDiscovery::new()));
        let (one, other) = (generator(&clock, &lease, 1).await, generator(&clock, &lease, 2).await);
        for _ in 0..1_000 {
            assert_ne!(one.user().await.unwrap().get(), other.user().await.unwrap().get());
        }
    }

    #[tokio::test]
    async fn without_a_lease_there_are_no_ids() {
        let (clock, lease) = (Arc::new(FakeClock::default()), Arc::new(MemoryDiscovery::new()));
        let ids = generator(&clock, &lease, 0).await;
        clock.advance(3_600_000);
        lease.faults().fail_from_now_on();
        assert!(ids.message().await.is_err());
    }
}
