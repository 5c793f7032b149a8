//! Every key in one table: what it does, where, and the words that the help shows for it. The program obeys
//! the table, so the help cannot be wrong.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Where the keys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Wherever the place itself has no use for the key.
    Anywhere,
    /// The chat list.
    List,
    /// The messages, one of them selected.
    Messages,
    /// The field in which a message is written.
    Compose,
    /// Any field in which something is typed.
    Field,
    /// Log-in.
    LogIn,
    /// A form or a question for one text.
    Form,
    /// Search.
    Search,
    /// A group's members.
    Group,
    /// Own devices.
    Devices,
    /// Contacts and blocked users.
    Contacts,
    /// A question with yes or no.
    Confirm,
    /// The help itself.
    Help,
}

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Quit,
    Suspend,
    Repaint,
    Help,
    NextPane,
    PreviousPane,
    NextChat,
    PreviousChat,
    NextUnread,
    Search,
    Connect,
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    Enter,
    Back,
    Filter,
    NewDirect,
    NewGroup,
    Pin,
    Mute,
    Info,
    Contacts,
    Devices,
    LogOut,
    Reply,
    Edit,
    Delete,
    React,
    Retry,
    Discard,
    GoToQuoted,
    GoToDate,
    Send,
    Newline,
    Complete,
    Left,
    Right,
    WordLeft,
    WordRight,
    LineStart,
    LineEnd,
    Backspace,
    DeleteNext,
    DeleteWord,
    DeleteToStart,
    DeleteToEnd,
    Register,
    Add,
    Remove,
    Role,
    Title,
    Leave,
    Rename,
    Block,
    Message,
    Yes,
}

/// A key with its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key(pub(super) KeyCode, pub(super) KeyModifiers);

/// A line of the table.
pub(super) struct Binding {
    pub(super) place: Place,
    pub(super) keys: &'static [Key],
    pub(super) action: Action,
    /// What the help says.
    pub(super) what: &'static str,
    /// What the line at the bottom says; empty where it says nothing.
    pub(super) hint: &'static str,
}

const fn plain(code: KeyCode) -> Key {
    Key(code, KeyModifiers::NONE)
}
const fn letter(c: char) -> Key {
    plain(KeyCode::Char(c))
}
const fn ctrl(c: char) -> Key {
    Key(KeyCode::Char(c), KeyModifiers::CONTROL)
}
const fn alt(code: KeyCode) -> Key {
    Key(code, KeyModifiers::ALT)
}
const fn bind(
    place: Place,
    keys: &'static [Key],
    action: Action,
    what: &'static str,
    hint: &'static str,
) -> Binding {
    Binding { place, keys, action, what, hint }
}

const UP: Key = plain(KeyCode::Up);
const DOWN: Key = plain(KeyCode::Down);
const PAGE_UP: Key = plain(KeyCode::PageUp);
const PAGE_DOWN: Key = plain(KeyCode::PageDown);
const HOME: Key = plain(KeyCode::Home);
const END: Key = plain(KeyCode::End);
const ENTER: Key = plain(KeyCode::Enter);
const ESC: Key = plain(KeyCode::Esc);
const TAB: Key = plain(KeyCode::Tab);
const BACK_TAB: Key = plain(KeyCode::BackTab);

