//! C6: what one device sent in order appears in that order. A send comes after everything that the device
//! asked for before on the same connection, and after everything that was acknowledged to it before.
//!
//! A refusal whose answer is lost looks like a time-out, and what is tried again after it stands at the end of
//! the line. So a send claims its place on a connection only if it must have been placed there, but where
//! refusals are ruled out: there each attempt claims it.
//!
//! Leaves out the order among calls that stand alone: their connections are their own.

use std::collections::HashMap;

use crate::index::{Ack, Answer, ChatNo, Index, Send, SendNo};
use crate::report::{Report, Rule};

/// The highest place so far, and whose it is.
type Highest = Option<(u64, SendNo)>;

pub(crate) fn check(index: &Index<'_>, report: &mut Report) {
    let placed = places(index);
    let mut on_connection: HashMap<(&str, u64, ChatNo), Highest> = HashMap::new();
    let mut acknowledged: HashMap<(&str, ChatNo), Highest> = HashMap::new();
    let mut is_first = vec![true; index.sends.len()];
    for happening in in_order(index) {
        match happening {
            Happening::Tried { send, device, connection, claims } => {
                let Some(seq) = placed[send] else { continue };
                let chat = index.sends[send].chat;
                let before = on_connection.entry((device, connection, chat)).or_default();
                if std::mem::take(&mut is_first[send]) {
                    let acked = acknowledged.get(&(device, chat)).copied().flatten();
                    if let Some((later, other)) = (*before).max(acked).filter(|&(later, _)| later > seq) {
                        let (name, other) = (index.name(send), index.name(other));
                        let evidence = format!(
                            "{device} sent {name} after {other}, which is at seq {later}, and it is at seq {seq}"
                        );
                        report.add(Rule::C6, evidence);
                    }
                }
                if claims {
                    *before = (*before).max(Some((seq, send)));
                }
            }
            Happening::Acked { send, device, seq } => {
                let highest = acknowledged.entry((device, index.sends[send].chat)).or_default();
                *highest = (*highest).max(Some((seq, send)));
            }
        }
    }
}

/// What matters for the order, as it happened.
enum Happening<'h> {
    /// `claims`: what the device sends after this on the connection has to come after it in the chat.
    Tried {
        send: SendNo,
        device: &'h str,
        connection: u64,
        claims: bool,
    },
    Acked {
        send: SendNo,
        device: &'h str,
        seq: u64,
    },
}

fn in_order<'h>(index: &Index<'h>) -> Vec<Happening<'h>> {
    let mut acks: Vec<Vec<&Ack<'h>>> = index.sends.iter().map(|_| Vec::new()).collect();
    for ack in index.acks.iter().filter(|ack| !ack.may_name_anothers_entry()) {
        acks[ack.send].push(ack);
    }
    let mut all = Vec::new();
    for (no, send) in index.sends.iter().enumerate() {
        let placing = placing(send, &acks[no]);
        for (place, t) in send.tries.iter().enumerate().filter(|(_, t)| t.answer != Answer::Refused) {
            let claims = index.refusals_ruled_out || placing == Some(place);
            let (device, connection) = (t.device, t.connection);
            all.push((t.order, Happening::Tried { send: no, device, connection, claims }));
        }
        for ack in &acks[no] {
            all.push((ack.order, Happening::Acked { send: no, device: ack.device, seq: ack.seq }));
        }
    }
    all.sort_by_key(|(order, _)| *order);
    all.into_iter().map(|(_, happening)| happening).collect()
}

/// The attempt by which a send was placed at the latest, if all that can have placed it went over one connection:
/// the one that was acknowledged as new; else the unanswered ones before it was known to be there.
fn placing(send: &Send<'_>, acks: &[&Ack<'_>]) -> Option<usize> {
    let known = acks.iter().map(|ack| ack.order).min().unwrap_or(usize::MAX);
    if let Some(new) = acks.iter().find(|ack| !ack.duplicate) {
        return send.tries.iter().position(|t| t.number == new.number && t.device == new.device);
    }
    let can_have = |t: &crate::index::Try<'_>| t.answer == Answer::Open && t.order < known;
    let mut candidates = send.tries.iter().enumerate().filter(|(_, t)| can_have(t));
    let (first, t) = candidates.next()?;
    candidates.try_fold(first, |_, (next, other)| (other.connection == t.connection).then_some(next))
}

/// Where each send is in the final log.
fn places(index: &Index<'_>) -> Vec<Option<u64>> {
    let mut placed = vec![None; index.sends.len()];
    for (no, chat) in index.chats.iter().enumerate() {
        for entry in chat.logs.first().copied().unwrap_or_default() {
            if let Some(send) = index.send_of(no, entry) {
                placed[send].get_or_insert(entry.seq);
            }
        }
    }
    placed
}
