//! Faults to plant into the ledger, to prove that its tests find them. Without the feature
//! `planted-faults` every one of them is `false` for the compiler.

/// What goes wrong on purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// The log is not synced before an acknowledgment.
    pub ack_before_sync: bool,
    /// Ids that were used before are not recognised.
    pub no_dedupe: bool,
    /// Log tables are cleared before what they hold was folded.
    pub clear_before_fold: bool,
    /// The folded position is committed before the rows that it stands for.
    pub position_ahead: bool,
    /// The chunks are not synced before the log is cleared.
    pub fold_unsynced: bool,
    /// A deletion leaves the content in the chunks.
    pub no_wipe: bool,
    /// A start does not read the unfolded entries.
    pub no_replay: bool,
    /// The databases are born without the care that a power cut at birth needs.
    pub careless_birth: bool,
    /// Ids are not folded.
    pub forget_ids: bool,
}

#[cfg(not(feature = "planted-faults"))]
impl super::LedgerSettings {
    pub(super) const fn faults(&self) -> Faults {
        Faults {
            ack_before_sync: false,
            no_dedupe: false,
            clear_before_fold: false,
            position_ahead: false,
            fold_unsynced: false,
            no_wipe: false,
            no_replay: false,
            careless_birth: false,
            forget_ids: false,
        }
    }
}

#[cfg(feature = "planted-faults")]
impl super::LedgerSettings {
    pub(super) const fn faults(&self) -> Faults {
        self.faults
    }
}