/// All of them, in the order of the help; hints in the order of their importance.
#[rustfmt::skip]
pub(super) const BINDINGS: &[Binding] = &[
    bind(Place::List, &[ENTER, plain(KeyCode::Right)], Action::Enter, "open the chat", "open"),
    bind(Place::List, &[letter('n')], Action::NewDirect, "write to somebody by user name", "write to"),
    bind(Place::List, &[letter('g')], Action::NewGroup, "begin a group", "group"),
    bind(Place::List, &[letter('?')], Action::Help, "this help", "help"),
    bind(Place::List, &[letter('/')], Action::Filter, "find a chat by its name", "find chat"),
    bind(Place::List, &[letter('s')], Action::Search, "search all messages held here", "search"),
    bind(Place::List, &[letter('q')], Action::Quit, "quit; drafts and unsent messages are kept", "quit"),
    bind(Place::List, &[UP, letter('k')], Action::Up, "up", ""),
    bind(Place::List, &[DOWN, letter('j')], Action::Down, "down", ""),
    bind(Place::List, &[PAGE_UP], Action::PageUp, "a page up", ""),
    bind(Place::List, &[PAGE_DOWN], Action::PageDown, "a page down", ""),
    bind(Place::List, &[HOME], Action::First, "first chat", ""),
    bind(Place::List, &[END], Action::Last, "last chat", ""),
    bind(Place::List, &[letter('u')], Action::NextUnread, "next chat with unread messages", ""),
    bind(Place::List, &[letter('p')], Action::Pin, "pin to the top, or unpin", ""),
    bind(Place::List, &[letter('m')], Action::Mute, "mute, or unmute", ""),
    bind(Place::List, &[letter('i')], Action::Info, "the group's members and title", ""),
    bind(Place::List, &[letter('c')], Action::Contacts, "contacts and blocked users", ""),
    bind(Place::List, &[letter('d')], Action::Devices, "your devices", ""),
    bind(Place::List, &[letter('o')], Action::Connect, "connect now", ""),
    bind(Place::List, &[letter('X')], Action::LogOut, "log this device out", ""),
    bind(Place::List, &[ESC], Action::Back, "end the search for a chat", ""),

    bind(Place::Compose, &[ENTER], Action::Send, "send", "send"),
    bind(Place::Compose, &[ESC], Action::Back, "end reply or edit; else to the chat list", "back"),
    bind(Place::Compose, &[UP], Action::Up, "a line up; from the first line to the messages", "messages"),
    bind(Place::Compose, &[alt(KeyCode::Enter), ctrl('j')], Action::Newline, "a new line", "new line"),
    bind(Place::Compose, &[DOWN], Action::Down, "a line down", ""),
    bind(Place::Compose, &[TAB], Action::Complete, "complete an @name; else to the chat list", ""),
    bind(Place::Compose, &[PAGE_UP], Action::PageUp, "a page up in the messages", ""),
    bind(Place::Compose, &[PAGE_DOWN], Action::PageDown, "a page down in the messages", ""),

    bind(Place::Messages, &[letter('r')], Action::Reply, "reply", "reply"),
    bind(Place::Messages, &[letter('+')], Action::React, "react, or take a reaction back", "react"),
    bind(Place::Messages, &[letter('e')], Action::Edit, "edit an own message", "edit"),
    bind(Place::Messages, &[letter('d'), plain(KeyCode::Delete)], Action::Delete, "delete for all", "delete"),
    bind(Place::Messages, &[letter('t')], Action::Retry, "try again what was not sent", ""),
    bind(Place::Messages, &[letter('x')], Action::Discard, "discard what was not sent", ""),
    bind(Place::Messages, &[letter('g')], Action::GoToDate, "go to a date", "date"),
    bind(Place::Messages, &[ESC, plain(KeyCode::Left)], Action::Back, "back to writing", "write"),
    bind(Place::Messages, &[letter('?')], Action::Help, "this help", "help"),
    bind(Place::Messages, &[UP, letter('k')], Action::Up, "an older message", ""),
    bind(Place::Messages, &[DOWN, letter('j')], Action::Down, "a newer message", ""),
    bind(Place::Messages, &[PAGE_UP], Action::PageUp, "a page up", ""),
    bind(Place::Messages, &[PAGE_DOWN], Action::PageDown, "a page down", ""),
    bind(Place::Messages, &[HOME], Action::First, "the oldest that is loaded", ""),
    bind(Place::Messages, &[END, letter('G')], Action::Last, "the newest", ""),
    bind(Place::Messages, &[ENTER], Action::GoToQuoted, "go to the message that this one answers", ""),
    bind(Place::Messages, &[letter('s'), letter('/')], Action::Search, "search all messages held here", ""),
    bind(Place::Messages, &[letter('i')], Action::Info, "the group's members and title", ""),

    bind(Place::Field, &[plain(KeyCode::Left), ctrl('b')], Action::Left, "a character left", ""),
    bind(Place::Field, &[plain(KeyCode::Right)], Action::Right, "a character right", ""),
    bind(Place::Field, &[Key(KeyCode::Left, KeyModifiers::CONTROL), alt(KeyCode::Char('b'))], Action::WordLeft, "a word left", ""),
    bind(Place::Field, &[Key(KeyCode::Right, KeyModifiers::CONTROL), alt(KeyCode::Char('f'))], Action::WordRight, "a word right", ""),
    bind(Place::Field, &[HOME, ctrl('a')], Action::LineStart, "to the line's beginning", ""),
    bind(Place::Field, &[END, ctrl('e')], Action::LineEnd, "to the line's end", ""),
    bind(Place::Field, &[plain(KeyCode::Backspace), ctrl('h')], Action::Backspace, "delete to the left", ""),
    bind(Place::Field, &[plain(KeyCode::Delete), ctrl('d')], Action::DeleteNext, "delete to the right", ""),
    bind(Place::Field, &[ctrl('w'), alt(KeyCode::Backspace)], Action::DeleteWord, "delete a word", ""),
    bind(Place::Field, &[ctrl('u')], Action::DeleteToStart, "delete to the line's beginning", ""),
    bind(Place::Field, &[ctrl('k')], Action::DeleteToEnd, "delete to the line's end", ""),

    bind(Place::LogIn, &[ENTER], Action::Enter, "next field; from the last one, go", "go on"),
    bind(Place::LogIn, &[TAB, DOWN], Action::Down, "next field", "next field"),
    bind(Place::LogIn, &[BACK_TAB, UP], Action::Up, "field before", ""),
    bind(Place::LogIn, &[ctrl('r'), plain(KeyCode::F(2))], Action::Register, "make a new account instead, or log in", "new account"),

    bind(Place::Form, &[ENTER], Action::Enter, "next field; from the last one, done", "done"),
    bind(Place::Form, &[TAB, DOWN], Action::Down, "next field", ""),
    bind(Place::Form, &[BACK_TAB, UP], Action::Up, "field before", ""),
    bind(Place::Form, &[ESC], Action::Back, "leave it", "leave"),

    bind(Place::Search, &[ENTER], Action::Enter, "go to the message", "go there"),
    bind(Place::Search, &[UP], Action::Up, "a newer result", ""),
    bind(Place::Search, &[DOWN], Action::Down, "an older result", "next"),
    bind(Place::Search, &[PAGE_UP], Action::PageUp, "a page up", ""),
    bind(Place::Search, &[PAGE_DOWN], Action::PageDown, "a page down", ""),
    bind(Place::Search, &[ESC], Action::Back, "close", "close"),

    bind(Place::Group, &[letter('a')], Action::Add, "add members", "add"),
    bind(Place::Group, &[letter('x')], Action::Remove, "remove the member", "remove"),
    bind(Place::Group, &[letter('r')], Action::Role, "make admin, member, owner in turn", "role"),
    bind(Place::Group, &[letter('t')], Action::Title, "change the title", "title"),
    bind(Place::Group, &[letter('L')], Action::Leave, "leave the group", "leave"),
    bind(Place::Group, &[ENTER, letter('w')], Action::Message, "write to the member", ""),
    bind(Place::Group, &[UP, letter('k')], Action::Up, "up", ""),
    bind(Place::Group, &[DOWN, letter('j')], Action::Down, "down", ""),
    bind(Place::Group, &[ESC, letter('q')], Action::Back, "close", "close"),

    bind(Place::Devices, &[letter('r')], Action::Rename, "rename the device", "rename"),
    bind(Place::Devices, &[letter('x')], Action::Remove, "revoke: it is logged out and forgotten", "revoke"),
    bind(Place::Devices, &[UP, letter('k')], Action::Up, "up", ""),
    bind(Place::Devices, &[DOWN, letter('j')], Action::Down, "down", ""),
    bind(Place::Devices, &[ESC, letter('q')], Action::Back, "close", "close"),

    bind(Place::Contacts, &[ENTER, letter('w')], Action::Message, "write to the user", "write"),
    bind(Place::Contacts, &[letter('a')], Action::Add, "add a contact", "add"),
    bind(Place::Contacts, &[letter('x')], Action::Remove, "remove the contact", "remove"),
    bind(Place::Contacts, &[letter('b')], Action::Block, "block, or unblock", "block"),
    bind(Place::Contacts, &[UP, letter('k')], Action::Up, "up", ""),
    bind(Place::Contacts, &[DOWN, letter('j')], Action::Down, "down", ""),
    bind(Place::Contacts, &[ESC, letter('q')], Action::Back, "close", "close"),

    bind(Place::Confirm, &[letter('y')], Action::Yes, "yes", "yes"),
    bind(Place::Confirm, &[letter('n'), ESC], Action::Back, "no", "no"),

    bind(Place::Help, &[UP, letter('k')], Action::Up, "up", ""),
    bind(Place::Help, &[DOWN, letter('j')], Action::Down, "down", "down"),
    bind(Place::Help, &[PAGE_UP], Action::PageUp, "a page up", ""),
    bind(Place::Help, &[PAGE_DOWN, letter(' ')], Action::PageDown, "a page down", "next page"),
    bind(Place::Help, &[ESC, letter('q'), letter('?')], Action::Back, "close", "close"),

    bind(Place::Anywhere, &[TAB], Action::NextPane, "list, messages, writing in turn", ""),
    bind(Place::Anywhere, &[BACK_TAB], Action::PreviousPane, "the other way round", ""),
    bind(Place::Anywhere, &[ctrl('n'), alt(KeyCode::Down)], Action::NextChat, "open the next chat", ""),
    bind(Place::Anywhere, &[ctrl('p'), alt(KeyCode::Up)], Action::PreviousChat, "open the chat before", ""),
    bind(Place::Anywhere, &[ctrl('f')], Action::Search, "search all messages held here", ""),
    bind(Place::Anywhere, &[plain(KeyCode::F(1))], Action::Help, "this help", ""),
    bind(Place::Anywhere, &[ctrl('l')], Action::Repaint, "paint the screen anew", ""),
    bind(Place::Anywhere, &[ctrl('z')], Action::Suspend, "back to the shell for a while; fg returns", ""),
    bind(Place::Anywhere, &[ctrl('c')], Action::Quit, "quit; drafts and unsent messages are kept", ""),
];

