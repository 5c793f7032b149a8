//! Discovery: which nodes live, their load, their numbers.

use async_trait::async_trait;
use chinwag_proto::Timestamp;

use crate::Unavailable;

/// What a node reports of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct NodeLoad {
    /// Open connections.
    pub connections: u64,
    /// It drains: nobody new is sent there.
    pub draining: bool,
}

/// A node that lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its number, 0–1023, unique among those that live: part of the ids that it makes.
    pub number: u16,
    /// Rises with every start of a node with this number.
    pub incarnation: u64,
    /// The WebSocket address that clients are sent to.
    pub url: String,
    /// Its load.
    pub load: NodeLoad,
}

/// Which nodes live.
#[async_trait]
pub trait Discovery: Send + Sync {
    /// Enters this node and leases it a number; renewed by `report`.
    async fn join(&self, url: &str) -> Result<Node, Unavailable>;

    /// Reports this node's load and renews its lease. `false`: the lease was lost, the node must stop
    /// making ids and join again.
    async fn report(&self, number: u16, incarnation: u64, load: NodeLoad) -> Result<bool, Unavailable>;

    /// All nodes that live, in the order of their numbers.
    async fn nodes(&self) -> Result<Vec<Node>, Unavailable>;

    /// Ends this node's lease. Idempotent.
    async fn leave(&self, number: u16, incarnation: u64) -> Result<(), Unavailable>;
}

/// Leases of time to a node's id generator, so that no id is made twice whatever the clock does.
#[async_trait]
pub trait IdLease: Send + Sync {
    /// Durably reserves the time up to `until` for ids with this node number, and answers the time from
    /// which on ids are free: at or above the end of every earlier reservation.
    async fn reserve(&self, node: u16, until: Timestamp) -> Result<Timestamp, Unavailable>;
}
