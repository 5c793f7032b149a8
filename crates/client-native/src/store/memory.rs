//! Rows in memory: for a client that keeps nothing, and the model of the one that does.

use std::collections::BTreeMap;

use chinwag_client::store::{Op, Range, Row};

use super::{Rows, StoreFailed};

/// An ordered map.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory(BTreeMap<String, String>);

impl Rows for Memory {
    fn apply(&mut self, ops: &[Op]) -> Result<(), StoreFailed> {
        for op in ops {
            match op {
                Op::Put(key, value) => {
                    self.0.insert(key.clone(), value.clone());
                }
                Op::Delete(key) => {
                    self.0.remove(key);
                }
                Op::DeleteRange(range) => self.0.retain(|key, _| !range.contains(key)),
            }
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreFailed> {
        Ok(())
    }

    fn read(&mut self, range: &Range) -> Result<Vec<Row>, StoreFailed> {
        if range.from >= range.to {
            return Ok(Vec::new());
        }
        let rows = self.0.range(range.from.clone()..range.to.clone());
        let rows = rows.map(|(key, value)| (key.clone(), value.clone()));
        Ok(if range.backwards {
            rows.rev().take(range.limit).collect()
        } else {
            rows.take(range.limit).collect()
        })
    }
}
