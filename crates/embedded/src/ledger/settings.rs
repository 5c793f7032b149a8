//! The settings of the ledger, each with its limit's arithmetic. Where they come from is not here.

/// How the ledger works. The defaults suit a server of a hundred thousand chats on two cores.
#[derive(Clone, Debug)]
pub struct LedgerSettings {
    /// The deployment's secret for fingerprints at the birth of a store; `None` makes a random one. A
    /// store that is there keeps its own.
    pub fingerprint_key: Option<[u8; 16]>,
    /// Under load, syncs of the log start at least so many milliseconds apart. A record that comes alone
    /// is synced at once.
    pub sync_spacing_ms: u64,
    /// Records of one transaction. 1,000 at about 10 µs each are 10 ms.
    pub batch_rows_max: usize,
    /// Bytes of one transaction's records, roughly.
    pub batch_bytes_max: usize,
    /// Records that wait for the writer; beyond, appends are refused at once. At 60,000 a second a full
    /// queue is worked off within 300 ms.
    pub queue_rows_max: usize,
    /// Bytes of the records that wait, roughly.
    pub queue_bytes_max: usize,
    /// Records of one chat that wait, so that a flooded chat leaves room for the others.
    pub chat_queue_rows_max: usize,
    /// A record that waited longer is refused.
    pub wait_ms_max: u64,
    /// Entries that are not yet folded: they are in memory, and a start reads them again, about 5 µs each.
    pub tail_rows_max: usize,
    /// Memory of the entries that are not yet folded, roughly.
    pub tail_bytes_max: usize,
    /// So many unfolded entries are folded at once; the more, the less is written for each.
    pub fold_rows: usize,
    /// An unfolded entry is folded after so many milliseconds at the latest.
    pub fold_after_ms: u64,
    /// Deleted content is overwritten after so many milliseconds, and the time of two folds.
    pub wipe_after_ms: u64,
    /// The folder pauses after so many milliseconds of work.
    pub fold_slice_ms: u64,
    /// So long it pauses then, unless the tail is half full.
    pub fold_pause_ms: u64,
    /// Memory of the chats that the writer keeps at hand, roughly. A chat of two costs about 1 kB and
    /// 48 bytes for each of its last 256 ids.
    pub cache_bytes_max: usize,
    /// Reader threads.
    pub readers: usize,
    /// Reads that wait for a reader; beyond, they are refused.
    pub read_queue_max: usize,
    /// Faults to plant, to prove that the tests find them.
    #[cfg(feature = "planted-faults")]
    pub faults: super::faults::Faults,
}

impl Default for LedgerSettings {
    fn default() -> Self {
        Self {
            fingerprint_key: None,
            sync_spacing_ms: 2,
            batch_rows_max: 1_000,
            batch_bytes_max: 1 << 20,
            queue_rows_max: 16_384,
            queue_bytes_max: 32 << 20,
            chat_queue_rows_max: 2_048,
            wait_ms_max: 2_000,
            tail_rows_max: 100_000,
            tail_bytes_max: 192 << 20,
            fold_rows: 48_000,
            fold_after_ms: 10_000,
            wipe_after_ms: 1_000,
            fold_slice_ms: 5,
            fold_pause_ms: 1,
            cache_bytes_max: 256 << 20,
            readers: 2,
            read_queue_max: 1_024,
            #[cfg(feature = "planted-faults")]
            faults: super::faults::Faults::default(),
        }
    }
}
