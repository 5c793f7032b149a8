//! Records on their way into the ledger: what is checked before, and the request's fingerprint.
//!
//! Only directory state is checked here (does the receiver exist, does he block the sender); the rules
//! of the chat are the chat machine's.

use std::sync::Arc;

use chinwag_chat::{Ask, Fingerprint, RECORD_VERSION, Record, Refusal, RuleLimits};
use chinwag_ports::{Append, Appended, Clock, Cursors, Ledger, Mark, Origin, Pending, Reservations};
use chinwag_proto::entry::MembershipChange;
use chinwag_proto::rest::CreateChat;
use chinwag_proto::{Body, ChatId, ClientMessageId, GroupId, Limits, MessageId, Seq, UserId};

use super::ids::IdGenerator;
use super::visibility::Visibility;
use super::{Caller, Failure, Ports};

/// What a caller asks of a chat.
#[derive(Clone, Debug)]
pub struct Request {
    /// The chat.
    pub chat: ChatId,
    /// The client's own id.
    pub id: Option<ClientMessageId>,
    /// Whether it may have been asked before (always over REST).
    pub resend: bool,
    /// In encrypted chats: seq of the chat's last MLS commit record.
    pub after: Option<Seq>,
    /// What is asked.
    pub ask: Ask,
}

/// Records on their way into the ledger.
pub struct Sending {
    ledger: Arc<dyn Ledger>,
    cursors: Arc<dyn Cursors>,
    reservations: Arc<dyn Reservations>,
    clock: Arc<dyn Clock>,
    ids: Arc<IdGenerator>,
    visibility: Arc<Visibility>,
    rule_limits: RuleLimits,
    founders_max: usize,
}

impl Sending {
    pub(super) fn new(
        ports: &Ports,
        limits: &Limits,
        ids: Arc<IdGenerator>,
        visibility: Arc<Visibility>,
    ) -> Self {
        Self {
            ledger: Arc::clone(&ports.ledger),
            cursors: Arc::clone(&ports.cursors),
            reservations: Arc::clone(&ports.reservations),
            clock: Arc::clone(&ports.clock),
            ids,
            visibility,
            rule_limits: RuleLimits::from(limits),
            founders_max: limits.members_per_call,
        }
    }

    /// Checks a request and puts it into the ledger's order. Whoever awaits this call before making the
    /// next has his records take their seqs in that order; the answer itself may be awaited later.
    pub async fn submit(
        &self,
        caller: Caller,
        request: Request,
        origin: Option<Origin>,
    ) -> Result<Pending, Failure> {
        match self.check(caller.user, request.chat, &request.ask).await {
            Ok(()) => {
                let message_id = self.ids.message().await?;
                Ok(self.append(caller, request, message_id, origin))
            }
            Err(failure) => {
                // Rare: boxed, so that no other send makes room for it.
                let earlier = Box::pin(self.earlier(caller, request, failure)).await?;
                Ok(Box::pin(std::future::ready(Ok(earlier))))
            }
        }
    }

    /// What a request came to that was made before it would be refused (the receiver has blocked the
    /// sender since, or is gone): the first result stands for ever. Otherwise the failure.
    pub(super) async fn earlier(
        &self,
        caller: Caller,
        request: Request,
        failure: Failure,
    ) -> Result<Appended, Failure> {
        let may_be_known = request.id.is_some() && !matches!(failure, Failure::Unavailable(_));
        if !may_be_known {
            return Err(failure);
        }
        // No chat has this commit: the chat's rules recognise such a record, and never accept it.
        let record = self.record(caller, request, self.ids.message().await?);
        let record = Record { after: Some(Seq::clamped(u64::MAX)), ..record };
        match self.ledger.append(Append { record, origin: None }).await? {
            duplicate @ Appended::Duplicate { .. } => Ok(duplicate),
            Appended::Rejected(conflict @ Refusal::IdempotencyConflict) => Err(conflict.into()),
            _ => Err(failure),
        }
    }

