//! Notices in inboxes: the one way into them, with its checks and its quota.

use std::sync::Arc;

use chinwag_chat::Ask;
use chinwag_ports::Appended;
use chinwag_proto::entry::Notice;
use chinwag_proto::rest::PutNotice;
use chinwag_proto::{ChatId, Content, Limits, Seq, UserId};
use serde::Deserialize;

use super::keys::NO_USER;
use super::reading::Reading;
use super::sending::{Request, Sending};
use super::throttle::PairThrottle;
use super::visibility::Visibility;
use super::{Caller, Failure};

/// Notices in inboxes.
pub struct Notices {
    reading: Arc<Reading>,
    sending: Arc<Sending>,
    visibility: Arc<Visibility>,
    /// Those of content, with the size that a notice may have.
    limits: Limits,
    quota: PairThrottle,
}

/// The one member of a notice that the server looks at.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Named {
    chat_id: ChatId,
}

impl Notices {
    pub(super) fn new(
        limits: &Limits,
        reading: Arc<Reading>,
        sending: Arc<Sending>,
        visibility: Arc<Visibility>,
    ) -> Self {
        let quota = PairThrottle::new(limits.notices_per_minute, limits.notices_per_inbox_per_minute);
        let limits = Limits { object_bytes: limits.notice_bytes, ..limits.clone() };
        Self { reading, sending, visibility, limits, quota }
    }

    /// Puts a notice into a user's inbox; answers its place there, and whether it stood there before.
    pub async fn put(&self, caller: Caller, user: UserId, body: PutNotice) -> Result<(Seq, bool), Failure> {
        let data = self.object(&body.data)?;
        self.quota.take(caller.user, user)?;
        let checked = self.check(caller, user, body.kind, &data).await;
        let request = Request {
            chat: ChatId::Inbox(user),
            id: body.client_message_id,
            resend: true,
            after: None,
            ask: Ask::Notice { notice: body.kind, data },
        };
        let appended = match checked {
            Ok(()) => self.sending.send(caller, request).await?,
            Err(failure) => self.sending.earlier(caller, request, failure).await?,
        };
        match appended {
            Appended::Committed(entry) => Ok((entry.seq, false)),
            Appended::Duplicate { seq, .. } => Ok((seq, true)),
            Appended::Rejected(refusal) => Err(refusal.into()),
        }
    }

    fn object(&self, data: &Content) -> Result<Content, Failure> {
        let data = Content::check(data.raw(), &self.limits)
            .map_err(|why| Failure::Invalid(format!("`data`: {why}")))?;
        let is_object = data.json().starts_with('{');
        is_object.then_some(data).ok_or_else(|| Failure::Invalid("`data` has to be an object".to_owned()))
    }

    async fn check(
        &self,
        caller: Caller,
        user: UserId,
        notice: Notice,
        data: &Content,
    ) -> Result<(), Failure> {
        if notice == Notice::Device {
            let own = user == caller.user;
            return if own {
                Ok(())
            } else {
                Err(Failure::Forbidden("`device` is for one's own inbox alone"))
            };
        }
        let Named { chat_id: chat } = serde_json::from_str(data.json())
            .map_err(|_| Failure::Invalid("`data.chatId` has to name the chat".to_owned()))?;
        if matches!(chat, ChatId::Inbox(_)) {
            return Err(Failure::Invalid("`data.chatId` has to name a direct chat or a group".to_owned()));
        }
        let access = self.reading.access(caller.user, chat).await?;
        if !self.visibility.exists(user).await? {
            return Err(NO_USER);
        }
        if self.visibility.blocks(user, caller.user).await? {
            return Err(Failure::Forbidden("this user does not take notices from you"));
        }
        let member = chat.names(user) || access.state.members.contains_key(&user);
        if notice == Notice::Welcome && !member {
            return Err(Failure::Forbidden("this user is not a member of the chat"));
        }
        Ok(())
    }
}
