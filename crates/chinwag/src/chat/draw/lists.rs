//! What lies over the chats as a list: search results, members, contacts, devices.

use chinwag_proto::frame::Status as Presence;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::forms::one_field;
use super::{both_ends, frame_in_middle, lines, over};
use crate::chat::data::Data;
use crate::chat::model::Model;
use crate::chat::model::overlay::{Devices, Group, People, Search};
use crate::chat::theme::Theme;
use crate::chat::{blocks, text, time};

/// Width of a list, where there is room.
const WIDTH: u16 = 68;

/// The rows of a list with a cursor, each so many lines high, so that the cursor is in it.
fn list(frame: &mut Frame<'_>, theme: Theme, area: Rect, rows: Vec<Vec<Line<'static>>>, at: usize) {
    let each = rows.first().map_or(1, Vec::len).max(1);
    let room = (usize::from(area.height) / each).max(1);
    let top = (at + 1).saturating_sub(room);
    let mut y = area.y;
    for (place, row) in rows.into_iter().enumerate().skip(top).take(room) {
        let height = u16::try_from(row.len()).unwrap_or(1).min(area.bottom().saturating_sub(y));
        let part = Rect { y, height, ..area };
        lines(frame, part, row);
        if place == at {
            over(frame, part, theme.selected());
        }
        y += height;
    }
}

/// A box whose last line is for what went wrong; answers its inside.
fn boxed(model: &Model, frame: &mut Frame<'_>, title: &str, rows: usize, error: Option<&String>) -> Rect {
    let height = u16::try_from(rows).unwrap_or(u16::MAX).clamp(3, 16) + 1;
    let inside = frame_in_middle(model.theme, frame, title, (WIDTH, height));
    let last = Rect { y: inside.bottom().saturating_sub(1), height: inside.height.min(1), ..inside };
    if let Some(why) = error {
        let said = text::fit(&text::one_line(why), usize::from(inside.width));
        frame.render_widget(Line::styled(said, model.theme.bad()), last);
    }
    Rect { height: inside.height.saturating_sub(1), ..inside }
}

fn waiting(model: &Model, frame: &mut Frame<'_>, area: Rect, failed: bool) {
    let said = if failed { "" } else { "Asking the server…" };
    lines(frame, area, [Line::styled(said, model.theme.dim())]);
}

pub(super) fn search(model: &Model, data: &Data, frame: &mut Frame<'_>, search: &Search) {
    let inside = frame_in_middle(model.theme, frame, "Search", (WIDTH, 18));
    let field = Rect { height: inside.height.min(1), ..inside };
    one_field(model.theme, frame, field, ("", 0), &search.query, true, false);
    let area = Rect { y: inside.y + 2, height: inside.height.saturating_sub(2), ..inside };
    let width = usize::from(inside.width);
    match &search.hits {
        None => {
            let said = "The beginnings of words. It looks through the messages held on this device.";
            let (rows, _) = text::wrap(said, width, 3);
            lines(frame, area, rows.into_iter().map(|row| Line::styled(row, model.theme.dim())));
        }
        Some(hits) if hits.is_empty() => {
            lines(frame, area, [Line::styled("Nothing found on this device", model.theme.dim())]);
        }
        Some(hits) => {
            let rows = hits.iter().map(|hit| {
                let when = format!(
                    "{} {}",
                    time::day_name(time::day(hit.line.at_ms, &data.zone), data.now_ms, &data.zone),
                    time::clock(hit.line.at_ms, &data.zone)
                );
                let room = width.saturating_sub(text::width(&when) + 2);
                let title = text::fit(&data.title(hit.chat), room);
                let who = if hit.line.sender == data.me {
                    "You".to_owned()
                } else {
                    data.names.of(hit.line.sender)
                };
                vec![
                    both_ends(
                        vec![Span::styled(title, model.theme.strong())],
                        vec![Span::styled(when, model.theme.dim())],
                        width,
                    ),
                    Line::raw(text::fit(&format!("  {who}: {}", blocks::excerpt(&hit.line)), width)),
                ]
            });
            list(frame, model.theme, area, rows.collect(), search.at);
        }
    }
}

