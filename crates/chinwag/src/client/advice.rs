//! What to do about what a server said.

use chinwag_client_native::ClientError;
use chinwag_proto::{Close, Code};

/// The error with the step that mends it.
pub(super) fn about(error: &ClientError) -> String {
    match next_step(error) {
        Some(step) => format!("{error}\n{step}"),
        None => error.to_string(),
    }
}

/// An error told within a line of another.
pub(super) fn in_short(error: &ClientError) -> String {
    match error {
        ClientError::Unreachable { source, .. } => format!("the server cannot be reached: {source}"),
        ClientError::Closed { code, .. } if *code == Close::GoingAway.code() => {
            "the server goes away".to_owned()
        }
        other => other.to_string(),
    }
}

fn next_step(error: &ClientError) -> Option<&'static str> {
    Some(match error {
        ClientError::Unreachable { .. } => {
            "is the server running? `chinwag serve` starts one; --server URL names another"
        }
        ClientError::Refused { code, .. } => match code {
            Code::Unauthenticated => "log in again: chinwag login --user NAME",
            Code::EncryptionRequired => "this chat is end-to-end encrypted: write in it with `chinwag chat`",
            Code::IdempotencyConflict => {
                "another message has this id: leave --id out, or give the same text as then"
            }
            Code::NotMember => "somebody who is a member has to add you again",
            _ => return None,
        },
        ClientError::Closed { code, .. } => match *code {
            code if code == Close::Replaced.code() => {
                "the same device has connected elsewhere, as another `chinwag tail` does; \
                 give this one a device of its own: chinwag login --device NAME, then tail --device NAME"
            }
            code if code == Close::DeviceRevoked.code() || code == Close::Unauthenticated.code() => {
                "this device was logged out; log in again: chinwag login --user NAME"
            }
            _ => return None,
        },
        _ => return None,
    })
}
