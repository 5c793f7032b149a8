//! Draws the app: a function of the model and the data, nothing else.

mod conversation;
mod forms;
mod help;
mod list;
mod lists;
mod status;

pub(super) use forms::one_field;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Clear};

pub(super) use status::hints;

use super::data::Data;
use super::model::Model;
use super::model::overlay::Overlay;
use super::theme::Theme;

/// The smallest window that shows anything of use.
const SMALLEST: (u16, u16) = (20, 8);

/// Draws all of it.
pub(super) fn draw(model: &Model, data: &Data, frame: &mut Frame<'_>) {
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        frame
            .render_widget(Line::raw("The window is too small"), Rect { height: area.height.min(1), ..area });
        return;
    }
    let areas = model.areas(data);
    status::top(model, data, frame, areas.top);
    list::draw(model, data, frame, areas.list);
    for y in areas.divider.top()..areas.divider.bottom() {
        frame.render_widget(Line::styled("│", model.theme.dim()), Rect { y, height: 1, ..areas.divider });
    }
    conversation::draw(model, data, frame, &areas);
    status::bottom(model, data, frame, areas.bottom);
    for overlay in &model.overlays {
        draw_overlay(model, data, frame, overlay);
    }
}

fn draw_overlay(model: &Model, data: &Data, frame: &mut Frame<'_>, overlay: &Overlay) {
    match overlay {
        Overlay::Help { top } => help::draw(model, frame, *top),
        Overlay::Form(form) => forms::form(model.theme, frame, form),
        Overlay::Confirm(confirm) => forms::confirm(model.theme, frame, &confirm.question),
        Overlay::Search(search) => lists::search(model, data, frame, search),
        Overlay::Group(group) => lists::group(model, data, frame, group),
        Overlay::Contacts(people) => lists::contacts(model, data, frame, people),
        Overlay::Devices(devices) => lists::devices(model, data, frame, devices),
    }
}

/// A box in the middle of the screen, above the line of hints; answers its inside.
fn frame_in_middle(theme: Theme, frame: &mut Frame<'_>, title: &str, size: (u16, u16)) -> Rect {
    let all = frame.area();
    let room = Rect { height: all.height.saturating_sub(1), ..all };
    let width = size.0.saturating_add(4).min(room.width);
    let height = size.1.saturating_add(2).min(room.height);
    let area = Rect::new((room.width - width) / 2, (room.height - height) / 2, width, height);
    frame.render_widget(Clear, area);
    let title = Line::styled(
        format!(" {} ", super::text::fit(title, usize::from(width).saturating_sub(6))),
        theme.strong(),
    );
    let block = Block::bordered().border_type(BorderType::Rounded).border_style(theme.dim()).title(title);
    let inside = block.inner(area);
    frame.render_widget(block, area);
    Rect { x: inside.x + 1, width: inside.width.saturating_sub(2), ..inside }
}

/// Lines from the top of an area; what has no room is left out.
fn lines(frame: &mut Frame<'_>, area: Rect, lines: impl IntoIterator<Item = Line<'static>>) {
    for (y, line) in (area.top()..area.bottom()).zip(lines) {
        frame.render_widget(line, Rect { y, height: 1, ..area });
    }
}

/// Something at the left and something at the right of a line.
fn both_ends(left: Vec<Span<'static>>, right: Vec<Span<'static>>, width: usize) -> Line<'static> {
    let used: usize = left.iter().chain(&right).map(Span::width).sum();
    let gap = Span::raw(" ".repeat(width.saturating_sub(used)));
    Line::from_iter(left.into_iter().chain([gap]).chain(right))
}

/// Puts a style on all of a row.
fn over(frame: &mut Frame<'_>, area: Rect, style: Style) {
    let area = area.intersection(frame.area());
    frame.buffer_mut().set_style(area, style);
}
