//! Messages, edits, deletions and reactions: what they may stand on.

use chinwag_proto::{Body, ChatId, Content, ReactionKey, Role, Seq};

use super::Chat;
use super::decide::{Asker, Stop};
use crate::outcome::Refusal;
use crate::past::{Past, Target};

impl Chat {
    pub(super) fn decide_message(
        &self,
        asker: Asker<'_>,
        content: &Content,
        reply_to: Option<Seq>,
        past: &Past,
    ) -> Result<Body, Stop> {
        if let Some(asked) = reply_to {
            self.standing_message(asker, asked, past.reply_to.as_ref())?;
        }
        Ok(Body::Message { content: Some(content.clone()), reply_to })
    }

    pub(super) fn decide_edit(
        &self,
        asker: Asker<'_>,
        target: Seq,
        content: &Content,
        past: &Past,
    ) -> Result<Body, Stop> {
        self.check_begun()?;
        let message = self.standing_message(asker, target, past.target.as_ref())?;
        if message.sender != asker.record.sender {
            return Err(Refusal::Forbidden("only its sender edits a message").into());
        }
        Ok(Body::Edit { target, content: Some(content.clone()) })
    }

    /// Deleting what is deleted answers as the first time, to whoever might have done it.
    pub(super) fn decide_delete(&self, asker: Asker<'_>, target: Seq, past: &Past) -> Result<Body, Stop> {
        self.check_begun()?;
        let message = self.message(asker, target, past.target.as_ref())?;
        let moderates = matches!(self.id, ChatId::Group(_)) && asker.member.role >= Role::Admin;
        if message.sender != asker.record.sender && !moderates {
            return Err(Refusal::Forbidden(
                "only its sender, or an owner or admin of the group, deletes a message",
            )
            .into());
        }
        match deleted(asker, message) {
            Some(by) => Err(Stop::Duplicate(by)),
            None => Ok(Body::Delete { target }),
        }
    }

    /// Taking back what never stood makes an entry, but counts as no use of the key.
    pub(super) fn decide_react(
        &self,
        asker: Asker<'_>,
        target: Seq,
        key: &ReactionKey,
        on: bool,
        past: &Past,
    ) -> Result<Body, Stop> {
        self.check_begun()?;
        let message = self.standing_message(asker, target, past.target.as_ref())?;
        let mut used = message.keys.iter().filter(|(_, offset)| *offset < asker.offset);
        let is_new = !used.clone().any(|(known, _)| known == key);
        let limit = usize::try_from(asker.record.limits.reaction_keys).unwrap_or(usize::MAX);
        if on && is_new && (limit == 0 || used.nth(limit - 1).is_some()) {
            return Err(
                Refusal::Invalid("this message has as many different reactions as it may have").into()
            );
        }
        Ok(Body::Reaction { target, key: key.clone(), on })
    }

    fn check_begun(&self) -> Result<(), Refusal> {
        if self.head.seq == Seq::ZERO { Err(Refusal::NoChat) } else { Ok(()) }
    }

    /// The message as it was before the record, if the sender may see it.
    fn message<'a>(
        &self,
        asker: Asker<'_>,
        asked: Seq,
        row: Option<&'a Target>,
    ) -> Result<&'a Target, Refusal> {
        row.filter(|row| row.seq == asked && row.is_message && row.offset < asker.offset)
            .filter(|row| row.seq >= asker.member.since && row.seq <= self.head.seq)
            .ok_or(Refusal::NoTarget)
    }

    /// The same, if it was not deleted.
    fn standing_message<'a>(
        &self,
        asker: Asker<'_>,
        asked: Seq,
        row: Option<&'a Target>,
    ) -> Result<&'a Target, Refusal> {
        let message = self.message(asker, asked, row)?;
        if deleted(asker, message).is_some() { Err(Refusal::NoTarget) } else { Ok(message) }
    }
}

/// The entry that deleted a message, if that was before the record.
fn deleted(asker: Asker<'_>, message: &Target) -> Option<Seq> {
    message.deleted.filter(|(_, offset)| *offset < asker.offset).map(|(by, _)| by)
}
