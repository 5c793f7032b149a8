//! Random scripts: steps of several users over several chats, read against the chat as it then stands,
//! so that most of them hit something.

use chinwag_chat::{Ask, Record};
use chinwag_proto::entry::{Encryption, History, Notice, WhoMayAdd};
use chinwag_proto::{Body, Entry, MemberChange, MembershipChange, Role, Seq};
use proptest::prelude::*;

use super::{Bench, Ready, direct, group, inbox, reaction, sealed, seq, text, text_object, user};

/// One step: numbers that [`Step::record`] reads as users, targets, ids.
#[derive(Clone, Debug)]
pub struct Step {
    pub chat: usize,
    pub sender: u64,
    pub kind: u8,
    pub other: u64,
    pub back: u64,
    pub word: u8,
    pub id: u8,
    pub resend: bool,
    pub epoch: u8,
    pub changes: Vec<(u64, u8)>,
}

pub fn step() -> impl Strategy<Value = Step> {
    let chat = prop_oneof![6 => Just(0_usize), 6 => Just(1), 3 => Just(2), 2 => Just(3), 1 => Just(4)];
    (
        (chat, 0_usize..=9, 0_u8..=24, 1_u64..=7, 0_u64..=9, 0_u8..=3),
        (0_u8..=250, any::<bool>(), 0_u8..=19, prop::collection::vec((1_u64..=7, 0_u8..=9), 0..3)),
    )
        .prop_map(|((chat, sender, kind, other, back, word), (id, resend, epoch, changes))| Step {
            chat,
            sender: SENDERS[chat][sender],
            kind,
            other,
            back,
            word,
            id,
            resend,
            epoch,
            changes,
        })
}

/// Mostly those who belong to the chat.
const SENDERS: [[u64; 10]; CHATS] = [
    [1, 1, 1, 1, 2, 2, 3, 4, 5, 6],
    [1, 1, 1, 1, 2, 2, 3, 4, 5, 6],
    [1, 1, 1, 1, 2, 2, 2, 2, 2, 6],
    [1, 1, 1, 1, 1, 1, 1, 1, 1, 6],
    [1, 1, 1, 2, 2, 3, 4, 4, 5, 6],
];

pub const CHATS: usize = 5;

/// A plain group, an encrypted one, a direct chat, an encrypted direct chat, an inbox.
pub fn benches() -> [Bench; CHATS] {
    let mut benches =
        [group(), "g.78".parse().unwrap(), direct(), "d.1.1".parse().unwrap(), inbox()].map(Bench::new);
    for bench in &mut benches {
        bench.limits.group_members = 5;
        bench.limits.encrypted_group_members = 5;
        bench.limits.reaction_keys = 2;
    }
    benches
}

impl Step {
    pub fn record(&self, bench: &Bench) -> Record {
        let mut record = bench.record(self.sender, self.ask(bench));
        if self.id < 200 {
            record = record.id(&format!("id{}", self.id));
        }
        record.resend = self.resend;
        let encrypted = bench.chat.state().settings.encryption == Encryption::Mls;
        let begins = matches!(record.ask, Ask::Mls { .. }) && bench.chat.head().seq == seq(0);
        record.after = match self.epoch {
            0 => Some(seq(self.back)),
            1 => None,
            _ if encrypted || begins => Some(bench.chat.head().mls_seq),
            _ => None,
        };
        record
    }

    fn ask(&self, bench: &Bench) -> Ask {
        let target = self.target(bench);
        let content = match self.epoch {
            0..=17 if bench.chat.state().settings.encryption == Encryption::Mls => {
                sealed(&self.word.to_string())
            }
            _ => text(&self.word.to_string()),
        };
        let begins = bench.chat.head().seq == seq(0);
        match self.kind {
            _ if begins && self.chat < 2 => self.begins(),
            _ if begins && self.chat == 3 => Ask::Mls { changes: Vec::new(), data: text_object("mls") },
            _ if self.chat == 4 && self.kind < 20 => self.notice(),
            0..=6 => Ask::Message { content, reply_to: (self.word == 0).then_some(target) },
            7 => Ask::Edit { target, content },
            8 => Ask::Delete { target },
            9..=13 => Ask::React {
                target,
                key: reaction(["+", "-", "?", "!"][usize::from(self.word)]),
                on: self.back != 3,
            },
            14 | 15 => Ask::Add { users: vec![user(self.other), user(self.back + 1)] },
            16 => Ask::Remove { user: user(self.other) },
            17 if self.back < 4 => Ask::Remove { user: user(self.sender) },
            17 | 18 => Ask::SetRole { user: user(self.other), role: role(self.word) },
            19 => Ask::Update {
                title: (self.epoch > 17 || self.chat != 1)
                    .then(|| format!("title {}", self.word).parse().unwrap()),
                history: [None, Some(History::All), Some(History::Joined), None][usize::from(self.word)],
                who_may_add: [Some(WhoMayAdd::Members), None, Some(WhoMayAdd::Admins), None]
                    [usize::from(self.word)],
            },
            20 if self.back < 3 => self.begins(),
            20 if self.back < 5 => self.notice(),
            _ => Ask::Mls { changes: self.member_changes(), data: text_object("mls") },
        }
    }

    /// Mostly one of the last messages, often an own one; else whatever entry stands there.
    fn target(&self, bench: &Bench) -> Seq {
        let head = bench.chat.head().seq.get();
        if self.back > 7 {
            return seq(head.saturating_sub(self.back - 7));
        }
        let own = |entry: &&Entry| self.word < 2 || entry.sender_id == user(self.sender);
        let messages = bench.entries.iter().rev().map(|(_, entry, ..)| entry);
        let messages = messages.filter(|entry| matches!(entry.body, Body::Message { .. })).filter(own);
        messages.take(usize::try_from(self.back / 3).unwrap() + 1).last().map_or(seq(0), |entry| entry.seq)
    }

    fn begins(&self) -> Ask {
        super::create(
            &[1, 2, 3, 4, self.other],
            if self.chat == 1 { Encryption::Mls } else { Encryption::None },
        )
    }

    fn notice(&self) -> Ask {
        let notice = [Notice::Welcome, Notice::Invite, Notice::Device][usize::from(self.kind % 3)];
        Ask::Notice { notice, data: text_object(&self.word.to_string()) }
    }

    fn member_changes(&self) -> Vec<MemberChange> {
        let change = |(number, what): &(u64, u8)| {
            let (change, role) = match what {
                0..=3 => (MembershipChange::Added, None),
                4 | 5 => (MembershipChange::Removed, None),
                6 => (MembershipChange::Left, None),
                7 => (MembershipChange::Role, None),
                what => (MembershipChange::Role, Some(role(*what))),
            };
            MemberChange { user_id: user(*number), change, role }
        };
        self.changes.iter().map(change).collect()
    }
}

fn role(number: u8) -> Role {
    [Role::Member, Role::Admin, Role::Owner][usize::from(number % 3)]
}
