//! What lies over the chats for a while: forms, questions, search, a group, contacts, devices, the help.

use chinwag_proto::rest::{BlockInfo, Contact, DeviceInfo, Member};
use chinwag_proto::{ChatId, DeviceId, Seq, UserId};

use super::Hit;
use crate::chat::editor::Editor;
use crate::chat::keymap::Place;

/// Bytes of a field in a form.
const FIELD_BYTES: usize = 4 * 128;
/// Bytes of a list of user names.
const NAMES_BYTES: usize = 4 * 1024;

/// The topmost one has the keys.
#[derive(Debug)]
pub(in crate::chat) enum Overlay {
    Help { top: usize },
    Form(Form),
    Confirm(Confirm),
    Search(Search),
    Group(Group),
    Contacts(People),
    Devices(Devices),
}

impl Overlay {
    pub(super) const fn place(&self) -> Place {
        match self {
            Self::Help { .. } => Place::Help,
            Self::Form(_) => Place::Form,
            Self::Confirm(_) => Place::Confirm,
            Self::Search(_) => Place::Search,
            Self::Group(_) => Place::Group,
            Self::Contacts(_) => Place::Contacts,
            Self::Devices(_) => Place::Devices,
        }
    }

    pub(super) fn field(&mut self) -> Option<&mut Editor> {
        match self {
            Self::Form(form) => form.fields.get_mut(form.at).map(|field| &mut field.text),
            Self::Search(search) => Some(&mut search.query),
            _ => None,
        }
    }

    /// Says what went wrong, where there is a place for it.
    pub(super) fn fail(&mut self, why: String) -> Result<(), String> {
        match self {
            Self::Form(form) => (form.error, form.busy) = (Some(why), false),
            Self::Group(group) => group.error = Some(why),
            Self::Contacts(people) => people.error = Some(why),
            Self::Devices(devices) => devices.error = Some(why),
            Self::Help { .. } | Self::Confirm(_) | Self::Search(_) => return Err(why),
        }
        Ok(())
    }
}

/// What a form is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::chat) enum FormKind {
    Write,
    NewGroup,
    AddMembers(ChatId),
    Title(ChatId),
    Date,
    React { chat: ChatId, seq: Seq },
    RenameDevice(DeviceId),
    AddContact,
}

/// A field of a form.
#[derive(Debug)]
pub(in crate::chat) struct Field {
    pub(in crate::chat) label: &'static str,
    pub(in crate::chat) text: Editor,
}

/// A question for one text or two.
#[derive(Debug)]
pub(in crate::chat) struct Form {
    pub(in crate::chat) kind: FormKind,
    pub(in crate::chat) title: &'static str,
    pub(in crate::chat) fields: Vec<Field>,
    /// The field that takes what is typed.
    pub(in crate::chat) at: usize,
    /// What is to be known about the fields.
    pub(in crate::chat) about: &'static str,
    pub(in crate::chat) error: Option<String>,
    /// The server was asked and has not answered.
    pub(in crate::chat) busy: bool,
}

impl Form {
    pub(super) fn new(kind: FormKind) -> Self {
        const NAMES: &str = "User names, with spaces between them.";
        let (title, about, labels): (_, _, &[&'static str]) = match kind {
            FormKind::Write => ("Write to", "The exact user name of whom you write to.", &["User name"]),
            FormKind::NewGroup => ("New group", NAMES, &["Title", "Members"]),
            FormKind::AddMembers(_) => ("Add members", NAMES, &["Members"]),
            FormKind::Title(_) => ("Title of the group", "All members see it.", &["Title"]),
            FormKind::Date => (
                "Go to a date",
                "2026-03-14, 14.3.2026, 14 March 2026, yesterday, or 7 for a week ago.",
                &["Date"],
            ),
            FormKind::React { .. } => ("React", "", &["Reaction"]),
            FormKind::RenameDevice(_) => ("Name of the device", "Only you see it.", &["Name"]),
            FormKind::AddContact => ("Add a contact", "The exact user name.", &["User name"]),
        };
        let room = |label| if label == "Members" { NAMES_BYTES } else { FIELD_BYTES };
        let fields = labels.iter().map(|label| Field { label, text: Editor::new(room(*label)) }).collect();
        Self { kind, title, fields, at: 0, about, error: None, busy: false }
    }

    pub(super) fn with(mut self, text: &str) -> Self {
        if let Some(field) = self.fields.first_mut() {
            field.text.set(text);
        }
        self
    }

    pub(super) fn text(&self, place: usize) -> String {
        self.fields.get(place).map(|field| field.text.text().trim().to_owned()).unwrap_or_default()
    }
}

/// What is done when the answer is yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::chat) enum Yes {
    Delete { chat: ChatId, seq: Seq },
    RemoveMember { chat: ChatId, user: UserId },
    Leave(ChatId),
    Revoke(DeviceId),
    Block(UserId),
    LogOut,
}

/// A question with yes or no.
#[derive(Debug)]
pub(in crate::chat) struct Confirm {
    pub(in crate::chat) question: String,
    pub(in crate::chat) yes: Yes,
}

/// A search over all messages held here.
#[derive(Debug)]
pub(in crate::chat) struct Search {
    pub(in crate::chat) query: Editor,
    pub(in crate::chat) ticket: u64,
    /// The newest first; `None` until something was looked for and found out.
    pub(in crate::chat) hits: Option<Vec<Hit>>,
    pub(in crate::chat) at: usize,
}

/// A group and its members.
#[derive(Debug)]
pub(in crate::chat) struct Group {
    pub(in crate::chat) chat: ChatId,
    /// `None` until the server has answered.
    pub(in crate::chat) members: Option<Vec<Member>>,
    pub(in crate::chat) at: usize,
    pub(in crate::chat) error: Option<String>,
}

/// Contacts, and those who are blocked.
#[derive(Debug, Default)]
pub(in crate::chat) struct People {
    /// `None` until the server has answered.
    pub(in crate::chat) contacts: Option<Vec<Contact>>,
    pub(in crate::chat) blocks: Vec<BlockInfo>,
    pub(in crate::chat) at: usize,
    pub(in crate::chat) error: Option<String>,
}

/// The user's devices.
#[derive(Debug, Default)]
pub(in crate::chat) struct Devices {
    /// `None` until the server has answered.
    pub(in crate::chat) devices: Option<Vec<DeviceInfo>>,
    pub(in crate::chat) at: usize,
    pub(in crate::chat) error: Option<String>,
}

/// Moves a cursor in a list of a length.
pub(super) fn step(at: usize, by: isize, length: usize) -> usize {
    at.saturating_add_signed(by).min(length.saturating_sub(1))
}
