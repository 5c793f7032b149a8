//! A run: a script of records for several chats, what became of each, and the disk with all its steps.

use std::sync::Arc;

use chinwag_chat::{Ask, Record};
use chinwag_embedded::Place;
use chinwag_embedded::ledger::{EmbeddedLedger, LedgerSettings, OpenError};
use chinwag_ports::ledger::Appended;
use chinwag_powercut::{Disk, Model};
use chinwag_proto::{Body, ChatId, Entry, Role, Seq};

use crate::ledger_common::ask::{
    Deaf, append, create, direct, edit, group, message, react, record, seq, user,
};
use crate::ledger_common::restless;

/// A number generator that does the same for the same seed (SplitMix64, Steele et al. 2014).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }
}

/// A record that was answered.
pub(crate) struct Asked {
    pub(crate) record: Record,
    pub(crate) answer: Appended,
}

/// What happened.
pub(crate) struct Run {
    pub(crate) disk: Disk,
    pub(crate) settings: LedgerSettings,
    pub(crate) asked: Vec<Asked>,
    /// Every entry as it was accepted, in the order of offsets, and when it was acknowledged.
    pub(crate) entries: Vec<(Arc<Entry>, usize)>,
}

pub(crate) const CHATS: usize = 5;

pub(crate) fn chats() -> [ChatId; CHATS] {
    [direct(1, 2), direct(1, 3), group(1), group(2), direct(4, 5)]
}

/// Folds often, in small folds over tiny tables; the projection keeps up by itself.
pub(crate) fn settings(fold_rows: usize) -> LedgerSettings {
    LedgerSettings { fold_rows, readers: 1, ..restless() }
}

pub(crate) fn open(disk: &Disk, settings: &LedgerSettings) -> Result<EmbeddedLedger, OpenError> {
    let place = Place::folder("/data").on_vfs(disk.vfs_name()).inline();
    EmbeddedLedger::open(&place, settings.clone(), Arc::new(Deaf))
}

impl Run {
    /// `records` records on a new disk, with a clean stop at the end and some in the middle.
    pub(crate) async fn new(model: Model, settings: LedgerSettings, seed: u64, records: u64) -> Self {
        let disk = Disk::new(model, seed);
        let mut dice = Dice(seed);
        let mut run = Self { disk, settings, asked: Vec::new(), entries: Vec::new() };
        let mut ledger = open(&run.disk, &run.settings).unwrap();
        for number in 1..=records {
            let record = run.next_record(number, &mut dice);
            let answer = append(&ledger, record.clone()).await.unwrap();
            run.take(record, answer);
            if number == records || dice.below(50) == 0 {
                if dice.below(2) == 0 {
                    ledger.close().await.unwrap();
                }
                drop(ledger);
                ledger = open(&run.disk, &run.settings).unwrap();
            }
        }
        ledger.close().await.unwrap();
        run
    }

    fn take(&mut self, record: Record, answer: Appended) {
        let steps = self.disk.steps();
        if let Appended::Committed(entry) = &answer {
            self.entries.push((Arc::clone(entry), steps));
        }
        self.asked.push(Asked { record, answer });
    }

    /// Mostly something that is accepted.
    fn next_record(&self, number: u64, dice: &mut Dice) -> Record {
        let chat = chats()[dice.below(CHATS as u64) as usize];
        let members = self.members(chat);
        if dice.below(10) == 0
            && let Some(earlier) = self.asked.get(dice.below(self.asked.len() as u64 + 1) as usize)
        {
            return Record { resend: dice.below(2) == 0, ..earlier.record.clone() };
        }
        let Some(sender) = members.get(dice.below(members.len() as u64) as usize).copied() else {
            return record(number, chat, 1, create(&[2, 3]));
        };
        let text = secret(number, dice);
        let ask = match (self.some_message(chat, sender, dice), dice.below(12)) {
            (Some(target), 0 | 1) => edit(target, &text),
            (Some(target), 2 | 3) => Ask::Delete { target },
            (Some(target), 4 | 5) => {
                react(target, ["+", "-", "heart"][dice.below(3) as usize], dice.below(3) > 0)
            }
            (_, 6) if matches!(chat, ChatId::Group(_)) => {
                return record(number, chat, members[0], membership(number, &members, dice));
            }
            _ => message(&text),
        };
        record(number, chat, sender, ask)
    }

    /// The members of a chat, owners first.
    fn members(&self, chat: ChatId) -> Vec<u64> {
        if let ChatId::Direct(low, high) = chat {
            return vec![low.get(), high.get()];
        }
        let mut state = chinwag_chat::State::of(chat);
        self.entries
            .iter()
            .filter(|(entry, _)| entry.chat_id == chat)
            .for_each(|(entry, _)| state.fold(entry));
        let mut members: Vec<_> = state.members.iter().collect();
        members.sort_by_key(|(user, member)| (member.role != Role::Owner, **user));
        members.into_iter().map(|(user, _)| user.get()).collect()
    }

    /// A message of a user's own that has not been deleted, old or new.
    fn some_message(&self, chat: ChatId, sender: u64, dice: &mut Dice) -> Option<Seq> {
        let of_chat = || self.entries.iter().map(|(entry, _)| entry).filter(|entry| entry.chat_id == chat);
        let deleted: Vec<Seq> = of_chat()
            .filter_map(|entry| match entry.body {
                Body::Delete { target } => Some(target),
                _ => None,
            })
            .collect();
        let own: Vec<Seq> = of_chat()
            .filter(|entry| matches!(entry.body, Body::Message { .. }) && entry.sender_id == user(sender))
            .map(|entry| entry.seq)
            .filter(|seq| !deleted.contains(seq))
            .collect();
        own.get(dice.below(own.len() as u64) as usize).copied()
    }
}

fn membership(number: u64, members: &[u64], dice: &mut Dice) -> Ask {
    match dice.below(4) {
        0 if members.len() > 2 => Ask::Remove { user: user(members[1]) },
        1 if members.len() > 1 => Ask::SetRole { user: user(members[1]), role: Role::Admin },
        2 => Ask::Update {
            title: Some(format!("Title {number}").parse().unwrap()),
            history: None,
            who_may_add: None,
        },
        _ => Ask::Add { users: vec![user(6 + dice.below(5))] },
    }
}

/// A text that stands nowhere else; some are longer than a page.
fn secret(number: u64, dice: &mut Dice) -> String {
    let marker = marker(number);
    let rest = [20, 200, 300, 6_000][(dice.below(16) as usize).saturating_sub(12)];
    format!("{marker}{}{marker}", ".".repeat(rest))
}

/// What stands at the beginning and the end of a record's text.
pub(crate) fn marker(number: u64) -> String {
    format!("<secret-{number}>")
}

/// The number of the record whose text an entry carries, if it carries one.
pub(crate) fn marked(entry: &Entry) -> Option<u64> {
    let content = match &entry.body {
        Body::Message { content, .. } | Body::Edit { content, .. } => content.as_ref()?,
        _ => return None,
    };
    content.json().strip_prefix("\"<secret-")?.split('>').next()?.parse().ok()
}

/// The first entry.
pub(crate) fn first() -> Seq {
    seq(1)
}
