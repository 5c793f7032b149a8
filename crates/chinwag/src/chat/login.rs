//! The first screen: a new account, a log-in, or the passphrase of what is kept here. Pure; the driver asks
//! the server.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::draw::{hints, one_field};
use super::editor::Editor;
use super::keymap::{self, Action, Place};
use super::text;
use super::theme::Theme;

const FIELD_BYTES: usize = 1024;

/// What the form is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    LogIn,
    Register,
    /// Opens what is kept on this device.
    Unlock,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Quit,
    Suspend,
    Repaint,
    Submit(Entered),
}

/// What was typed.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Entered {
    pub(super) server: String,
    pub(super) user: String,
    pub(super) password: String,
    /// Protects what is kept on this device; empty for none.
    pub(super) passphrase: String,
    pub(super) invite: String,
}

/// Secrets are not printed.
impl std::fmt::Debug for Entered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Entered({} at {})", self.user, self.server)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Server,
    User,
    Password,
    Again,
    Invite,
    Passphrase,
}

impl What {
    const fn label(self) -> &'static str {
        match self {
            Self::Server => "Server",
            Self::User => "User name",
            Self::Password => "Password",
            Self::Again => "Once more",
            Self::Invite => "Invitation",
            Self::Passphrase => "Passphrase",
        }
    }

    const fn about(self) -> &'static str {
        match self {
            Self::Server => "The address of the server, like https://chat.example.org",
            Self::User => "3 to 32 of a-z 0-9 _ . -",
            Self::Password => "At least 8 characters",
            Self::Again => "The same password once more",
            Self::Invite => "Only where the server asks for one",
            Self::Passphrase => {
                "Locks what is kept on this device, and is asked for at each start. \
                 Empty: only the permissions of its files protect it."
            }
        }
    }

    const fn is_secret(self) -> bool {
        matches!(self, Self::Password | Self::Again | Self::Passphrase)
    }
}

/// The form.
#[derive(Debug)]
pub(super) struct LogIn {
    theme: Theme,
    pub(super) purpose: Purpose,
    fields: [(What, Editor); 6],
    at: usize,
    pub(super) error: Option<String>,
    pub(super) busy: bool,
}

