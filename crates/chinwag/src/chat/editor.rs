//! A text being typed: one line or several, with a cursor that moves over what a reader takes for one
//! character. Pure; how it is drawn is the drawing's.

use unicode_segmentation::UnicodeSegmentation;

use super::text;

/// A text and where the cursor stands in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Editor {
    text: String,
    /// A byte position between two characters.
    at: usize,
    /// Bytes that it takes.
    max: usize,
}

impl Editor {
    /// An empty text of at most so many bytes.
    pub(super) const fn new(max: usize) -> Self {
        Self { text: String::new(), at: 0, max }
    }

    /// The text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether there is none.
    pub(super) const fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Puts another text in its place, the cursor at its end.
    pub(super) fn set(&mut self, text: &str) {
        self.clear();
        self.insert(text);
    }

    /// Takes the text out.
    pub(super) fn take(&mut self) -> String {
        self.at = 0;
        std::mem::take(&mut self.text)
    }

    /// Removes all.
    pub(super) fn clear(&mut self) {
        self.take();
    }

    /// Puts in what was typed or pasted, line ends as `\n`, other control characters left out; whether all
    /// of it found room.
    pub(super) fn insert(&mut self, new: &str) -> bool {
        for cluster in new.replace("\r\n", "\n").replace('\r', "\n").replace('\t', "    ").graphemes(true) {
            if cluster != "\n" && cluster.chars().any(char::is_control) {
                continue;
            }
            if self.text.len() + cluster.len() > self.max {
                return false;
            }
            self.text.insert_str(self.at, cluster);
            self.at += cluster.len();
        }
        true
    }

    fn before(&self) -> &str {
        self.text.get(..self.at).unwrap_or_default()
    }

