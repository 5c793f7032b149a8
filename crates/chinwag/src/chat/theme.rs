//! Colours and attributes, by what they mean. The sixteen colours of the terminal alone, so that the user's
//! own theme decides how they look; without colour, attributes say the same.

use chinwag_proto::UserId;
use ratatui::style::{Color, Modifier, Style};

/// Whether there are colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Theme {
    pub(super) colour: bool,
}

/// Colours of names that stand out on light and dark ground.
const NAMES: [Color; 6] =
    [Color::Cyan, Color::Magenta, Color::Yellow, Color::Blue, Color::LightRed, Color::LightGreen];

impl Theme {
    /// By the environment: `NO_COLOR` that is not empty, or a terminal that has none.
    pub(super) fn from_environment(no_color: Option<&str>, term: Option<&str>) -> Self {
        let refused = no_color.is_some_and(|value| !value.is_empty());
        let without = term.is_none_or(|term| {
            matches!(term, "" | "dumb" | "vt52" | "vt100" | "vt102" | "vt220")
                || term.ends_with("-m")
                || term.ends_with("-mono")
        });
        Self { colour: !refused && !without }
    }

    fn with(self, colour: Color, otherwise: Modifier) -> Style {
        if self.colour { Style::new().fg(colour) } else { Style::new().add_modifier(otherwise) }
    }

    /// What is beside the point.
    pub(super) fn dim(self) -> Style {
        self.with(Color::DarkGray, Modifier::DIM)
    }

    /// What is to be seen first.
    pub(super) fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What belongs to the user: own name, focus, read marks.
    pub(super) fn accent(self) -> Style {
        self.with(Color::Green, Modifier::BOLD)
    }

    /// New and not seen yet.
    pub(super) fn fresh(self) -> Style {
        if self.colour {
            Style::new().fg(Color::Black).bg(Color::Green)
        } else {
            Style::new().add_modifier(Modifier::REVERSED)
        }
    }

    /// Something went wrong.
    pub(super) fn bad(self) -> Style {
        self.with(Color::Red, Modifier::BOLD)
    }

    /// Something takes its time.
    pub(super) fn waits(self) -> Style {
        self.with(Color::Yellow, Modifier::empty())
    }

    /// Somebody is there.
    pub(super) fn there(self) -> Style {
        self.with(Color::Green, Modifier::BOLD)
    }

    /// The selected row of the pane that has the keys.
    pub(super) fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// A key in a hint.
    pub(super) fn key(self) -> Style {
        self.with(Color::Cyan, Modifier::BOLD)
    }

    /// A user's name.
    pub(super) fn name(self, user: UserId) -> Style {
        let place = usize::try_from(user.get() % 6).unwrap_or_default();
        let colour = NAMES.get(place).copied().unwrap_or(Color::Cyan);
        self.with(colour, Modifier::BOLD).add_modifier(Modifier::BOLD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_says_whether_there_is_colour() {
        let colour = |no_color, term| Theme::from_environment(no_color, term).colour;
        assert!(colour(None, Some("xterm-256color")));
        assert!(colour(Some(""), Some("tmux")));
        assert!(!colour(Some("1"), Some("xterm-256color")));
        assert!(!colour(None, Some("vt100")));
        assert!(!colour(None, Some("dumb")));
        assert!(!colour(None, None));
    }
}
