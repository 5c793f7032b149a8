//! Lists that only grow, item by item, numbered from 1: compare-and-append, and pages.
//!
//! What the items mean is not known here.

use chinwag_proto::Seq;

/// Items to be appended where the list ends at `after`.
///
/// Where it ends elsewhere nothing is appended; but where the items stand at that place already, byte for byte,
/// they are answered as the first time: a retry makes nothing twice.
#[derive(Clone, PartialEq, Eq)]
pub struct Append {
    /// The number of the last item that the caller knows; 0 before the first.
    pub after: Seq,
    /// The items, in their order; one at least.
    pub items: Vec<Vec<u8>>,
}

/// Never prints the bytes.
impl std::fmt::Debug for Append {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Append").field("after", &self.after).field("items", &self.items.len()).finish()
    }
}

/// What appending came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// The items stand there, now or since an earlier call; the number of the last of them.
    Done(Seq),
    /// The list ends elsewhere: at this number. Nothing was changed.
    Stale(Seq),
    /// There is no room. Nothing was changed.
    Full,
}

/// A part of a list.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The items, in their order.
    pub items: Vec<Vec<u8>>,
    /// The number of the list's last item; 0 before the first.
    pub head: Seq,
}

/// Never prints the bytes.
impl std::fmt::Debug for Page {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Page").field("items", &self.items.len()).field("head", &self.head).finish()
    }
}
