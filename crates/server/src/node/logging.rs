//! Logs: lines on standard error, for people or as JSON. What is logged never holds what users write,
//! tokens or passwords; whoever logs sees to that, here is only the form.

use std::io::{self, IsTerminal};

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::config::log::{Format, Log};

/// Sets the process's log up; later calls change nothing.
pub fn start(settings: &Log) {
    let targets = settings.level.parse::<Targets>().unwrap_or_else(|_| Targets::new());
    let lines = fmt::layer().with_writer(io::stderr);
    let layer = match settings.format {
        Format::Text => lines.with_ansi(io::stderr().is_terminal()).with_target(false).boxed(),
        Format::Json => lines.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed(),
    };
    // Fails where one is set already, as in tests that start several nodes.
    let _ = Registry::default().with(layer.with_filter(targets)).try_init();
}
