//! What is remembered of another user's device chain.

use super::RootPublic;
use crate::canonical::Hash;

/// How far a chain had got when it was last seen. Orders by generation, then version; never falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The number of root-signed links.
    pub generation: u64,
    /// The number of links.
    pub version: u64,
}

/// What is remembered of a chain: enough to notice a roll-back, a fork or another identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pin {
    /// The identity.
    pub root: RootPublic,
    /// How far the chain had got.
    pub position: Position,
    /// The hash of its last link.
    pub head: Hash,
}

/// How a chain stands to its pin, if nothing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinVerdict {
    /// Nothing new.
    Same,
    /// It goes on from what is pinned.
    Extends,
    /// The root has signed a later generation that parts from what is pinned: devices seen as live may be
    /// gone. Worth a notice.
    Superseded,
}
