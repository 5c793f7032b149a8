//! One connection of the generator: sends what it is given, hears what comes, and writes both down.

use std::cell::RefCell;
use std::collections::VecDeque;

use chinwag_client_native::{ClientError, ServerAddress, Socket};
use chinwag_proto::ChatId;
use serde::Deserialize;
use tokio::sync::{mpsc, watch};

use super::tally::Tally;

/// Messages that are taken on at once.
const SHOTS_MAX: usize = 64;
/// Digits of a message's number at the head of its text.
const NUMBER_DIGITS: usize = 12;

/// What decides when a line sends.
pub(super) enum Feed {
    /// Messages with these numbers, when they are due.
    Paced(mpsc::Receiver<u64>),
    /// As many as keep so many unanswered.
    Window(watch::Receiver<usize>),
}

/// How a line is to be opened.
pub(super) struct Opening {
    pub(super) address: ServerAddress,
    /// `None`: the relay, which asks for nothing.
    pub(super) token: Option<String>,
    pub(super) chat: ChatId,
    /// The chat's head.
    pub(super) head: u64,
}

/// An open connection with the one chat it talks in.
pub(super) struct Line {
    socket: Socket,
    chat: ChatId,
    unwritten: VecDeque<String>,
    ear: Ear,
}

/// Notices what comes twice, too late, or not at all.
struct Ear {
    /// The last seq, where the other side gives any.
    last: Option<u64>,
    /// The number of the last message that came, plus one. A relay has no seqs; each partner's messages
    /// still come in the order of their numbers.
    heard: u64,
    /// Messages without an answer, in the order sent.
    open: VecDeque<u64>,
}

/// What a frame says to a generator.
#[derive(Deserialize)]
struct Heard<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    id: Option<u64>,
    seq: Option<u64>,
    content: Option<&'a str>,
    code: Option<&'a str>,
}

impl Line {
    pub(super) async fn open(opening: Opening) -> Result<Self, ClientError> {
        let (socket, last) = match opening.token {
            Some(token) => (Socket::connect(&opening.address, &token).await?.0, Some(opening.head)),
            None => (Socket::open(&opening.address).await?, None),
        };
        Ok(Self { socket, chat: opening.chat, unwritten: VecDeque::new(), ear: Ear::new(last) })
    }

    /// Sends and hears until the connection breaks, which is an error: nobody closes it.
    pub(super) async fn run(mut self, mut feed: Feed, texts: &Texts, tally: &RefCell<Tally>) -> ClientError {
        let mut shots = Vec::with_capacity(SHOTS_MAX);
        loop {
            if let Feed::Window(window) = &feed {
                let window = *window.borrow();
                while self.ear.open.len() < window {
                    let number = tally.borrow_mut().due_now();
                    self.push(number, texts, tally);
                }
            }
            tokio::select! {
                text = self.socket.exchange_text(&mut self.unwritten, true) => match text {
                    Ok(Some(text)) => {
                        if let Err(error) = self.ear.on_text(&text, &mut tally.borrow_mut()) {
                            return error;
                        }
                    }
                    Ok(None) => {}
                    Err(error) => return error,
                },
                () = next_shots(&mut feed, &mut shots) => {
                    for number in shots.drain(..) {
                        self.push(number, texts, tally);
                    }
                }
            }
        }
    }

    fn push(&mut self, number: u64, texts: &Texts, tally: &RefCell<Tally>) {
        self.unwritten.push_back(texts.frame(self.chat, number));
        self.ear.open.push_back(number);
        tally.borrow_mut().sent(number);
    }
}

impl Ear {
    const fn new(last: Option<u64>) -> Self {
        Self { last, heard: 0, open: VecDeque::new() }
    }

    fn on_text(&mut self, text: &str, tally: &mut Tally) -> Result<(), ClientError> {
        let broken =
            |why: &str| ClientError::Broken(format!("{why}: {}", text.chars().take(200).collect::<String>()));
        let heard: Heard<'_> = serde_json::from_str(text).map_err(|_| broken("not a frame"))?;
        match heard.kind {
            "ack" => {
                let number = self.open.pop_front().ok_or_else(|| broken("an ack of nothing"))?;
                // One connection's acks come in the order of its sends.
                if heard.id.is_some_and(|id| id != number) {
                    tally.on_disorder();
                }
                tally.on_ack(heard.id.unwrap_or(number));
                self.follows(heard.seq, tally);
            }
            "entry" | "send" => {
                let number =
                    heard.content.and_then(number_of).ok_or_else(|| broken("an entry of somebody else"))?;
                if self.last.is_none() && number < self.heard {
                    tally.on_disorder();
                }
                self.heard = number + 1;
                tally.on_delivery(number);
                self.follows(heard.seq, tally);
            }
            "error" => {
                let id = heard.id.ok_or_else(|| broken("an error about nothing"))?;
                self.open.retain(|number| *number != id);
                tally.on_refusal(id, heard.code.unwrap_or("unknown"));
            }
            "resync" => tally.on_resync(),
            _ => {}
        }
        Ok(())
    }

