//! Bloom filters (Bloom 1970) for runs of ids, and words as bytes.

const FILTER_BITS: u64 = 10;
/// Bits that each id sets in the filter.
const FILTER_HASHES: u64 = 6;

/// Says of an id that it is certainly not in a run, or may be: once in a hundred times in vain.
#[derive(Debug)]
pub(super) struct Filter(pub(super) Vec<u64>);

impl Filter {
    pub(super) fn new(count: u64) -> Self {
        let words = (count * FILTER_BITS).div_ceil(64).max(1);
        Self(vec![0; usize::try_from(words).unwrap_or(1)])
    }

    /// The bits of a key: double hashing (Kirsch and Mitzenmacher 2006).
    fn bits(&self, key: u64) -> impl Iterator<Item = (usize, u64)> + use<> {
        let bits = (self.0.len() as u64) * 64;
        let step = key.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        (0..FILTER_HASHES).map(move |number| {
            let hash = key.wrapping_add(step.wrapping_mul(number));
            let bit = ((u128::from(hash) * u128::from(bits)) >> 64) as u64;
            ((bit / 64) as usize, 1 << (bit % 64))
        })
    }

    pub(super) fn add(&mut self, key: u64) {
        for (word, bit) in self.bits(key) {
            if let Some(word) = self.0.get_mut(word) {
                *word |= bit;
            }
        }
    }

    pub(super) fn may_hold(&self, key: u64) -> bool {
        self.bits(key).all(|(word, bit)| self.0.get(word).is_some_and(|word| word & bit != 0))
    }
}

pub(super) fn words_to_bytes(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// `None` where the bytes are no words, or none at all.
pub(super) fn words_of_bytes(bytes: &[u8]) -> Option<Vec<u64>> {
    let (words, []) = bytes.as_chunks::<8>() else { return None };
    (!words.is_empty()).then(|| words.iter().map(|word| u64::from_le_bytes(*word)).collect())
}
