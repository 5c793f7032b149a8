//! Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files", PETS 2019, §4): lengths keep so
//! few significant bits that at most O(log log n) bits of them are told, for at most 12 % more bytes.

/// The padded length of `len` bytes.
pub fn padded_len(len: usize) -> usize {
    let Some(exponent) = len.checked_ilog2() else { return len };
    let Some(bits) = exponent.checked_ilog2() else { return len };
    let zeroes = exponent.saturating_sub(bits.saturating_add(1));
    let mask = (1_usize << zeroes).saturating_sub(1);
    len.saturating_add(mask) & !mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_grow_by_at_most_an_eighth_and_never_shrink() {
        for (len, padded) in [(0, 0), (1, 1), (2, 2), (8, 8), (9, 10), (17, 18), (100, 104), (16_600, 17_408)]
        {
            assert_eq!(padded_len(len), padded, "{len}");
        }
        let mut last = 0;
        for len in 1..70_000 {
            let padded = padded_len(len);
            assert!(padded >= len && padded >= last && (padded - len) * 8 <= len, "{len} → {padded}");
            assert_eq!(padded_len(padded), padded, "a padded length stays");
            last = padded;
        }
    }
}
