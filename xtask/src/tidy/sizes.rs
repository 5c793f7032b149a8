//! Files have at most 500 lines and functions at most 70, from `fn` to the closing brace. The exceptions are a
//! list whose numbers only fall: one that is larger than what it excuses, or not needed any more, offends too.
//!
//! Leaves out how complicated the lines are.

use std::collections::BTreeMap;

use syn::visit::{self, Visit};
use toml::{Table, Value};

use super::Complaint;
use super::tree::{File, Tree};

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;
const EXCEPTIONS: &str = "xtask/tidy-exceptions.toml";

/// A file, or a function in it, and how long it is.
struct Size {
    path: String,
    line: usize,
    /// `path`, or `path::function`.
    name: String,
    lines: usize,
    lines_max: usize,
}

pub(crate) fn check(tree: &Tree) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let mut excused = match exceptions(tree) {
        Ok(excused) => excused,
        Err(complaint) => return vec![complaint],
    };
    for size in tree.rust().flat_map(measure) {
        let Size { path, line, name, lines, lines_max } = size;
        match excused.remove(&name) {
            None if lines > lines_max => {
                complaints.push(Complaint::new(
                    path,
                    line,
                    format!("{name} has {lines} lines, more than {lines_max}"),
                ));
            }
            Some(_) if lines <= lines_max => {
                complaints.push(Complaint::new(EXCEPTIONS, 0, format!("{name} needs no exception any more")));
            }
            Some(excuse) if lines > excuse => {
                complaints.push(Complaint::new(
                    path,
                    line,
                    format!("{name} has {lines} lines, more than the {excuse} of its exception"),
                ));
            }
            Some(excuse) if lines < excuse => {
                complaints.push(Complaint::new(
                    EXCEPTIONS,
                    0,
                    format!("{name} has {lines} lines: lower its {excuse}"),
                ));
            }
            _ => {}
        }
    }
    for name in excused.into_keys() {
        complaints.push(Complaint::new(EXCEPTIONS, 0, format!("{name} does not exist")));
    }
    complaints
}

/// `"name" = { lines = N, why = "…" }`.
fn exceptions(tree: &Tree) -> Result<BTreeMap<String, usize>, Complaint> {
    let broken = |what: String| Complaint::new(EXCEPTIONS, 0, what);
    let Some(file) = tree.file(EXCEPTIONS) else { return Ok(BTreeMap::new()) };
    let list: Table = file.text.parse().map_err(|error| broken(format!("cannot be read: {error}")))?;
    let mut excused = BTreeMap::new();
    for (name, value) in list {
        let lines =
            value.get("lines").and_then(Value::as_integer).and_then(|lines| usize::try_from(lines).ok());
        let why = value.get("why").and_then(Value::as_str).unwrap_or_default();
        match lines.filter(|_| !why.is_empty()) {
            Some(lines) => excused.insert(name, lines),
            None => return Err(broken(format!("{name} needs {{ lines = N, why = \"…\" }}"))),
        };
    }
    Ok(excused)
}

fn measure(file: &File) -> Vec<Size> {
    let whole = Size {
        path: file.path.clone(),
        line: 0,
        name: file.path.clone(),
        lines: file.text.lines().count(),
        lines_max: FILE_LINES_MAX,
    };
    let mut functions = Functions { file, inside: Vec::new(), sizes: vec![whole] };
    // What does not parse is the compiler's to complain about.
    if let Ok(parsed) = syn::parse_file(&file.text) {
        functions.visit_file(&parsed);
    }
    let mut sizes = functions.sizes;
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for size in &mut sizes {
        // Methods of one name in one file are told apart by their number.
        let count = seen.entry(size.name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            size.name = format!("{}#{count}", size.name);
        }
    }
    sizes
}

struct Functions<'t> {
    file: &'t File,
    /// The functions around the one that is looked at.
    inside: Vec<String>,
    sizes: Vec<Size>,
}

impl Functions<'_> {
    fn note(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let first = signature.fn_token.span.start().line;
        let last = block.brace_token.span.close().end().line;
        self.inside.push(signature.ident.to_string());
        self.sizes.push(Size {
            path: self.file.path.clone(),
            line: first,
            name: format!("{}::{}", self.file.path, self.inside.join("::")),
            lines: last + 1 - first,
            lines_max: FUNCTION_LINES_MAX,
        });
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.note(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
        self.inside.pop();
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.note(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
        self.inside.pop();
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.note(&item.sig, block);
            visit::visit_trait_item_fn(self, item);
            self.inside.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(name: &str, lines: usize) -> String {
        format!("fn {name}() {{\n{}}}\n", "    call();\n".repeat(lines - 2))
    }

    fn complaints(files: &[(&str, &str)]) -> Vec<String> {
        check(&Tree::of(files)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_long_file_is_named() {
        let (fits, long) = ("// x\n".repeat(500), "// x\n".repeat(501));
        let found = complaints(&[("a.rs", &fits), ("b.rs", &long), ("c.md", &long)]);
        assert_eq!(found, ["b.rs: b.rs has 501 lines, more than 500"]);
    }

    #[test]
    fn a_long_function_is_named_wherever_it_stands() {
        let text = format!(
            "{}{}impl X {{\n{}}}\ntrait Y {{\n{}}}\n",
            function("fits", 70),
            function("long", 71),
            function("method", 72),
            function("provided", 73)
        );
        let found = complaints(&[("a.rs", &text)]);
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!(found[0], "a.rs:71: a.rs::long has 71 lines, more than 70");
        assert!(
            found[1].contains("a.rs::method has 72") && found[2].contains("a.rs::provided has 73"),
            "{found:?}"
        );
    }

    #[test]
    fn braces_in_texts_and_comments_do_not_count() {
        let text = format!("fn f() {{\n    let x = \"{{\"; // }}\n}}\n{}", function("g", 70));
        assert_eq!(complaints(&[("a.rs", &text)]), [""; 0]);
    }

    #[test]
    fn an_exception_excuses_exactly_what_it_names() {
        let long = function("long", 80);
        let with = |list: &str| complaints(&[("a.rs", &long), (EXCEPTIONS, list)]);
        assert_eq!(with("\"a.rs::long\" = { lines = 80, why = \"a table\" }"), [""; 0]);
        assert_eq!(
            with("\"a.rs::long\" = { lines = 79, why = \"a table\" }"),
            ["a.rs:1: a.rs::long has 80 lines, more than the 79 of its exception"]
        );
    }

    #[test]
    fn the_numbers_of_exceptions_only_fall() {
        let long = function("long", 80);
        let with = |list: &str| complaints(&[("a.rs", &long), (EXCEPTIONS, list)]);
        assert_eq!(
            with("\"a.rs::long\" = { lines = 90, why = \"a table\" }"),
            ["xtask/tidy-exceptions.toml: a.rs::long has 80 lines: lower its 90"]
        );
        let short = function("long", 60);
        let found = complaints(&[
            ("a.rs", &short),
            (EXCEPTIONS, "\"a.rs::long\" = { lines = 80, why = \"a table\" }"),
        ]);
        assert_eq!(found, ["xtask/tidy-exceptions.toml: a.rs::long needs no exception any more"]);
    }

    #[test]
    fn an_exception_for_nothing_or_without_a_reason_is_named() {
        let found = complaints(&[(EXCEPTIONS, "\"gone.rs\" = { lines = 600, why = \"x\" }")]);
        assert_eq!(found, ["xtask/tidy-exceptions.toml: gone.rs does not exist"]);
        assert_eq!(complaints(&[(EXCEPTIONS, "\"a.rs\" = { lines = 600 }")]).len(), 1);
    }
}
