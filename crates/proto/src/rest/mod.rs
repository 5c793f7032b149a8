//! REST bodies (protocol §1): what a request carries and what it is answered with.
//!
//! Requests refuse unknown fields; answers are open to more.

mod accounts;
mod chats;
mod inbox;
mod keys;
mod messages;

pub use accounts::{
    BlockInfo, Blocks, ChangePassword, ChatServer, Contact, Contacts, DeviceInfo, Devices, EraseAccount,
    Login, LoginDevice, LoginDone, Me, PresenceList, Profile, Register, Registered, RenameDevice, Switch,
    UpdateMe,
};
pub use chats::{
    AddMembers, ChatList, CreateChat, HeadDone, MarkRead, Member, Members, Other, SetRole, Summary,
    SummaryKind, UpdateChat,
};
pub use inbox::{NoticeDone, PutNotice};
pub use keys::{
    AppendBackup, AppendLinks, BackupHead, BackupInfo, BackupPage, Backups, ChainVersion, ClaimKeys,
    ClaimedKey, ClaimedKeys, DeviceChain, KeyStock, PublishKeys,
};
pub use messages::{
    EditDone, EditMessage, EntryPage, Message, MessagePage, ReactionCount, SendMessage, Sent,
};

macro_rules! bodies {
    ($( $(#[$doc:meta])* $kind:ident $name:ident { $($(#[$fdoc:meta])* $field:ident : $type:ty),* $(,)? })+) => {
        $( crate::rest::body!($(#[$doc])* $kind $name { $($(#[$fdoc])* $field : $type),* }); )+
    };
}
macro_rules! body {
    ($(#[$doc:meta])* request $name:ident { $($(#[$fdoc:meta])* $field:ident : $type:ty),* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name { $($(#[$fdoc])* pub $field: $type),* }
    };
    ($(#[$doc:meta])* answer $name:ident { $($(#[$fdoc:meta])* $field:ident : $type:ty),* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(rename_all = "camelCase")]
        pub struct $name { $($(#[$fdoc])* pub $field: $type),* }
    };
}
pub(crate) use {bodies, body};
