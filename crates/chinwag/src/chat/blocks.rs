//! The rows of one line of a conversation at a width: separators above it, who and when, what it answers,
//! the text, reactions, what went wrong. Pure.
//!
//! Leaves out which lines are on screen: that is `scroll`'s.

use std::collections::BTreeMap;

use chinwag_client::{Body, Cause, Failure, Shown, Status};
use chinwag_proto::{ChatId, Seq, UserId};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::data::Data;
use super::theme::Theme;
use super::{events, text, time};

/// Messages of one sender within this time stand under one name.
const GROUP_MS: i64 = 5 * 60_000;
/// Rows of one message that are shown.
const ROWS_MAX: usize = 120;
/// Cells left of the text.
const INDENT: usize = 2;
/// Cells right of the text, for the state of own messages.
const GUTTER: usize = 4;

/// What a message answers, where it is not among the lines.
pub(super) type Quotes = BTreeMap<(ChatId, Seq), Option<Shown>>;

/// All that the rows depend on.
pub(super) struct Look<'a> {
    pub(super) data: &'a Data,
    pub(super) chat: ChatId,
    pub(super) lines: &'a [Shown],
    pub(super) quotes: &'a Quotes,
    pub(super) width: usize,
    pub(super) theme: Theme,
    /// The place of the selected line.
    pub(super) selected: Option<usize>,
    /// Messages of others above this seq were unread when the chat was opened.
    pub(super) unread_after: Option<Seq>,
}

