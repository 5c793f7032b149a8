//! Bodies about users: accounts, devices, contacts, blocks, presence.

use crate::frame::{PresenceStatus, Status};
use crate::ids::{DeviceId, UserId};
use crate::text::{Email, Name, Username};
use crate::time::Timestamp;

super::bodies! {
    /// `POST /users/register`
    request Register {
        /// The user name.
        username: Username,
        /// 8–1024 bytes.
        password: String,
        /// An address, for log-in and mail.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        email: Option<Email>,
        /// The name shown to others; the user name where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        display_name: Option<Name>,
        /// The invitation, where the server asks for one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        invite: Option<String>,
    }
    /// 201 of `POST /users/register`
    answer Registered {
        /// The user; absent where mail verification is on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user_id: Option<UserId>,
        /// The user name.
        username: Username,
    }
    /// The device that logs in.
    request LoginDevice {
        /// What its user calls it.
        name: Name,
        /// One of the user's own devices: the same device, a new token.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<DeviceId>,
    }
    /// `POST /users/login`: either `username` or `email`
    request Login {
        /// The user name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        username: Option<String>,
        /// The address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        email: Option<String>,
        /// The password.
        password: String,
        /// The device.
        #[serde(deserialize_with = "crate::strict::object")]
        device: LoginDevice,
    }
    /// Where the WebSocket is.
    answer ChatServer {
        /// The WebSocket address of the chat server that discovery assigns.
        url: String,
    }
    /// 200 of `POST /users/login`
    answer LoginDone {
        /// The secret of this device: `Authorization: Bearer TOKEN`.
        token: String,
        /// The user.
        user_id: UserId,
        /// The device.
        device_id: DeviceId,
        /// When the token dies unless it is used.
        expires_at: Timestamp,
        /// Where to connect.
        chat_server: ChatServer,
    }
    /// The public profile of a user.
    answer Profile {
        /// The user.
        user_id: UserId,
        /// The user name; absent once the account was erased.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        username: Option<Username>,
        /// The name shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        display_name: Option<Name>,
        /// Whether the account was erased.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        deleted: bool,
    }
    /// One's own profile.
    answer Me {
        /// The user.
        user_id: UserId,
        /// The user name.
        username: Username,
        /// The name shown.
        display_name: Name,
        /// The address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        email: Option<Email>,
        /// When the account was made.
        created_at: Timestamp,
        /// Whether others see one's presence.
        presence: Switch,
        /// Whether others see one's read and delivered marks.
        receipts: Switch,
        /// Whether others see one type.
        typing: Switch,
    }
    /// `PATCH /users/me`
    request UpdateMe {
        /// The name shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        display_name: Option<Name>,
        /// Whether others see one's presence.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        presence: Option<Switch>,
        /// Whether others see one's read and delivered marks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        receipts: Option<Switch>,
        /// Whether others see one type.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        typing: Option<Switch>,
    }
    /// `DELETE /users/me`
    request EraseAccount {
        /// The password, once more.
        password: String,
    }
    /// `PUT /users/me/password`
    request ChangePassword {
        /// The password until now.
        current: String,
        /// The password from now on.
        new: String,
        /// Whether all other devices are logged out.
        #[serde(default)]
        logout_others: bool,
    }
    /// One device.
    answer DeviceInfo {
        /// The device.
        device_id: DeviceId,
        /// What its user calls it.
        name: Name,
        /// When it first logged in.
        created_at: Timestamp,
        /// When it was last heard.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_seen: Option<Timestamp>,
        /// Whether it is the one that asks.
        current: bool,
    }
    /// `GET /users/{userId}/devices`
    answer Devices {
        /// All of them, the oldest first.
        devices: Vec<DeviceInfo>,
    }
    /// `PATCH /users/{userId}/devices/{deviceId}`
    request RenameDevice {
        /// What its user calls it.
        name: Name,
    }
    /// One contact.
    answer Contact {
        /// The user.
        user_id: UserId,
        /// The user name; absent once the account was erased.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        username: Option<Username>,
        /// The name shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        display_name: Option<Name>,
        /// Since when.
        since: Timestamp,
        /// His presence; absent where he does not show it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        presence: Option<Status>,
    }
    /// `GET /users/{userId}/contacts`
    answer Contacts {
        /// In the order of user names.
        contacts: Vec<Contact>,
    }
    /// One block.
    answer BlockInfo {
        /// The user.
        user_id: UserId,
        /// Since when.
        since: Timestamp,
    }
    /// `GET /users/{userId}/blocks`
    answer Blocks {
        /// The newest first.
        blocks: Vec<BlockInfo>,
    }
    /// `GET /presence`
    answer PresenceList {
        /// Those whom the caller may see.
        users: Vec<PresenceStatus>,
    }
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(rename_all = "lowercase"))]
pub enum Switch {
    /// Others see it.
    On,
    /// Only one's own devices see it.
    Off,
}

crate::text::words!(Switch { On = "on", Off = "off" });

impl Switch {
    /// From a flag.
    pub const fn from_bool(on: bool) -> Self {
        if on { Self::On } else { Self::Off }
    }

    /// Whether it is on.
    pub const fn is_on(self) -> bool {
        matches!(self, Self::On)
    }
}
