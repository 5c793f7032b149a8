//! The open chat: its heading, its messages, what is being written.

use chinwag_proto::ChatId;
use chinwag_proto::frame::Status as Presence;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{both_ends, lines};
use crate::chat::data::Data;
use crate::chat::layout::Areas;
use crate::chat::model::{Model, Pane, Writing};
use crate::chat::{blocks, text, time};

pub(super) fn draw(model: &Model, data: &Data, frame: &mut Frame<'_>, areas: &Areas) {
    let Some(chat) = model.chat else { return welcome(model, data, frame, areas) };
    if areas.heading.is_empty() {
        return;
    }
    heading(model, data, frame, areas.heading, chat);
    messages(model, data, frame, areas.messages);
    banner(model, data, frame, areas.banner);
    compose(model, data, frame, areas.compose);
}

fn welcome(model: &Model, data: &Data, frame: &mut Frame<'_>, areas: &Areas) {
    let area = areas.messages;
    if area.is_empty() {
        return;
    }
    let said =
        if data.chats.is_empty() { "Press n to write to somebody" } else { "Choose a chat and press Enter" };
    let middle = Rect { y: area.y + area.height / 2, height: 1, ..area };
    frame.render_widget(Line::styled(said, model.theme.dim()).centered(), middle);
}

fn heading(model: &Model, data: &Data, frame: &mut Frame<'_>, area: Rect, chat: ChatId) {
    let width = usize::from(area.width);
    let row = data.row(chat);
    let newer = data.conversation(chat).is_some_and(|c| c.below) || !model.scroll.is_newest();
    let right = match row.map_or(0, |row| row.unread) {
        _ if !newer => Vec::new(),
        0 => vec![Span::styled("↓ more below ", model.theme.dim())],
        unread => vec![Span::styled(format!("↓ {unread} new "), model.theme.accent())],
    };
    let about = about(data, chat);
    let taken = right.iter().map(Span::width).sum::<usize>();
    let room = width.saturating_sub(taken + 3);
    let title = text::fit(&data.title(chat), room);
    let rest = room.saturating_sub(text::width(&title));
    let typing = row.is_some_and(|row| !row.typing.is_empty());
    let style = if typing || data.is_there(chat) { model.theme.accent() } else { model.theme.dim() };
    let about =
        if about.is_empty() || rest < 6 { String::new() } else { text::fit(&format!(" · {about}"), rest) };
    let left = vec![Span::raw(" "), Span::styled(title, model.theme.strong()), Span::styled(about, style)];
    let rule = Line::styled("─".repeat(width), model.theme.dim());
    lines(frame, area, [both_ends(left, right, width), rule]);
}

/// Who types, who is there, how many there are.
fn about(data: &Data, chat: ChatId) -> String {
    let row = data.row(chat);
    let typing = row.map(|row| row.typing.as_slice()).unwrap_or_default();
    match chat {
        ChatId::Group(_) if !typing.is_empty() => {
            let verb = if typing.len() > 1 { "are" } else { "is" };
            format!("{} {verb} typing…", blocks::listed(data, typing))
        }
        _ if !typing.is_empty() => "typing…".to_owned(),
        _ if row.is_some_and(|row| row.gone) => "you are no longer a member".to_owned(),
        ChatId::Group(_) => match row.and_then(|row| row.members) {
            Some(1) => "only you".to_owned(),
            Some(members) => format!("{members} members"),
            None => String::new(),
        },
        _ => match data.peer_presence(chat) {
            Some(presence) if presence.status == Presence::Online => "online".to_owned(),
            Some(presence) if presence.status == Presence::Away => "away".to_owned(),
            Some(presence) => match presence.last_seen {
                Some(seen) => format!("last seen {}", time::ago(seen.as_ms(), data.now_ms, &data.zone)),
                None => "offline".to_owned(),
            },
            None => String::new(),
        },
    }
}

fn messages(model: &Model, data: &Data, frame: &mut Frame<'_>, area: Rect) {
    let Some(look) = model.look(data, usize::from(area.width)) else {
        return lines(frame, area, [Line::styled(" Loading…", model.theme.dim())]);
    };
    if look.lines.is_empty() {
        let above = data.open.as_ref().is_some_and(|open| open.above);
        let said = if above { "Loading…" } else { "No messages yet" };
        let middle = Rect { y: area.y + area.height / 2, height: area.height.min(1), ..area };
        return frame.render_widget(Line::styled(said, model.theme.dim()).centered(), middle);
    }
    let visible = model.scroll.visible(&look, usize::from(area.height));
    let free = area.height.saturating_sub(u16::try_from(visible.rows.len()).unwrap_or(u16::MAX));
    let area = Rect { y: area.y + free, height: area.height - free, ..area };
    lines(frame, area, visible.rows);
}

fn banner(model: &Model, data: &Data, frame: &mut Frame<'_>, area: Rect) {
    let room = usize::from(area.width).saturating_sub(2);
    let mut rows = Vec::new();
    let quoted = |seq| {
        let line = model.conversation(data)?.lines.iter().find(|line| line.seq == Some(seq))?;
        Some(format!("{}: {}", data.names.of(line.sender), blocks::excerpt(line)))
    };
    match &model.writing {
        Writing::Message => {}
        Writing::Reply(seq) => {
            let said =
                format!("Reply to {}", quoted(*seq).unwrap_or_else(|| "an earlier message".to_owned()));
            rows.push(Line::styled(format!(" {}", text::fit(&said, room)), model.theme.accent()));
        }
        Writing::Edit { .. } => {
            rows.push(Line::styled(" Edit the message; Esc leaves it as it was", model.theme.accent()))
        }
    }
    let names = model.proposals(data);
    if !names.is_empty() {
        let said = names.iter().map(|name| format!("@{name}")).collect::<Vec<_>>().join("  ");
        rows.push(Line::styled(
            format!(" {}", text::fit(&format!("{said}   Tab completes"), room)),
            model.theme.key(),
        ));
    }
    lines(frame, area, rows);
}

fn compose(model: &Model, data: &Data, frame: &mut Frame<'_>, area: Rect) {
    let theme = model.theme;
    let focused = model.pane == Pane::Compose && model.overlays.is_empty();
    let rule = if focused { theme.accent() } else { theme.dim() };
    lines(frame, area, [Line::styled("─".repeat(usize::from(area.width)), rule)]);
    let area = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    if Model::is_closed(model.row(data)) {
        return lines(frame, area, [Line::styled("   You are no longer a member of this chat", theme.dim())]);
    }
    let (rows, at, column) = model.compose.rows(usize::from(area.width).saturating_sub(4));
    let height = usize::from(area.height);
    let top = (at + 1).saturating_sub(height);
    let prompt = |nth: usize| if nth == 0 { " > " } else { "   " };
    let shown = rows
        .iter()
        .enumerate()
        .skip(top)
        .take(height)
        .map(|(nth, row)| Line::from(vec![Span::styled(prompt(nth), rule), Span::raw(row.clone())]));
    if model.compose.is_empty() && !focused {
        let said = Line::from(vec![Span::styled(" > ", rule), Span::styled("Write a message", theme.dim())]);
        return lines(frame, area, [said]);
    }
    lines(frame, area, shown);
    if focused {
        let x = area.x + 3 + u16::try_from(column).unwrap_or(0);
        let y = area.y + u16::try_from(at - top).unwrap_or(0);
        frame.set_cursor_position((x.min(area.right().saturating_sub(1)), y));
    }
}
