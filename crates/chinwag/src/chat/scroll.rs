//! Which rows of a conversation are on screen. The place is held by the line at the bottom, not by a number
//! of rows, so that nothing moves when history comes in above or messages come in below.

use chinwag_client::Shown;
use chinwag_proto::{ClientMessageId, Seq};
use ratatui::text::Line;

use super::blocks::{Look, block};

/// A line, however the list around it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// Another's line, or an event.
    Seq(Seq),
    /// An own message, which keeps its id when it gets its seq.
    Own(ClientMessageId),
}

impl At {
    /// The name of a line.
    pub(super) fn of(line: &Shown) -> Option<Self> {
        line.id.clone().map(Self::Own).or(line.seq.map(Self::Seq))
    }

    /// Its place among lines.
    pub(super) fn find(&self, lines: &[Shown]) -> Option<usize> {
        match self {
            Self::Seq(seq) => lines.iter().position(|line| line.seq == Some(*seq)),
            Self::Own(id) => lines.iter().position(|line| line.id.as_ref() == Some(id)),
        }
    }
}

/// The place in a conversation; at the newest line unless told otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Scroll {
    /// The line at the bottom and how many of its rows are below the screen; `None` follows the newest.
    bottom: Option<(At, usize)>,
}

/// What is on screen.
#[derive(Debug)]
pub(super) struct Visible {
    /// From top to bottom, at most as many as there is room.
    pub(super) rows: Vec<Line<'static>>,
    /// The place of the line that the first row belongs to.
    pub(super) first: usize,
    /// The place of the line that the last row belongs to.
    pub(super) last: usize,
}

impl Scroll {
    /// Follows the newest line.
    pub(super) fn newest(&mut self) {
        self.bottom = None;
    }

    /// Whether it follows the newest line.
    pub(super) const fn is_newest(&self) -> bool {
        self.bottom.is_none()
    }

    fn place(&self, look: &Look<'_>) -> (usize, usize) {
        let end = (look.lines.len().saturating_sub(1), 0);
        self.bottom.as_ref().and_then(|(at, hidden)| Some((at.find(look.lines)?, *hidden))).unwrap_or(end)
    }

    fn hold(&mut self, look: &Look<'_>, (index, hidden): (usize, usize)) {
        let at = look.lines.get(index).and_then(At::of);
        let newest = index + 1 >= look.lines.len() && hidden == 0;
        self.bottom = at.filter(|_| !newest).map(|at| (at, hidden));
    }

    /// The rows on screen.
    pub(super) fn visible(&self, look: &Look<'_>, height: usize) -> Visible {
        let (last, hidden) = self.place(look);
        let mut rows: Vec<Line<'static>> = Vec::new();
        let mut first = last;
        if look.lines.is_empty() {
            return Visible { rows, first, last };
        }
        for index in (0..=last).rev() {
            let mut of_line = block(look, index);
            if index == last {
                of_line.truncate(of_line.len().saturating_sub(hidden));
            }
            of_line.extend(rows);
            rows = of_line;
            first = index;
            if rows.len() >= height {
                break;
            }
        }
        if rows.len() < height && self.bottom.is_some() {
            return Self::from_top(look, height);
        }
        rows.drain(..rows.len().saturating_sub(height));
        Visible { rows, first, last }
    }

    fn from_top(look: &Look<'_>, height: usize) -> Visible {
        let (mut rows, mut last) = (Vec::new(), 0);
        for index in 0..look.lines.len() {
            rows.extend(block(look, index));
            last = index;
            if rows.len() >= height {
                break;
            }
        }
        rows.truncate(height);
        Visible { rows, first: 0, last }
    }

    /// Moves up (negative) or down by rows, within what there is.
    pub(super) fn by(&mut self, look: &Look<'_>, height: usize, rows: isize) {
        let (mut index, mut hidden) = self.place(look);
        for _ in 0..rows.unsigned_abs() {
            if rows < 0 {
                hidden += 1;
                if hidden >= block(look, index).len() {
                    if index == 0 {
                        break;
                    }
                    (index, hidden) = (index - 1, 0);
                }
            } else if hidden > 0 {
                hidden -= 1;
            } else if index + 1 < look.lines.len() {
                index += 1;
                hidden = block(look, index).len().saturating_sub(1);
            }
        }
        self.hold(look, (index, hidden));
        self.keep_full(look, height);
    }

    /// Goes down again as far as the screen would show nothing at its top.
    fn keep_full(&mut self, look: &Look<'_>, height: usize) {
        if self.bottom.is_none() {
            return;
        }
        let (last, hidden) = self.place(look);
        let mut above = 0;
        for index in (0..=last).rev() {
            above += block(look, index).len();
            if above >= height + hidden {
                return;
            }
        }
        self.top(look, height, 0);
    }

    /// Puts a line's first row at the top, or follows the newest where that is on screen then.
    pub(super) fn top(&mut self, look: &Look<'_>, height: usize, first: usize) {
        let mut used = 0;
        for index in first..look.lines.len() {
            used += block(look, index).len();
            if used >= height {
                return self.hold(look, (index, used - height));
            }
        }
        self.newest();
    }

    /// Brings a line on screen, with as little movement as it takes.
    pub(super) fn show(&mut self, look: &Look<'_>, height: usize, index: usize) {
        let visible = self.visible(look, height);
        let (last, hidden) = self.place(look);
        if index < visible.first || (index == visible.first && index < last) {
            self.top(look, height, index);
        } else if index > last || (index == last && hidden > 0) {
            self.hold(look, (index, 0));
        }
    }

    /// Brings a line to the middle.
    pub(super) fn centre(&mut self, look: &Look<'_>, height: usize, index: usize) {
        let mut below = height / 2;
        let mut at = index;
        while at + 1 < look.lines.len() {
            let rows = block(look, at + 1).len();
            if rows > below {
                break;
            }
            below -= rows;
            at += 1;
        }
        self.hold(look, (at, 0));
        self.keep_full(look, height);
    }
}
