//! The chat list: two rows a chat.

use chinwag_proto::ChatId;
use chinwag_proto::frame::Status as Presence;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::{both_ends, lines, over};
use crate::chat::data::{Data, Row};
use crate::chat::model::{Model, Pane};
use crate::chat::theme::Theme;
use crate::chat::{blocks, text, time};

pub(super) fn draw(model: &Model, data: &Data, frame: &mut Frame<'_>, area: Rect) {
    if area.is_empty() {
        return;
    }
    let mut area = area;
    if let Some(filter) = &model.filter {
        field(model, filter, frame, Rect { height: 1, ..area });
        area = Rect { y: area.y + 1, height: area.height - 1, ..area };
    }
    let chats = model.listed(data);
    if chats.is_empty() {
        return empty(model, data, frame, area);
    }
    let mut y = area.y;
    for row in chats.into_iter().skip(model.list_top) {
        let height = area.bottom().saturating_sub(y).min(2);
        if height == 0 {
            break;
        }
        let place = Rect { y, height, ..area };
        lines(frame, place, [first(model, data, row, area.width), second(model, data, row, area.width)]);
        if model.pane == Pane::List && model.overlays.is_empty() && model.cursor == Some(row.id) {
            over(frame, place, model.theme.selected());
        }
        y += height;
    }
}

fn field(model: &Model, filter: &crate::chat::editor::Editor, frame: &mut Frame<'_>, area: Rect) {
    let room = usize::from(area.width).saturating_sub(4);
    let (rows, row, column) = filter.rows(room);
    let shown = rows.get(row).cloned().unwrap_or_default();
    let line = Line::from(vec![Span::styled(" / ", model.theme.key()), Span::raw(shown)]);
    frame.render_widget(line, area);
    if model.overlays.is_empty() && model.pane == Pane::List {
        frame.set_cursor_position((area.x + 3 + u16::try_from(column).unwrap_or(0), area.y));
    }
}

fn empty(model: &Model, data: &Data, frame: &mut Frame<'_>, area: Rect) {
    let said: &[&str] = if model.filter.is_some() {
        &["", " No chat of that name"]
    } else if !data.listed {
        &["", " Your chats come as soon", " as there is a connection"]
    } else {
        &["", " No chats yet", "", " n  write to somebody", " g  begin a group", " ?  all keys"]
    };
    lines(frame, area, said.iter().map(|line| Line::styled(*line, model.theme.dim())));
}

/// Presence, name, when.
fn first(model: &Model, data: &Data, row: &Row, width: u16) -> Line<'static> {
    let theme = model.theme;
    let width = usize::from(width);
    let bar = if model.chat == Some(row.id) { "▌" } else { " " };
    let (dot, dot_style) = dot(theme, data, row);
    let mut right = Vec::new();
    if row.pinned {
        right.push(Span::styled("★ ", theme.waits()));
    }
    if row.last_at_ms > 0 {
        right.push(Span::styled(time::short(row.last_at_ms, data.now_ms, &data.zone), theme.dim()));
    }
    right.push(Span::raw(" "));
    let taken: usize = right.iter().map(Span::width).sum::<usize>() + 4;
    let name = text::fit(&data.title(row.id), width.saturating_sub(taken));
    let style = if row.unread > 0 && !row.muted { theme.strong() } else { Style::new() };
    let left = vec![
        Span::styled(bar, theme.accent()),
        Span::styled(dot, dot_style),
        Span::raw(" "),
        Span::styled(name, style),
    ];
    both_ends(left, right, width)
}

fn dot(theme: Theme, data: &Data, row: &Row) -> (&'static str, Style) {
    match (row.id, data.peer_presence(row.id).map(|presence| presence.status)) {
        (ChatId::Group(_), _) => ("#", theme.dim()),
        (_, Some(Presence::Online)) => ("●", theme.there()),
        (_, Some(Presence::Away)) => ("◐", theme.waits()),
        (_, Some(Presence::Offline)) => ("○", theme.dim()),
        (_, None) => (" ", theme.dim()),
    }
}

/// What was said last, or what is being typed, and how much is unread.
fn second(model: &Model, data: &Data, row: &Row, width: u16) -> Line<'static> {
    let theme = model.theme;
    let width = usize::from(width);
    let mut right = Vec::new();
    if row.unread > 0 {
        let count =
            if row.unread >= chinwag_client::UNREAD_MAX { "999+".to_owned() } else { row.unread.to_string() };
        let style = if row.muted { theme.dim() } else { theme.fresh() };
        right.push(Span::styled(format!(" {count} "), style));
    } else if row.gone {
        right.push(Span::styled("left", theme.dim()));
    } else if row.muted {
        right.push(Span::styled("muted", theme.dim()));
    }
    right.push(Span::raw(" "));
    let taken: usize = right.iter().map(Span::width).sum::<usize>() + 4;
    let (said, style) = said(model, data, row);
    let left = vec![Span::raw("   "), Span::styled(text::fit(&said, width.saturating_sub(taken)), style)];
    both_ends(left, right, width)
}

fn said(model: &Model, data: &Data, row: &Row) -> (String, Style) {
    let theme = model.theme;
    let group = matches!(row.id, ChatId::Group(_));
    if !row.typing.is_empty() {
        let who = if group { format!("{} ", blocks::listed(data, &row.typing)) } else { String::new() };
        let verb = if group && row.typing.len() > 1 {
            "are typing"
        } else if group {
            "is typing"
        } else {
            "typing"
        };
        return (format!("{who}{verb}…"), theme.accent());
    }
    if !row.draft.is_empty() && model.chat != Some(row.id) {
        return (format!("Draft: {}", text::one_line(&row.draft)), theme.waits());
    }
    match &row.preview {
        None => (String::new(), theme.dim()),
        Some(preview) => {
            let who = if preview.sender == data.me {
                "You: ".to_owned()
            } else if group {
                format!("{}: ", data.names.of(preview.sender))
            } else {
                String::new()
            };
            match &preview.text {
                Some(text) => (format!("{who}{}", text::one_line(text)), theme.dim()),
                None => ("message deleted".to_owned(), theme.dim().add_modifier(Modifier::ITALIC)),
            }
        }
    }
}
