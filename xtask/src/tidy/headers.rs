//! Every source file opens with `//!`: what it is and what it leaves out.

use super::Complaint;
use super::tree::Tree;

pub(crate) fn check(tree: &Tree) -> Vec<Complaint> {
    let bare = |text: &str| {
        let first = text.lines().next().unwrap_or_default();
        first.strip_prefix("//!").is_none_or(|words| words.trim().is_empty())
    };
    let offenders = tree.rust().filter(|file| bare(&file.text));
    offenders.map(|file| Complaint::new(&file.path, 1, "does not open with `//!` and what it is")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_its_first_line_is_named() {
        let tree = Tree::of(&[
            ("a.rs", "//! What it is.\n"),
            ("b.rs", "use a;\n"),
            ("c.rs", "//!\n"),
            ("d.md", "x"),
        ]);
        let paths: Vec<_> = check(&tree).into_iter().map(|complaint| complaint.path).collect();
        assert_eq!(paths, ["b.rs", "c.rs"]);
    }
}
