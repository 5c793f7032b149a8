//! The rows beneath a group, in memory, with one atomic flush.
//!
//! The MLS library writes its state in many small steps. Here they go into a layer of their own, which is
//! kept as a whole or dropped as a whole; what was kept comes out as one list of changes that the caller
//! writes in one batch with whatever caused them. Values are CBOR (RFC 8949). Rows are secret: they are
//! never printed. Leaves out where they lie on disk.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

/// Whose row it is: loaded with the device, or with one chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The device's: key packages with their private keys.
    Device,
    /// One chat's.
    Chat,
}

/// The key of a row, unique within its scope and, for [`Scope::Chat`], its chat.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Whose.
    pub scope: Scope,
    /// Which.
    pub name: Vec<u8>,
}

/// One change: the new value of a row, or its end.
pub type Change = (Key, Option<Zeroizing<Vec<u8>>>);

type Layer = BTreeMap<Key, Option<Zeroizing<Vec<u8>>>>;

/// Why a row cannot be read or written.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
pub enum RowError {
    /// The bytes are not what was written there.
    #[error("a stored row is damaged")]
    Damaged,
    /// A value that has no encoding.
    #[error("a value cannot be stored")]
    Unstorable,
}

#[derive(Default)]
struct Layers {
    /// As on disk, with what was taken to be written.
    base: BTreeMap<Key, Zeroizing<Vec<u8>>>,
    /// Kept, not yet taken.
    kept: Layer,
    /// The step under way.
    step: Layer,
}

/// Rows with two layers of changes above them.
#[derive(Default)]
pub struct Rows(RefCell<Layers>);

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layers = self.0.borrow();
        write!(f, "Rows({} rows, {} changes)", layers.base.len(), layers.kept.len())
    }
}

impl Rows {
    /// From what is on disk.
    pub fn new(rows: impl IntoIterator<Item = (Key, Vec<u8>)>) -> Self {
        let base = rows.into_iter().map(|(key, value)| (key, Zeroizing::new(value))).collect();
        Self(RefCell::new(Layers { base, ..Layers::default() }))
    }

    /// Keeps all changes of the step.
    pub(crate) fn keep(&self) {
        let layers = &mut *self.0.borrow_mut();
        layers.kept.append(&mut layers.step);
    }

    /// Drops all changes of the step.
    pub(crate) fn drop_step(&self) {
        self.0.borrow_mut().step.clear();
    }

    /// What has to be written, all in one batch. Counts as written from here on: if the write fails, drop
    /// these rows and load them again.
    pub fn take_changes(&self) -> Vec<Change> {
        let layers = &mut *self.0.borrow_mut();
        let changes = std::mem::take(&mut layers.kept);
        for (key, value) in &changes {
            match value {
                Some(value) => layers.base.insert(key.clone(), value.clone()),
                None => layers.base.remove(key),
            };
        }
        changes.into_iter().collect()
    }

    pub(crate) fn get(&self, key: &Key) -> Option<Zeroizing<Vec<u8>>> {
        let layers = self.0.borrow();
        match layers.step.get(key).or_else(|| layers.kept.get(key)) {
            Some(changed) => changed.clone(),
            None => layers.base.get(key).cloned(),
        }
    }

    pub(crate) fn put(&self, key: Key, value: Vec<u8>) {
        self.0.borrow_mut().step.insert(key, Some(Zeroizing::new(value)));
    }

    pub(crate) fn delete(&self, key: Key) {
        let layers = &mut *self.0.borrow_mut();
        if layers.base.contains_key(&key) || layers.kept.contains_key(&key) {
            layers.step.insert(key, None);
        } else {
            layers.step.remove(&key);
        }
    }

    pub(crate) fn read<V: DeserializeOwned>(&self, key: &Key) -> Result<Option<V>, RowError> {
        self.get(key).map(|bytes| decode(&bytes)).transpose()
    }

    pub(crate) fn write<V: Serialize + ?Sized>(&self, key: Key, value: &V) -> Result<(), RowError> {
        self.put(key, encode(value)?);
        Ok(())
    }
}

/// A row's key: `label 0x00 part…`, each part in CBOR, which says where it ends.
pub(crate) fn key<P: Serialize + ?Sized>(scope: Scope, label: &str, part: &P) -> Result<Key, RowError> {
    let mut name = label.as_bytes().to_vec();
    name.push(0);
    name.extend(encode(part)?);
    Ok(Key { scope, name })
}

pub(crate) fn encode<V: Serialize + ?Sized>(value: &V) -> Result<Vec<u8>, RowError> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).map_err(|_| RowError::Unstorable)?;
    Ok(bytes)
}

pub(crate) fn decode<V: DeserializeOwned>(bytes: &[u8]) -> Result<V, RowError> {
    ciborium::from_reader(bytes).map_err(|_| RowError::Damaged)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn named(name: &str) -> Key {
        Key { scope: Scope::Chat, name: name.as_bytes().to_vec() }
    }

    #[test]
    fn a_step_is_kept_or_dropped_as_a_whole() {
        let rows = Rows::new([(named("a"), vec![1]), (named("b"), vec![2])]);
        rows.put(named("a"), vec![3]);
        rows.delete(named("b"));
        assert_eq!((rows.get(&named("a")).unwrap().to_vec(), rows.get(&named("b"))), (vec![3], None));
        rows.drop_step();
        assert_eq!(rows.get(&named("a")).unwrap().to_vec(), vec![1]);
        assert!(rows.take_changes().is_empty());
        rows.delete(named("b"));
        rows.keep();
        rows.put(named("c"), vec![4]);
        assert_eq!(rows.take_changes(), vec![(named("b"), None)], "the step under way stays behind");
        rows.keep();
        assert_eq!(rows.take_changes().len(), 1);
        assert!(rows.take_changes().is_empty());
    }

    #[test]
    fn what_was_never_written_needs_no_deletion() {
        let rows = Rows::default();
        rows.put(named("a"), vec![1]);
        rows.delete(named("a"));
        rows.keep();
        assert!(rows.take_changes().is_empty());
    }

    #[test]
    fn damage_is_an_error_and_nothing_secret_is_printed() {
        let rows = Rows::new([(named("a"), vec![0xff, 0x00])]);
        assert_eq!(rows.read::<String>(&named("a")), Err(RowError::Damaged));
        assert_eq!(format!("{rows:?}"), "Rows(1 rows, 0 changes)");
    }
}
