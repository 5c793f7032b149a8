//! Going to a place that is not loaded yet: the first unread message, a message, a day.
//!
//! A jump goes on with each new piece of the conversation until it has arrived, or a key ends it.

use chinwag_client::Wish;
use chinwag_proto::Seq;

use super::conversation::place_of;
use super::{Data, Model};

/// Unread messages that are loaded to show the first of them; above, the newest are shown.
const UNREAD_MAX: u64 = 300;

/// Where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Jump {
    /// The first message after the read mark.
    Unread(Seq),
    /// A message.
    Seq(Seq),
    /// The first message from a time on, found by halving what lies between the bounds.
    Date { ms: i64, bounds: Option<(Seq, Seq)> },
}

impl Jump {
    pub(super) const fn to_date(ms: i64) -> Self {
        Self::Date { ms, bounds: None }
    }
}

impl Model {
    /// Whether something is being looked for.
    pub(in crate::chat) fn is_jumping(&self) -> bool {
        matches!(self.jump, Some(Jump::Seq(_) | Jump::Date { .. }))
    }

    /// Has the conversation loaded around a seq; what is in the data until the next change is past.
    pub(super) fn open_at(&mut self, seq: Seq) {
        self.awaits_lines = true;
        self.wish(Wish::At(seq));
    }

    pub(super) fn continue_jump(&mut self, data: &Data) {
        if self.awaits_lines {
            return;
        }
        let empty = self.conversation(data).is_none_or(|c| c.lines.iter().all(|line| line.seq.is_none()));
        match self.jump.clone() {
            Some(_) if empty => {}
            None => {}
            Some(Jump::Unread(read)) => self.jump_to_unread(read, data),
            Some(Jump::Seq(seq)) => {
                let place = self.conversation(data).and_then(|c| place_of(seq, &c.lines));
                match place {
                    Some(place) => self.centre(place, data),
                    None => {
                        self.jump = None;
                        self.tell("That message is not held here any more".to_owned());
                    }
                }
            }
            Some(Jump::Date { ms, bounds }) => self.jump_to_date(ms, bounds, data),
        }
    }

    fn jump_to_unread(&mut self, read: Seq, data: &Data) {
        let Some(conversation) = self.conversation(data) else { return };
        let first = conversation
            .lines
            .iter()
            .position(|line| line.sender != data.me && line.seq.is_some_and(|seq| seq > read));
        match first {
            Some(0) if conversation.above && self.row(data).is_some_and(|row| row.unread <= UNREAD_MAX) => {
                self.wish(Wish::Older);
            }
            Some(place) => {
                self.jump = None;
                self.scrolling(data, |scroll, look, height| scroll.top(look, height, place));
            }
            None => self.jump = None,
        }
    }

    fn jump_to_date(&mut self, ms: i64, bounds: Option<(Seq, Seq)>, data: &Data) {
        let (Some(conversation), Some(row)) = (self.conversation(data), self.row(data)) else { return };
        let told = conversation.lines.iter().filter(|line| line.seq.is_some());
        let (Some(first), Some(last)) = (told.clone().next(), told.clone().next_back()) else { return };
        let (Some(low), Some(high)) = (first.seq, last.seq) else { return };
        let (mut from, mut to) = bounds.unwrap_or((row.first, row.last));
        if first.at_ms < ms && ms <= last.at_ms {
            let place = conversation.lines.iter().position(|line| line.at_ms >= ms).unwrap_or(0);
            return self.centre(place, data);
        }
        if ms <= first.at_ms {
            to = low;
        } else {
            from = high;
        }
        if !conversation.above && ms <= first.at_ms {
            return self.centre(0, data);
        }
        if !conversation.below && ms > last.at_ms {
            self.tell("Nothing was written since".to_owned());
            return self.go_to_newest(data);
        }
        if to.get().saturating_sub(from.get()) <= 1 {
            // All that is held lies after the day: the server may have more.
            self.jump = Some(Jump::Date { ms, bounds: Some((from, to)) });
            return self.wish(if ms <= first.at_ms { Wish::Older } else { Wish::Newer });
        }
        let middle = Seq::clamped(from.get() + (to.get() - from.get()) / 2);
        self.jump = Some(Jump::Date { ms, bounds: Some((from, to)) });
        self.open_at(middle);
    }
}
