//! `[storage]`: where the data is.

use std::path::PathBuf;

use super::key::{Invalid, section};

section! {
    /// Where the data is.
    Storage "storage" {
        /// The folder that holds everything; made at the first start. One process at a time may have it.
        data: PathBuf = PathBuf::from("chinwag-data"), Text "folder";
    }
}

fn rules(storage: &Storage) -> Result<(), Invalid> {
    if storage.data.as_os_str().is_empty() {
        return Err(Invalid::new("data", "is empty; name a folder"));
    }
    Ok(())
}
