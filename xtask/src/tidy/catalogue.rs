//! The root manifest lists every dependency once, with why it was chosen; crates take theirs from there, so
//! that each is built in one version with one set of features.
//!
//! Leaves out licences, duplicates and sources: cargo-deny checks them.

use toml::{Table, Value};

use super::Complaint;
use super::dependencies::sections;
use super::tree::Tree;

const ROOT: &str = "Cargo.toml";

pub(crate) fn check(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = every_line_says_why(tree);
    for (_, file) in tree.manifests() {
        let manifest: Table = match file.text.parse() {
            Ok(manifest) => manifest,
            Err(error) => {
                complaints.push(Complaint::new(&file.path, 0, format!("cannot be read: {error}")));
                continue;
            }
        };
        for (name, value) in sections(&manifest).flat_map(|(_, dependencies)| dependencies) {
            complaints.extend(taken_from_root(name, value).map(|what| Complaint::new(&file.path, 0, what)));
        }
    }
    complaints
}

/// A reason stands behind the dependency, or above the group that it is in.
fn every_line_says_why(tree: &Tree) -> Vec<Complaint> {
    let Some(root) = tree.file(ROOT) else {
        return vec![Complaint::new(ROOT, 0, "is missing")];
    };
    let mut complaints = Vec::new();
    let (mut inside, mut above) = (false, false);
    for (line, text) in root.lines() {
        let text = text.trim();
        if text.starts_with('[') {
            inside = text == "[workspace.dependencies]";
            above = false;
        } else if text.is_empty() {
            above = false;
        } else if text.starts_with('#') {
            above = true;
        } else if inside && !above && !text.contains(" # ") && !text.contains("path = ") {
            let name = text.split('=').next().unwrap_or_default().trim();
            complaints.push(Complaint::new(
                ROOT,
                line,
                format!("`{name}` does not say why it is here: add ` # …`"),
            ));
        }
    }
    complaints
}

/// What is wrong with how a crate names a dependency.
fn taken_from_root(name: &str, value: &Value) -> Option<String> {
    let ours = name.starts_with("chinwag");
    // A crate that tests itself with other features.
    if ours && value.get("path").and_then(Value::as_str) == Some(".") {
        return None;
    }
    let Some(table) = value.as_table().filter(|table| table.get("workspace") == Some(&Value::Boolean(true)))
    else {
        return Some(format!("`{name}` is not taken from the workspace: write `{name}.workspace = true`"));
    };
    if !ours && (table.contains_key("features") || table.contains_key("default-features")) {
        return Some(format!("`{name}` chooses features: they stand in the root manifest alone"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(files: &[(&str, &str)]) -> Vec<String> {
        check(&Tree::of(files)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_line_without_a_reason_is_named() {
        let root = "[workspace.dependencies]\nours = { path = \"x\" }\na = \"1\" # because\nb = \"1\"\n\n# for c and d\nc = \"1\"\nd = \"1\"\n\ne = \"1\"\n[profile.dev]\nf = 1\n";
        let found = complaints(&[("Cargo.toml", root)]);
        assert_eq!(
            found,
            [
                "Cargo.toml:4: `b` does not say why it is here: add ` # …`",
                "Cargo.toml:10: `e` does not say why it is here: add ` # …`"
            ]
        );
    }

    #[test]
    fn a_crate_that_chooses_for_itself_is_named() {
        let own = "[dependencies]\na = \"1\"\n[dev-dependencies]\nb = { workspace = true, features = [\"x\"] }\n[target.'cfg(unix)'.dependencies]\nc = { git = \"x\" }\n";
        let found = complaints(&[("Cargo.toml", ""), ("crates/one/Cargo.toml", own)]);
        assert_eq!(found.len(), 3, "{found:?}");
    }

    #[test]
    fn features_of_our_own_crates_may_be_chosen() {
        let own = "[dependencies]\na.workspace = true\nchinwag-ports = { workspace = true, features = [\"testing\"] }\nb = { workspace = true, optional = true }\n[dev-dependencies]\nchinwag-one = { path = \".\", features = [\"x\"] }\n";
        assert_eq!(complaints(&[("Cargo.toml", ""), ("crates/one/Cargo.toml", own)]), [""; 0]);
    }
}
