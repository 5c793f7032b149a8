//! Hashing of ids in maps. Ids of clients' keys are keyed hashes already; ids of chats are multiplied with
//! secret numbers, so that nobody can choose chats that fall together.

use std::hash::{BuildHasher, Hasher, RandomState};

/// For maps by id: an eighth of the usual hasher's time.
#[derive(Clone, Copy)]
pub(super) struct IdHash {
    secrets: [u64; 2],
}

impl Default for IdHash {
    fn default() -> Self {
        let random = RandomState::new();
        Self { secrets: [random.hash_one(1_u8), random.hash_one(2_u8)] }
    }
}

impl BuildHasher for IdHash {
    type Hasher = IdHasher;

    fn build_hasher(&self) -> IdHasher {
        IdHasher { state: self.secrets[0], secret: self.secrets[1] | 1 }
    }
}

/// Folds 64-bit words by a multiplication to 128 bits (as in wyhash, Wang Yi 2019).
pub(super) struct IdHasher {
    state: u64,
    secret: u64,
}

impl IdHasher {
    fn fold(&mut self, word: u64) {
        let product = u128::from(self.state ^ word) * u128::from(self.secret);
        self.state = (product >> 64) as u64 ^ product as u64 ^ word.rotate_left(32);
    }
}

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        let product = u128::from(self.state) * u128::from(self.secret);
        (product >> 64) as u64 ^ product as u64
    }

    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let mut word = [0; 8];
            word.iter_mut().zip(part).for_each(|(to, from)| *to = *from);
            self.fold(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.fold(word);
    }

    fn write_isize(&mut self, word: isize) {
        self.fold(word as u64);
    }

    fn write_u128(&mut self, word: u128) {
        self.fold(word as u64 ^ (word >> 64) as u64);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::hash::BuildHasher;

    use super::IdHash;
    use crate::ledger::testing::direct;

    #[test]
    fn chats_in_a_row_fall_far_apart() {
        let hash = IdHash::default();
        let buckets: HashSet<u64> =
            (1..=1_000).map(|low| hash.hash_one(direct(low, low + 1)) >> 48).collect();
        assert!(buckets.len() > 950, "{} of 1,000", buckets.len());
        let buckets: HashSet<u64> =
            (1..=1_000).map(|low| hash.hash_one(direct(low, low + 1)) & 0xffff).collect();
        assert!(buckets.len() > 950, "{} of 1,000", buckets.len());
    }
}
