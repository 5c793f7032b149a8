//! The house rules, a file each. A rule is a pure function from the tree to complaints, so that each is tested
//! on a tree of a few lines that offends.
//!
//! Leaves out what the compiler, clippy and cargo-deny check.

mod catalogue;
mod dependencies;
mod headers;
mod lints;
mod names;
mod sizes;
mod tree;
mod words;

use std::fmt;
use std::path::Path;

use tree::Tree;

/// A place that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Complaint {
    path: String,
    /// From 1; 0 where it is about the whole file.
    line: usize,
    what: String,
}

impl Complaint {
    fn new(path: impl Into<String>, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.into(), line, what: what.into() }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.what),
            line => write!(f, "{}:{line}: {}", self.path, self.what),
        }
    }
}

type Rule = fn(&Tree) -> Vec<Complaint>;

const RULES: [(&str, Rule); 7] = [
    ("dependencies go where ARCHITECTURE.md says", dependencies::check),
    ("every source file says what it is", headers::check),
    ("files and functions are short", sizes::check),
    ("names say what a thing is", names::check),
    ("texts hold nothing that is only ours", words::check),
    ("every dependency says why", catalogue::check),
    ("every crate has the workspace's lints", lints::check),
];

/// Holds the tree under `root` against all rules, prints each complaint, and answers whether there is none.
///
/// # Errors
/// Why the tree could not be read.
pub(crate) fn run(root: &Path) -> Result<bool, String> {
    let tree = Tree::read(root)?;
    let mut count = 0;
    for (name, rule) in RULES {
        let mut complaints = rule(&tree);
        complaints.sort();
        if !complaints.is_empty() {
            println!("{name}:");
        }
        for complaint in &complaints {
            println!("  {complaint}");
        }
        count += complaints.len();
    }
    match count {
        0 => println!("tidy: {} files, {} rules, nothing to say", tree.files().len(), RULES.len()),
        _ => println!("tidy: {count} complaints"),
    }
    Ok(count == 0)
}