/// What the sections of the help are called, in their order.
pub(super) const SECTIONS: &[(Place, &str)] = &[
    (Place::Anywhere, "Everywhere"),
    (Place::List, "Chat list"),
    (Place::Compose, "Writing"),
    (Place::Messages, "Messages"),
    (Place::Field, "In any field"),
    (Place::Search, "Search"),
    (Place::Group, "Group"),
    (Place::Contacts, "Contacts"),
    (Place::Devices, "Devices"),
    (Place::Form, "Forms"),
    (Place::Confirm, "Questions"),
    (Place::LogIn, "Log-in"),
    (Place::Help, "Help"),
];

/// What a key does in a place.
pub(super) fn action(place: Place, key: KeyEvent) -> Option<Action> {
    let pressed = pressed(key);
    let find = |place| BINDINGS.iter().find(|b| b.place == place && b.keys.contains(&pressed));
    find(place).map(|binding| binding.action)
}

/// The key as the table writes it: a capital letter carries its own shift.
fn pressed(key: KeyEvent) -> Key {
    let mut modifiers = key.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT);
    if key.code == KeyCode::Enter && key.modifiers.contains(KeyModifiers::SHIFT) {
        // Terminals that tell it apart mean a new line.
        modifiers = KeyModifiers::ALT;
    }
    Key(key.code, modifiers)
}

