//! What holds for every script of records, however silly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use chinwag_chat::{Ask, Chat, Known, Outcome, Past, Refusal, View};
use chinwag_proto::entry::Encryption;
use chinwag_proto::{Body, ChatId, Entry, MembershipChange, Role, Seq};
use common::script::{Step, benches, step};
use common::*;
use proptest::prelude::*;
use proptest::strategy::ValueTree;

fn script() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..160)
}

/// Runs a script. The bench itself sees to it that seqs have no hole, that an id makes one entry, that
/// what makes no entry changes nothing and that the invariant holds after every step.
fn run(steps: &[Step]) -> [Bench; 5] {
    let mut benches = benches();
    for step in steps {
        let bench = &mut benches[step.chat];
        let record = step.record(bench);
        bench.apply(record);
    }
    benches
}

fn replayed(bench: &Bench, entries: usize, wiped: bool) -> Chat {
    let mut chat = Chat::new(bench.chat.id());
    for (offset, entry, key, record) in bench.entries.iter().take(entries) {
        let entry = if wiped { entry.wiped() } else { entry.clone() };
        chat.replay(*offset, &entry, key.map(|key| (key, record.fingerprint)));
    }
    chat
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn replay_gives_the_same_state(steps in script()) {
        for bench in run(&steps) {
            prop_assert_eq!(&replayed(&bench, usize::MAX, false), &bench.chat);
            let mut wiped = replayed(&bench, usize::MAX, true);
            prop_assert_eq!(&wiped, &bench.chat);
            for (offset, entry, key, record) in &bench.entries {
                wiped.replay(*offset, entry, key.map(|key| (key, record.fingerprint)));
            }
            prop_assert_eq!(&wiped, &bench.chat, "what was taken before changes nothing");
            let stored = Chat::restore(
                bench.chat.id(), *bench.chat.head(), (**bench.chat.state()).clone(), bench.chat.recent(),
            );
            prop_assert_eq!(&stored, &bench.chat);
        }
    }

    /// After a crash the rows of records that come later in the log may be there already.
    #[test]
    fn rows_of_later_records_change_no_decision(steps in script(), from in 0_usize..160, all in any::<bool>()) {
        for bench in run(&steps) {
            let kept = bench.entries.len().min(from);
            let mut chat = replayed(&bench, kept, false);
            let after = bench.entries.get(kept.wrapping_sub(1)).map_or(0, |(offset, ..)| *offset);
            let mut made = bench.entries.iter().skip(kept);
            for (offset, record) in bench.log.iter().filter(|(offset, _)| *offset > after) {
                let key = bench.id_key(record);
                let needed = bench.needed_rows(record, chat.needs(record, key));
                let past = if all { bench.all_rows(record) } else { needed };
                if let Outcome::Accepted(entry) = chat.apply(*offset, record, key, &past) {
                    prop_assert_eq!(Some(&entry), made.next().map(|(_, entry, ..)| entry));
                }
            }
            prop_assert!(made.next().is_none());
            prop_assert_eq!(&chat, &bench.chat);
        }
    }

    /// A store that hands over more than was asked for changes nothing, where a resend says so.
    #[test]
    fn what_is_not_needed_decides_nothing(steps in script()) {
        let mut benches = benches();
        for step in &steps {
            let bench = &mut benches[step.chat];
            let record = step.record(bench);
            let (mut twin, key, rows) = (bench.chat.clone(), bench.id_key(&record), bench.all_rows(&record));
            let offset = bench.offset + 1;
            let outcome = twin.apply(offset, &record, key, &rows);
            prop_assert_eq!(outcome, bench.apply(record));
        }
    }

    #[test]
    fn the_same_record_again_is_the_same_entry(steps in script()) {
        for mut bench in run(&steps) {
            for (_, entry, key, record) in bench.entries.clone() {
                if key.is_some() {
                    prop_assert_eq!(bench.duplicates(record.clone().again()), entry.seq.get());
                    let mut other = record.again();
                    other.fingerprint.0 ^= 1;
                    let refusal = bench.refuses_record(other);
                    prop_assert!(matches!(refusal, Refusal::IdempotencyConflict | Refusal::NotMember));
                }
            }
        }
    }

    #[test]
    fn entries_say_what_the_chat_is(steps in script()) {
        for bench in run(&steps) {
            let mut messages = 0;
            for (index, (_, entry, _, record)) in bench.entries.iter().enumerate() {
                messages += u64::from(matches!(entry.body, Body::Message { .. }));
                prop_assert_eq!((entry.seq.get(), entry.n), (index as u64 + 1, messages));
                prop_assert_eq!((entry.message_id, entry.created_at), (record.message_id, record.created_at));
                prop_assert_eq!((entry.sender_id, entry.device_id), (record.sender, record.device));
                prop_assert_eq!(&entry.client_message_id, &record.id);
            }
            prop_assert_eq!(bench.chat.head().n, messages);
            if let Some((offset, entry, ..)) = bench.entries.last() {
                let head = bench.chat.head();
                prop_assert_eq!((head.last_offset, head.last_at), (*offset, entry.created_at));
            }
            prop_assert_eq!(bench.chat.head().seq.get(), bench.entries.len() as u64);
        }
    }

    #[test]
    fn encrypted_chats_hold_nothing_plain_and_plain_chats_nothing_encrypted(steps in script()) {
        for bench in run(&steps) {
            let encrypted = bench.chat.state().settings.encryption == Encryption::Mls;
            let mut last_commit = Seq::ZERO;
            for (_, entry, ..) in &bench.entries {
                prop_assert_eq!(entry.digest.is_some(), encrypted);
                prop_assert_eq!(entry.digest, entry.compute_digest().filter(|_| encrypted));
                prop_assert!(entry.after.is_none_or(|after| encrypted && after == last_commit));
                match &entry.body {
                    Body::Message { content, .. } | Body::Edit { content, .. } => {
                        prop_assert!(!encrypted || content.as_ref().unwrap().is_sealed() && entry.after.is_some());
                    }
                    Body::Reaction { .. } => prop_assert!(!encrypted || entry.after.is_some()),
                    Body::Mls { .. } => last_commit = entry.seq,
                    _ => {}
                }
            }
            prop_assert!(last_commit == Seq::ZERO || encrypted);
        }
    }

    /// A second, simpler account of members and rights, kept from the entries alone.
    #[test]
    fn nobody_does_what_he_may_not(steps in script()) {
        for bench in run(&steps) {
            let mut roster = Roster::of(bench.chat.id());
            for (_, entry, ..) in &bench.entries {
                prop_assert!(roster.allows(entry), "{:?} {entry:?}", roster.0);
                roster.takes(entry);
                let owned = roster.0.values().any(|role| *role == Role::Owner);
                prop_assert!(owned || roster.0.is_empty() || !matches!(bench.chat.id(), ChatId::Group(_)));
            }
            let members = bench.chat.state().members.iter().map(|(user, member)| (user.get(), member.role));
            prop_assert!(members.eq(roster.0));
        }
    }

    #[test]
    fn views_may_be_folded_again_from_any_earlier_point(steps in script(), from in 0_usize..160) {
        for bench in run(&steps) {
            let mut views = std::collections::BTreeMap::<Seq, View>::new();
            for (index, (offset, entry, ..)) in bench.entries.iter().enumerate() {
                let Some(target) = View::target(entry) else { continue };
                views.entry(target).or_default().fold(*offset, entry);
                let again = bench.entries[from.min(index)..=index].iter();
                let mut twin = views[&target].clone();
                for (offset, entry, ..) in again.filter(|(_, entry, ..)| View::target(entry) == Some(target)) {
                    twin.fold(*offset, entry);
                    prop_assert_eq!(&twin, &views[&target]);
                }
            }
            prop_assert_eq!(views, bench.views);
        }
    }

    #[test]
    fn a_view_is_what_the_entries_say(steps in script()) {
        for bench in run(&steps) {
            for (target, view) in &bench.views {
                let touching = || bench.entries.iter().map(|(_, entry, ..)| entry).filter(|e| View::target(e) == Some(*target));
                let edits: Vec<&Entry> = touching().filter(|e| matches!(e.body, Body::Edit { .. })).collect();
                prop_assert_eq!(&view.edits, &edits.iter().map(|e| e.seq).collect::<Vec<_>>());
                let deletion = touching().find(|e| matches!(e.body, Body::Delete { .. }));
                prop_assert_eq!(view.deleted.map(|(seq, ..)| seq), deletion.map(|e| e.seq));
                prop_assert!(deletion.is_none_or(|deletion| touching().next_back() == Some(deletion)));
                let last = edits.last().map(|e| match &e.body {
                    Body::Edit { content, .. } => (e.created_at, content.clone().filter(|_| deletion.is_none())),
                    _ => unreachable!(),
                });
                prop_assert_eq!(&view.last_edit, &last);
                for cell in &view.cells {
                    let mut latest = touching().filter(|e| e.sender_id == cell.user).filter_map(|e| match &e.body {
                        Body::Reaction { key, on, .. } if *key == cell.key => Some((e.seq, *on)),
                        _ => None,
                    });
                    prop_assert_eq!(latest.next_back(), Some((cell.seq, cell.on)));
                }
                prop_assert!(view.keys.len() <= 2, "the limit of these chats");
            }
        }
    }

    /// Rows that no store would give, ids and offsets that cannot be: an outcome all the same.
    #[test]
    fn any_rows_give_an_outcome(
        steps in script(), offset in any::<u64>(), row in any::<u64>(), known in any::<u64>(), flags in any::<u8>(),
    ) {
        for (bench, step) in run(&steps).iter_mut().zip(&steps) {
            let record = step.record(bench);
            let key = bench.id_key(&record);
            let target = chinwag_chat::Target {
                seq: match &record.ask {
                    Ask::Edit { target, .. } | Ask::Delete { target } | Ask::React { target, .. } if flags & 1 == 0 => *target,
                    _ => Seq::clamped(row),
                },
                sender: record.sender,
                is_message: flags & 2 == 0,
                offset: row,
                deleted: (flags & 4 != 0).then_some((Seq::clamped(known), row)),
                keys: vec![(reaction("+"), row), (reaction("+"), known)],
            };
            let past = Past {
                known: (flags & 8 != 0).then_some(Known { seq: Seq::clamped(row), fingerprint: record.fingerprint, offset: known }),
                target: Some(target.clone()),
                reply_to: Some(target),
            };
            bench.chat.apply(offset, &record, key, &past);
            bench.chat.invariant().unwrap();
        }
    }
}

