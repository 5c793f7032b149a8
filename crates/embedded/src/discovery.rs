//! Discovery of a deployment that is one node, and its leases of ids. The node's number is 0; what must
//! outlive a start lies in the directory's file.

use std::sync::Arc;

use async_trait::async_trait;
use chinwag_ports::{Discovery, IdLease, Node, NodeLoad, Unavailable};
use chinwag_proto::Timestamp;
use parking_lot::Mutex;
use rusqlite::OptionalExtension;

use crate::sqlite::Store;

/// The only node's number.
const NUMBER: u16 = 0;

/// Discovery of one node, which is this one. Joining again ends the earlier life.
pub struct LocalDiscovery {
    store: Arc<Store>,
    node: Mutex<Option<Node>>,
}

impl LocalDiscovery {
    pub(crate) fn new(store: Arc<Store>) -> Self {
        Self { store, node: Mutex::new(None) }
    }
}

#[async_trait]
impl Discovery for LocalDiscovery {
    async fn join(&self, url: &str) -> Result<Node, Unavailable> {
        let sql = "INSERT INTO meta VALUES ('incarnation', 1)
                   ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value";
        let incarnation = self
            .store
            .write(move |db| db.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0)))
            .await?;
        let node = Node {
            number: NUMBER,
            incarnation: incarnation.cast_unsigned(),
            url: url.to_owned(),
            load: NodeLoad::default(),
        };
        let mut stands = self.node.lock();
        // Of two that join at once the later life stands.
        if stands.as_ref().is_none_or(|stands| stands.incarnation < node.incarnation) {
            *stands = Some(node.clone());
        }
        Ok(node)
    }

    async fn report(&self, number: u16, incarnation: u64, load: NodeLoad) -> Result<bool, Unavailable> {
        let mut node = self.node.lock();
        let stands = node.as_mut().filter(|node| (node.number, node.incarnation) == (number, incarnation));
        Ok(stands.map(|node| node.load = load).is_some())
    }

    async fn nodes(&self) -> Result<Vec<Node>, Unavailable> {
        Ok(self.node.lock().iter().cloned().collect())
    }

    async fn leave(&self, number: u16, incarnation: u64) -> Result<(), Unavailable> {
        self.node.lock().take_if(|node| (node.number, node.incarnation) == (number, incarnation));
        Ok(())
    }
}

#[async_trait]
impl IdLease for LocalDiscovery {
    async fn reserve(&self, node: u16, until: Timestamp) -> Result<Timestamp, Unavailable> {
        self.store
            .write(move |db| {
                let stands: Option<i64> = db
                    .prepare_cached("SELECT until FROM id_lease WHERE node = ?1")?
                    .query_row([node], |row| row.get(0))
                    .optional()?;
                db.prepare_cached(
                    "INSERT INTO id_lease VALUES (?1, ?2) ON CONFLICT (node) DO UPDATE SET until = max(until, ?2)",
                )?
                .execute((node, until.as_ms()))?;
                Ok(Timestamp::from_ms(stands.unwrap_or(0)))
            })
            .await
    }
}