    /// An ack stands in its entry's place: the seqs of both together have no hole and no repeat.
    fn follows(&mut self, seq: Option<u64>, tally: &mut Tally) {
        if let (Some(last), Some(seq)) = (&mut self.last, seq) {
            if seq != *last + 1 {
                tally.on_disorder();
            }
            *last = seq.max(*last);
        }
    }
}

async fn next_shots(feed: &mut Feed, shots: &mut Vec<u64>) {
    let more = match feed {
        Feed::Paced(numbers) => numbers.recv_many(shots, SHOTS_MAX).await > 0,
        Feed::Window(window) => window.changed().await.is_ok(),
    };
    if !more {
        // Nothing is sent any more; what is under way is still heard.
        std::future::pending::<()>().await;
    }
}

/// Makes the frames of a run.
pub(super) struct Texts {
    run: String,
    padding: String,
}

impl Texts {
    /// Texts of so many bytes; `run` tells this run's ids from those of others.
    pub(super) fn new(bytes: u16, run: &str) -> Self {
        let padding = usize::from(bytes).saturating_sub(NUMBER_DIGITS + 1);
        Self {
            run: run.to_owned(),
            padding: "the quick brown fox jumps over ".chars().cycle().take(padding).collect(),
        }
    }

    fn frame(&self, chat: ChatId, number: u64) -> String {
        let Self { run, padding } = self;
        format!(
            r#"{{"type":"send","id":{number},"chatId":"{chat}","clientMessageId":"{run}-{number}","content":"{number:0width$} {padding}"}}"#,
            width = NUMBER_DIGITS
        )
    }
}

fn number_of(content: &str) -> Option<u64> {
    content.get(..NUMBER_DIGITS)?.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use std::time::Duration;

    use chinwag_proto::{ClientFrame, Limits};

    use super::*;

    /// What a connection after seq 4 that has sent messages 0, 1 and 2 makes of these frames.
    fn hears(frames: &[&str]) -> Tally {
        let mut tally = Tally::new(1).unwrap();
        tally.plan(10, 1_000, Duration::ZERO, Duration::from_secs(1));
        let mut ear = Ear::new(Some(4));
        ear.open.extend([0, 1, 2]);
        for frame in frames {
            ear.on_text(frame, &mut tally).unwrap();
        }
        tally
    }

    fn ack(id: u64, seq: u64) -> String {
        format!(r#"{{"type":"ack","id":{id},"chatId":"d.1.2","seq":{seq},"duplicate":false}}"#)
    }

    fn entry(number: u64, seq: u64) -> String {
        format!(r#"{{"type":"entry","v":1,"kind":"message","seq":{seq},"content":"{number:012} the"}}"#)
    }

    #[test]
    fn acks_and_entries_that_follow_each_other_are_in_order() {
        let tally = hears(&[&ack(0, 5), &entry(7, 6), &ack(1, 7), &entry(8, 8)]);
        assert_eq!((tally.acked(), tally.verdict().out_of_order), (2, 0));
    }

    #[test]
    fn a_hole_a_repeat_and_a_swap_are_disorder() {
        for wrong in [
            [&entry(7, 5), &entry(8, 7)],
            [&entry(7, 5), &entry(7, 5)],
            [&entry(7, 6), &entry(8, 5)],
            [&ack(0, 5), &ack(1, 5)],
            [&ack(1, 5), &ack(0, 6)],
        ] {
            assert!(hears(&[wrong[0], wrong[1]]).verdict().out_of_order > 0, "{wrong:?}");
        }
    }

    #[test]
    fn a_refusal_is_no_acknowledgment() {
        let tally = hears(&[r#"{"type":"error","id":0,"code":"unavailable","detail":"no"}"#, &ack(1, 5)]);
        let verdict = tally.verdict();
        assert_eq!((verdict.refused, verdict.acked, verdict.out_of_order), (1, 1, 0));
    }

    #[test]
    fn a_frame_is_a_send_of_the_protocol_with_a_text_of_the_size_asked_for() {
        for bytes in [16, 300] {
            let text = Texts::new(bytes, "r").frame("d.1.2".parse().unwrap(), 41);
            let ClientFrame::Send(send) = ClientFrame::parse(&text, &Limits::default()).unwrap() else {
                panic!("not a send");
            };
            assert_eq!(send.content.fallback().len(), usize::from(bytes));
            assert_eq!(number_of(&send.content.fallback()), Some(41));
            assert_eq!(send.client_message_id.as_str(), "r-41");
        }
    }
}