    /// Not async, so that nobody who awaits it holds the request twice.
    fn append(
        &self,
        caller: Caller,
        request: Request,
        message_id: MessageId,
        origin: Option<Origin>,
    ) -> Pending {
        let record = self.record(caller, request, message_id);
        let pending = self.ledger.append(Append { record, origin });
        let (cursors, user) = (Arc::clone(&self.cursors), caller.user);
        Box::pin(async move {
            let appended = pending.await?;
            // Whoever writes has read what stands above.
            if let Appended::Committed(entry) = &appended
                && matches!(entry.body, Body::Message { .. })
            {
                let mark = Mark { read: entry.seq, delivered: entry.seq };
                if let Err(why) = cursors.raise(entry.chat_id, user, mark).await {
                    tracing::debug!(reason = %why, "the sender's own mark was not raised");
                }
            }
            Ok(appended)
        })
    }

    /// Submits and waits for the outcome; a refusal is a failure.
    pub async fn send(&self, caller: Caller, request: Request) -> Result<Appended, Failure> {
        match self.submit(caller, request, None).await?.await? {
            Appended::Rejected(refusal) => Err(refusal.into()),
            appended => Ok(appended),
        }
    }

    /// Makes a group: answers its id and the seq of its first entry.
    pub async fn create_group(
        &self,
        caller: Caller,
        body: CreateChat,
    ) -> Result<(ChatId, Appended), Failure> {
        let mut members = body.members;
        members.retain(|&user| user != caller.user);
        members.sort_unstable();
        members.dedup();
        if members.len() > self.founders_max {
            return Err(Failure::Invalid(format!("`members` has at most {} users", self.founders_max)));
        }
        let ask =
            Ask::Create { title: body.title, members, encryption: body.encryption, history: body.history };
        let mut group = self.ids.group().await?;
        let mut begun = false;
        if let Some(id) = &body.client_message_id {
            (group, begun) = self.reserve(caller.user, id, group, self.fingerprint(None, &ask)).await?;
        }
        let chat = ChatId::Group(group);
        if !begun {
            self.check(caller.user, chat, &ask).await?;
        }
        let request = Request { chat, id: body.client_message_id, resend: true, after: None, ask };
        let message_id = self.ids.message().await?;
        match self.append(caller, request, message_id, None).await? {
            Appended::Rejected(refusal) => Err(refusal.into()),
            appended => Ok((chat, appended)),
        }
    }

    /// The group reserved for the client's id, and whether it has begun: then the chat's own rules tell a
    /// retry from another request. One that was refused has not, and its id may be used again.
    async fn reserve(
        &self,
        user: UserId,
        id: &ClientMessageId,
        group: GroupId,
        fingerprint: Fingerprint,
    ) -> Result<(GroupId, bool), Failure> {
        let reserved = self.reservations.reserve(user, id, group, fingerprint).await?.group;
        if reserved == group {
            return Ok((group, false));
        }
        let begun = matches!(self.ledger.heads(&[ChatId::Group(reserved)]).await?.as_slice(), [Some(_)]);
        Ok((reserved, begun))
    }

    async fn check(&self, sender: UserId, chat: ChatId, ask: &Ask) -> Result<(), Failure> {
        match ask {
            Ask::Message { .. } | Ask::Edit { .. } | Ask::React { .. } | Ask::Mls { .. } => {
                self.check_peer(sender, chat).await?;
                if let Ask::Mls { changes, .. } = ask {
                    let added = changes.iter().filter(|change| change.change == MembershipChange::Added);
                    Box::pin(self.check_added(sender, added.map(|change| change.user_id))).await?;
                }
                Ok(())
            }
            Ask::Create { members, .. } => Box::pin(self.check_added(sender, members.iter().copied())).await,
            Ask::Add { users } => Box::pin(self.check_added(sender, users.iter().copied())).await,
            _ => Ok(()),
        }
    }

