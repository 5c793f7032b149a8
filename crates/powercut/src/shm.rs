//! The shared memory of a WAL database (its "wal-index") and its locks, on the heap: good for any number of connections and
//! threads of one process. It dies with the last connection, as after a crash, and SQLite rebuilds it from the WAL.

use std::ffi::c_void;
use std::sync::atomic::AtomicU64;

/// The locks of a WAL database (SQLITE_SHM_NLOCK).
const LOCKS: usize = 8;

/// Regions of 32 KiB that one database may map: an index of 16 million WAL frames.
const REGIONS_MAX: usize = 4096;

/// The memory and the locks of one database.
#[derive(Default)]
pub(crate) struct Shm {
    /// Atomic words, because SQLite's connections read and write them at the same time through the pointers.
    regions: Vec<Box<[AtomicU64]>>,
    /// Per lock the number of sharers, -1 for an exclusive holder.
    locks: [i32; LOCKS],
    pub(crate) users: usize,
}

/// What one connection has locked, a bit for each lock.
#[derive(Clone, Copy, Default)]
pub(crate) struct ShmHold {
    shared: u8,
    exclusive: u8,
}

impl Shm {
    /// A region of `bytes` bytes, a multiple of 8, zeroed when it is new; none where it is missing and not to be made, or
    /// beyond the limit. The pointer is good until the last connection has gone.
    pub(crate) fn map(&mut self, region: usize, bytes: usize, extend: bool) -> Option<*mut c_void> {
        if region >= REGIONS_MAX {
            return None;
        }
        while extend && self.regions.len() <= region {
            self.regions.push((0..bytes / 8).map(|_| AtomicU64::new(0)).collect());
        }
        self.regions.get(region).map(|words| words.as_ptr().cast_mut().cast())
    }

    /// Takes `n` locks from `first` on, exclusively or (one only) shared; false says that another connection holds one.
    pub(crate) fn lock(&mut self, hold: &mut ShmHold, first: usize, n: usize, exclusive: bool) -> bool {
        let Some(locks) = self.locks.get_mut(first..first + n) else { return false };
        let mask = mask(first, n);
        if exclusive {
            if locks.iter().any(|count| *count != 0) {
                return false;
            }
            locks.fill(-1);
            hold.exclusive |= mask;
        } else if hold.shared & mask == 0 {
            if locks.iter().any(|count| *count < 0) {
                return false;
            }
            locks.iter_mut().for_each(|count| *count += 1);
            hold.shared |= mask;
        }
        true
    }

    /// Gives back `n` locks from `first` on, as far as `hold` has them.
    pub(crate) fn unlock(&mut self, hold: &mut ShmHold, first: usize, n: usize) {
        for at in first..(first + n).min(LOCKS) {
            let bit = mask(at, 1);
            if hold.exclusive & bit != 0 {
                self.locks[at] = 0;
            } else if hold.shared & bit != 0 {
                self.locks[at] -= 1;
            }
            hold.exclusive &= !bit;
            hold.shared &= !bit;
        }
    }

    /// Gives back everything.
    pub(crate) fn unlock_all(&mut self, hold: &mut ShmHold) {
        self.unlock(hold, 0, LOCKS);
    }
}

fn mask(first: usize, n: usize) -> u8 {
    (first..first + n).fold(0, |mask, at| mask | 1_u8.wrapping_shl(at as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exclusive_lock_waits_for_every_sharer() {
        let mut shm = Shm::default();
        let (mut a, mut b, mut c) = (ShmHold::default(), ShmHold::default(), ShmHold::default());
        assert!(shm.lock(&mut a, 3, 1, false));
        assert!(shm.lock(&mut b, 3, 1, false));
        assert!(!shm.lock(&mut c, 3, 2, true));
        shm.unlock(&mut a, 3, 1);
        assert!(!shm.lock(&mut c, 3, 2, true));
        shm.unlock_all(&mut b);
        assert!(shm.lock(&mut c, 3, 2, true));
        assert!(!shm.lock(&mut a, 4, 1, false));
    }

    #[test]
    fn a_region_stays_where_it_is_while_others_are_added() {
        let mut shm = Shm::default();
        assert!(shm.map(0, 32_768, false).is_none());
        let first = shm.map(0, 32_768, true);
        assert!(shm.map(40, 32_768, true).is_some());
        assert_eq!(shm.map(0, 32_768, false), first);
    }
}
