//! What an error of SQLite means, and what the operator is told to do about it.

use chinwag_ports::Unavailable;
use parking_lot::Mutex;
use rusqlite::ErrorCode;
use rusqlite::ffi;

/// What follows from an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Consequence {
    /// This call failed and changed nothing; the next may go well.
    ThisCall,
    /// There was no room: all that was under way is taken back; the next may go well.
    NoRoom,
    /// A write or a sync failed, or the file is damaged: what it holds is not known. A second sync that
    /// goes well would prove nothing, so no write is answered any more until a start has read the file
    /// anew.
    Final,
}

pub(super) fn consequence_of(error: &rusqlite::Error) -> Consequence {
    let Some(code) = error.sqlite_error() else {
        return Consequence::ThisCall;
    };
    match code.code {
        ErrorCode::DiskFull => Consequence::NoRoom,
        ErrorCode::SystemIoFailure if is_read(code.extended_code) => Consequence::ThisCall,
        ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
            Consequence::Final
        }
        _ => Consequence::ThisCall,
    }
}

const fn is_read(extended: i32) -> bool {
    matches!(extended, ffi::SQLITE_IOERR_READ | ffi::SQLITE_IOERR_SHORT_READ)
}

/// What the caller and the operator are told. Names the file, never a row.
pub(super) fn tell(file: &str, error: &rusqlite::Error) -> Unavailable {
    let what_to_do = match consequence_of(error) {
        Consequence::NoRoom => "the disk is full; free some space, nothing was changed",
        Consequence::Final => {
            "the disk failed; look at it and at the system's log, then restart: until then nothing is written"
        }
        Consequence::ThisCall => "nothing was changed",
    };
    // Errors of SQLite name tables and columns; a value never.
    Unavailable(format!("{file}: {what_to_do} ({error})"))
}

/// Whether a store still writes, and if not, why.
#[derive(Debug, Default)]
pub(super) struct Health(Mutex<Option<Unavailable>>);

impl Health {
    pub(super) fn check(&self) -> Result<(), Unavailable> {
        match &*self.0.lock() {
            None => Ok(()),
            Some(why) => Err(why.clone()),
        }
    }

    /// Writes no more. The first reason stays.
    pub(super) fn fail(&self, why: &Unavailable) {
        let mut reason = self.0.lock();
        if reason.is_none() {
            tracing::error!(reason = %why, "a store writes no more until the restart");
            *reason = Some(why.clone());
        }
    }
}
