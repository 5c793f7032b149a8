//! Devices: some write, with an outbox as a client has it, some read.

use std::collections::VecDeque;
use std::sync::Arc;

use chinwag_chat::{Ask, Record};
use chinwag_checker::{Attempt, Event, Kind, Request};
use chinwag_ports::ledger::{Appended, Ledger};
use chinwag_proto::{ChatId, DeviceId, MessageId, Seq};

use crate::ledger_common::ask::{append, edit, message, record};
use crate::world::{World, seen};

/// The name of the device with which a user reads a chat.
pub(crate) fn reader(user: u64, chat: ChatId) -> String {
    format!("reader-{user}-{chat}")
}

/// A send that is not answered yet.
struct Unanswered {
    record: Record,
    attempt: Attempt,
    request: Request,
}

/// Sends so many records, up to five at a time; what is not answered is sent again, before anything new, when
/// the machine is there again.
pub(crate) async fn write(world: Arc<World>, number: u64, user: u64, chat: ChatId, sends: u64) {
    let mut outbox = VecDeque::new();
    let mut own: Vec<Seq> = Vec::new();
    let mut made = 0;
    while made < sends || !outbox.is_empty() {
        let (ledger, life) = world.ledger().await;
        if outbox.is_empty() {
            for _ in 0..(1 + made % 5).min(sends - made) {
                outbox.push_back(new_send(&world, number, user, chat, &mut own, made));
                made += 1;
            }
        }
        let mut pending = Vec::new();
        for send in &outbox {
            let (attempt, request) = (send.attempt.clone(), send.request.clone());
            let connection = number * 1_000 + life;
            world.record(|at| Event::SendStarted { at, attempt, connection, request });
            pending.push(append(&*ledger, send.record.clone()));
        }
        drop(ledger);
        let mut again = VecDeque::new();
        for (send, answer) in outbox.drain(..).zip(pending) {
            match answer.await {
                Ok(answer) => take(&world, send.attempt, answer, &mut own),
                Err(_) => {
                    let attempt = send.attempt.clone();
                    world.record(|at| Event::TimedOut { at, attempt });
                    again.push_back(resent(&world, send));
                }
            }
        }
        if !again.is_empty() {
            world.next_life(life).await;
        }
        outbox = again;
    }
}

/// Mostly messages; now and then an edit or a deletion of one of the last.
fn new_send(
    world: &World,
    number: u64,
    user: u64,
    chat: ChatId,
    own: &mut Vec<Seq>,
    made: u64,
) -> Unanswered {
    let text = format!("text {made} of device {number}");
    let (ask, kind, target) = match (made % 7, own.last().copied()) {
        (3, Some(target)) => (edit(target, &text), Kind::Edit, Some(target)),
        (5, Some(target)) => {
            // It is not touched again.
            own.pop();
            (Ask::Delete { target }, Kind::Delete, Some(target))
        }
        _ => (message(&text), Kind::Message, None),
    };
    let record = record(world.number(), chat, user, ask);
    let digest = (kind != Kind::Delete).then(|| format!("\"{text}\""));
    Unanswered {
        attempt: Attempt {
            device: (number * 100).to_string(),
            user: user.to_string(),
            chat: chat.to_string(),
            client_message_id: record.id.as_ref().unwrap().to_string(),
            number: 1,
        },
        request: Request { kind, target: target.map(Seq::get), digest },
        record: Record { device: DeviceId::new(number * 100).unwrap(), ..record },
    }
}

/// The same again: the server gives each try a label of its own.
fn resent(world: &World, send: Unanswered) -> Unanswered {
    let message_id = MessageId::new(world.number()).unwrap();
    Unanswered {
        record: Record { resend: true, message_id, ..send.record },
        attempt: Attempt { number: send.attempt.number + 1, ..send.attempt },
        request: send.request,
    }
}

fn take(world: &World, attempt: Attempt, answer: Appended, own: &mut Vec<Seq>) {
    world.count_answer();
    let (seq, message_id, duplicate) = match answer {
        Appended::Committed(entry) => {
            if matches!(entry.body, chinwag_proto::Body::Message { .. }) {
                own.push(entry.seq);
            }
            (entry.seq, entry.message_id, false)
        }
        Appended::Duplicate { seq, message_id, .. } => (seq, message_id, true),
        Appended::Rejected(refusal) => {
            let code = format!("{:?}", refusal.code());
            return world.record(|at| Event::Refused { at, attempt, code });
        }
    };
    let (seq, message_id) = (seq.get(), message_id.to_string());
    world.record(|at| Event::Acked { at, attempt, seq, message_id, duplicate });
}

/// Follows a chat in small pages until nothing more will come.
pub(crate) async fn observe(world: Arc<World>, user: u64, chat: ChatId) {
    let device = reader(user, chat);
    let mut after = Seq::ZERO;
    loop {
        let done = world.is_done();
        let (ledger, life) = world.ledger().await;
        let page = ledger.entries(chat, after, 7, 1 << 20).await;
        drop(ledger);
        let Ok(page) = page else {
            tokio::task::yield_now().await;
            continue;
        };
        for entry in &page.entries {
            after = entry.seq;
            let entry = seen(entry);
            let (device, chat, connection) = (device.clone(), chat.to_string(), user * 10_000 + life);
            world.record(|at| Event::Observed {
                at,
                device,
                connection,
                live: false,
                shown: true,
                chat,
                entry,
            });
        }
        if done && page.entries.is_empty() {
            return;
        }
        tokio::task::yield_now().await;
    }
}
