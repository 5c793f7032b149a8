//! What others wrote, made fit for a grid of cells: made harmless, measured, cut, wrapped.
//!
//! The one door through which foreign text reaches the screen. Control characters become visible, characters
//! that turn the direction of writing vanish, and no character piles up more marks than a line can bear.
//! Leaves out the order of right-to-left writing, which is the terminal's.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Code points of one visible character; a family of emoji has up to 10, stacked marks have no end.
const CLUSTER_MAX: usize = 12;
/// Bytes of one message that are looked at; the contract's text limit is 16 KiB.
const BYTES_MAX: usize = 64 * 1024;
/// Cells of a tab.
const TAB: &str = "    ";

/// Text of several lines; `\n` is the one control character left.
pub(super) fn harmless(text: &str) -> String {
    let mut end = text.len().min(BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = text.get(..end).unwrap_or_default().replace("\r\n", "\n");
    let mut out = String::with_capacity(text.len());
    for cluster in text.graphemes(true) {
        for (place, c) in cluster.chars().enumerate() {
            match c {
                '\n' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => out.push('\n'),
                '\t' => out.push_str(TAB),
                '\0'..='\u{1f}' => out.push(char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}')),
                '\u{7f}' => out.push('\u{2421}'),
                '\u{80}'..='\u{9f}' => out.push('\u{fffd}'),
                c if vanishes(c) => {}
                _ if place >= CLUSTER_MAX => {}
                c => out.push(c),
            }
        }
    }
    out
}

/// Text on one line: a name, a title, a preview.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(1024));
    for word in harmless(text).split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// Marks of direction, invisible fillers, annotations: they show nothing and move what is around them.
const fn vanishes(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}'
    )
}

/// Cells that a text takes.
pub(super) fn width(text: &str) -> usize {
    text.graphemes(true).map(cells).sum()
}

/// Cells of one visible character.
pub(super) fn cells(cluster: &str) -> usize {
    cluster.width().min(2)
}

/// The beginning of a text that fits; what is cut ends in `…`.
pub(super) fn fit(text: &str, cells_max: usize) -> String {
    if width(text) <= cells_max {
        return text.to_owned();
    }
    let (mut out, mut used) = (String::new(), 1);
    for cluster in text.graphemes(true) {
        used += cells(cluster);
        if used > cells_max {
            break;
        }
        out.push_str(cluster);
    }
    if cells_max > 0 {
        out.push('…');
    }
    out
}

/// A text with spaces after it up to a width, or cut to it.
pub(super) fn pad(text: &str, cells: usize) -> String {
    let mut out = fit(text, cells);
    let missing = cells.saturating_sub(width(&out));
    out.extend(std::iter::repeat_n(' ', missing));
    out
}

/// The lines of a text at a width of at least one, at most `rows_max` of them; whether something is left out.
pub(super) fn wrap(text: &str, cells_max: usize, rows_max: usize) -> (Vec<String>, bool) {
    let mut rows = Vec::new();
    for line in text.split('\n') {
        for row in wrap_line(line, cells_max.max(2)) {
            if rows.len() == rows_max {
                return (rows, true);
            }
            rows.push(row);
        }
    }
    (rows, false)
}

fn wrap_line(line: &str, cells_max: usize) -> Vec<String> {
    let mut rows = Vec::new();
    let (mut row, mut used) = (String::new(), 0);
    for word in words(line) {
        let wide = width(word);
        if used + wide <= cells_max {
            row.push_str(word);
            used += wide;
            continue;
        }
        if word.chars().all(char::is_whitespace) {
            // The space at which a line breaks is not shown.
            rows.push(std::mem::take(&mut row));
            used = 0;
            continue;
        }
        if wide <= cells_max {
            rows.push(std::mem::replace(&mut row, word.to_owned()).trim_end().to_owned());
            used = wide;
            continue;
        }
        for cluster in word.graphemes(true) {
            if used + cells(cluster) > cells_max {
                rows.push(std::mem::take(&mut row));
                used = 0;
            }
            row.push_str(cluster);
            used += cells(cluster);
        }
    }
    if !row.is_empty() || rows.is_empty() {
        rows.push(row);
    }
    rows
}

/// Runs of spaces and runs of anything else, in turn.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line;
    std::iter::from_fn(move || {
        let space = rest.chars().next()?.is_whitespace();
        let end = rest.find(|c: char| c.is_whitespace() != space).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_become_visible_and_lines_stay() {
        assert_eq!(harmless("a\u{1b}[31mb\r\nc\td\u{7f}\u{9b}"), "a␛[31mb\nc    d␡\u{fffd}");
        assert_eq!(one_line("a\nb\t c \u{2028}d"), "a b c d");
    }

    #[test]
    fn nothing_turns_the_direction_of_what_is_around_it() {
        let hostile = "photo\u{202e}gpj.exe\u{2066}\u{200f}\u{061c}";
        assert_eq!(harmless(hostile), "photogpj.exe");
        assert_eq!(harmless("שלום"), "שלום");
    }

    #[test]
    fn a_hundred_thousand_marks_are_cut_and_a_family_is_whole() {
        let zalgo = format!("a{}b", "\u{301}".repeat(100_000));
        let shown = harmless(&zalgo);
        assert!(shown.chars().count() <= CLUSTER_MAX + 1, "{}", shown.chars().count());
        let family = "👨‍👩‍👧‍👦";
        assert_eq!(harmless(family), family);
        assert_eq!(width(family), 2);
    }

    #[test]
    fn cutting_counts_cells_not_characters() {
        assert_eq!(fit("日本語テキスト", 7), "日本語…");
        assert_eq!(pad("日本", 6), "日本  ");
        assert_eq!(fit("abc", 3), "abc");
        assert_eq!(fit("abcd", 0), "");
    }

    #[test]
    fn lines_break_between_words_and_long_words_anywhere() {
        let rows = |text, cells| wrap(text, cells, 100).0;
        assert_eq!(rows("one two three", 8), ["one two", "three"]);
        assert_eq!(rows("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(rows("日本語", 4), ["日本", "語"]);
        assert_eq!(rows("a\n\nb", 4), ["a", "", "b"]);
        assert_eq!(rows("so it is.", 8), ["so it", "is."]);
        assert_eq!(wrap("a\nb\nc", 4, 2), (vec!["a".to_owned(), "b".to_owned()], true));
        for cells in 1..12 {
            let text = "ein längerer Text mit 👨‍👩‍👧‍👦, 日本語 und עברית-ohne-ende";
            assert!(rows(text, cells).iter().all(|row| width(row) <= cells.max(2)), "{cells}");
        }
    }
}