/// The rows of a line.
pub(super) fn block(look: &Look<'_>, index: usize) -> Vec<Line<'static>> {
    let Some(line) = look.lines.get(index) else { return Vec::new() };
    let before = index.checked_sub(1).and_then(|before| look.lines.get(before));
    let mut rows = separators(look, line, before);
    let separated = !rows.is_empty();
    let start = rows.len();
    if let Body::Event(event) = &line.body {
        let said = events::sentence(look.data, line.sender, event);
        for row in text::wrap(&said, look.width.saturating_sub(2 * INDENT), ROWS_MAX).0 {
            rows.push(Line::styled(row, look.theme.dim()).centered());
        }
    } else {
        if separated || !before.is_some_and(|before| continues(before, line)) {
            if !separated && before.is_some() {
                rows.push(Line::default());
            }
            rows.push(heading(look, line));
        }
        rows.extend(quote(look, line));
        rows.extend(body(look, index, line));
        rows.extend(reactions(look, line));
        rows.extend(failures(look, line));
    }
    if look.selected == Some(index) {
        for row in rows.iter_mut().skip(start).filter(|row| row.width() > 0) {
            mark(look, row);
        }
    }
    rows
}

/// Whether a message stands under the name of the one before it.
fn continues(before: &Shown, line: &Shown) -> bool {
    !matches!(before.body, Body::Event(_))
        && before.sender == line.sender
        && line.at_ms - before.at_ms < GROUP_MS
}

fn separators(look: &Look<'_>, line: &Shown, before: Option<&Shown>) -> Vec<Line<'static>> {
    let zone = &look.data.zone;
    let day = time::day(line.at_ms, zone);
    let mut rows = Vec::new();
    if before.is_none_or(|before| time::day(before.at_ms, zone) != day) {
        let name = time::day_name(day, look.data.now_ms, zone);
        rows.push(rule(look.width, &name, look.theme.dim()));
    }
    let unread = |line: &Shown| {
        line.sender != look.data.me
            && !matches!(line.body, Body::Event(_))
            && look.unread_after.is_some_and(|read| line.seq.is_some_and(|seq| seq > read))
    };
    let earlier = |line: &Shown| look.unread_after.is_some_and(|read| line.seq.is_none_or(|seq| seq > read));
    if unread(line) && !before.is_some_and(earlier) {
        rows.push(rule(look.width, "new", look.theme.accent()));
    }
    rows
}

/// A line across with a word in its middle.
pub(super) fn rule(width: usize, word: &str, style: Style) -> Line<'static> {
    let word = text::fit(word, width.saturating_sub(6));
    let dashes = width.saturating_sub(text::width(&word) + 2);
    let left = dashes / 2;
    Line::styled(format!("{} {word} {}", "─".repeat(left), "─".repeat(dashes - left)), style)
}

fn heading(look: &Look<'_>, line: &Shown) -> Line<'static> {
    let own = line.sender == look.data.me;
    let name = if own { "You".to_owned() } else { look.data.names.of(line.sender) };
    let style = if own { look.theme.accent() } else { look.theme.name(line.sender) };
    Line::from(vec![
        Span::raw(" "),
        Span::styled(text::fit(&name, look.width.saturating_sub(8)), style.add_modifier(Modifier::BOLD)),
        Span::styled(format!("  {}", time::clock(line.at_ms, &look.data.zone)), look.theme.dim()),
    ])
}

/// What a message says, on one line.
pub(super) fn excerpt(line: &Shown) -> String {
    match &line.body {
        Body::Content(content) => text::one_line(&content.fallback()),
        Body::Deleted => "deleted message".to_owned(),
        Body::NotYet | Body::Unreadable(_) => "message that cannot be read".to_owned(),
        Body::Event(_) => String::new(),
    }
}

fn quote(look: &Look<'_>, line: &Shown) -> Option<Line<'static>> {
    let target = line.reply_to.filter(|_| line.body != Body::Deleted)?;
    let here = look.lines.iter().find(|line| line.seq == Some(target));
    let elsewhere = || look.quotes.get(&(look.chat, target)).and_then(Option::as_ref);
    let mut spans = vec![Span::raw(" ".repeat(INDENT)), Span::styled("┃ ", look.theme.dim())];
    let room = look.width.saturating_sub(INDENT + 2 + GUTTER);
    match here.or_else(elsewhere) {
        Some(quoted) => {
            let name = if quoted.sender == look.data.me {
                "You".to_owned()
            } else {
                look.data.names.of(quoted.sender)
            };
            let name = text::fit(&name, room / 2);
            let rest = room.saturating_sub(text::width(&name) + 2);
            spans.push(Span::styled(name, look.theme.name(quoted.sender)));
            spans.push(Span::styled(format!(": {}", text::fit(&excerpt(quoted), rest)), look.theme.dim()));
        }
        None => spans.push(Span::styled(text::fit("an earlier message", room), look.theme.dim())),
    }
    Some(Line::from(spans))
}

fn body(look: &Look<'_>, index: usize, line: &Shown) -> Vec<Line<'static>> {
    let room = look.width.saturating_sub(INDENT + GUTTER);
    let quiet = look.theme.dim().add_modifier(Modifier::ITALIC);
    let (said, style) = match &line.body {
        Body::Content(content) => (text::harmless(&content.fallback()), Style::new()),
        Body::Deleted => ("message deleted".to_owned(), quiet),
        Body::NotYet => ("waiting for the key of this message".to_owned(), quiet),
        Body::Unreadable(Cause::NoSeal) => {
            ("encrypted; this version cannot open it".to_owned(), look.theme.bad())
        }
        Body::Unreadable(Cause::Other(why)) => {
            (format!("cannot be read: {}", text::one_line(why)), look.theme.bad())
        }
        Body::Event(_) => (String::new(), quiet),
    };
    let (texts, cut) = text::wrap(&said, room, ROWS_MAX);
    let mut rows: Vec<Line<'static>> = texts
        .into_iter()
        .map(|row| Line::from(vec![Span::raw(" ".repeat(INDENT)), Span::styled(row, style)]))
        .collect();
    if cut {
        rows.push(Line::styled(format!("{}… and more", " ".repeat(INDENT)), look.theme.dim()));
    }
    if line.edited && line.body != Body::Deleted {
        append(&mut rows, look.width - GUTTER.min(look.width), Span::styled("(edited)", look.theme.dim()));
    }
    if line.sender == look.data.me && line.body != Body::Deleted {
        state(look, index, line, &mut rows);
    }
    rows
}

/// Puts a word behind the last row, or on a row of its own.
fn append(rows: &mut Vec<Line<'static>>, width: usize, word: Span<'static>) {
    match rows.last_mut() {
        Some(last) if last.width() + 1 + word.width() <= width => {
            last.push_span(Span::raw(" "));
            last.push_span(word);
        }
        _ => rows.push(Line::from(vec![Span::raw(" ".repeat(INDENT)), word])),
    }
}

/// How far an own message has come, at the right of its last row; in words for the newest and the selected.
fn state(look: &Look<'_>, index: usize, line: &Shown, rows: &mut [Line<'static>]) {
    let changing = line.pending.iter().any(|pending| pending.failed.is_none());
    let (glyph, word, style) = match &line.status {
        Status::Received => return,
        _ if changing => ("…", "saving", look.theme.waits()),
        Status::Sending => ("…", "sending", look.theme.waits()),
        Status::Sent => ("✓", "sent", look.theme.dim()),
        Status::Delivered => ("✓✓", "delivered", look.theme.dim()),
        Status::Read => ("✓✓", "read", look.theme.accent()),
        Status::Failed(_) => ("✗", "not sent", look.theme.bad()),
    };
    let newest = look.lines.iter().skip(index + 1).all(|later| later.sender != look.data.me);
    let Some(last) = rows.last_mut() else { return };
    let free = look.width.saturating_sub(last.width());
    let long = format!("{glyph} {word}");
    let shown = if (newest || look.selected == Some(index)) && text::width(&long) + 1 < free {
        long
    } else {
        glyph.to_owned()
    };
    let gap = free.saturating_sub(text::width(&shown) + 1);
    last.push_span(Span::raw(" ".repeat(gap)));
    last.push_span(Span::styled(shown, style));
}

fn reactions(look: &Look<'_>, line: &Shown) -> Vec<Line<'static>> {
    let room = look.width.saturating_sub(GUTTER);
    let mut rows: Vec<Line<'static>> = Vec::new();
    for (key, users) in &line.reactions {
        let key = text::fit(&text::one_line(key.as_str()), 16);
        let mine = users.contains(&look.data.me);
        let style = if mine { look.theme.accent() } else { look.theme.dim() };
        let word = format!("{key} {}{}", users.len(), if mine { "*" } else { "" });
        match rows.last_mut() {
            Some(row) if row.width() + 2 + text::width(&word) <= room => {
                row.push_span(Span::raw("  "));
                row.push_span(Span::styled(word, style));
            }
            _ => rows.push(Line::from(vec![Span::raw(" ".repeat(INDENT)), Span::styled(word, style)])),
        }
    }
    rows
}

/// What a failure means to whoever reads it.
pub(super) fn reason(failure: &Failure) -> String {
    match failure {
        Failure::Refused { detail, .. } => text::one_line(detail),
        Failure::Seal(why) => format!("it cannot be encrypted: {}", text::one_line(why)),
        Failure::Store => "it could not be kept on this device".to_owned(),
    }
}

fn failures(look: &Look<'_>, line: &Shown) -> Vec<Line<'static>> {
    let of_message = match &line.status {
        Status::Failed(failure) => Some(("not sent", failure)),
        _ => None,
    };
    let of_changes =
        line.pending.iter().filter_map(|pending| Some(("change not taken", pending.failed.as_ref()?)));
    let room = look.width.saturating_sub(INDENT + 1);
    let mut rows = Vec::new();
    for (what, failure) in of_message.into_iter().chain(of_changes) {
        let said = format!("✗ {what}: {}", reason(failure));
        for row in text::wrap(&said, room, 4).0 {
            rows.push(Line::styled(format!("{}{row}", " ".repeat(INDENT)), look.theme.bad()));
        }
        let keys = "t try again · x discard";
        rows.push(Line::styled(format!("{}{}", " ".repeat(INDENT), text::fit(keys, room)), look.theme.dim()));
    }
    rows
}

/// Marks a row of the selected line at its left edge.
fn mark(look: &Look<'_>, row: &mut Line<'static>) {
    row.alignment = None;
    let bar = Span::styled("▌", look.theme.accent());
    let first = row.spans.first().map(|span| span.content.to_string());
    match first {
        Some(first) if first.starts_with(' ') => {
            if let Some(span) = row.spans.first_mut() {
                span.content = first.get(1..).unwrap_or_default().to_owned().into();
            }
            row.spans.insert(0, bar);
        }
        _ => row.spans.insert(0, bar),
    }
}

/// Who of a set of users, for a sentence: `Bob`, `Bob and Eve`, `Bob, Eve and 3 more`.
pub(super) fn listed(data: &Data, users: &[UserId]) -> String {
    let name = |user: &UserId| if *user == data.me { "you".to_owned() } else { data.names.of(*user) };
    match users {
        [] => "nobody".to_owned(),
        [one] => name(one),
        [one, two] => format!("{} and {}", name(one), name(two)),
        [one, two, three] => format!("{}, {} and {}", name(one), name(two), name(three)),
        [one, two, rest @ ..] => format!("{}, {} and {} more", name(one), name(two), rest.len()),
    }
}
