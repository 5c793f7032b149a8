//! Why something was not done, and the one place where that becomes a stable code.

use chinwag_chat::Refusal;
use chinwag_ports::Unavailable;
use chinwag_proto::{Code, Problem, Seq};

/// Why a request was not done. Nothing of it took effect.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Failure {
    /// It breaks a rule of form.
    #[error("{0}")]
    Invalid(String),
    /// There is no such thing, or the caller may not know of it.
    #[error("{0}")]
    NotFound(&'static str),
    /// The caller may not.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The caller was a member once.
    #[error("you are no longer a member of this chat")]
    NotMember,
    /// No token, or no good one.
    #[error("no valid token: log in, and send it as `Authorization: Bearer TOKEN`")]
    Unauthenticated,
    /// An unknown user or a wrong password; nobody is told which.
    #[error("the user name or the password is wrong")]
    WrongLogin,
    /// The user name is taken.
    #[error("this user name is taken; choose another")]
    UsernameTaken,
    /// The address is taken.
    #[error("this email address is registered already; log in instead")]
    EmailTaken,
    /// The client's id was used for another request.
    #[error("this clientMessageId was used for another request; use a new one")]
    IdempotencyConflict,
    /// `after` stands above the chat's head.
    #[error("`after` is above the chat's head; drop what you have above it and sync again")]
    AboveHead {
        /// The head.
        head: Seq,
    },
    /// What is appended to has moved on.
    #[error("what is appended to ends elsewhere; read what follows `after` and decide again")]
    StaleVersion {
        /// The number of its last item.
        after: Seq,
    },
    /// Above its limit.
    #[error("the body has at most {bytes_max} bytes")]
    TooLarge {
        /// The limit.
        bytes_max: usize,
    },
    /// Too many requests.
    #[error("too many requests; try again in {retry_after_ms} ms")]
    RateLimited {
        /// When to come back.
        retry_after_ms: u64,
    },
    /// The chat's rules refuse it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// An engine did not answer.
    #[error("the server cannot do this just now; nothing was accepted, try again")]
    Unavailable(#[from] Unavailable),
}

impl Failure {
    /// The stable code.
    pub const fn code(&self) -> Code {
        match self {
            Self::Invalid(_) | Self::AboveHead { .. } => Code::InvalidRequest,
            Self::NotFound(_) => Code::NotFound,
            Self::Forbidden(_) => Code::Forbidden,
            Self::NotMember => Code::NotMember,
            Self::Unauthenticated | Self::WrongLogin => Code::Unauthenticated,
            Self::UsernameTaken => Code::UsernameTaken,
            Self::EmailTaken => Code::EmailTaken,
            Self::IdempotencyConflict => Code::IdempotencyConflict,
            Self::StaleVersion { .. } => Code::StaleVersion,
            Self::TooLarge { .. } => Code::PayloadTooLarge,
            Self::RateLimited { .. } => Code::RateLimited,
            Self::Refused(refusal) => refusal.code(),
            Self::Unavailable(_) => Code::Unavailable,
        }
    }

    /// As it travels. The engine's own words stay in the log.
    pub fn to_problem(&self) -> Problem {
        let mut problem = Problem::new(self.code(), self.to_string());
        match self {
            Self::RateLimited { retry_after_ms } => problem.retry_after_ms = Some(*retry_after_ms),
            Self::AboveHead { head } => problem.head = Some(*head),
            Self::StaleVersion { after } | Self::Refused(Refusal::StaleEpoch { after }) => {
                problem.after = Some(*after);
            }
            Self::Unavailable(why) => {
                tracing::warn!(reason = %why, "an engine is unavailable");
                problem.retry_after_ms = Some(UNAVAILABLE_RETRY_MS);
            }
            _ => {}
        }
        problem
    }
}

/// When a client should come back after `unavailable`.
const UNAVAILABLE_RETRY_MS: u64 = 1_000;