/// How a key is written.
pub(super) fn name(key: Key) -> String {
    let code = match key.0 {
        KeyCode::Up => "↑".to_owned(),
        KeyCode::Down => "↓".to_owned(),
        KeyCode::Left => "←".to_owned(),
        KeyCode::Right => "→".to_owned(),
        KeyCode::Enter => "Enter".to_owned(),
        KeyCode::Esc => "Esc".to_owned(),
        KeyCode::Tab => "Tab".to_owned(),
        KeyCode::BackTab => "Shift+Tab".to_owned(),
        KeyCode::PageUp => "PgUp".to_owned(),
        KeyCode::PageDown => "PgDn".to_owned(),
        KeyCode::Home => "Home".to_owned(),
        KeyCode::End => "End".to_owned(),
        KeyCode::Backspace => "Backspace".to_owned(),
        KeyCode::Delete => "Del".to_owned(),
        KeyCode::Char(' ') => "Space".to_owned(),
        KeyCode::Char(c) if key.1.is_empty() => c.to_string(),
        KeyCode::Char(c) => c.to_uppercase().to_string(),
        KeyCode::F(n) => format!("F{n}"),
        _ => String::new(),
    };
    if key.1.contains(KeyModifiers::CONTROL) {
        format!("Ctrl+{code}")
    } else if key.1.contains(KeyModifiers::ALT) {
        format!("Alt+{code}")
    } else {
        code
    }
}

/// All keys of a binding, as the help writes them.
pub(super) fn names(binding: &Binding) -> String {
    binding.keys.iter().map(|key| name(*key)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_has_two_meanings_in_one_place() {
        for (place, _) in SECTIONS {
            let keys: Vec<Key> =
                BINDINGS.iter().filter(|b| b.place == *place).flat_map(|b| b.keys).copied().collect();
            for (nth, key) in keys.iter().enumerate() {
                assert!(!keys.iter().skip(nth + 1).any(|other| other == key), "{place:?} {}", name(*key));
            }
        }
    }

    #[test]
    fn every_binding_is_in_a_section_of_the_help_and_its_keys_have_names() {
        for binding in BINDINGS {
            assert!(SECTIONS.iter().any(|(place, _)| *place == binding.place));
            assert!(binding.keys.iter().all(|key| !name(*key).is_empty()), "{}", binding.what);
        }
    }
}