impl LogIn {
    /// The form as it begins.
    pub(super) fn new(theme: Theme, purpose: Purpose, server: &str, user: &str) -> Self {
        let all = [What::Server, What::User, What::Password, What::Again, What::Invite, What::Passphrase];
        let mut fields = all.map(|what| (what, Editor::new(FIELD_BYTES)));
        fields[0].1.set(server);
        fields[1].1.set(user);
        let mut form = Self { theme, purpose, fields, at: 0, error: None, busy: false };
        form.at = match (server.is_empty(), user.is_empty()) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => 2,
        };
        form.at = form.at.min(form.shown().len() - 1);
        form
    }

    fn shown(&self) -> &'static [What] {
        match self.purpose {
            Purpose::LogIn => &[What::Server, What::User, What::Password, What::Passphrase],
            Purpose::Register => {
                &[What::Server, What::User, What::Password, What::Again, What::Invite, What::Passphrase]
            }
            Purpose::Unlock => &[What::Passphrase],
        }
    }

    fn editor(&self, what: What) -> &Editor {
        let place = self.fields.iter().position(|(other, _)| *other == what).unwrap_or(0);
        &self.fields[place.min(5)].1
    }

    fn text(&self, what: What) -> String {
        let text = self.editor(what).text();
        if what.is_secret() { text.to_owned() } else { text.trim().to_owned() }
    }

    fn field(&mut self) -> Option<&mut Editor> {
        let what = *self.shown().get(self.at)?;
        self.fields.iter_mut().find(|(other, _)| *other == what).map(|(_, editor)| editor)
    }

    /// What is typed or pasted.
    pub(super) fn paste(&mut self, text: &str) {
        if let Some(field) = self.field() {
            field.insert(text.trim_end_matches('\n'));
        }
    }

    /// Takes a key in.
    pub(super) fn on_key(&mut self, key: KeyEvent) -> Option<Step> {
        let text = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        let action = keymap::action(Place::LogIn, key)
            .or_else(|| keymap::action(Place::Field, key))
            .or_else(|| keymap::action(Place::Anywhere, key));
        match (key.code, action) {
            (_, Some(Action::Quit)) => return Some(Step::Quit),
            (_, Some(Action::Suspend)) => return Some(Step::Suspend),
            (_, Some(Action::Repaint)) => return Some(Step::Repaint),
            _ if self.busy => return None,
            (KeyCode::Char(c), _) if text => self.paste(c.encode_utf8(&mut [0; 4])),
            (_, Some(Action::Enter)) if self.at + 1 < self.shown().len() => self.at += 1,
            (_, Some(Action::Enter)) => return self.submit(),
            (_, Some(Action::Down)) => self.at = (self.at + 1) % self.shown().len(),
            (_, Some(Action::Up)) => self.at = self.at.saturating_sub(1),
            (_, Some(Action::Register)) if self.purpose != Purpose::Unlock => {
                self.purpose =
                    if self.purpose == Purpose::LogIn { Purpose::Register } else { Purpose::LogIn };
                self.at = self.at.min(self.shown().len() - 1);
                self.error = None;
            }
            (_, Some(action)) => self.on_field(action),
            _ => {}
        }
        None
    }

    fn on_field(&mut self, action: Action) {
        let Some(field) = self.field() else { return };
        match action {
            Action::Left => field.left(),
            Action::Right => field.right(),
            Action::LineStart => field.home(),
            Action::LineEnd => field.end(),
            Action::Backspace => field.backspace(),
            Action::DeleteNext => field.delete(),
            Action::DeleteWord => field.delete_word(),
            Action::DeleteToStart => field.delete_to_home(),
            Action::DeleteToEnd => field.delete_to_end(),
            _ => {}
        }
    }

    fn submit(&mut self) -> Option<Step> {
        let needed = [What::Server, What::User, What::Password];
        let missing =
            self.shown().iter().position(|what| needed.contains(what) && self.text(*what).is_empty());
        if let Some(place) = missing {
            self.at = place;
            self.error = self.shown().get(place).map(|what| format!("{} is missing", what.label()));
            return None;
        }
        if self.purpose == Purpose::Register && self.text(What::Password) != self.text(What::Again) {
            self.at = 3;
            self.error = Some("The two passwords differ".to_owned());
            return None;
        }
        (self.busy, self.error) = (true, None);
        Some(Step::Submit(Entered {
            server: self.text(What::Server),
            user: self.text(What::User),
            password: self.text(What::Password),
            passphrase: self.text(What::Passphrase),
            invite: self.text(What::Invite),
        }))
    }

    /// It did not work out.
    pub(super) fn fail(&mut self, why: String) {
        (self.busy, self.error) = (false, Some(why));
    }

    /// Draws it.
    pub(super) fn draw(&self, frame: &mut Frame<'_>) {
        let all = frame.area();
        let width = all.width.min(64);
        let x = (all.width - width) / 2;
        let rows = u16::try_from(self.shown().len()).unwrap_or(1);
        let top = all.height.saturating_sub(rows * 2 + 8) / 2;
        let row = |y: u16| Rect { x, y: y.min(all.height.saturating_sub(1)), width, height: 1 };
        frame.render_widget(Line::styled("C h i n w a g", self.theme.accent()).centered(), row(top));
        let title = match self.purpose {
            Purpose::LogIn => "Log in",
            Purpose::Register => "New account",
            Purpose::Unlock => "Passphrase of this device",
        };
        frame.render_widget(Line::styled(title, self.theme.strong()).centered(), row(top + 1));
        // In a low window the fields stand close together.
        let step = if all.height < rows * 2 + 8 { 1 } else { 2 };
        let mut y = top + 3;
        for (place, what) in self.shown().iter().enumerate() {
            let (label, editor) = ((what.label(), 12), self.editor(*what));
            let area = Rect { x: x + 1, width: width.saturating_sub(2), ..row(y) };
            one_field(self.theme, frame, area, label, editor, place == self.at, what.is_secret());
            y += step;
        }
        let about = match self.purpose {
            Purpose::Unlock => "It opens what is kept on this device",
            _ => self.shown().get(self.at).map_or("", |what| what.about()),
        };
        let (said, style) = match &self.error {
            Some(why) => (why.as_str(), self.theme.bad()),
            None if self.busy => ("One moment…", self.theme.waits()),
            None => (about, self.theme.dim()),
        };
        for line in text::wrap(&text::one_line(said), usize::from(width.saturating_sub(2)), 4).0 {
            frame.render_widget(Line::styled(format!(" {line}"), style), row(y));
            y += 1;
        }
        let last = Rect::new(0, all.height.saturating_sub(1), all.width, 1);
        let without: &[&str] = match self.purpose {
            Purpose::LogIn => &[],
            Purpose::Register => &["new account"],
            Purpose::Unlock => &["new account", "next field"],
        };
        let mut keys = hints(self.theme, Place::LogIn, usize::from(all.width), without);
        if self.purpose == Purpose::Register {
            keys.push_span(ratatui::text::Span::styled(" Ctrl+R", self.theme.key()));
            keys.push_span(ratatui::text::Span::styled(" log in ", self.theme.dim()));
        }
        frame.render_widget(keys, last);
    }
}
