//! Logs: lines on standard error, for people or as JSON. What is logged never holds what users write,
//! tokens or passwords; whoever logs sees to that, here is only the form.
//!
//! A thread of its own writes, from a bounded queue: a reader of standard error that has stopped reading
//! costs lines (it is told how many), never the server.

use std::io::{self, IsTerminal, Write};
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::Builder;
use std::time::Duration;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::config::log::{Format, Log};

/// Lines that wait for the reader of standard error: about 2 MB.
const LINES_MAX: usize = 10_000;
/// How long the last lines are waited for at the end.
const FLUSH_MAX: Duration = Duration::from_secs(1);

/// The process's log. Keep it until the end: dropping it waits for the last lines to be written.
pub struct Logging {
    queue: Queue,
    written: Receiver<()>,
}

/// Sets the process's log up. Where one is set already, that stays.
pub fn start(settings: &Log) -> io::Result<Logging> {
    let (sender, lines) = sync_channel(LINES_MAX);
    let (tell, written) = sync_channel(1);
    let dropped = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&dropped);
    Builder::new().name("log".to_owned()).spawn(move || write(&lines, &tell, &counted))?;
    let queue = Queue { sender, dropped };
    let targets = settings.level.parse::<Targets>().unwrap_or_else(|_| Targets::new());
    let lines = fmt::layer().with_writer(queue.clone());
    let layer = match settings.format {
        Format::Text => lines.with_ansi(io::stderr().is_terminal()).with_target(false).boxed(),
        Format::Json => {
            lines.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed()
        }
    };
    if Registry::default().with(layer.with_filter(targets)).try_init().is_ok() {
        // The text of a panic may hold what a user wrote: its place says enough.
        panic::set_hook(Box::new(|info| {
            let place = info.location().map_or_else(|| "?".to_owned(), ToString::to_string);
            tracing::error!(place, "a fault of the program (panic)");
        }));
    }
    Ok(Logging { queue, written })
}

impl Drop for Logging {
    fn drop(&mut self) {
        // Full: nobody reads, and there is no sense in waiting.
        if self.queue.sender.try_send(Line::End).is_ok() {
            let _ = self.written.recv_timeout(FLUSH_MAX);
        }
    }
}

enum Line {
    Text(Vec<u8>),
    End,
}

/// The way to the thread that writes.
#[derive(Clone)]
struct Queue {
    sender: SyncSender<Line>,
    dropped: Arc<AtomicU64>,
}

impl<'a> MakeWriter<'a> for Queue {
    type Writer = OneLine<'a>;

    fn make_writer(&'a self) -> OneLine<'a> {
        OneLine { queue: self, text: Vec::new() }
    }
}

/// One event; queued when it is dropped.
struct OneLine<'a> {
    queue: &'a Queue,
    text: Vec<u8>,
}

impl Write for OneLine<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for OneLine<'_> {
    fn drop(&mut self) {
        let line = Line::Text(std::mem::take(&mut self.text));
        if let Err(TrySendError::Full(_)) = self.queue.sender.try_send(line) {
            self.queue.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn write(lines: &Receiver<Line>, tell: &SyncSender<()>, dropped: &AtomicU64) {
    while let Ok(line) = lines.recv() {
        let mut stderr = io::stderr().lock();
        // Where standard error is gone there is nobody left to tell.
        match line {
            Line::Text(text) => {
                let _ = stderr.write_all(&text);
            }
            Line::End => {
                let _ = tell.try_send(());
            }
        }
        let lost = dropped.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let _ = writeln!(stderr, "{lost} lines of the log are missing here: nobody read them in time");
        }
    }
}
