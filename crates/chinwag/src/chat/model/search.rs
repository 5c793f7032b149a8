//! Search over the messages that are held here.

use super::overlay::{Overlay, Search, step};
use super::{Ask, Data, Editor, Model};
use crate::chat::keymap::Action;

/// Bytes of a query.
const QUERY_BYTES: usize = 256;
/// Results that a page is about.
const PAGE: isize = 8;

impl Model {
    pub(super) fn open_search(&mut self) {
        if !self.overlays.iter().any(|overlay| matches!(overlay, Overlay::Search(_))) {
            let query = Editor::new(QUERY_BYTES);
            self.overlays.push(Overlay::Search(Search { query, ticket: 0, hits: None, at: 0 }));
        }
    }

    /// The query is another.
    pub(super) fn searched(&mut self) {
        self.tickets += 1;
        let ticket = self.tickets;
        let Some(Overlay::Search(search)) = self.overlays.last_mut() else { return };
        search.ticket = ticket;
        let query = search.query.text().trim().to_owned();
        if query.is_empty() {
            search.hits = None;
        } else {
            self.ask(Ask::Search { ticket, query });
        }
    }

    pub(super) fn on_search(&mut self, action: Action, data: &Data) -> Option<()> {
        let Some(Overlay::Search(search)) = self.overlays.last_mut() else { return None };
        let length = search.hits.as_ref().map_or(0, Vec::len);
        match action {
            Action::Up => search.at = step(search.at, -1, length),
            Action::Down => search.at = step(search.at, 1, length),
            Action::PageUp => search.at = step(search.at, -PAGE, length),
            Action::PageDown => search.at = step(search.at, PAGE, length),
            Action::Back => {
                self.overlays.pop();
            }
            Action::Enter => {
                let hit = search.hits.as_ref().and_then(|hits| hits.get(search.at)).cloned();
                if let Some(hit) = hit {
                    self.overlays.pop();
                    self.open(hit.chat, data);
                    self.unread_after = None;
                    if let Some(seq) = hit.line.seq {
                        self.go_to(seq, data);
                    }
                }
            }
            _ => return None,
        }
        Some(())
    }
}