pub(super) fn group(model: &Model, data: &Data, frame: &mut Frame<'_>, group: &Group) {
    let members = group.members.as_deref().unwrap_or_default();
    let title = format!("{} · {} members", data.title(group.chat), members.len());
    let title = if group.members.is_some() { title } else { data.title(group.chat) };
    let area = boxed(model, frame, &title, members.len(), group.error.as_ref());
    if group.members.is_none() {
        return waiting(model, frame, area, group.error.is_some());
    }
    let width = usize::from(area.width);
    let rows = members.iter().map(|member| {
        let mine = if member.user_id == data.me { " (you)" } else { "" };
        let name = format!("{}{mine}", called(data, member.user_id));
        let since = time::short(member.since.as_ms(), data.now_ms, &data.zone);
        let right = format!("{}  {since:>10}", member.role.as_str());
        let room = width.saturating_sub(text::width(&right) + 1);
        vec![both_ends(
            vec![Span::raw(text::fit(&name, room))],
            vec![Span::styled(right, model.theme.dim())],
            width,
        )]
    });
    list(frame, model.theme, area, rows.collect(), group.at);
}

/// The name shown and the user name, where they differ.
fn called(data: &Data, user: chinwag_proto::UserId) -> String {
    let name = data.names.of(user);
    match data.names.username(user) {
        Some(username) if username != name => format!("{name} (@{})", text::one_line(username)),
        _ => name,
    }
}

pub(super) fn contacts(model: &Model, data: &Data, frame: &mut Frame<'_>, people: &People) {
    let all = people.all();
    let area = boxed(model, frame, "Contacts", all.len(), people.error.as_ref());
    if people.contacts.is_none() {
        return waiting(model, frame, area, people.error.is_some());
    }
    if all.is_empty() {
        return lines(frame, area, [Line::styled("Nobody yet; a adds somebody", model.theme.dim())]);
    }
    let width = usize::from(area.width);
    let presence = |user| {
        let contact = people.contacts.iter().flatten().find(|contact| contact.user_id == user)?;
        contact.presence
    };
    let rows = all.iter().map(|(user, _, blocked)| {
        let said = match presence(*user) {
            _ if *blocked => "blocked",
            Some(Presence::Online) => "online",
            Some(Presence::Away) => "away",
            Some(Presence::Offline) => "offline",
            None => "",
        };
        let name = text::fit(&called(data, *user), width.saturating_sub(10));
        vec![both_ends(vec![Span::raw(name)], vec![Span::styled(said, model.theme.dim())], width)]
    });
    list(frame, model.theme, area, rows.collect(), people.at);
}

pub(super) fn devices(model: &Model, data: &Data, frame: &mut Frame<'_>, list_of: &Devices) {
    let devices = list_of.devices.as_deref().unwrap_or_default();
    let area = boxed(model, frame, "Your devices", devices.len() * 2, list_of.error.as_ref());
    if list_of.devices.is_none() {
        return waiting(model, frame, area, list_of.error.is_some());
    }
    let width = usize::from(area.width);
    let rows = devices.iter().map(|device| {
        let name = text::fit(&text::one_line(device.name.as_str()), width.saturating_sub(14));
        let right = if device.current { "this device" } else { "" };
        let made = time::day_name(time::day(device.created_at.as_ms(), &data.zone), data.now_ms, &data.zone);
        let seen = device.last_seen.map(|seen| time::ago(seen.as_ms(), data.now_ms, &data.zone));
        let seen = seen.map(|seen| format!(", seen {seen}")).unwrap_or_default();
        vec![
            both_ends(
                vec![Span::styled(name, model.theme.strong())],
                vec![Span::styled(right, model.theme.accent())],
                width,
            ),
            Line::styled(text::fit(&format!("  since {made}{seen}"), width), model.theme.dim()),
        ]
    });
    list(frame, model.theme, area, rows.collect(), list_of.at);
}
