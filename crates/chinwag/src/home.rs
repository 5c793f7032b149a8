//! The folder in which the client's commands keep things for whoever sits at this machine, readable by its owner
//! alone. Leaves out what they keep.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::exit::Failure;

const OWNER_ONLY_FILE: u32 = 0o600;
const OWNER_ONLY_DIR: u32 = 0o700;

/// `$CHINWAG_HOME`, else `$XDG_CONFIG_HOME/chinwag`, else `~/.config/chinwag`. `what` is to be kept there.
pub(crate) fn folder(what: &str) -> Result<PathBuf, Failure> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("CHINWAG_HOME")
        .or_else(|| variable("XDG_CONFIG_HOME").map(|config| config.join("chinwag")))
        .or_else(|| variable("HOME").map(|home| home.join(".config/chinwag")))
        .ok_or_else(|| {
            Failure::usage(format!("there is no HOME to keep {what} in; set CHINWAG_HOME to a folder"))
        })
}

/// A name as one plain path segment: all but letters, digits, `-` and `_` is percent-encoded.
pub(crate) fn segment(name: &str) -> String {
    use std::fmt::Write;
    name.bytes().fold(String::with_capacity(name.len()), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

/// Makes a folder and those above it.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(OWNER_ONLY_DIR).create(folder)
}

/// Opens a file for writing, and makes it where there is none.
pub(crate) fn open(path: &Path, truncate: bool) -> io::Result<fs::File> {
    OpenOptions::new().create(true).truncate(truncate).write(true).mode(OWNER_ONLY_FILE).open(path)
}

/// Writes a file and the folders above it, durably and at once or not at all.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    make_folder(path.parent().unwrap_or(path))?;
    let aside = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = open(&aside, true)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&aside, path)
}