/// Who is what, by the letter of the contract.
struct Roster(std::collections::BTreeMap<u64, Role>, bool);

impl Roster {
    fn of(chat: ChatId) -> Self {
        let users = (1..=7).filter(|number| chat.names(user(*number)));
        Self(users.map(|number| (number, Role::Member)).collect(), false)
    }

    fn allows(&self, entry: &Entry) -> bool {
        let Some(role) = self.0.get(&entry.sender_id.get()).copied() else {
            return entry.seq == seq(1) && matches!(entry.body, Body::Chat(_))
                || matches!(entry.body, Body::Notice { .. });
        };
        let moderates = role != Role::Member;
        match &entry.body {
            Body::Chat(change) => {
                role == Role::Owner || moderates && change.history.is_none() && change.who_may_add.is_none()
            }
            Body::Member { changes } | Body::Mls { changes, .. } => {
                let leaves = changes
                    .first()
                    .is_some_and(|c| c.change == MembershipChange::Left && c.user_id == entry.sender_id);
                leaves
                    || changes.iter().all(|change| match change.change {
                        MembershipChange::Added => moderates || self.1,
                        MembershipChange::Removed => match self.0.get(&change.user_id.get()) {
                            Some(Role::Member) | None => moderates,
                            Some(_) => role == Role::Owner,
                        },
                        MembershipChange::Role => role == Role::Owner,
                        MembershipChange::Left => false,
                    })
            }
            _ => true,
        }
    }

