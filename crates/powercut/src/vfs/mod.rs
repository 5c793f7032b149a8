//! The disk as SQLite sees it: a VFS in C's terms. Here alone is `unsafe` allowed, since SQLite calls through function
//! pointers and hands over raw memory.
//!
//! [`methods`] are the operations on names, [`mod@file`] those on an open file, this page registers them. The rules that keep
//! the pointers good: the `sqlite3_vfs` of a disk and its name are never freed (about 300 bytes a disk), because a
//! connection may keep them after the disk is gone and SQLite does not say when it lets go; they hold the disk weakly. An
//! open file holds it strongly, in a box of its own that lives from `xOpen` to `xClose`.

#![allow(unsafe_code)]

mod file;
mod methods;

use crate::disk::Shared;
use parking_lot::Mutex;
use rusqlite::ffi;
use std::ffi::{CString, c_int};
use std::ptr::NonNull;
use std::sync::{Arc, Weak};

/// The longest path, in bytes with the ending zero.
const PATH_BYTES_MAX: c_int = 512;

/// What `pAppData` of a VFS points to.
struct Anchor {
    disk: Mutex<Weak<Shared>>,
}

/// A VFS that SQLite knows by name, until this is dropped.
pub(crate) struct Registered {
    vfs: NonNull<ffi::sqlite3_vfs>,
    anchor: &'static Anchor,
    name: String,
}

// SAFETY: the pointer is used for nothing but `sqlite3_vfs_unregister`, which takes SQLite's own mutex; what it points to
// is never freed, and written by SQLite alone, under the same mutex.
unsafe impl Send for Registered {}
// SAFETY: as above; a shared `Registered` gives out its name and nothing else.
unsafe impl Sync for Registered {}

impl Registered {
    /// Registers a disk under a name of its own. Should SQLite refuse (it is out of memory), then opening says that there
    /// is no such VFS.
    pub(crate) fn new(name: String, disk: &Arc<Shared>) -> Self {
        let anchor: &'static Anchor = Box::leak(Box::new(Anchor { disk: Mutex::new(Arc::downgrade(disk)) }));
        let c_name = CString::new(name.as_str()).unwrap_or_default();
        let vfs = Box::leak(Box::new(methods::vfs(c_name.into_raw(), anchor)));
        let vfs = NonNull::from(vfs);
        // SAFETY: the struct is complete, lives for ever and is not yet registered; `sqlite3_vfs_register` initialises
        // the library where that is still to do and may be called from any thread.
        unsafe { ffi::sqlite3_vfs_register(vfs.as_ptr(), 0) };
        Self { vfs, anchor, name }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        // SAFETY: the struct was registered by `new`, once, and is never freed; unregistering what SQLite refused to
        // register does nothing.
        unsafe { ffi::sqlite3_vfs_unregister(self.vfs.as_ptr()) };
        let mut disk = self.anchor.disk.lock();
        let in_use = disk.upgrade().is_some_and(|shared| shared.live.lock().is_in_use());
        if !in_use {
            *disk = Weak::new();
        }
    }
}

/// Seeds SQLite's own random numbers (salts of WALs, nonces of journals), which are one stream for the whole process.
/// Without it two runs of the same program write different bytes, though the same rows. Call it at the start of each run
/// that must repeat bit for bit, while no other thread uses SQLite; 0 makes the numbers unpredictable again.
pub fn seed_sqlite_randomness(seed: u32) {
    // SAFETY: the operation takes an int and a database pointer that may be null. It stores the int in SQLite's global
    // configuration, which is read under the mutex of its generator, and resets the generator under that mutex.
    unsafe {
        ffi::sqlite3_test_control(
            ffi::SQLITE_TESTCTRL_PRNG_SEED,
            seed.cast_signed(),
            std::ptr::null_mut::<ffi::sqlite3>(),
        );
    }
}
