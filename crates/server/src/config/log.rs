//! `[log]`: what is logged to standard error, and how.

use serde::{Deserialize, Serialize};

use super::key::{Invalid, section};

/// The form of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

section! {
    /// What is logged to standard error. Logs never hold what users write, tokens or passwords.
    Log "log" {
        /// How much: a level (`error`, `warn`, `info`, `debug`, `trace`), or directives such as
        /// `info,chinwag_server::gateway=debug`. At `debug` every request is a line.
        level: String = "info".to_owned(), Text "level";
        /// Lines for people, or a JSON object each.
        format: Format = Format::Text, Text "text, json";
    }
}

fn rules(log: &Log) -> Result<(), Invalid> {
    let directives = log.level.parse::<tracing_subscriber::filter::Targets>();
    match directives {
        Ok(_) if !log.level.trim().is_empty() => Ok(()),
        _ => Err(Invalid::new("level", "is no level (error, warn, info, debug, trace) and no list of target=level")),
    }
}
