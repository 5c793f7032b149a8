//! Error codes, alike over REST and WebSocket, and the problem document (RFC 9457) that carries them.

use serde::{Deserialize, Serialize};

use crate::ids::Seq;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $status:literal $text:literal $title:literal),+ $(,)?) => {
        /// A stable error code; its status and its title never change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Code {
            $($(#[$doc])* #[serde(rename = $text)] $name),+
        }

        impl Code {
            /// All codes.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The HTTP status that goes with the code.
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status),+ }
            }

            /// The code as it travels.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }

            /// A short text for people, the same for every occurrence.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title),+ }
            }
        }
    };
}

codes! {
    /// The request cannot be understood or breaks a rule of form.
    InvalidRequest = 400 "invalid_request" "The request is not valid",
    /// No token, or one that is not (or no longer) good.
    Unauthenticated = 401 "unauthenticated" "Log in first",
    /// The caller may not do this.
    Forbidden = 403 "forbidden" "Not allowed",
    /// The caller was a member of the chat and is one no longer.
    NotMember = 403 "not_member" "No longer a member of this chat",
    /// There is no such thing, or the caller may not know of it.
    NotFound = 404 "not_found" "Not found",
    /// The path exists, the method does not.
    MethodNotAllowed = 405 "method_not_allowed" "Method not allowed",
    /// Somebody else has this user name.
    UsernameTaken = 409 "username_taken" "This user name is taken",
    /// Somebody else has registered this address.
    EmailTaken = 409 "email_taken" "This email address is taken",
    /// The same clientMessageId came with another request.
    IdempotencyConflict = 409 "idempotency_conflict" "This clientMessageId was used for another request",
    /// The chat is encrypted and takes no plain content.
    EncryptionRequired = 409 "encryption_required" "This chat is encrypted",
    /// `after` is not the seq of the chat's last MLS commit record.
    StaleEpoch = 409 "stale_epoch" "The chat's encryption has moved on",
    /// What is appended to has moved on; `after` says how far.
    StaleVersion = 409 "stale_version" "What is appended to has moved on",
    /// The group would grow beyond its limit.
    TooManyMembers = 409 "too_many_members" "Too many members",
    /// A body or frame above its limit.
    PayloadTooLarge = 413 "payload_too_large" "Too large",
    /// The body is not `application/json`.
    UnsupportedMediaType = 415 "unsupported_media_type" "Unsupported media type",
    /// Too many requests; `retryAfterMs` says when to come back.
    RateLimited = 429 "rate_limited" "Too many requests",
    /// A fault of the server; the outcome is unknown, a resend is safe.
    Internal = 500 "internal" "Internal error",
    /// Nothing was accepted; resend with the same clientMessageId.
    Unavailable = 503 "unavailable" "Not available just now",
}

/// By hand: the derive does not see names that a macro hands on.
#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Code {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
        let codes = Self::ALL.iter().map(|code| code.as_str());
        Schema::Object(ObjectBuilder::new().schema_type(Type::String).enum_values(Some(codes)).build()).into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Code {
    fn name() -> std::borrow::Cow<'static, str> {
        "Code".into()
    }
}

/// An error answer: a problem document over REST, the members of an `error` frame over WebSocket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// Always `about:blank`: the code says what happened.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// The HTTP status.
    pub status: u16,
    /// The stable code.
    pub code: Code,
    /// A short text, the same for every occurrence of the code.
    pub title: String,
    /// What is wrong here and what to do about it.
    pub detail: String,
    /// When to come back, milliseconds (`rate_limited`, sometimes `unavailable`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// The chat's head, where `after` stood above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Seq>,
    /// The seq of the chat's last MLS commit record (`stale_epoch`); the last number of what was to be appended
    /// to (`stale_version`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Seq>,
}

impl Problem {
    /// A problem with its code and what is wrong here.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank".to_owned(),
            status: code.status(),
            code,
            title: code.title().to_owned(),
            detail: detail.into(),
            retry_after_ms: None,
            head: None,
            after: None,
        }
    }
}

/// Why the server closes a WebSocket. 4000–4399: reconnect with back-off and jitter; 4400–4499: do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Close {
    /// The server goes away, or the client was silent for too long.
    GoingAway = 4000,
    /// The connection reads too slowly.
    TooSlow = 4008,
    /// Far too many refused requests.
    RateLimited = 4029,
    /// Not UTF-8, not a JSON object, or no string `type`.
    BadFrame = 4400,
    /// The first frame is no valid `auth`.
    Unauthenticated = 4401,
    /// The device or its token was revoked.
    DeviceRevoked = 4403,
    /// No `auth` within its time.
    AuthTimeout = 4408,
    /// The same device connected again.
    Replaced = 4409,
    /// A frame above its limit.
    FrameTooLarge = 4413,
}

impl Close {
    /// The close code.
    pub const fn code(self) -> u16 {
        self as u16
    }

    /// The reason text of the close frame.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::GoingAway => "going away",
            Self::TooSlow => "too slow",
            Self::RateLimited => "rate limited",
            Self::BadFrame => "bad frame",
            Self::Unauthenticated => "unauthenticated",
            Self::DeviceRevoked => "device revoked",
            Self::AuthTimeout => "no auth in time",
            Self::Replaced => "replaced by a newer connection",
            Self::FrameTooLarge => "frame too large",
        }
    }

    /// Whether a client that is closed with this code connects again.
    pub const fn reconnects(code: u16) -> bool {
        !(code >= 4400 && code < 4500)
    }
}
