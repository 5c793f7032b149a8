//! A chat on a bench: records in, rows of a small store beside it, every step checked.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod arbitrary;
pub mod script;

use std::collections::BTreeMap;

use chinwag_chat::{
    Ask, Chat, FingerprintKey, IdKey, Known, Needs, Outcome, Past, RECORD_VERSION, Record, Refusal,
    RuleLimits, Target, View,
};
use chinwag_proto::entry::{Encryption, History, Notice};
use chinwag_proto::{
    Body, ChatId, Content, DeviceId, Entry, Limits, MemberChange, MembershipChange, MessageId, ReactionKey,
    Role, Seq, Timestamp, UserId,
};

pub const ANNA: u64 = 1;
pub const BEN: u64 = 2;
pub const CARA: u64 = 3;
pub const DAN: u64 = 4;
pub const EVE: u64 = 5;

pub fn user(number: u64) -> UserId {
    UserId::new(number).unwrap()
}

pub fn seq(number: u64) -> Seq {
    Seq::new(number).unwrap()
}

pub fn group() -> ChatId {
    "g.77".parse().unwrap()
}

pub fn direct() -> ChatId {
    ChatId::direct(user(ANNA), user(BEN))
}

pub fn inbox() -> ChatId {
    ChatId::Inbox(user(ANNA))
}

pub fn text(text: &str) -> Content {
    Content::text(text)
}

