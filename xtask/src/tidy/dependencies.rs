//! Who may depend on whom stands in a table in ARCHITECTURE.md, between two `dependency-table` comments. The
//! manifests are held against it; so is the one file of the server that may name an engine.
//!
//! Leaves out dependencies on others' crates, but for end-to-end encryption in the server.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use super::Complaint;
use super::tree::Tree;

const PAGE: &str = "ARCHITECTURE.md";
/// What any crate may use in its tests.
const IN_TESTS: [&str; 3] = ["testkit", "checker", "powercut"];
/// What is linked into the server, and so must not be able to read an encrypted chat.
const SERVER_SIDE: [&str; 4] = ["chat", "ports", "embedded", "server"];
const ENGINES: [&str; 1] = ["chinwag_embedded"];
const WIRING: &str = "crates/server/src/node/wiring.rs";

/// For each crate the crates it may depend on.
type Allowed = BTreeMap<String, BTreeSet<String>>;
/// Crates and on whom they do depend.
type Edges = BTreeMap<String, BTreeSet<String>>;

pub(crate) fn check(tree: &Tree) -> Vec<Complaint> {
    let allowed = match table(tree) {
        Ok(allowed) => allowed,
        Err(complaint) => return vec![complaint],
    };
    let mut complaints = Vec::new();
    let mut edges = Edges::new();
    for (name, file) in tree.manifests() {
        let Some(row) = allowed.get(name) else {
            complaints.push(Complaint::new(
                &file.path,
                0,
                format!("`{name}` has no row in the table of {PAGE}"),
            ));
            continue;
        };
        let manifest: Table = file.text.parse().unwrap_or_default();
        for (section, dependencies) in sections(&manifest) {
            for (key, value) in dependencies {
                let Some(other) = folder(package(key, value)) else { continue };
                let in_tests = section == "dev-dependencies";
                let free = in_tests && (IN_TESTS.contains(&other) || other == name);
                if !free && !row.contains(other) {
                    complaints.push(Complaint::new(
                        &file.path,
                        0,
                        format!("`{name}` may not depend on `{other}`: the table of {PAGE} does not say so"),
                    ));
                }
                if !in_tests {
                    edges.entry(name.to_owned()).or_default().insert(other.to_owned());
                }
            }
        }
    }
    for name in allowed.keys().filter(|name| tree.manifests().all(|(other, _)| other != name.as_str())) {
        complaints.push(Complaint::new(
            PAGE,
            0,
            format!("the table has a row for `{name}`, which does not exist"),
        ));
    }
    complaints.extend(no_keys_in_the_server(&edges));
    complaints.extend(engines_in_the_wiring_alone(tree));
    complaints
}

fn table(tree: &Tree) -> Result<Allowed, Complaint> {
    let page = tree.file(PAGE).ok_or_else(|| Complaint::new(PAGE, 0, "is missing"))?;
    let is_mark = |text: &str, mark: &str| text.trim() == format!("<!-- {mark} -->");
    let mut lines =
        page.lines().skip_while(|(_, text)| !is_mark(text, "dependency-table")).skip(1).peekable();
    if lines.peek().is_none() {
        return Err(Complaint::new(PAGE, 0, "has no `<!-- dependency-table -->`"));
    }
    let mut allowed = Allowed::new();
    for (line, text) in lines {
        if is_mark(text, "/dependency-table") {
            return Ok(allowed);
        }
        let cells: Vec<&str> = text.trim().trim_matches('|').split('|').map(str::trim).collect();
        match cells.as_slice() {
            ["crate", _] => {}
            [rule, _] if rule.starts_with("---") => {}
            [name, others] if !name.is_empty() => {
                let others =
                    others.split(',').map(|other| other.trim().to_owned()).filter(|other| !other.is_empty());
                allowed.insert((*name).to_owned(), others.collect());
            }
            _ => return Err(Complaint::new(PAGE, line, "the table's rows are `| crate | may depend on |`")),
        }
    }
    Err(Complaint::new(PAGE, 0, "has no `<!-- /dependency-table -->`"))
}

/// Every table of dependencies of a manifest, with the kind that it is.
pub(super) fn sections(manifest: &Table) -> impl Iterator<Item = (&'static str, &Table)> {
    const KINDS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flatten();
    let places = std::iter::once(manifest).chain(targets.filter_map(|(_, target)| target.as_table()));
    places.flat_map(|place| KINDS.iter().filter_map(|kind| Some((*kind, place.get(*kind)?.as_table()?))))
}

fn package<'m>(key: &'m str, value: &'m Value) -> &'m str {
    value.get("package").and_then(Value::as_str).unwrap_or(key)
}

/// The folder of one of our own packages.
fn folder(package: &str) -> Option<&str> {
    match package {
        "chinwag" | "xtask" => Some(package),
        _ => package.strip_prefix("chinwag-"),
    }
}

