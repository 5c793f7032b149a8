//! What travels over the admin socket. Not part of the contract with clients: the two ends are one binary.

use chinwag_ports::directory::{Account, Device, Invite};
use chinwag_proto::entry::{Encryption, History, WhoMayAdd};
use chinwag_proto::text::{Email, Name, Username};
use chinwag_proto::{ChatId, DeviceId, Role, Seq, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::service::accounts::ProvisionedUser;

macro_rules! bodies {
    ($( $(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident : $type:ty),* $(,)? })+) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name { $($(#[$fdoc])* pub $field: $type),* }
    )+ };
}

bodies! {
    /// How the server is.
    Status {
        /// Its version.
        version: String,
        /// Where it listens.
        url: String,
        /// Why it takes no requests just now.
        obstacle: Option<String>,
    }
    /// An account.
    UserInfo {
        /// The user.
        user_id: UserId,
        /// His name; `null` once erased.
        username: Option<Username>,
        /// The name shown; `null` once erased.
        display_name: Option<Name>,
        /// His address.
        email: Option<Email>,
        /// When the account was made.
        created_at: Timestamp,
        /// Whether he is suspended.
        suspended: bool,
    }
    /// A page of accounts in the order of their ids.
    UserPage {
        /// The accounts.
        users: Vec<UserInfo>,
        /// Where the next page begins; `null` on the last.
        after: Option<UserId>,
    }
    /// An account to be made.
    CreateUser {
        /// The name.
        username: Username,
        /// The name shown; the user name where absent.
        display_name: Option<Name>,
        /// The address.
        email: Option<Email>,
        /// The password; without one the server makes one.
        password: Option<String>,
    }
    /// An account that was made.
    UserCreated {
        /// The user.
        user_id: UserId,
        /// His name.
        username: Username,
        /// The password that the server made; shown this once.
        password: Option<String>,
    }
    /// Another password.
    ResetPassword {
        /// The password; without one the server makes one.
        password: Option<String>,
    }
    /// What came of it.
    PasswordReset {
        /// The password that the server made; shown this once.
        password: Option<String>,
    }
    /// Accounts to be made in numbers, without passwords.
    Provision {
        /// How many, 1 to 1,000.
        count: usize,
        /// How their names begin; their ids follow.
        prefix: String,
        /// What their devices are called.
        device: Name,
    }
    /// An account with a device that is logged in.
    ProvisionedRow {
        /// The user.
        user_id: UserId,
        /// His device.
        device_id: DeviceId,
        /// Its token; shown this once.
        token: String,
    }
    /// Accounts that were made.
    Provisioned {
        /// In no order.
        users: Vec<ProvisionedRow>,
    }
    /// A device to be logged in without its user's password, for a bot.
    CreateDevice {
        /// What it is called.
        name: Name,
    }
    /// A device that was logged in.
    DeviceCreated {
        /// The user.
        user_id: UserId,
        /// The device.
        device_id: DeviceId,
        /// Its token; shown this once.
        token: String,
        /// When the token dies unless it is used.
        expires_at: Timestamp,
    }
    /// A device.
    DeviceRow {
        /// The device.
        device_id: DeviceId,
        /// What its user calls it.
        name: Name,
        /// When it first logged in.
        created_at: Timestamp,
        /// When it was last heard.
        last_seen: Option<Timestamp>,
        /// Whether it has a token.
        logged_in: bool,
    }
    /// The devices of a user.
    DeviceRows {
        /// The oldest first.
        devices: Vec<DeviceRow>,
    }
    /// A chat, without anything that was said in it.
    ChatInfo {
        /// The chat.
        chat_id: ChatId,
        /// Its title; `null` in direct and in encrypted chats.
        title: Option<Name>,
        /// Its last seq.
        head: Seq,
        /// How many messages it holds.
        messages: u64,
        /// How many members.
        members: usize,
        /// Whether its content is encrypted.
        encryption: Encryption,
        /// When its last entry was taken.
        last_at: Timestamp,
    }
    /// A page of a user's chats in the order of their ids.
    ChatPage {
        /// The chats.
        chats: Vec<ChatInfo>,
        /// Where the next page begins; `null` on the last.
        after: Option<ChatId>,
    }
    /// A member of a chat.
    MemberRow {
        /// The user.
        user_id: UserId,
        /// His name; `null` once erased.
        username: Option<Username>,
        /// His role.
        role: Role,
        /// When he became a member; the chat's beginning in a direct chat.
        since: Timestamp,
    }
    /// A chat with its members.
    ChatShown {
        /// The chat.
        chat: ChatInfo,
        /// What new members see.
        history: History,
        /// Who may add members.
        who_may_add: WhoMayAdd,
        /// The members; at most the first 1,000.
        members: Vec<MemberRow>,
    }
    /// An invitation to be made.
    CreateInvite {
        /// What it is for.
        note: String,
        /// How many may use it.
        uses: u32,
        /// For how long.
        hours: u32,
    }
    /// An invitation that was made.
    InviteCreated {
        /// Its number.
        id: u64,
        /// What a newcomer gives as `invite`; shown this once.
        invite: String,
        /// When it ends.
        expires_at: Timestamp,
    }
    /// An invitation.
    InviteRow {
        /// Its number.
        id: u64,
        /// What it is for.
        note: String,
        /// How many may still use it.
        uses_left: u32,
        /// When it ends.
        expires_at: Timestamp,
        /// When it was made.
        created_at: Timestamp,
    }
    /// All invitations that are not used up.
    InviteRows {
        /// The newest first.
        invites: Vec<InviteRow>,
    }
}

impl From<Account> for UserInfo {
    fn from(account: Account) -> Self {
        let Account { user, email, created_at, suspended } = account;
        Self {
            user_id: user.id,
            username: user.username,
            display_name: user.display_name,
            email,
            created_at,
            suspended,
        }
    }
}

impl From<ProvisionedUser> for ProvisionedRow {
    fn from(made: ProvisionedUser) -> Self {
        Self { user_id: made.user, device_id: made.device, token: made.token }
    }
}

impl From<Device> for DeviceRow {
    fn from(device: Device) -> Self {
        let Device { id, name, created_at, last_seen, logged_in, .. } = device;
        Self { device_id: id, name, created_at, last_seen, logged_in }
    }
}

impl From<Invite> for InviteRow {
    fn from(invite: Invite) -> Self {
        let Invite { id, note, uses_left, expires_at, created_at } = invite;
        Self { id, note, uses_left, expires_at, created_at }
    }
}
