//! docs/terminal.md shows the screens as they are kept.

use std::path::Path;

const MARK: &str = "<!-- screen: ";

#[test]
fn the_page_shows_every_screen_as_it_is_kept() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let path = docs.join("terminal.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let mut fresh = String::new();
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        fresh += line;
        fresh.push('\n');
        let Some(name) = line.strip_prefix(MARK).and_then(|rest| rest.strip_suffix(" -->")) else { continue };
        if lines.peek() == Some(&"```text") {
            lines.by_ref().skip(1).find(|line| *line == "```");
        }
        let screen = std::fs::read_to_string(docs.join("terminal").join(format!("{name}.txt"))).unwrap();
        fresh += &format!("```text\n{screen}```\n");
    }
    if std::env::var("CHINWAG_GOLDEN").is_ok_and(|value| value == "write") {
        std::fs::write(&path, &fresh).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), fresh);
}