    fn takes(&mut self, entry: &Entry) {
        match &entry.body {
            Body::Chat(change) => {
                let founders = change.members.iter().flatten();
                self.0.extend(founders.map(|founder| (founder.user_id.get(), founder.role)));
                self.1 =
                    change.who_may_add.map_or(self.1, |who| who == chinwag_proto::entry::WhoMayAdd::Members);
            }
            Body::Member { changes } | Body::Mls { changes, .. } => {
                for change in changes {
                    let number = change.user_id.get();
                    match change.change {
                        MembershipChange::Added => {
                            self.0.entry(number).or_insert(Role::Member);
                        }
                        MembershipChange::Role => {
                            self.0.insert(number, change.role.unwrap());
                        }
                        MembershipChange::Removed | MembershipChange::Left => {
                            self.0.remove(&number);
                        }
                    }
                }
            }
            _ => {}
        }
    }
}

/// A script that hits nothing would prove nothing.
#[test]
fn scripts_reach_every_kind_of_entry_and_every_refusal() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut reached = std::collections::BTreeMap::<String, u32>::new();
    for _ in 0..200 {
        let steps = script().new_tree(&mut runner).unwrap().current();
        let mut benches = benches();
        for step in &steps {
            let bench = &mut benches[step.chat];
            let outcome = match bench.apply(step.record(bench)) {
                Outcome::Accepted(entry) => format!("entry {}", entry.body.kind()),
                Outcome::Duplicate { .. } => "duplicate".to_owned(),
                Outcome::Rejected(refusal) => {
                    format!("{refusal:?}").chars().take_while(char::is_ascii_alphanumeric).collect()
                }
            };
            *reached.entry(outcome).or_default() += 1;
        }
    }
    let outcomes = [
        "entry message",
        "entry edit",
        "entry delete",
        "entry reaction",
        "entry member",
        "entry chat",
        "entry mls",
        "entry welcome",
        "entry invite",
        "entry device",
        "duplicate",
        "NoChat",
        "NotMember",
        "NoTarget",
        "NoSuchMember",
        "Forbidden",
        "EncryptionRequired",
        "StaleEpoch",
        "IdempotencyConflict",
        "TooManyMembers",
        "Invalid",
    ];
    for outcome in outcomes {
        assert!(reached.get(outcome).is_some_and(|times| *times >= 20), "{outcome}: {reached:?}");
    }
}
