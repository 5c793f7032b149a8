//! The texts of the project as the rules see them: what git knows or would add.
//!
//! Leaves out bytes that are no text.

use std::path::Path;
use std::process::Command;

/// One text file.
pub(crate) struct File {
    /// From the root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    /// Lines with their numbers from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.text.lines())
    }
}

/// All text files, by path.
pub(crate) struct Tree(Vec<File>);

impl Tree {
    /// Reads every file under `root` that is not ignored.
    ///
    /// # Errors
    /// Where git cannot list the files or one cannot be read.
    pub(crate) fn read(root: &Path) -> Result<Self, String> {
        let listing = Command::new("git")
            // In CI the folder may belong to another user.
            .args(["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output()
            .map_err(|error| format!("git cannot be run: {error}"))?;
        if !listing.status.success() {
            let reason = String::from_utf8_lossy(&listing.stderr);
            return Err(format!("git cannot list the files: {}", reason.trim()));
        }
        let mut files = Vec::new();
        for path in listing.stdout.split(|byte| *byte == 0).filter(|path| !path.is_empty()) {
            let path = String::from_utf8_lossy(path).into_owned();
            // What is listed and gone was deleted and is not yet committed.
            let Ok(bytes) = std::fs::read(root.join(&path)) else { continue };
            if let Ok(text) = String::from_utf8(bytes) {
                files.push(File { path, text });
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|a, b| a.path == b.path);
        Ok(Self(files))
    }

    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let file = |&(path, text): &(&str, &str)| File { path: path.to_owned(), text: text.to_owned() };
        Self(files.iter().map(file).collect())
    }

    pub(crate) fn files(&self) -> &[File] {
        &self.0
    }

    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        self.0.iter().find(|file| file.path == path)
    }

    pub(crate) fn rust(&self) -> impl Iterator<Item = &File> {
        self.0.iter().filter(|file| file.path.ends_with(".rs"))
    }

    /// The manifests of the crates, each with the name of its folder: `crates/NAME/Cargo.toml`, and xtask's.
    pub(crate) fn manifests(&self) -> impl Iterator<Item = (&str, &File)> {
        self.0.iter().filter_map(|file| {
            let folder = file.path.strip_suffix("/Cargo.toml")?;
            let name = folder.strip_prefix("crates/").unwrap_or(folder);
            (!name.contains('/')).then_some((name, file))
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_project_itself_can_be_read() {
        let tree = Tree::read(&crate::root()).unwrap();
        assert!(tree.file("Cargo.toml").is_some());
        assert!(tree.rust().any(|file| file.path == "xtask/src/tidy/tree.rs"));
        assert!(tree.manifests().any(|(name, _)| name == "checker"));
        assert!(!tree.files().iter().any(|file| file.path.starts_with("target/")));
    }
}
