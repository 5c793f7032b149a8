//! The first line (who, and how the connection stands) and the last one (what happened, or which keys help).

use chinwag_client::Stop;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::both_ends;
use crate::chat::data::{Data, Link};
use crate::chat::keymap::{self, Place};
use crate::chat::model::Model;
use crate::chat::text;
use crate::chat::theme::Theme;

pub(super) fn top(model: &Model, data: &Data, frame: &mut Frame<'_>, area: Rect) {
    let width = usize::from(area.width);
    let right = link(model.theme, data);
    let taken: usize = right.iter().map(Span::width).sum::<usize>() + 1;
    let who = format!(" Chinwag · {}", data.names.of(data.me));
    let mut left = vec![Span::styled(text::fit(&who, width.saturating_sub(taken + 1)), model.theme.strong())];
    let used = left.iter().map(Span::width).sum::<usize>() + taken;
    let trouble = data.trouble.as_ref().filter(|_| matches!(data.link, Link::Waiting(_) | Link::Stopped(_)));
    if let Some(why) = trouble
        && width > used + 24
    {
        let why = text::fit(&text::one_line(why), width - used - 4);
        left.push(Span::styled(format!("   {why}"), model.theme.dim()));
    }
    let mut right = right;
    right.push(Span::raw(" "));
    frame.render_widget(both_ends(left, right, width), area);
}

/// How the connection stands, in few and true words.
fn link(theme: Theme, data: &Data) -> Vec<Span<'static>> {
    let (dot, style, said) = match data.link {
        Link::Online if !data.listed => ("●", theme.waits(), "loading chats".to_owned()),
        Link::Online if data.unsettled > 0 => {
            ("●", theme.there(), format!("online · {} on the way", data.unsettled))
        }
        Link::Online => ("●", theme.there(), "online".to_owned()),
        Link::Connecting | Link::Waiting(0) => ("○", theme.waits(), "connecting".to_owned()),
        Link::Waiting(seconds) => ("○", theme.waits(), format!("offline · again in {seconds} s")),
        Link::Stopped(why) => ("○", theme.bad(), stopped(why)),
    };
    vec![Span::styled(format!("{dot} "), style), Span::raw(said)]
}

fn stopped(why: Stop) -> String {
    match why {
        Stop::NotStarted => "offline · o connects".to_owned(),
        Stop::LoggedOut => "logged out elsewhere · quit and start again".to_owned(),
        Stop::Replaced => "this device is open elsewhere · o takes over".to_owned(),
        Stop::Refused(code) => format!("refused by the server ({code}) · o tries again"),
        Stop::Store => "nothing more can be kept here · quit, look at the disk".to_owned(),
    }
}

pub(super) fn bottom(model: &Model, data: &Data, frame: &mut Frame<'_>, area: Rect) {
    let width = usize::from(area.width);
    let line = if let Some(notice) = &model.notice {
        let style = if notice.bad { model.theme.bad() } else { model.theme.strong() };
        Line::styled(format!(" {}", text::fit(&text::one_line(&notice.text), width.saturating_sub(2))), style)
    } else if model.is_jumping() {
        Line::styled(text::fit(" Looking… any key ends it", width), model.theme.waits())
    } else if model.chat.is_some_and(|chat| data.row(chat).is_some_and(|row| row.gone))
        && model.place() == Place::Compose
    {
        hints(model.theme, Place::Compose, width, &["send", "new line"])
    } else {
        hints(model.theme, model.place(), width, &[])
    };
    frame.render_widget(line, area);
}

/// The keys of a place that one needs most, as many as fit.
pub(in crate::chat) fn hints(theme: Theme, place: Place, width: usize, without: &[&str]) -> Line<'static> {
    let mut spans = Vec::new();
    let mut used = 1;
    let bindings = keymap::BINDINGS.iter().filter(|b| b.place == place && !b.hint.is_empty());
    let of_place = bindings
        .filter(|binding| !without.contains(&binding.hint))
        .filter_map(|binding| Some((keymap::name(*binding.keys.first()?), binding.hint)));
    let wide = |(key, what): &(String, &str)| text::width(key) + text::width(what) + 3;
    // Where every letter is text, the help has a key of its own, for which there is always room.
    let fields = matches!(place, Place::Compose | Place::Form | Place::Search | Place::Group);
    let help = fields.then(|| ("F1".to_owned(), "help"));
    let room = width.saturating_sub(help.as_ref().map_or(0, wide));
    let fitting = of_place.take_while(|hint| {
        used += wide(hint);
        used <= room
    });
    for (key, what) in fitting.collect::<Vec<_>>().into_iter().chain(help) {
        spans.push(Span::raw(" "));
        spans.push(Span::styled(key, theme.key()));
        spans.push(Span::styled(format!(" {what} "), theme.dim()));
    }
    Line::from(spans)
}
