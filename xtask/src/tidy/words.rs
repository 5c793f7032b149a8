//! No text holds what is true on one machine only, a registry's address, or a note to oneself.
//!
//! Leaves out the lock file, whose addresses cargo writes.

use super::Complaint;
use super::tree::Tree;

/// Each in two halves, so that this file does not hold it either.
const BANNED: [(&str, &str, &str); 9] = [
    ("/wo", "rk/", "a path of one machine"),
    ("/tmp/ba", "sh", "a path of one machine"),
    ("/ro", "ot/", "a path of one machine"),
    ("index.cra", "tes.io", "a registry's address"),
    ("static.cra", "tes.io", "a registry's address"),
    ("registry.npm", "js.org", "a registry's address"),
    ("TO", "DO", "a note to oneself: do it, or open an issue"),
    ("FIX", "ME", "a note to oneself: do it, or open an issue"),
    ("XX", "X", "a note to oneself: do it, or open an issue"),
];

pub(crate) fn check(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for file in tree.files().iter().filter(|file| !file.path.ends_with("Cargo.lock")) {
        for (line, text) in file.lines() {
            for (one, two, why) in BANNED {
                let word = format!("{one}{two}");
                if text.contains(&word) {
                    complaints.push(Complaint::new(&file.path, line, format!("holds `{word}`, {why}")));
                }
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_banned_word_is_found_with_its_line() {
        for (one, two, _) in BANNED {
            let text = format!("fine\nsee {one}{two}file\n");
            let found = check(&Tree::of(&[("docs/a.md", &text)]));
            assert_eq!(found.len(), 1, "{one}{two}: {found:?}");
            assert_eq!((found[0].path.as_str(), found[0].line), ("docs/a.md", 2));
        }
    }

    #[test]
    fn the_lock_file_and_ordinary_texts_pass() {
        let address = format!("source = \"{}{}\"", "https://index.cra", "tes.io");
        assert_eq!(check(&Tree::of(&[("Cargo.lock", &address), ("a.md", "we work on crates")])), []);
    }
}