/// The server cannot read what it cannot link.
fn no_keys_in_the_server(edges: &Edges) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for start in SERVER_SIDE {
        let (mut seen, mut next) = (BTreeSet::new(), vec![start]);
        while let Some(name) = next.pop() {
            if seen.insert(name) {
                next.extend(edges.get(name).into_iter().flatten().map(String::as_str));
            }
        }
        if seen.contains("e2ee") {
            complaints.push(Complaint::new(
                format!("crates/{start}/Cargo.toml"),
                0,
                format!("`{start}` can reach `e2ee`: the server must not be able to read"),
            ));
        }
    }
    complaints
}

fn engines_in_the_wiring_alone(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let server =
        tree.rust().filter(|file| file.path.starts_with("crates/server/src/") && file.path != WIRING);
    for file in server {
        for (line, text) in file.lines().filter(|(_, text)| !text.trim_start().starts_with("//")) {
            if let Some(engine) = ENGINES.iter().find(|engine| text.contains(**engine)) {
                complaints.push(Complaint::new(
                    &file.path,
                    line,
                    format!("names `{engine}`: engines are named in {WIRING} alone"),
                ));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: (&str, &str) = (
        PAGE,
        "# x\n<!-- dependency-table -->\n| crate | may depend on |\n|---|---|\n| proto | |\n| chat | proto |\n| server | chat, proto, e2ee |\n| e2ee | proto |\n<!-- /dependency-table -->\n",
    );

    fn manifest(dependencies: &str) -> String {
        format!("[package]\nname = \"x\"\n{dependencies}")
    }

    /// A tree with the table above and these manifests, others empty.
    fn complaints(given: &[(&str, &str)], more: &[(&str, &str)]) -> Vec<String> {
        let text = |name: &str| {
            given.iter().find(|(given, _)| *given == name).map_or(String::new(), |(_, text)| manifest(text))
        };
        let names =
            ["proto", "chat", "server", "e2ee"].map(|name| (format!("crates/{name}/Cargo.toml"), text(name)));
        let mut files = vec![TABLE];
        files.extend(names.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        files.extend(more);
        check(&Tree::of(&files)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn edges_of_the_table_pass() {
        let chat = "[dependencies]\nchinwag-proto.workspace = true\nserde.workspace = true\n[dev-dependencies]\nchinwag-testkit.workspace = true\n";
        assert_eq!(complaints(&[("chat", chat)], &[]), [""; 0]);
    }

    #[test]
    fn an_edge_that_the_table_does_not_have_is_named() {
        for section in
            ["dependencies", "dev-dependencies", "build-dependencies", "target.'cfg(unix)'.dependencies"]
        {
            let found =
                complaints(&[("proto", &format!("[{section}]\nchinwag-chat.workspace = true\n"))], &[]);
            assert_eq!(
                found,
                [
                    "crates/proto/Cargo.toml: `proto` may not depend on `chat`: the table of ARCHITECTURE.md does not say so"
                ],
                "{section}"
            );
        }
    }

    #[test]
    fn a_renamed_edge_is_named_too() {
        let renamed = "[dependencies]\nharmless = { package = \"chinwag-chat\", workspace = true }\n";
        assert_eq!(complaints(&[("proto", renamed)], &[]).len(), 1);
    }

    #[test]
    fn the_tests_crates_are_for_tests() {
        let found = complaints(&[("chat", "[dependencies]\nchinwag-testkit.workspace = true\n")], &[]);
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn a_crate_without_a_row_and_a_row_without_a_crate_are_named() {
        let found = complaints(&[], &[("crates/new/Cargo.toml", "")]);
        assert_eq!(found, ["crates/new/Cargo.toml: `new` has no row in the table of ARCHITECTURE.md"]);
        let found = check(&Tree::of(&[TABLE]));
        assert_eq!(found.len(), 4, "{found:?}");
    }

    #[test]
    fn the_server_cannot_reach_encryption_whatever_the_table_says() {
        let through_chat = [
            ("server", "[dependencies]\nchinwag-chat.workspace = true\n"),
            ("chat", "[dependencies]\nchinwag-e2ee.workspace = true\n"),
        ];
        let found = complaints(&through_chat, &[]);
        assert!(
            found.iter().any(|text| text.starts_with("crates/server/Cargo.toml: `server` can reach `e2ee`")),
            "{found:?}"
        );
    }

    #[test]
    fn an_engine_named_outside_of_the_wiring_is_named() {
        let (code, comment) = ("//! x\nuse chinwag_embedded::Store;\n", "//! not chinwag_embedded\n");
        let found = complaints(
            &[],
            &[(WIRING, code), ("crates/server/src/api/a.rs", code), ("crates/server/src/api/b.rs", comment)],
        );
        assert_eq!(
            found,
            [
                "crates/server/src/api/a.rs:2: names `chinwag_embedded`: engines are named in crates/server/src/node/wiring.rs alone"
            ]
        );
    }

    #[test]
    fn a_page_without_the_table_is_named() {
        for text in [
            "# x\n",
            "<!-- dependency-table -->\n| a | |\n",
            "<!-- dependency-table -->\n| a |\n<!-- /dependency-table -->\n",
        ] {
            assert_eq!(check(&Tree::of(&[(PAGE, text)])).len(), 1, "{text}");
        }
    }
}
