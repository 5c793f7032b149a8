//! What goes wrong in a store, by what follows from it.

use chinwag_ports::Unavailable;
use rusqlite::ErrorCode;
use rusqlite::ffi;

/// Why an operation on the store failed.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum StoreError {
    /// There is no room; nothing was changed, and it may go well later.
    #[error("{file}: the disk is full")]
    Full { file: &'static str },
    /// A write or a sync failed: what the file holds is not known, and nothing may be promised any more.
    #[error("{file}: the disk failed ({detail})")]
    Failed { file: &'static str, detail: String },
    /// What is stored is not what was written.
    #[error("{file}: {what} is damaged ({detail})")]
    Damaged { file: &'static str, what: String, detail: String },
    /// Anything else, reads that failed among it; nothing was changed.
    #[error("{file}: {detail}")]
    Other { file: &'static str, detail: String },
}

impl StoreError {
    /// What an error of SQLite means for the file.
    pub(super) fn of(file: &'static str, error: &rusqlite::Error) -> Self {
        let detail = error.to_string();
        let Some(code) = error.sqlite_error() else {
            return Self::Other { file, detail };
        };
        match code.code {
            ErrorCode::DiskFull => Self::Full { file },
            ErrorCode::SystemIoFailure if !is_read(code.extended_code) => Self::Failed { file, detail },
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
                Self::Damaged { file, what: "the database".to_owned(), detail }
            }
            _ => Self::Other { file, detail },
        }
    }

    /// Whether nothing may be promised any more until a start has looked at the disk anew.
    pub(super) const fn is_final(&self) -> bool {
        matches!(self, Self::Failed { .. })
    }
}

const fn is_read(extended: i32) -> bool {
    matches!(extended, ffi::SQLITE_IOERR_READ | ffi::SQLITE_IOERR_SHORT_READ)
}

impl From<StoreError> for Unavailable {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

/// Names the file that an error of SQLite is about.
pub(super) trait InFile<T> {
    /// The same, with the file.
    fn file(self, file: &'static str) -> Result<T, StoreError>;
}

impl<T> InFile<T> for rusqlite::Result<T> {
    fn file(self, file: &'static str) -> Result<T, StoreError> {
        self.map_err(|error| StoreError::of(file, &error))
    }
}
