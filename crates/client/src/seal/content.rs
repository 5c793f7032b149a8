//! Opening and sealing content, with the keys of epochs that are in memory.

use chinwag_e2ee::content::{
    self, ChainHead, Draft, EpochKey, Header, Kind, Plain, SealFailure, Sealer, Target,
};
use chinwag_e2ee::group::{Standing, Wish};
use chinwag_proto::entry::{Body, Encryption};
use chinwag_proto::{ChatId, Content, Entry, Seq};

use super::rows::Mark;
use super::sealing::{Asked, Sealing};
use super::{Cause, Opened, Sealed, ToSeal};
use crate::event::Record;
use crate::store::{self, Row};

/// Digests and keys in memory; beyond, they are read again.
const KEPT_MAX: usize = 4_096;

fn cause(word: &str) -> Cause {
    Cause::Other(word.to_owned())
}

impl Sealing {
    pub(super) fn open_content(&mut self, entry: &Entry, content: &Content) -> Opened {
        let chat = entry.chat_id;
        let Some(position) = self.marks.get(&chat).map(|mark| mark.position) else {
            return if content.is_sealed() { Opened::NotYet } else { Opened::Content(content.clone()) };
        };
        if position < entry.seq {
            self.load_room(chat);
            return Opened::NotYet;
        }
        let target = match &entry.body {
            Body::Message { reply_to: Some(target), .. } | Body::Edit { target, .. } => {
                match self.digest(chat, *target) {
                    Some(target) => target,
                    None => return Opened::NotYet,
                }
            }
            _ => Target::None,
        };
        match self.opened(entry, content, target) {
            Ok(opened) => Opened::Content(opened.plain.content),
            // The backup may have what is missing.
            Err(why) if why.may_heal() && !self.has_read_backup() => Opened::NotYet,
            Err(why) => Opened::Unreadable(cause(why.as_str())),
        }
    }

    fn opened(
        &mut self,
        entry: &Entry,
        content: &Content,
        target: Target,
    ) -> Result<content::Opened, content::Cause> {
        let chat = entry.chat_id;
        if self.epoch_keys.len() > KEPT_MAX {
            self.epoch_keys.clear();
        }
        let epochs = self.epochs.get(&chat).ok_or(content::Cause::NoEpochKey)?;
        let epoch = epochs.in_force(entry.seq).ok_or(content::Cause::NoEpochKey)?;
        let leaf = epochs.sender(epoch.commit, entry.sender_id, entry.device_id);
        let key = self.epoch_keys.entry((chat, epoch.commit)).or_insert_with(|| EpochKey::new(&epoch.secret));
        content::open(entry, content, epoch, key, leaf, target)
    }

    /// What is inside a message that answers none.
    pub(super) fn look_into(&mut self, entry: &Entry, content: &Content) -> Result<Plain, content::Cause> {
        self.opened(entry, content, Target::None).map(|opened| opened.plain)
    }

    pub(super) fn note_digest(&mut self, entry: &Entry) {
        if self.digests.len() > KEPT_MAX {
            self.digests.clear();
        }
        if matches!(entry.body, Body::Message { .. }) {
            self.digests.insert((entry.chat_id, entry.seq), entry.digest);
        }
    }

    /// The digest of a message, if it is in memory; else it is asked for.
    fn digest(&mut self, chat: ChatId, seq: Seq) -> Option<Target> {
        match self.digests.get(&(chat, seq)) {
            Some(Some(digest)) => Some(Target::Known(*digest)),
            Some(None) => Some(Target::Unknown),
            None => {
                self.load(Asked::Digest(chat, seq), store::entries(chat, seq, seq));
                None
            }
        }
    }

    pub(super) fn on_digest_loaded(&mut self, chat: ChatId, seq: Seq, rows: &[Row]) {
        let entry = rows.first().and_then(|(_, value)| serde_json::from_str::<Entry>(value).ok());
        self.digests.insert((chat, seq), entry.and_then(|entry| entry.digest));
        self.wants.unsealed.push(chat);
    }

