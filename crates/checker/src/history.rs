//! A recorded history, and its form as JSON lines: one event a line, so that a process that is killed
//! leaves everything but perhaps its last line.
//!
//! Leaves out who records: each kind of test has its own clients.

use std::io::{self, BufRead, Write};

use crate::event::Event;

/// Why a recorded history could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The source failed.
    #[error("the history cannot be read: {0}")]
    Io(#[from] io::Error),
    /// A line that is no event.
    #[error("line {line} of the history is no event: {source}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

/// Everything that was written down in one run.
///
/// Events of one device stand in the order in which they happened to it; between devices only `at` counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The events.
    pub events: Vec<Event>,
}

impl History {
    /// Puts the histories of several recorders together, in order of time; what happened in the same
    /// millisecond keeps the order it has.
    #[must_use]
    pub fn merged(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut events: Vec<Event> = parts.into_iter().flat_map(|part| part.events).collect();
        events.sort_by_key(Event::at);
        Self { events }
    }

    /// Reads JSON lines. A last line without its line end is what a killed recorder leaves behind: it is
    /// taken where it is whole, and passed over where it is not.
    ///
    /// # Errors
    /// [`ReadError`] where the source fails or any other line is no event.
    pub fn read_json_lines(mut source: impl BufRead) -> Result<Self, ReadError> {
        let mut events = Vec::new();
        let mut text = Vec::new();
        for line in 1.. {
            text.clear();
            if source.read_until(b'\n', &mut text)? == 0 {
                break;
            }
            let ended = text.ends_with(b"\n");
            if text.trim_ascii().is_empty() {
                continue;
            }
            match serde_json::from_slice(&text) {
                Ok(event) => events.push(event),
                Err(_) if !ended => break,
                Err(source) => return Err(ReadError::Line { line, source }),
            }
        }
        Ok(Self { events })
    }

    /// Writes JSON lines.
    ///
    /// # Errors
    /// What the sink answers.
    pub fn write_json_lines(&self, mut sink: impl Write) -> io::Result<()> {
        for event in &self.events {
            write_event(event, &mut sink)?;
        }
        sink.flush()
    }
}

/// Writes one event as one JSON line, in a single write, so that recorders may share an appending file.
///
/// # Errors
/// What the sink answers.
pub fn write_event(event: &Event, mut sink: impl Write) -> io::Result<()> {
    let mut line = serde_json::to_vec(event)?;
    line.push(b'\n');
    sink.write_all(&line)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;
    use crate::event::{Attempt, Entry, Kind, Request};

    fn some_events() -> Vec<Event> {
        let attempt = Attempt {
            device: "a1".into(),
            user: "a".into(),
            chat: "d.a.b".into(),
            client_message_id: "m-1".into(),
            number: 2,
        };
        let request = Request { kind: Kind::Message, target: None, digest: Some("x".into()) };
        let entry = Entry {
            seq: 1,
            message_id: "77".into(),
            sender: "a".into(),
            device: "a1".into(),
            client_message_id: None,
            kind: Kind::Message,
            target: Some(9),
            digest: None,
            changes: Vec::new(),
        };
        vec![
            Event::SendStarted { at: 1, attempt: attempt.clone(), connection: 4, request },
            Event::Refused { at: 2, attempt, code: "unavailable".into() },
            Event::FinalLog { at: 3, chat: "d.a.b".into(), entries: vec![entry] },
        ]
    }

    #[test]
    fn what_is_written_is_read_back() {
        let history = History { events: some_events() };
        let mut file = Vec::new();
        history.write_json_lines(&mut file).unwrap();
        assert_eq!(file.iter().filter(|&&byte| byte == b'\n').count(), history.events.len());
        assert_eq!(History::read_json_lines(file.as_slice()).unwrap(), history);
    }

    #[test]
    fn a_last_line_cut_short_is_passed_over() {
        let history = History { events: some_events() };
        let mut file = Vec::new();
        history.write_json_lines(&mut file).unwrap();
        file.truncate(file.len() - 5);
        let read = History::read_json_lines(file.as_slice()).unwrap();
        assert_eq!(read.events, history.events[..2]);
    }

    #[test]
    fn a_broken_line_in_the_middle_is_named() {
        let file = b"{\"event\":\"faults_stopped\",\"at\":1}\n{\"event\":\"fau\n{\"event\":\"faults_stopped\",\"at\":2}\n";
        let error = History::read_json_lines(file.as_slice()).unwrap_err();
        assert!(error.to_string().starts_with("line 2 of the history is no event"), "{error}");
    }

    #[test]
    fn merging_puts_recorders_in_order_of_time() {
        let stopped = |at| Event::FaultsStopped { at };
        let one = History { events: vec![stopped(1), stopped(5)] };
        let two = History { events: vec![stopped(2), stopped(9)] };
        let times: Vec<_> = History::merged([one, two]).events.iter().map(Event::at).collect();
        assert_eq!(times, [1, 2, 5, 9]);
    }
}
