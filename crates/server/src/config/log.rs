//! `[log]`: what is logged to standard error, and how.

use serde::{Deserialize, Serialize};
use tracing_subscriber::filter::{LevelFilter, Targets};

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
    // The library takes a mistyped level for the name of a target, and would log everything.
    let level = |name: &str| !name.is_empty() && name.parse::<LevelFilter>().is_ok();
    let known = |directive: &str| match directive.trim().split_once('=') {
        None => level(directive.trim()),
        Some((target, name)) => !target.is_empty() && level(name),
    };
    let parsed = log.level.parse::<Targets>().is_ok();
    if parsed && log.level.split(',').all(known) {
        return Ok(());
    }
    Err(Invalid::new(
        "level",
        "is no level (off, error, warn, info, debug, trace) and no list of target=level",
    ))
}
