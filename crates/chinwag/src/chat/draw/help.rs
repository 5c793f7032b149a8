//! All keys, out of the table that the program obeys.

use ratatui::Frame;
use ratatui::text::{Line, Span};

use super::{frame_in_middle, lines};
use crate::chat::keymap::{BINDINGS, SECTIONS, names};
use crate::chat::model::Model;
use crate::chat::text;

pub(super) fn draw(model: &Model, frame: &mut Frame<'_>, top: usize) {
    let theme = model.theme;
    let height = frame.area().height.saturating_sub(4);
    let inside = frame_in_middle(theme, frame, "Keys", (72, height));
    let width = usize::from(inside.width);
    let column = (width / 3).min(26);
    let mut rows = Vec::new();
    for (place, name) in SECTIONS {
        rows.push(Line::styled(*name, theme.accent()));
        for binding in BINDINGS.iter().filter(|binding| binding.place == *place) {
            rows.push(Line::from(vec![
                Span::styled(text::pad(&format!("  {}", names(binding)), column), theme.key()),
                Span::raw(" "),
                Span::raw(text::fit(binding.what, width.saturating_sub(column + 1))),
            ]));
        }
        rows.push(Line::default());
    }
    lines(frame, inside, rows.into_iter().skip(top));
}
