//! What kind of disk is simulated: how writes tear and what makes a name in a directory durable.

/// The unit that a disk writes whole or not at all, aligned to its own size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TornUnit {
    /// 512 bytes: the classic sector; a database page can be torn.
    #[default]
    Bytes512,
    /// 4,096 bytes: today's sector and page-cache page; an aligned page of that size is never torn.
    Bytes4096,
}

impl TornUnit {
    /// The size in bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        match self {
            Self::Bytes512 => 512,
            Self::Bytes4096 => 4096,
        }
    }
}

/// What makes the creation and the deletion of a name durable. Until then a power cut may undo it: a new file has never
/// been, a deleted one is back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Directory {
    /// Lenient, what ext4 and XFS do in practice: a sync of *any* file commits every earlier creation and deletion, since
    /// they share one metadata journal. What is not committed lands in order.
    Journaled,
    /// The letter of POSIX with what SQLite does about it on Unix: names are durable after a sync of their directory and
    /// not before, and land in any order. SQLite syncs the directory when it deletes a rollback journal under
    /// `synchronous=EXTRA`, and at the first sync of each journal or WAL it opened; the main database has no such step.
    #[default]
    Unix,
    /// Strict: a file's own sync makes its own creation durable and nothing else; deletions, and files never synced, wait
    /// for a directory sync whose failure SQLite would report, which is the one of `synchronous=EXTRA`, or for
    /// [`crate::Disk::sync_directory`]. (At the first sync of a journal SQLite ignores a directory sync that fails,
    /// so this model takes it for failed.) A database that was created with defaults can come back empty here: the journal
    /// of its first transaction returns and rolls it back.
    Strict,
}

/// A kind of disk. `Model::default()` tears at 512 bytes, follows [`Directory::Unix`] and remembers 512 MiB of writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
    /// What is written whole or not at all.
    pub torn_unit: TornUnit,
    /// What makes names durable.
    pub directory: Directory,
    /// How many bytes of past writes are kept for [`crate::Disk::image_at`]; beyond that the oldest steps are forgotten.
    pub history_bytes_max: usize,
}

impl Default for Model {
    fn default() -> Self {
        Self { torn_unit: TornUnit::default(), directory: Directory::default(), history_bytes_max: 512 << 20 }
    }
}

impl Model {
    /// The default with [`Directory::Strict`].
    #[must_use]
    pub fn strict() -> Self {
        Self { directory: Directory::Strict, ..Self::default() }
    }

    /// The default with [`Directory::Journaled`].
    #[must_use]
    pub fn lenient() -> Self {
        Self { directory: Directory::Journaled, ..Self::default() }
    }
}