pub fn sealed(body: &str) -> Content {
    Content::from_json(format!(r#"{{"type":"sealed","text":"","box":"{body}"}}"#)).unwrap()
}

pub fn create(members: &[u64], encryption: Encryption) -> Ask {
    Ask::Create {
        title: (encryption == Encryption::None).then(|| "Walkers".parse().unwrap()),
        members: members.iter().copied().map(user).collect(),
        encryption,
        history: History::Joined,
    }
}

pub fn says(words: &str) -> Ask {
    Ask::Message { content: text(words), reply_to: None }
}

pub fn replies(words: &str, to: u64) -> Ask {
    Ask::Message { content: text(words), reply_to: Some(seq(to)) }
}

pub fn says_sealed(words: &str) -> Ask {
    Ask::Message { content: sealed(words), reply_to: None }
}

pub fn edits(target: u64, words: &str) -> Ask {
    Ask::Edit { target: seq(target), content: text(words) }
}

pub fn deletes(target: u64) -> Ask {
    Ask::Delete { target: seq(target) }
}

pub fn reacts(target: u64, key: &str, on: bool) -> Ask {
    Ask::React { target: seq(target), key: reaction(key), on }
}

pub fn reaction(key: &str) -> ReactionKey {
    key.parse().unwrap()
}

pub fn adds(users: &[u64]) -> Ask {
    Ask::Add { users: users.iter().copied().map(user).collect() }
}

pub fn removes(number: u64) -> Ask {
    Ask::Remove { user: user(number) }
}

pub fn gives(number: u64, role: Role) -> Ask {
    Ask::SetRole { user: user(number), role }
}

pub fn titles(title: &str) -> Ask {
    Ask::Update { title: Some(title.parse().unwrap()), history: None, who_may_add: None }
}

pub fn commits(changes: &[MemberChange]) -> Ask {
    Ask::Mls { changes: changes.to_vec(), data: text_object("mls") }
}

pub fn notices(notice: Notice) -> Ask {
    Ask::Notice { notice, data: text_object("notice") }
}

pub fn text_object(kind: &str) -> Content {
    Content::from_json(format!(r#"{{"type":"{kind}","text":""}}"#)).unwrap()
}

pub fn change(number: u64, change: MembershipChange, role: Option<Role>) -> MemberChange {
    MemberChange { user_id: user(number), change, role }
}

pub fn added(number: u64) -> MemberChange {
    change(number, MembershipChange::Added, Some(Role::Member))
}

pub fn removed(number: u64) -> MemberChange {
    change(number, MembershipChange::Removed, None)
}

pub fn left(number: u64) -> MemberChange {
    change(number, MembershipChange::Left, None)
}

pub fn now(number: u64, role: Role) -> MemberChange {
    change(number, MembershipChange::Role, Some(role))
}

/// A chat with the rows that a store would hold of it.
#[derive(Clone)]
pub struct Bench {
    pub chat: Chat,
    pub key: FingerprintKey,
    /// Every accepted entry with its offset and its id, in the order of seq; never wiped.
    pub entries: Vec<(u64, Entry, Option<IdKey>, Record)>,
    pub ids: BTreeMap<IdKey, Known>,
    pub views: BTreeMap<Seq, View>,
    /// Every record, accepted or not.
    pub log: Vec<(u64, Record)>,
    pub offset: u64,
    pub limits: RuleLimits,
}

impl Bench {
    pub fn new(chat: ChatId) -> Self {
        Self {
            chat: Chat::new(chat),
            key: FingerprintKey::new([7; 16]),
            entries: Vec::new(),
            ids: BTreeMap::new(),
            views: BTreeMap::new(),
            log: Vec::new(),
            offset: 100,
            limits: RuleLimits::from(&Limits::default()),
        }
    }

    /// A group of Anna (owner), Ben (admin), Cara and Dan (members); its head is 2.
    pub fn plain_group() -> Self {
        let mut bench = Self::new(group());
        bench.accepts(ANNA, create(&[BEN, CARA, DAN], Encryption::None));
        bench.accepts(ANNA, gives(BEN, Role::Admin));
        bench
    }

    /// The same, encrypted; its head and its last MLS record are 2.
    pub fn encrypted_group() -> Self {
        let mut bench = Self::new(group());
        bench.accepts(ANNA, create(&[BEN, CARA, DAN], Encryption::Mls));
        bench.accepts_record(bench.record(ANNA, commits(&[now(BEN, Role::Admin)])).after(0));
        bench
    }

    pub fn record(&self, sender: u64, ask: Ask) -> Record {
        let number = 1_000 + self.offset;
        let fingerprint = self.key.request([format!("{ask:?}{}", content_of(&ask)).as_bytes()]);
        Record {
            v: RECORD_VERSION,
            chat: self.chat.id(),
            sender: user(sender),
            device: DeviceId::new(sender * 10).unwrap(),
            id: None,
            resend: false,
            message_id: MessageId::new(number).unwrap(),
            created_at: Timestamp::from_ms(i64::try_from(number).unwrap()),
            fingerprint,
            after: None,
            limits: self.limits,
            ask,
        }
    }

    pub fn id_key(&self, record: &Record) -> Option<IdKey> {
        record.id.as_ref().map(|id| self.key.id(record.chat, record.sender, id))
    }

    /// What the store holds for a record, whatever it needs.
    pub fn all_rows(&self, record: &Record) -> Past {
        let (target, reply_to) = match &record.ask {
            Ask::Message { reply_to, .. } => (None, *reply_to),
            Ask::Edit { target, .. } | Ask::Delete { target } | Ask::React { target, .. } => {
                (Some(*target), None)
            }
            _ => (None, None),
        };
        Past {
            known: self.id_key(record).and_then(|key| self.ids.get(&key).copied()),
            target: target.and_then(|seq| self.row(seq)),
            reply_to: reply_to.and_then(|seq| self.row(seq)),
        }
    }

    /// What a store that is asked only for what is needed finds.
    pub fn needed_rows(&self, record: &Record, needs: Needs) -> Past {
        let all = self.all_rows(record);
        Past {
            known: all.known.filter(|_| needs.id),
            target: all.target.filter(|row| needs.target == Some(row.seq)),
            reply_to: all.reply_to.filter(|row| needs.reply_to == Some(row.seq)),
        }
    }

    fn row(&self, seq: Seq) -> Option<Target> {
        let index = usize::try_from(seq.get().checked_sub(1)?).ok()?;
        let (offset, entry, _, _) = self.entries.get(index)?;
        let view = self.views.get(&seq).cloned().unwrap_or_default();
        Some(Target {
            seq,
            sender: entry.sender_id,
            is_message: matches!(entry.body, Body::Message { .. }),
            offset: *offset,
            deleted: view.deleted.map(|(seq, offset, _)| (seq, offset)),
            keys: view.keys,
        })
    }

    /// Applies a record with the rows that it needs and keeps what becomes of it. Panics where the
    /// chat breaks its own rules.
    pub fn apply(&mut self, record: Record) -> Outcome {
        self.offset += 1;
        let key = self.id_key(&record);
        let past = self.needed_rows(&record, self.chat.needs(&record, key));
        let before = self.chat.clone();
        let outcome = self.chat.apply(self.offset, &record, key, &past);
        self.chat.invariant().unwrap();
        match &outcome {
            Outcome::Accepted(entry) => self.keep(entry, key, &record),
            _ => assert_eq!(self.chat, before, "a record that makes no entry changes nothing"),
        }
        self.log.push((self.offset, record));
        outcome
    }

    fn keep(&mut self, entry: &Entry, key: Option<IdKey>, record: &Record) {
        assert_eq!(entry.seq, self.chat.head().seq);
        assert_eq!(entry.seq.get(), self.entries.len() as u64 + 1, "seqs have no hole");
        if let Some(key) = key {
            let known = Known { seq: entry.seq, fingerprint: record.fingerprint, offset: self.offset };
            assert_eq!(self.ids.insert(key, known), None, "an id makes one entry");
        }
        if let Some(target) = View::target(entry) {
            self.views.entry(target).or_default().fold(self.offset, entry);
        }
        self.entries.push((self.offset, entry.clone(), key, record.clone()));
    }

    pub fn accepts(&mut self, sender: u64, ask: Ask) -> Entry {
        self.accepts_record(self.record(sender, ask))
    }

    pub fn accepts_record(&mut self, record: Record) -> Entry {
        match self.apply(record.clone()) {
            Outcome::Accepted(entry) => entry,
            other => panic!("{record:?} should be an entry, not {other:?}"),
        }
    }

    pub fn refuses(&mut self, sender: u64, ask: Ask) -> Refusal {
        self.refuses_record(self.record(sender, ask))
    }

    pub fn refuses_record(&mut self, record: Record) -> Refusal {
        match self.apply(record.clone()) {
            Outcome::Rejected(refusal) => refusal,
            other => panic!("{record:?} should be refused, not {other:?}"),
        }
    }

    pub fn duplicates(&mut self, record: Record) -> u64 {
        match self.apply(record.clone()) {
            Outcome::Duplicate { seq } => seq.get(),
            other => panic!("{record:?} should be a duplicate, not {other:?}"),
        }
    }

    pub fn role(&self, number: u64) -> Option<Role> {
        self.chat.state().members.get(&user(number)).map(|member| member.role)
    }

    pub fn since(&self, number: u64) -> Option<u64> {
        self.chat.state().members.get(&user(number)).map(|member| member.since.get())
    }

    pub fn changes(entry: &Entry) -> &[MemberChange] {
        match &entry.body {
            Body::Member { changes } | Body::Mls { changes, .. } => changes,
            other => panic!("{other:?} has no changes"),
        }
    }
}

fn content_of(ask: &Ask) -> String {
    match ask {
        Ask::Message { content, .. } | Ask::Edit { content, .. } => content.json().to_owned(),
        Ask::Mls { data, .. } | Ask::Notice { data, .. } => data.json().to_owned(),
        _ => String::new(),
    }
}

/// Reads like what is asked: `bench.record(ANNA, says("hi")).id("a").after(3)`.
pub trait Ready {
    fn id(self, id: &str) -> Self;
    fn after(self, after: u64) -> Self;
    fn again(self) -> Self;
}

impl Ready for Record {
    fn id(mut self, id: &str) -> Self {
        self.id = Some(id.parse().unwrap());
        self
    }

    fn after(mut self, after: u64) -> Self {
        self.after = Some(seq(after));
        self
    }

    fn again(mut self) -> Self {
        self.resend = true;
        self
    }
}
