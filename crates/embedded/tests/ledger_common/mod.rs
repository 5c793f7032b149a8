//! What the tests of the ledger share: places, settings and short ways to ask it for things.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, dead_code)]

use chinwag_embedded::ledger::LedgerSettings;

/// Folds all the time, in tiny folds over tiny tables, so that a short run passes through everything.
pub(crate) fn restless() -> LedgerSettings {
    LedgerSettings {
        fingerprint_key: Some(*b"a test's secret."),
        tail_rows_max: 64,
        fold_rows: 5,
        fold_after_ms: 1,
        wipe_after_ms: 1,
        // The disk of a busy test machine may be slow.
        wait_ms_max: 60_000,
        ..LedgerSettings::default()
    }
}

/// As in a server, but with a known secret.
pub(crate) fn calm() -> LedgerSettings {
    LedgerSettings {
        fingerprint_key: Some(*b"a test's secret."),
        wait_ms_max: 60_000,
        ..LedgerSettings::default()
    }
}

pub(crate) mod ask;
pub(crate) mod projection;