    fn after(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// One character back.
    pub(super) fn left(&mut self) {
        self.at -= self.before().graphemes(true).next_back().map_or(0, str::len);
    }

    /// One character on.
    pub(super) fn right(&mut self) {
        self.at += self.after().graphemes(true).next().map_or(0, str::len);
    }

    /// To the beginning of the word before the cursor.
    pub(super) fn word_left(&mut self) {
        let mut words = self.before().unicode_word_indices();
        self.at = words.next_back().map_or(0, |(place, _)| place);
    }

    /// Behind the next word.
    pub(super) fn word_right(&mut self) {
        let next = self.after().unicode_word_indices().next();
        self.at += next.map_or(self.after().len(), |(place, word)| place + word.len());
    }

    /// To the beginning of the line.
    pub(super) fn home(&mut self) {
        self.at = self.before().rfind('\n').map_or(0, |place| place + 1);
    }

    /// To the end of the line.
    pub(super) fn end(&mut self) {
        self.at += self.after().find('\n').unwrap_or(self.after().len());
    }

    /// A line up, in the same column; `false` on the first.
    pub(super) fn up(&mut self) -> bool {
        let start = self.before().rfind('\n').map_or(0, |place| place + 1);
        let Some(above_end) = start.checked_sub(1) else { return false };
        let column = text::width(self.text.get(start..self.at).unwrap_or_default());
        let above = self.text.get(..above_end).unwrap_or_default();
        let above_start = above.rfind('\n').map_or(0, |place| place + 1);
        self.at = above_start + column_of(above.get(above_start..).unwrap_or_default(), column);
        true
    }

    /// A line down, in the same column; `false` on the last.
    pub(super) fn down(&mut self) -> bool {
        let start = self.before().rfind('\n').map_or(0, |place| place + 1);
        let Some(below) = self.after().find('\n').map(|place| self.at + place + 1) else { return false };
        let column = text::width(self.text.get(start..self.at).unwrap_or_default());
        let line = self.text.get(below..).and_then(|rest| rest.split('\n').next()).unwrap_or_default();
        self.at = below + column_of(line, column);
        true
    }

    /// Removes the character before the cursor.
    pub(super) fn backspace(&mut self) {
        let end = self.at;
        self.left();
        self.text.replace_range(self.at..end, "");
    }

    /// Removes the character at the cursor.
    pub(super) fn delete(&mut self) {
        let start = self.at;
        self.right();
        self.text.replace_range(start..self.at, "");
        self.at = start;
    }

    /// Removes the word before the cursor.
    pub(super) fn delete_word(&mut self) {
        let end = self.at;
        self.word_left();
        self.text.replace_range(self.at..end, "");
    }

    /// Removes what stands before the cursor on its line.
    pub(super) fn delete_to_home(&mut self) {
        let end = self.at;
        self.home();
        self.text.replace_range(self.at..end, "");
    }

    /// Removes what stands after the cursor on its line, or the line's end.
    pub(super) fn delete_to_end(&mut self) {
        let start = self.at;
        self.end();
        if self.at == start {
            return self.delete();
        }
        self.text.replace_range(start..self.at, "");
        self.at = start;
    }

    /// The rows at a width, and the cursor's row and column: each row is filled to the last cell, so that
    /// what is typed never moves what was typed before it.
    pub(super) fn rows(&self, cells_max: usize) -> (Vec<String>, usize, usize) {
        let cells_max = cells_max.max(2);
        let (mut rows, mut used, mut cursor) = (vec![String::new()], 0, (0, 0));
        let mut place = 0;
        for cluster in self.text.graphemes(true) {
            if place == self.at {
                cursor = (rows.len() - 1, used);
            }
            place += cluster.len();
            let wide = text::cells(cluster);
            if cluster == "\n" {
                rows.push(String::new());
                used = 0;
                continue;
            }
            if used + wide > cells_max {
                rows.push(String::new());
                used = 0;
                if place - cluster.len() == self.at {
                    cursor = (rows.len() - 1, 0);
                }
            }
            if let Some(row) = rows.last_mut() {
                row.push_str(cluster);
            }
            used += wide;
        }
        if self.at == self.text.len() {
            if used >= cells_max {
                rows.push(String::new());
                used = 0;
            }
            cursor = (rows.len() - 1, used);
        }
        (rows, cursor.0, cursor.1)
    }

    /// The word before the cursor that begins with `@`, without it.
    pub(super) fn mention(&self) -> Option<&str> {
        let (before, name) = self.before().rsplit_once('@')?;
        let starts = before.chars().next_back().is_none_or(char::is_whitespace);
        (starts && !name.contains(char::is_whitespace)).then_some(name)
    }

    /// Completes the mention before the cursor.
    pub(super) fn complete(&mut self, name: &str) {
        if let Some(typed) = self.mention().map(str::len) {
            let start = self.at - typed;
            self.text.replace_range(start..self.at, "");
            self.at = start;
            self.insert(name);
            self.insert(" ");
        }
    }
}

/// The byte position of a column in a line, or the line's end.
fn column_of(line: &str, column: usize) -> usize {
    let mut used = 0;
    for (place, cluster) in line.grapheme_indices(true) {
        if used >= column {
            return place;
        }
        used += text::cells(cluster);
    }
    line.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Editor {
        let mut editor = Editor::new(1_000);
        editor.insert(text);
        editor
    }

    #[test]
    fn the_cursor_steps_over_whole_characters() {
        let mut editor = typed("a👨‍👩‍👧‍👦é");
        editor.left();
        editor.left();
        assert_eq!(editor.after(), "👨‍👩‍👧‍👦é");
        editor.delete();
        assert_eq!(editor.text(), "aé");
        editor.backspace();
        editor.backspace();
        assert_eq!(editor.text(), "é");
    }

    #[test]
    fn up_and_down_keep_the_column() {
        let mut editor = typed("日本語\nab\nabcdef");
        assert!(!editor.down());
        assert!(editor.up());
        assert_eq!(editor.before(), "日本語\nab");
        assert!(editor.up());
        assert_eq!(editor.before(), "日");
        assert!(!editor.up());
        editor.home();
        editor.end();
        assert_eq!(editor.before(), "日本語");
    }

    #[test]
    fn words_and_lines_are_removed_as_in_a_shell() {
        let mut editor = typed("one two\nthree four");
        editor.delete_word();
        assert_eq!(editor.text(), "one two\nthree ");
        editor.delete_to_home();
        assert_eq!(editor.text(), "one two\n");
        editor.up();
        editor.word_right();
        editor.delete_to_end();
        assert_eq!(editor.text(), "one\n");
        editor.delete_to_end();
        assert_eq!(editor.text(), "one");
        editor.word_left();
        assert_eq!(editor.after(), "one");
    }

    #[test]
    fn what_is_pasted_brings_no_control_characters_and_stays_within_its_limit() {
        let mut editor = Editor::new(8);
        assert!(editor.insert("a\r\nb\u{1b}\u{7}"));
        assert_eq!(editor.text(), "a\nb");
        assert!(!editor.insert("ééé"));
        assert_eq!(editor.text(), "a\nbéé");
    }

    #[test]
    fn rows_say_where_the_cursor_is() {
        let mut editor = typed("abcdef");
        assert_eq!(editor.rows(3), (vec!["abc".into(), "def".into(), String::new()], 2, 0));
        editor.left();
        assert_eq!((editor.rows(3).1, editor.rows(3).2), (1, 2));
        editor.home();
        assert_eq!((editor.rows(3).1, editor.rows(3).2), (0, 0));
        assert_eq!(typed("a\n").rows(9), (vec!["a".into(), String::new()], 1, 0));
    }

    #[test]
    fn a_mention_is_completed_where_it_is_typed() {
        let mut editor = typed("hi @bo");
        assert_eq!(editor.mention(), Some("bo"));
        editor.complete("bob");
        assert_eq!(editor.text(), "hi @bob ");
        assert_eq!(typed("mail a@bo").mention(), None);
        assert_eq!(typed("@bob hi").mention(), None);
    }
}
