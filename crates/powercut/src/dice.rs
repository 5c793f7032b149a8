//! Seeded chance: SplitMix64 (Steele, Lea, Flood 2014), enough to choose which writes survive. Not for secrets.

/// A stream of numbers that depends on its seed alone.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A stream for one of several independent questions.
    pub(crate) fn of(parts: &[u64]) -> Self {
        let mut dice = Self(0x5EED);
        for part in parts {
            dice.0 = dice.next() ^ *part;
        }
        dice.next();
        dice
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `n`; 0 where `n` is 0. The bias is of the order of n / 2^64.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { (self.next() % n as u64) as usize }
    }

    /// True in `of_256` of 256 cases.
    pub(crate) fn chance(&mut self, of_256: u16) -> bool {
        (self.next() >> 56) < u64::from(of_256)
    }
}