    /// In a direct chat: the other user is there and does not block the sender.
    pub(super) async fn check_peer(&self, sender: UserId, chat: ChatId) -> Result<(), Failure> {
        let Some(peer) = chat.peer(sender) else {
            return Ok(());
        };
        if peer == sender {
            return Ok(());
        }
        if !self.visibility.exists(peer).await? {
            return Err(Failure::NotFound("there is no such user"));
        }
        if self.visibility.blocks(peer, sender).await? {
            return Err(Failure::Forbidden("this user does not take messages from you"));
        }
        Ok(())
    }

    /// Every user who is to become a member is there and does not block the sender.
    async fn check_added(&self, sender: UserId, users: impl Iterator<Item = UserId>) -> Result<(), Failure> {
        for user in users.filter(|&user| user != sender) {
            if !self.visibility.exists(user).await? {
                return Err(Failure::NotFound("one of the users does not exist; nobody was added"));
            }
            if self.visibility.blocks(user, sender).await? {
                return Err(Failure::Forbidden("one of the users cannot be added by you; nobody was added"));
            }
        }
        Ok(())
    }

    fn record(&self, caller: Caller, request: Request, message_id: MessageId) -> Record {
        Record {
            v: RECORD_VERSION,
            chat: request.chat,
            sender: caller.user,
            device: caller.device,
            fingerprint: self.fingerprint(request.after, &request.ask),
            id: request.id,
            resend: request.resend,
            message_id,
            created_at: self.clock.now(),
            after: request.after,
            limits: self.rule_limits,
            ask: request.ask,
        }
    }

    /// The request's fingerprint: kind and all that it asks, content in RFC 8785 form. `after` counts
    /// only where it is what is asked (an encrypted record is resent byte for byte, `after` included).
    fn fingerprint(&self, after: Option<Seq>, ask: &Ask) -> Fingerprint {
        let parts = request_parts(after, ask);
        self.ledger.fingerprint_key().request(parts.iter().map(Vec::as_slice))
    }
}

fn request_parts(after: Option<Seq>, ask: &Ask) -> Vec<Vec<u8>> {
    let seq = |seq: Seq| seq.get().to_be_bytes().to_vec();
    let maybe = |at: Option<Seq>| at.map_or_else(Vec::new, seq);
    let text = |text: &str| text.as_bytes().to_vec();
    let users = |users: &[UserId]| {
        let mut users = users.to_vec();
        users.sort_unstable();
        users.dedup();
        users.iter().flat_map(|user| user.get().to_be_bytes()).collect::<Vec<u8>>()
    };
    let mut parts = match ask {
        Ask::Create { title, members, encryption, history } => vec![
            text("create"),
            title.as_ref().map_or_else(Vec::new, |title| text(title.as_str())),
            users(members),
            format!("{encryption:?} {history:?}").into_bytes(),
        ],
        Ask::Message { content, reply_to } => vec![text("message"), content.canonical(), maybe(*reply_to)],
        Ask::Edit { target, content } => vec![text("edit"), seq(*target), content.canonical()],
        Ask::Delete { target } => vec![text("delete"), seq(*target)],
        Ask::React { target, key, on } => {
            vec![text("react"), seq(*target), text(key.as_str()), vec![u8::from(*on)]]
        }
        Ask::Add { users: added } => vec![text("add"), users(added)],
        Ask::Remove { user } => vec![text("remove"), users(&[*user])],
        Ask::SetRole { user, role } => vec![text("role"), users(&[*user]), format!("{role:?}").into_bytes()],
        Ask::Update { title, history, who_may_add } => vec![
            text("update"),
            title.as_ref().map_or_else(Vec::new, |title| text(title.as_str())),
            format!("{history:?} {who_may_add:?}").into_bytes(),
        ],
        Ask::Mls { changes, data } => {
            vec![text("mls"), data.canonical(), format!("{changes:?}").into_bytes()]
        }
        Ask::Notice { notice, data } => vec![text(notice.kind()), data.canonical()],
    };
    parts.push(maybe(after));
    parts
}
