//! No file, module or type is a manager, a helper or a bag of utils: such a name says who wrote it was in a
//! hurry, not what the thing is.
//!
//! Leaves out functions and values.

use syn::visit::{self, Visit};

use super::Complaint;
use super::tree::{File, Tree};

const FORBIDDEN: [&str; 6] = ["manager", "managers", "helper", "helpers", "util", "utils"];

pub(crate) fn check(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for file in tree.files() {
        for part in file.path.split('/') {
            let stem = part.split('.').next().unwrap_or_default();
            complaints.extend(judge(file, 0, stem));
        }
    }
    for file in tree.rust() {
        // What does not parse is the compiler's to complain about.
        let Ok(parsed) = syn::parse_file(&file.text) else { continue };
        let mut names = Names { file, complaints: Vec::new() };
        names.visit_file(&parsed);
        complaints.extend(names.complaints);
    }
    complaints
}

fn judge(file: &File, line: usize, name: &str) -> Option<Complaint> {
    let word = words(name).into_iter().find(|word| FORBIDDEN.contains(&word.as_str()))?;
    Some(Complaint::new(&file.path, line, format!("`{name}` is called {word}: name it for what it is")))
}

/// The words of a name in any of the usual spellings.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = '_';
    for letter in name.chars() {
        if !letter.is_alphanumeric() || letter.is_uppercase() && before.is_lowercase() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            word.extend(letter.to_lowercase());
        }
        before = letter;
    }
    words
}

struct Names<'t> {
    file: &'t File,
    complaints: Vec<Complaint>,
}

impl Names<'_> {
    fn note(&mut self, name: &proc_macro2::Ident) {
        let line = name.span().start().line;
        self.complaints.extend(judge(self.file, line, &name.to_string()));
    }
}

impl<'ast> Visit<'ast> for Names<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.note(&item.ident);
        visit::visit_item_mod(self, item);
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.note(&item.ident);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.note(&item.ident);
    }

    fn visit_item_union(&mut self, item: &'ast syn::ItemUnion) {
        self.note(&item.ident);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.note(&item.ident);
        visit::visit_item_trait(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.note(&item.ident);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(files: &[(&str, &str)]) -> Vec<String> {
        check(&Tree::of(files)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn files_and_folders_are_named() {
        let found = complaints(&[("src/utils/mod.rs", "//! x"), ("src/chat_helper.rs", "//! x")]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("src/utils/mod.rs: `utils` is called utils"), "{found:?}");
    }

    #[test]
    fn modules_and_types_are_named_with_their_line_wherever_they_stand() {
        let source = "//! x\nmod a {\n    pub struct ConnectionManager;\n}\nfn f() {\n    enum Util {}\n}\nmod helpers {}\n";
        let found = complaints(&[("a.rs", source)]);
        let lines: Vec<_> = found.iter().filter_map(|text| text.split(':').nth(1)).collect();
        assert_eq!(lines, ["3", "6", "8"], "{found:?}");
    }

    #[test]
    fn other_names_pass() {
        let source = "//! x\nstruct Utility;\nstruct Managed;\nfn helper() {}\nmod futilely {}\n";
        assert_eq!(complaints(&[("a.rs", source)]), [""; 0]);
    }
}