    pub(super) fn seal_record(&mut self, asked: ToSeal<'_>) -> Sealed {
        let chat = asked.chat;
        let encrypted = self.marks.contains_key(&chat) || asked.stand.encryption == Encryption::Mls;
        if !encrypted {
            let begins = matches!(chat, ChatId::Direct(..)) && asked.stand.last == Seq::ZERO;
            if !begins || self.plain.contains(&chat) {
                return Sealed::AsItIs;
            }
            return self.begin_direct(chat, asked);
        }
        let (content, target, reply) = match asked.record {
            Record::Message { content, reply_to } => (content, None, *reply_to),
            Record::Edit { target, content } => (content, Some(*target), None),
            Record::Delete { .. } => return Sealed::AsItIs,
            Record::React { .. } => return Sealed::Refused(cause("reactions")),
        };
        let refers = target.or(reply);
        let refers = match refers.map(|seq| self.digest(chat, seq)) {
            None => None,
            Some(None) => return Sealed::NotYet,
            Some(Some(Target::Known(digest))) => Some(digest),
            Some(Some(_)) => return Sealed::Refused(cause("target_unknown")),
        };
        if !self.may_send(chat, &asked) {
            return Sealed::NotYet;
        }
        let kind = if target.is_some() { Kind::Edit } else { Kind::Message };
        let (target, reply) = if target.is_some() { (refers, None) } else { (None, refers) };
        let draft = Draft { content, sent_at_ms: asked.at_ms, target, reply };
        self.seal_draft(chat, &asked, kind, &draft).unwrap_or(Sealed::NotYet)
    }

    /// Whether the log is followed to its head and the group is in step with its members.
    fn may_send(&mut self, chat: ChatId, asked: &ToSeal<'_>) -> bool {
        if !self.is_ready() {
            return false;
        }
        self.load_room(chat);
        let position = self.marks.get(&chat).map_or(Seq::ZERO, |mark| mark.position);
        let connection = self.connection;
        let Some(room) = self.rooms.get_mut(&chat).filter(|room| room.loaded) else { return false };
        let here = asked.stand.caught_up && position >= asked.stand.last && room.queue.is_empty();
        let Some(group) = &room.group else { return false };
        let free = room.staging.is_idle() && matches!(group.outgoing(), Ok(None));
        if !here || !free || group.standing() != Standing::InStep {
            return false;
        }
        if room.staging.checked != connection || connection == 0 {
            room.staging.check = true;
            return false;
        }
        let Ok(facts) = group.facts() else { return false };
        !facts.members.iter().any(|member| self.known.get(&member.user).is_some_and(|known| known.contested))
    }

    fn seal_draft(
        &mut self,
        chat: ChatId,
        asked: &ToSeal<'_>,
        kind: Kind,
        draft: &Draft<'_>,
    ) -> Option<Sealed> {
        let room = self.rooms.get(&chat)?;
        let group = room.group.as_ref()?;
        let epoch = self.epochs.get(&chat)?.at(group.began())?;
        let key = EpochKey::new(&epoch.secret);
        let after = group.after();
        let header = Header {
            group: epoch.group,
            epoch: epoch.epoch,
            after,
            chat,
            user: self.me,
            device: self.device,
            id: asked.id.clone(),
            kind,
        };
        let head = ChainHead::from(self.chain(self.me)?.pin());
        let by = Sealer { keys: &self.keys, head, seen: room.log.seen(), other: None };
        Some(match content::seal(&key, &header, draft, by, &mut *self.random) {
            Ok(content) => Sealed::Content { content, after: Some(after) },
            Err(SealFailure::TooLarge) => Sealed::Refused(cause("too_large")),
        })
    }

    /// A direct chat without an entry begins encrypted, unless the user says otherwise.
    fn begin_direct(&mut self, chat: ChatId, asked: ToSeal<'_>) -> Sealed {
        if !asked.stand.caught_up || self.connection == 0 {
            return Sealed::NotYet;
        }
        if !self.is_ready() {
            let known = self.known.get(&self.me).is_some_and(|known| known.fresh);
            return if known { Sealed::Refused(cause("not_set_up")) } else { Sealed::NotYet };
        }
        let me = self.me;
        let room = self.rooms.entry(chat).or_default();
        room.loaded = true;
        if let Some(why) = room.staging.refused.take() {
            return Sealed::Refused(Cause::Other(why));
        }
        if room.group.is_none() && room.staging.wish.is_none() {
            room.log = content::LogHash::from_the_start();
            room.changed = true;
            let add_users = chat.peer(me).filter(|peer| *peer != me).into_iter().collect();
            room.staging.set(Some(Wish { found: true, add_users, ..Wish::default() }));
            self.marks.insert(chat, Mark::default());
        }
        Sealed::NotYet
    }
}
