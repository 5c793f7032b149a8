//! What becomes of a record: the checks that every record passes, in their order.

use chinwag_proto::entry::{ENTRY_VERSION, Encryption};
use chinwag_proto::{Body, ChatId, Entry, Seq};

use super::{Chat, MemberState, RECENT_ENTRIES, RULE_VERSION};
use crate::fingerprint::IdKey;
use crate::outcome::{Outcome, Refusal};
use crate::past::{Needs, Past};
use crate::record::{Ask, RECORD_VERSION, Record};

/// A record that makes no entry.
pub(super) enum Stop {
    /// It was one already, or asks for what is so already: the seq of the entry that made it so.
    Duplicate(Seq),
    /// It may not be.
    Refused(Refusal),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Stop> for Outcome {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Duplicate(seq) => Self::Duplicate { seq },
            Stop::Refused(refusal) => Self::Rejected(refusal),
        }
    }
}

/// What a sender is to the chat.
enum Standing {
    /// Nothing: the chat does not exist for him.
    Stranger,
    /// A member once.
    Former,
    /// A member now.
    Member(MemberState),
    /// Begins the group with this record.
    Founder,
    /// Puts a notice into an inbox; whether he may was checked by the route.
    Notifier,
}

/// A member and the offset of his record: what every decision about a target hangs on.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) offset: u64,
    pub(super) record: &'a Record,
    pub(super) member: MemberState,
}

impl Chat {
    pub(super) fn decide(
        &self,
        offset: u64,
        record: &Record,
        key: Option<IdKey>,
        past: &Past,
    ) -> Result<Body, Stop> {
        if record.chat != self.id {
            return Err(Refusal::NoChat.into());
        }
        let standing = self.standing(record);
        if let Standing::Stranger = standing {
            return Err(Refusal::NoChat.into());
        }
        self.check_decidable(record)?;
        if let Some((seq, same)) = self.earlier(offset, record, key, past) {
            return Err(match standing {
                _ if same => Stop::Duplicate(seq),
                Standing::Former => Refusal::NotMember.into(),
                _ => Refusal::IdempotencyConflict.into(),
            });
        }
        match standing {
            Standing::Stranger => Err(Refusal::NoChat.into()),
            Standing::Former => Err(Refusal::NotMember.into()),
            Standing::Founder => self.decide_create(record),
            Standing::Notifier => self.decide_notice(record),
            Standing::Member(member) => self.decide_member(Asker { offset, record, member }, past),
        }
    }

    /// A chat that is damaged, full, or under rules that this code does not know takes nothing.
    fn check_decidable(&self, record: &Record) -> Result<(), Refusal> {
        if self.head_invariant().is_err() {
            return Err(Refusal::Invalid(
                "this chat is damaged in the store; it takes nothing until it is restored",
            ));
        }
        if record.v != RECORD_VERSION || self.head.rule_version > RULE_VERSION {
            return Err(Refusal::Invalid("this server is too old for this record or chat"));
        }
        if Seq::new(self.head.seq.get().saturating_add(1)).is_none() {
            return Err(Refusal::Invalid("this chat is full"));
        }
        Ok(())
    }

    fn standing(&self, record: &Record) -> Standing {
        if matches!(self.id, ChatId::Inbox(_)) && matches!(record.ask, Ask::Notice { .. }) {
            return Standing::Notifier;
        }
        let begins = matches!(self.id, ChatId::Group(_)) && self.head.seq == Seq::ZERO;
        if begins {
            return if matches!(record.ask, Ask::Create { .. }) {
                Standing::Founder
            } else {
                Standing::Stranger
            };
        }
        match self.state.members.get(&record.sender) {
            Some(member) => Standing::Member(*member),
            None if self.state.former.contains_key(&record.sender) => Standing::Former,
            None => Standing::Stranger,
        }
    }

    /// The entry that the client's id made before, and whether by the same request.
    fn earlier(&self, offset: u64, record: &Record, key: Option<IdKey>, past: &Past) -> Option<(Seq, bool)> {
        let key = key?;
        if let Some((_, fingerprint, seq)) = self.recent.iter().rev().find(|(known, _, _)| *known == key) {
            return Some((*seq, *fingerprint == record.fingerprint));
        }
        let known = past.known.filter(|known| known.offset < offset)?;
        Some((known.seq, known.fingerprint == record.fingerprint))
    }

    fn decide_member(&self, asker: Asker<'_>, past: &Past) -> Result<Body, Stop> {
        self.check_kind(&asker.record.ask)?;
        self.check_encryption(asker.record)?;
        match &asker.record.ask {
            Ask::Message { content, reply_to } => self.decide_message(asker, content, *reply_to, past),
            Ask::Edit { target, content } => self.decide_edit(asker, *target, content, past),
            Ask::Delete { target } => self.decide_delete(asker, *target, past),
            Ask::React { target, key, on } => self.decide_react(asker, *target, key, *on, past),
            Ask::Add { users } => self.decide_add(asker, users),
            Ask::Remove { user } => self.decide_remove(asker, *user),
            Ask::SetRole { user, role } => self.decide_role(asker, *user, *role),
            Ask::Update { title, history, who_may_add } => {
                self.decide_update(asker, title.as_ref(), *history, *who_may_add)
            }
            Ask::Mls { changes, data } => {
                self.check_changes(asker, changes)?;
                Ok(Body::Mls { changes: changes.clone(), data: data.clone() })
            }
            Ask::Create { .. } | Ask::Notice { .. } => {
                Err(Refusal::Invalid("not for this kind of chat").into())
            }
        }
    }

