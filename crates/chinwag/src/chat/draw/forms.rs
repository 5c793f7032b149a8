//! Forms and questions.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{frame_in_middle, lines};
use crate::chat::model::PALETTE;
use crate::chat::model::overlay::{Form, FormKind};
use crate::chat::text;
use crate::chat::theme::Theme;

/// Width of a form, where there is room.
const WIDTH: u16 = 56;

pub(super) fn form(theme: Theme, frame: &mut Frame<'_>, form: &Form) {
    let fields = u16::try_from(form.fields.len()).unwrap_or(1);
    let inside = frame_in_middle(theme, frame, form.title, (WIDTH, fields * 2 + 3));
    let label = form.fields.iter().map(|field| text::width(field.label)).max().unwrap_or(0) + 2;
    let mut y = inside.y;
    for (place, field) in form.fields.iter().enumerate() {
        let area = Rect { y: y.min(inside.bottom().saturating_sub(1)), height: 1, ..inside };
        one_field(theme, frame, area, (field.label, label), &field.text, place == form.at, false);
        y += 2;
    }
    let rest = Rect { y: y.min(inside.bottom()), height: inside.bottom().saturating_sub(y), ..inside };
    let mut said: Vec<Line<'static>> = Vec::new();
    if let FormKind::React { .. } = form.kind {
        let keys = PALETTE.iter().enumerate().map(|(at, key)| format!("{} {key}", at + 1));
        said.push(Line::raw(text::fit(&keys.collect::<Vec<_>>().join("  "), usize::from(rest.width))));
        said.push(Line::styled("A digit, or type your own", theme.dim()));
    }
    let room = usize::from(rest.width);
    match &form.error {
        Some(why) => {
            let (rows, _) = text::wrap(&text::one_line(why), room, 3);
            said.extend(rows.into_iter().map(|row| Line::styled(row, theme.bad())));
        }
        None if form.busy => said.push(Line::styled("…", theme.waits())),
        None => {
            let (rows, _) = text::wrap(form.about, room, 3);
            said.extend(rows.into_iter().map(|row| Line::styled(row, theme.dim())));
        }
    }
    lines(frame, rest, said);
}

/// A label and a field of one line; what is longer shows the part with the cursor.
pub(in crate::chat) fn one_field(
    theme: Theme,
    frame: &mut Frame<'_>,
    area: Rect,
    (label, label_width): (&str, usize),
    editor: &crate::chat::editor::Editor,
    focused: bool,
    hidden: bool,
) {
    let room = usize::from(area.width).saturating_sub(label_width + 1);
    let (rows, row, column) = editor.rows(room);
    let mut shown = rows.get(row).cloned().unwrap_or_default();
    if hidden {
        shown = "•".repeat(text::width(&shown));
    }
    let style = if focused { theme.accent() } else { theme.dim() };
    let line = Line::from(vec![
        Span::styled(text::pad(label, label_width), style),
        Span::styled(
            text::pad(&shown, room),
            ratatui::style::Style::new().add_modifier(ratatui::style::Modifier::UNDERLINED),
        ),
    ]);
    frame.render_widget(line, area);
    if focused {
        let x = area.x + u16::try_from(label_width + column).unwrap_or(0);
        frame.set_cursor_position((x.min(area.right().saturating_sub(1)), area.y));
    }
}

pub(super) fn confirm(theme: Theme, frame: &mut Frame<'_>, question: &str) {
    let room = usize::from(WIDTH.min(frame.area().width.saturating_sub(4)));
    let (rows, _) = text::wrap(question, room, 6);
    let height = u16::try_from(rows.len()).unwrap_or(1) + 2;
    let inside = frame_in_middle(theme, frame, "Sure?", (WIDTH, height));
    let answer = Line::from(vec![
        Span::styled("y", theme.key()),
        Span::raw(" yes   "),
        Span::styled("n", theme.key()),
        Span::raw(" no"),
    ]);
    lines(frame, inside, rows.into_iter().map(Line::raw).chain([Line::default(), answer]));
}
