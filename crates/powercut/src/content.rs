//! The bytes of one file in blocks that copies share, so that a copy of a whole disk costs a few pointers.
//!
//! It leaves out which bytes are durable: that is [`crate::state`].

use std::sync::Arc;

/// Bytes that are shared and copied together.
const BLOCK: usize = 4096;

type Block = [u8; BLOCK];

/// The bytes of a file. A block that was never written is a hole and reads as zeros; bytes of the last block behind the
/// end of the file are always zero, so that growing the file shows zeros.
#[derive(Clone, Default)]
pub(crate) struct Content {
    blocks: Vec<Option<Arc<Block>>>,
    len: u64,
}

impl Content {
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Fills `out` from `offset` on, with zeros behind the end of the file; says how many bytes the file really had.
    pub(crate) fn read(&self, offset: u64, out: &mut [u8]) -> usize {
        let have = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX).min(out.len());
        let (mut rest, behind) = out.split_at_mut(have);
        behind.fill(0);
        let mut at = offset as usize;
        while !rest.is_empty() {
            let within = at % BLOCK;
            let n = rest.len().min(BLOCK - within);
            let (part, more) = rest.split_at_mut(n);
            match self.blocks.get(at / BLOCK).and_then(Option::as_ref) {
                Some(block) => part.copy_from_slice(&block[within..within + n]),
                None => part.fill(0),
            }
            rest = more;
            at += n;
        }
        have
    }

    /// Writes `data` at `offset`, growing the file where it must.
    pub(crate) fn write(&mut self, offset: u64, data: &[u8]) {
        if data.is_empty() {
            return;
        }
        let end = offset + data.len() as u64;
        if end > self.len {
            self.set_len(end);
        }
        let mut at = offset as usize;
        let mut rest = data;
        while !rest.is_empty() {
            let within = at % BLOCK;
            let (part, more) = rest.split_at(rest.len().min(BLOCK - within));
            let slot = &mut self.blocks[at / BLOCK];
            if let Ok(whole) = Block::try_from(part) {
                *slot = Some(Arc::new(whole));
            } else {
                let block = Arc::make_mut(slot.get_or_insert_with(|| Arc::new([0; BLOCK])));
                block[within..within + part.len()].copy_from_slice(part);
            }
            at += part.len();
            rest = more;
        }
    }

    /// Cuts the file off, or grows it by a hole.
    pub(crate) fn set_len(&mut self, len: u64) {
        self.blocks.resize((len as usize).div_ceil(BLOCK), None);
        let tail = len as usize % BLOCK;
        if len < self.len
            && tail > 0
            && let Some(Some(block)) = self.blocks.last_mut()
        {
            Arc::make_mut(block)[tail..].fill(0);
        }
        self.len = len;
    }

    pub(crate) fn to_vec(&self) -> Vec<u8> {
        let mut out = vec![0; self.len as usize];
        self.read(0, &mut out);
        out
    }
}

impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len
            && self.blocks.iter().zip(&other.blocks).all(|pair| match pair {
                (Some(a), Some(b)) => Arc::ptr_eq(a, b) || a == b,
                (None, None) => true,
                (Some(block), None) | (None, Some(block)) => block.iter().all(|byte| *byte == 0),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_across_blocks_reads_back() {
        let mut content = Content::default();
        let data: Vec<u8> = (0..10_000_u32).map(|i| (i % 251) as u8).collect();
        content.write(3_000, &data);
        let mut out = vec![1; 10_100];
        assert_eq!(content.read(2_950, &mut out), 10_050);
        assert!(out[..50].iter().all(|byte| *byte == 0));
        assert_eq!(&out[50..10_050], &data[..]);
        assert!(out[10_050..].iter().all(|byte| *byte == 0), "behind the end are zeros");
    }

    #[test]
    fn growing_after_a_truncation_shows_zeros_not_the_old_bytes() {
        let mut content = Content::default();
        content.write(0, &[7; 5_000]);
        content.set_len(4_500);
        content.set_len(9_000);
        let bytes = content.to_vec();
        assert!(bytes[..4_500].iter().all(|byte| *byte == 7));
        assert!(bytes[4_500..].iter().all(|byte| *byte == 0));
    }

    #[test]
    fn a_copy_does_not_see_later_writes() {
        let mut content = Content::default();
        content.write(0, &[1; 100]);
        let copy = content.clone();
        content.write(50, &[2; 10]);
        assert_eq!(copy.to_vec(), vec![1; 100]);
        assert!(copy != content);
    }

    #[test]
    fn a_hole_equals_written_zeros() {
        let (mut hole, mut zeros) = (Content::default(), Content::default());
        hole.set_len(8_192);
        zeros.write(0, &[0; 8_192]);
        assert!(hole == zeros);
    }
}