    fn decide_notice(&self, record: &Record) -> Result<Body, Stop> {
        match &record.ask {
            Ask::Notice { notice, data } if record.after.is_none() => {
                Ok(Body::Notice { notice: *notice, data: data.clone() })
            }
            _ => Err(Refusal::Invalid("`after` belongs to encrypted chats").into()),
        }
    }

    /// Whether the kind of chat knows this kind of record.
    fn check_kind(&self, ask: &Ask) -> Result<(), Refusal> {
        let group = matches!(self.id, ChatId::Group(_));
        Err(Refusal::Invalid(match ask {
            _ if matches!(self.id, ChatId::Inbox(_)) => "an inbox takes notices only",
            Ask::Notice { .. } => "notices go to inboxes",
            Ask::Create { .. } if group => "this chat was begun already",
            Ask::Create { .. } => "only a group is begun so; a direct chat begins with its first message",
            Ask::Add { .. } | Ask::Remove { .. } | Ask::SetRole { .. } | Ask::Update { .. } if !group => {
                "a direct chat has no title and no settings, and its members are those of its id"
            }
            _ => return Ok(()),
        }))
    }

    /// Encryption never falls back, and everything that a client seals or commits stands on the last
    /// MLS record. A direct chat begins with an MLS record, or is plain for ever. Content and reactions that
    /// name no `after` were not made for an encrypted chat: `EncryptionRequired`; an MLS record without it is
    /// `Invalid`; deletions, leaving and settings may leave it out, but if they name one, it has to be the last.
    fn check_encryption(&self, record: &Record) -> Result<(), Refusal> {
        let begins = self.head.seq == Seq::ZERO;
        if self.state.settings.encryption == Encryption::None {
            return match record.ask {
                Ask::Mls { .. } if begins => self.check_epoch(record, NO_AFTER),
                Ask::Mls { .. } => {
                    Err(Refusal::Invalid("this chat is not encrypted and takes no MLS record"))
                }
                _ if record.after.is_some() => Err(Refusal::Invalid("`after` belongs to encrypted chats")),
                _ => Ok(()),
            };
        }
        match &record.ask {
            Ask::Message { content, .. } | Ask::Edit { content, .. } if !content.is_sealed() => {
                Err(Refusal::EncryptionRequired)
            }
            Ask::Message { .. } | Ask::Edit { .. } | Ask::React { .. } => {
                self.check_epoch(record, Refusal::EncryptionRequired)
            }
            Ask::Mls { .. } => self.check_epoch(record, NO_AFTER),
            Ask::Add { .. } | Ask::SetRole { .. } => Err(Refusal::EncryptionRequired),
            Ask::Remove { user } if *user != record.sender => Err(Refusal::EncryptionRequired),
            Ask::Update { title: Some(_), .. } => Err(Refusal::EncryptionRequired),
            _ if record.after.is_some() => self.check_epoch(record, NO_AFTER),
            _ => Ok(()),
        }
    }

    fn check_epoch(&self, record: &Record, missing: Refusal) -> Result<(), Refusal> {
        match record.after {
            None => Err(missing),
            Some(after) if after == self.head.mls_seq => Ok(()),
            Some(_) => Err(Refusal::StaleEpoch { after: self.head.mls_seq }),
        }
    }

    /// The entry that an accepted record becomes.
    pub(super) fn entry(&self, record: &Record, body: Body) -> Entry {
        let is_message = matches!(body, Body::Message { .. });
        let encrypted = match &body {
            Body::Mls { .. } => true,
            Body::Chat(change) if change.encryption == Some(Encryption::Mls) => true,
            _ => self.state.settings.encryption == Encryption::Mls,
        };
        let mut entry = Entry {
            v: ENTRY_VERSION,
            chat_id: self.id,
            seq: self.head.seq.next(),
            n: self.head.n.saturating_add(u64::from(is_message)),
            message_id: record.message_id,
            sender_id: record.sender,
            device_id: record.device,
            client_message_id: record.id.clone(),
            created_at: record.created_at,
            after: record.after,
            digest: None,
            body,
        };
        if encrypted {
            entry.digest = entry.compute_digest();
        }
        entry
    }

    pub(super) fn what_is_needed(&self, record: &Record, key: Option<IdKey>) -> Needs {
        let mut needs = Needs::default();
        let standing = if record.chat == self.id { self.standing(record) } else { Standing::Stranger };
        let in_memory = key.is_some_and(|key| self.recent.iter().any(|(known, _, _)| *known == key));
        if matches!(standing, Standing::Stranger | Standing::Founder) || in_memory {
            return needs;
        }
        needs.id = key.is_some() && record.resend && self.head.seq.get() > RECENT_ENTRIES;
        if let Standing::Member(member) = standing {
            let in_sight = |seq: &Seq| *seq >= member.since && *seq <= self.head.seq;
            match &record.ask {
                Ask::Message { reply_to, .. } => needs.reply_to = reply_to.filter(in_sight),
                Ask::Edit { target, .. } | Ask::Delete { target } | Ask::React { target, .. } => {
                    needs.target = Some(*target).filter(in_sight);
                }
                _ => {}
            }
        }
        needs
    }
}

const NO_AFTER: Refusal =
    Refusal::Invalid("`after` names the chat's last MLS commit record, 0 where there is none");
