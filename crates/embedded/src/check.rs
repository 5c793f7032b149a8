//! Looks at the databases of a data folder without changing them: is each one ours, of a layout that this
//! program knows, and whole? For `chinwag doctor`; whoever calls holds the folder's lock.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::{backups, cursors, directory, ledger};

/// Damages of one file that are told; the first says enough.
const DAMAGES_MAX: usize = 3;

/// What a database has to be.
struct Expected {
    file: &'static str,
    application: i32,
    layouts: usize,
}

/// How each database is: `Ok`, or what is wrong with it. One that is not there yet is left out. Reads
/// every page once: about a second for a few hundred megabytes.
pub fn databases(folder: &Path) -> Vec<(&'static str, Result<(), String>)> {
    let [log, chunks] = ledger::databases();
    let expected = [
        Expected::of(
            directory::SCHEMA.file,
            directory::SCHEMA.application,
            directory::SCHEMA.migrations.len(),
        ),
        Expected::of(backups::SCHEMA.file, backups::SCHEMA.application, backups::SCHEMA.migrations.len()),
        Expected::of(cursors::SCHEMA.file, cursors::SCHEMA.application, cursors::SCHEMA.migrations.len()),
        Expected::of(log.0, log.1, log.2),
        Expected::of(chunks.0, chunks.1, chunks.2),
    ];
    let there = expected.iter().filter(|expected| folder.join(expected.file).exists());
    there.map(|expected| (expected.file, expected.check(&folder.join(expected.file)))).collect()
}

impl Expected {
    const fn of(file: &'static str, application: i32, layouts: usize) -> Self {
        Self { file, application, layouts }
    }

    fn check(&self, path: &Path) -> Result<(), String> {
        let found = look(path).map_err(|error| error.to_string())?;
        let layouts = i64::try_from(self.layouts).unwrap_or(i64::MAX);
        if found.layout > layouts {
            return Err(format!(
                "its layout is version {}, this program knows up to {layouts}; use the newer program that wrote it",
                found.layout
            ));
        }
        // Layout 0 is that of a file whose birth was cut off; the next start completes it.
        if found.layout > 0 && found.application != self.application {
            return Err("it is the database of something else; was it put here by mistake?".to_owned());
        }
        if found.damages.is_empty() { Ok(()) } else { Err(found.damages.join("; ")) }
    }
}

struct Found {
    application: i32,
    layout: i64,
    damages: Vec<String>,
}

fn look(path: &Path) -> rusqlite::Result<Found> {
    let db = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    let application = db.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let layout = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let mut statement = db.prepare(&format!("PRAGMA quick_check({DAMAGES_MAX})"))?;
    let damages = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    Ok(Found { application, layout, damages: damages.into_iter().filter(|line| line != "ok").collect() })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fs;

    use super::*;
    use crate::{CursorSettings, Place, SqliteBackups, SqliteCursors, SqliteDirectory};

    fn verdict(folder: &Path, file: &str) -> Result<(), String> {
        databases(folder).into_iter().find(|(name, _)| *name == file).unwrap().1
    }

    #[test]
    fn an_empty_folder_has_nothing_to_complain_of() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(databases(folder.path()), []);
    }

    #[test]
    fn whole_foreign_newer_and_damaged_files_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::folder(folder.path());
        SqliteDirectory::open(&place).unwrap().close().unwrap();
        SqliteCursors::open(&place, CursorSettings::default()).unwrap().close().unwrap();
        SqliteBackups::open(&place).unwrap().close().unwrap();
        let all = ["directory.db", "backups.db", "cursors.db"].map(|file| (file, Ok(())));
        assert_eq!(databases(folder.path()), all);

        let directory = folder.path().join("directory.db");
        fs::copy(folder.path().join("cursors.db"), &directory).unwrap();
        assert!(verdict(folder.path(), "directory.db").unwrap_err().contains("something else"));

        Connection::open(&directory).unwrap().pragma_update(None, "user_version", 999).unwrap();
        assert!(verdict(folder.path(), "directory.db").unwrap_err().contains("use the newer program"));

        fs::write(&directory, "not a database at all, not even a little").unwrap();
        assert!(verdict(folder.path(), "directory.db").unwrap_err().contains("not a database"));
    }
}
