//! Discovery and id leases in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chinwag_proto::Timestamp;
use parking_lot::Mutex;

use crate::twins::Faults;
use crate::{Discovery, IdLease, Node, NodeLoad, Unavailable};

/// Numbers are 0 to 1,023.
const NUMBERS: u16 = 1_024;

#[derive(Default)]
struct Inner {
    nodes: BTreeMap<u16, Node>,
    incarnations: BTreeMap<u16, u64>,
    reserved: BTreeMap<u16, Timestamp>,
}

/// Which nodes live, in memory, with the leases of their ids. A node's lease lasts until it leaves or
/// [`MemoryDiscovery::expire`] ends it.
#[derive(Default)]
pub struct MemoryDiscovery {
    inner: Mutex<Inner>,
    faults: Faults,
}

impl MemoryDiscovery {
    /// Nobody lives.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets calls fail.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Ends a node's lease, as time does to one that does not report.
    pub fn expire(&self, number: u16) {
        self.inner.lock().nodes.remove(&number);
    }
}

#[async_trait]
impl Discovery for MemoryDiscovery {
    async fn join(&self, url: &str) -> Result<Node, Unavailable> {
        self.faults.check()?;
        let mut inner = self.inner.lock();
        let free = (0..NUMBERS).find(|number| !inner.nodes.contains_key(number));
        let number = free.ok_or_else(|| Unavailable("all node numbers are taken".to_owned()))?;
        let incarnation = inner.incarnations.entry(number).or_default();
        *incarnation += 1;
        let node = Node { number, incarnation: *incarnation, url: url.to_owned(), load: NodeLoad::default() };
        inner.nodes.insert(number, node.clone());
        Ok(node)
    }

    async fn report(&self, number: u16, incarnation: u64, load: NodeLoad) -> Result<bool, Unavailable> {
        self.faults.check()?;
        let mut inner = self.inner.lock();
        let Some(node) = inner.nodes.get_mut(&number).filter(|node| node.incarnation == incarnation) else {
            return Ok(false);
        };
        node.load = load;
        Ok(true)
    }

    async fn nodes(&self) -> Result<Vec<Node>, Unavailable> {
        self.faults.check()?;
        Ok(self.inner.lock().nodes.values().cloned().collect())
    }

    async fn leave(&self, number: u16, incarnation: u64) -> Result<(), Unavailable> {
        self.faults.check()?;
        let mut inner = self.inner.lock();
        if inner.nodes.get(&number).is_some_and(|node| node.incarnation == incarnation) {
            inner.nodes.remove(&number);
        }
        Ok(())
    }
}

#[async_trait]
impl IdLease for MemoryDiscovery {
    async fn reserve(&self, node: u16, until: Timestamp) -> Result<Timestamp, Unavailable> {
        self.faults.check()?;
        let mut inner = self.inner.lock();
        let reserved = inner.reserved.entry(node).or_default();
        let free = *reserved;
        *reserved = until.max(free);
        Ok(free)
    }
}
