//! Every crate takes the workspace's lints, and these forbid `unsafe`. One crate, for tests only, needs it and
//! has to write its lints out; there the word stands in one folder alone.
//!
//! Leaves out the other lints: clippy runs with warnings as errors.

use toml::{Table, Value};

use super::Complaint;
use super::tree::Tree;

/// The crate that may, and where.
const EXCEPTION: (&str, &str) = ("powercut", "crates/powercut/src/vfs/");

pub(crate) fn check(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let root = tree.file("Cargo.toml").and_then(|file| file.text.parse().ok());
    if at(root.as_ref(), &["workspace", "lints", "rust", "unsafe_code"]) != Some(&Value::from("forbid")) {
        complaints.push(Complaint::new(
            "Cargo.toml",
            0,
            "does not forbid unsafe_code in [workspace.lints.rust]",
        ));
    }
    for (name, file) in tree.manifests() {
        let manifest: Option<Table> = file.text.parse().ok();
        let inherits = at(manifest.as_ref(), &["lints", "workspace"]) == Some(&Value::Boolean(true));
        let denies = at(manifest.as_ref(), &["lints", "rust", "unsafe_code"]) == Some(&Value::from("deny"));
        if !(inherits || name == EXCEPTION.0 && denies) {
            complaints.push(Complaint::new(
                &file.path,
                0,
                "does not take the workspace's lints: [lints] workspace = true",
            ));
        }
    }
    let word = concat!("allow(unsafe", "_code");
    for file in tree.rust().filter(|file| !file.path.starts_with(EXCEPTION.1)) {
        for (line, _) in file.lines().filter(|(_, text)| text.contains(word)) {
            complaints.push(Complaint::new(
                &file.path,
                line,
                format!("allows unsafe code outside of {}", EXCEPTION.1),
            ));
        }
    }
    complaints
}

fn at<'t>(table: Option<&'t Table>, path: &[&str]) -> Option<&'t Value> {
    let (last, folders) = path.split_last()?;
    let inner = folders.iter().try_fold(table?, |table, key| table.get(*key)?.as_table())?;
    inner.get(*last)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: (&str, &str) = ("Cargo.toml", "[workspace.lints.rust]\nunsafe_code = \"forbid\"\n");

    fn complaints(files: &[(&str, &str)]) -> Vec<String> {
        check(&Tree::of(files)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_workspace_that_forbids_nothing_is_named() {
        assert_eq!(
            complaints(&[("Cargo.toml", "[workspace.lints.rust]\nunsafe_code = \"warn\"\n")]).len(),
            1
        );
    }

    #[test]
    fn a_crate_without_the_lints_is_named_and_the_exception_is_one() {
        let (deny, inherit) = ("[lints.rust]\nunsafe_code = \"deny\"\n", "[lints]\nworkspace = true\n");
        let found = complaints(&[
            ROOT,
            ("crates/a/Cargo.toml", ""),
            ("crates/b/Cargo.toml", deny),
            ("crates/c/Cargo.toml", inherit),
            ("crates/powercut/Cargo.toml", deny),
        ]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("crates/a/") && found[1].starts_with("crates/b/"), "{found:?}");
    }

    #[test]
    fn unsafe_code_outside_of_its_folder_is_named() {
        let text = concat!("//! x\n#![allow(unsafe", "_code)]\n");
        let found =
            complaints(&[ROOT, ("crates/powercut/src/vfs/mod.rs", text), ("crates/a/src/lib.rs", text)]);
        assert_eq!(found, ["crates/a/src/lib.rs:2: allows unsafe code outside of crates/powercut/src/vfs/"]);
    }
}
