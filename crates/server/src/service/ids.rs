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
    pub async fn start(clock: Arc<dyn Clock>, lease: Arc<dyn IdLease>, node: u16) -> Result<Self, Unavailable> {
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
                    return make(number).ok_or_else(|| Unavailable("the ids of this epoch are used up".to_owned()));
                }
                Err(needed) => needed,
            };
            self.renew(needed).await?;
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
        let until = Timestamp::from_ms(EPOCH_MS + i64::try_from(from).unwrap_or(i64::MAX / 2)).plus_ms(LEASE_MS);
        let free = since_epoch(self.lease.reserve(self.node, until).await?);
        let mut position = self.position.lock();
        if position.leased == 0 {
            // The first lease of this life: everything before `free` may have been used.
            position.ms = free;
            position.counter = 0;
            position.leased = since_epoch(until).max(free);
            if position.leased <= free {
                // The clock stands before the last life's lease: reserve beyond that instead.
                drop(position);
                let until = Timestamp::from_ms(EPOCH_MS + i64::try_from(free).unwrap_or(i64::MAX / 2)).plus_ms(LEASE_MS);
                self.lease.reserve(self.node, until).await?;
                self.position.lock().leased = since_epoch(until);
            }
            return Ok(());
        }
        position.leased = position.leased.max(since_epoch(until));
        Ok(())
    }
}

fn since_epoch(time: Timestamp) -> u64 {
    // The first millisecond is left out, so that no id is 0.
    u64::try_from(time.as_ms() - EPOCH_MS).unwrap_or(0).max(1)
}
