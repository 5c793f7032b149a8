//! Following the log: what becomes of each entry.

use chinwag_proto::{BlobName, Body, Entry, MembershipChange, UserId};
use openmls::framing::{MlsMessageBodyIn, MlsMessageIn, ProcessedMessageContent, ProtocolMessage, Sender};
use openmls::group::StagedCommit;
use openmls::prelude::OpenMlsProvider as _;
use openmls::prelude::tls_codec::Deserialize as _;

use super::data::{Blobs, Data, Kind, Seen};
use super::epoch::{EpochRecord, changes};
use super::event::{self, Event};
use super::facts::Facts;
use super::found::{self, Taken, check_sender, part, take};
use super::rules::{self, By, Leaves, Proposed};
use super::staged::{proposed, who};
use super::state::{Group, GroupError, Standing};
use super::verdict::{Meaning, OutOfStep, Void, meaning};
use super::wish::Wish;

/// What became of an `mls` record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It counts, and this device follows. `own`: it is the record that was on its way.
    Counts {
        /// Whether this device made it.
        own: bool,
    },
    /// It counts for nobody.
    Void(Void),
    /// It counts, but this device cannot follow, or could not before already.
    OutOfStep(OutOfStep),
    /// It counts and this device, or its user, is not in the group any more; or another group takes its
    /// place. Forget this one; if the record has a Welcome for this device, join.
    Out,
    /// Blobs are needed first: nothing has been decided, hand the entry in again with them.
    NeedsBlobs(Vec<BlobName>),
}

/// What an entry has brought about.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What became of the `mls` record; `None` for entries of other kinds.
    pub verdict: Option<Verdict>,
    /// The key and leaves of the epoch that began: to be put in the backup, in the same batch.
    pub epoch: Option<EpochRecord>,
    /// What has changed.
    pub events: Vec<Event>,
    /// What the sender of a commit has seen of the log, to be held against one's own.
    pub seen: Option<Seen>,
    /// The own record that can never stand in the log any more: look at its wish again.
    pub dropped: Option<Wish>,
}

impl Outcome {
    pub(super) fn new(verdict: Option<Verdict>) -> Self {
        Self { verdict, epoch: None, events: Vec::new(), seen: None, dropped: None }
    }
}

/// A commit that passed MLS, or of which at least the public part did.
enum Passed {
    /// The one that is pending here.
    Own,
    /// Another's, with what is needed to follow.
    Whole(Box<StagedCommit>),
    /// It counts as far as anybody can see, but not for this device.
    Public(OutOfStep),
}

impl Group {
    /// Takes in the next entry of the chat. Entries come in the order of seq; one that was seen already
    /// changes nothing. On an error nothing was decided: drop the group and load it again.
    pub fn process(&mut self, entry: &Entry, blobs: &Blobs) -> Result<Outcome, GroupError> {
        if entry.chat_id != self.state.chat {
            return Err(GroupError::Order);
        }
        if entry.seq <= self.state.seen {
            return Ok(Outcome::new(None));
        }
        let outcome = match &entry.body {
            Body::Mls { .. } => self.process_mls(entry, blobs),
            Body::Member { changes } => {
                let left = |change: &&chinwag_proto::MemberChange| {
                    change.change == MembershipChange::Left && change.user_id == entry.sender_id
                };
                let left: Vec<UserId> = changes.iter().filter(left).map(|change| change.user_id).collect();
                self.somebody_left(&left)
            }
            _ => Ok(Outcome::new(None)),
        };
        match outcome {
            Ok(outcome) if matches!(outcome.verdict, Some(Verdict::NeedsBlobs(_))) => Ok(outcome),
            Ok(outcome) => {
                self.state.seen = entry.seq;
                self.keep()?;
                Ok(outcome)
            }
            Err(error) => {
                self.go_back()?;
                Err(error)
            }
        }
    }

    /// A blob of this `mls` entry cannot be had: it is passed over, and this device is out of step.
    pub fn give_up(&mut self, entry: &Entry) -> Result<Outcome, GroupError> {
        self.state.seen = entry.seq;
        self.state.after = entry.seq;
        let dropped = self.forget_pending()?;
        self.state.set_standing(Standing::OutOfStep(OutOfStep::Blob));
        self.keep()?;
        Ok(Outcome { dropped, ..Outcome::new(Some(Verdict::OutOfStep(OutOfStep::Blob))) })
    }

    fn somebody_left(&mut self, users: &[UserId]) -> Result<Outcome, GroupError> {
        let standing = self.standing();
        if !matches!(standing, Standing::InStep | Standing::OutOfStep(_) | Standing::ComingBack) {
            return Ok(Outcome::new(None));
        }
        let facts = self.facts()?;
        let gone = users.iter().filter(|user| facts.member(**user).is_some()).count();
        self.state.gone.extend(users.iter().filter(|user| facts.member(**user).is_some()));
        // A re-join says who has left; one that says too little is void for all others.
        if standing != Standing::ComingBack || gone == 0 {
            return Ok(Outcome::new(None));
        }
        let dropped = self.forget_pending()?;
        self.state.set_standing(Standing::OutOfStep(OutOfStep::LostState));
        Ok(Outcome { dropped, ..Outcome::new(None) })
    }

    fn process_mls(&mut self, entry: &Entry, blobs: &Blobs) -> Result<Outcome, GroupError> {
        let taken = match take(entry) {
            Ok(taken) => taken,
            Err(void) => return self.pass(entry, Verdict::Void(void)),
        };
        if taken.around.after != self.state.after {
            return self.pass(entry, Verdict::Void(Void::NotNext));
        }
        let missing: Vec<_> =
            taken.data.blobs().into_iter().filter(|name| !blobs.contains_key(name)).collect();
        match self.standing() {
            _ if self.is_own(entry) => self.own(entry, &taken, blobs),
            _ if !missing.is_empty() => Ok(Outcome::new(Some(Verdict::NeedsBlobs(missing)))),
            Standing::InStep => self.judge(entry, &taken, blobs),
            Standing::Founding => {
                let verdict = match found::judge_create(entry, blobs) {
                    Ok(_) => Verdict::Out,
                    Err(void) => Verdict::Void(void),
                };
                self.pass(entry, verdict)
            }
            Standing::ComingBack => {
                self.state.set_standing(Standing::OutOfStep(OutOfStep::LostState));
                self.pass(entry, Verdict::OutOfStep(OutOfStep::LostState))
            }
            Standing::OutOfStep(_) if taken.data.kind == Kind::Reset => self.judge(entry, &taken, blobs),
            Standing::OutOfStep(why) => {
                // Whether it counts cannot be told from here; the next base of a re-join tells.
                self.pass(entry, Verdict::OutOfStep(why))
            }
            Standing::Out => self.pass(entry, Verdict::Out),
        }
    }

    /// The record takes its place in the log; whatever of this device stood on the same place is dropped.
    pub(super) fn pass(&mut self, entry: &Entry, verdict: Verdict) -> Result<Outcome, GroupError> {
        self.state.after = entry.seq;
        let dropped = self.forget_pending()?;
        if verdict == Verdict::Out {
            self.state.set_standing(Standing::Out);
        }
        Ok(Outcome { dropped, ..Outcome::new(Some(verdict)) })
    }

    fn forget_pending(&mut self) -> Result<Option<Wish>, GroupError> {
        self.mls.clear_pending_commit(self.provider.storage())?;
        if let Some(id) = self.state.pending.as_ref().and_then(|pending| pending.group) {
            self.delete_mls(&id)?;
        }
        self.drop_pending()
    }

    pub(super) fn is_own(&self, entry: &Entry) -> bool {
        match (&self.state.pending, &entry.body) {
            (Some(pending), Body::Mls { data, changes }) => {
                let own = pending.content().map(|own| own.canonical());
                own == Ok(data.canonical()) && pending.changes == *changes
            }
            _ => false,
        }
    }

    /// The record that was on its way stands in the log. It was judged before it was sent; who has left since
    /// may have made it void.
    fn own(&mut self, entry: &Entry, taken: &Taken<'_>, blobs: &Blobs) -> Result<Outcome, GroupError> {
        let kept = self.outgoing()?.map(|outgoing| outgoing.blobs).unwrap_or_default();
        let blobs = if kept.is_empty() { blobs.clone() } else { kept };
        match (self.standing(), taken.data.kind) {
            (Standing::Founding, _) => self.enter(entry, vec![Event::Founded], taken.data.seen),
            (Standing::ComingBack, _) => {
                let own = self.mls.own_leaf_node().map(super::suite::leaf_certificate);
                let own = own.ok_or(GroupError::Library)?.map_err(GroupError::Damaged)?;
                self.enter(entry, vec![Event::DeviceBack(own.user, own.device)], taken.data.seen)
            }
            (_, Kind::Reset) => {
                let (facts, leaves) = (self.facts()?, self.leaves()?);
                match self.check_reset(entry, taken, &blobs, &facts, &leaves) {
                    Ok(()) => self.enter_reset(entry, taken.data.seen),
                    Err(void) => self.pass(entry, Verdict::Void(void)),
                }
            }
            _ => self.judge(entry, taken, &blobs),
        }
    }

    /// The own group begins, or this device is back in it.
    pub(super) fn enter(
        &mut self,
        entry: &Entry,
        events: Vec<Event>,
        seen: Seen,
    ) -> Result<Outcome, GroupError> {
        self.mls.merge_pending_commit(&self.provider).map_err(|_| GroupError::Library)?;
        self.state.after = entry.seq;
        self.state.began = entry.seq;
        self.drop_pending()?;
        self.state.set_standing(Standing::InStep);
        let epoch = Some(self.whole_record()?);
        Ok(Outcome {
            verdict: Some(Verdict::Counts { own: true }),
            epoch,
            events,
            seen: Some(seen),
            dropped: None,
        })
    }

    fn judge(&mut self, entry: &Entry, taken: &Taken<'_>, blobs: &Blobs) -> Result<Outcome, GroupError> {
        let (facts, leaves) = (self.facts()?, self.leaves()?);
        let judged = match taken.data.kind {
            Kind::Commit | Kind::Join => self.judge_commit(entry, taken, blobs, &facts, &leaves)?,
            Kind::Create => Err(Void::NotNow),
            Kind::Reset => return self.judge_reset(entry, taken, blobs, &facts, &leaves),
        };
        match judged {
            Err(void) => self.pass(entry, Verdict::Void(void)),
            Ok((proposed, passed)) => self.follow(entry, taken, &facts, &leaves, &proposed, passed),
        }
    }

    /// V: public state, record → counts or not; and how far this device can follow.
    fn judge_commit(
        &mut self,
        entry: &Entry,
        taken: &Taken<'_>,
        blobs: &Blobs,
        facts: &Facts,
        leaves: &Leaves,
    ) -> Result<Result<(Proposed, Passed), Void>, GroupError> {
        let (message, chains) = match message(&taken.data, blobs) {
            Ok(message) => match found::chains(&taken.data, blobs) {
                Ok(chains) => (message, chains),
                Err(void) => return Ok(Err(void)),
            },
            Err(void) => return Ok(Err(void)),
        };
        let processed = self.mls.process_message(&self.provider, message.clone());
        let (processed, private) = match processed {
            Ok(processed) => (processed, None),
            Err(error) => match meaning(&error) {
                Meaning::Void => return Ok(Err(Void::Mls)),
                Meaning::Evicted => (
                    match self.public(message) {
                        Ok(processed) => processed,
                        Err(void) => return Ok(Err(void)),
                    },
                    Some(OutOfStep::LostState),
                ),
                Meaning::Store => return Err(GroupError::Library),
                Meaning::Private(why) => match self.public(message) {
                    Ok(processed) => (processed, Some(why)),
                    Err(void) => return Ok(Err(void)),
                },
            },
        };
        let sender = processed.sender().clone();
        let bound = processed.aad() == taken.data.bound(taken.around);
        let passed = match (processed.into_content(), private) {
            (ProcessedMessageContent::OwnPendingCommit, _) => Passed::Own,
            (ProcessedMessageContent::StagedCommitMessage(staged), None) => Passed::Whole(staged),
            (ProcessedMessageContent::StagedCommitMessage(staged), Some(why)) => {
                let judged = self.rules(entry, taken, facts, leaves, (&staged, &sender, bound, chains));
                return Ok(judged.map(|proposed| (proposed, Passed::Public(why))));
            }
            _ => return Ok(Err(Void::ForbiddenProposal)),
        };
        let staged = match &passed {
            Passed::Own => self.mls.pending_commit().ok_or(GroupError::Library)?,
            Passed::Whole(staged) => staged,
            Passed::Public(_) => return Err(GroupError::Library),
        };
        let judged = self.rules(entry, taken, facts, leaves, (staged, &sender, bound, chains));
        Ok(judged.map(|proposed| (proposed, passed)))
    }

    fn public(&self, message: ProtocolMessage) -> Result<openmls::framing::ProcessedMessage, Void> {
        self.mls.public_group().process_message(self.provider.crypto(), message).map_err(|_| Void::Mls)
    }

    fn rules(
        &self,
        entry: &Entry,
        taken: &Taken<'_>,
        facts: &Facts,
        leaves: &Leaves,
        (staged, sender, bound, chains): (&StagedCommit, &Sender, bool, super::evidence::Chains),
    ) -> Result<Proposed, Void> {
        let outside = matches!(sender, Sender::NewMemberCommit);
        if !bound || outside != (taken.data.kind == Kind::Join) {
            return Err(Void::NotBound);
        }
        let proposed = proposed(staged, sender, leaves, &taken.data, taken.around, chains)?;
        let committer = who(&proposed.by, leaves)?;
        check_sender(entry, committer)?;
        if !taken.data.is_signed_by(taken.around, committer) {
            return Err(Void::NotBound);
        }
        rules::check(self.before(facts, leaves), &proposed)?;
        Ok(proposed)
    }

    /// It counts: this device goes along as far as it can.
    fn follow(
        &mut self,
        entry: &Entry,
        taken: &Taken<'_>,
        facts: &Facts,
        leaves: &Leaves,
        proposed: &Proposed,
        passed: Passed,
    ) -> Result<Outcome, GroupError> {
        let was: Vec<_> = leaves.values().cloned().collect();
        let is = rules::after(leaves, proposed);
        let gone = self.state.gone.clone();
        let mut events = event::between(facts, &proposed.facts, &was, &is, |user| gone.contains(&user));
        if let By::Outside(device) = &proposed.by {
            events.retain(|event| !matches!(event, Event::DeviceAdded(..)));
            events.push(Event::DeviceBack(device.user, device.device));
        }
        let seen = Some(taken.data.seen);
        self.state.after = entry.seq;
        let own = matches!(passed, Passed::Own);
        let staged = match passed {
            Passed::Public(why) => {
                let dropped = self.forget_pending()?;
                self.state.set_standing(Standing::OutOfStep(why));
                let verdict = Some(Verdict::OutOfStep(why));
                return Ok(Outcome { verdict, epoch: None, events, seen, dropped });
            }
            Passed::Own => None,
            Passed::Whole(staged) => Some(staged),
        };
        let dropped = if own { None } else { self.state.pending.as_ref().map(|own| own.wish.clone()) };
        if matches!(proposed.by, By::Leaf(_)) {
            self.state.gone.clear();
        }
        self.state.began = entry.seq;
        let out = staged.as_ref().is_some_and(|staged| staged.self_removed());
        let secret = match &staged {
            _ if out => None,
            Some(staged) => Some(self.secret_of(staged)?),
            None => Some(self.secret_of(self.mls.pending_commit().ok_or(GroupError::Library)?)?),
        };
        match staged {
            None => self.mls.merge_pending_commit(&self.provider).map_err(|_| GroupError::Library)?,
            Some(staged) => {
                self.mls.merge_staged_commit(&self.provider, *staged).map_err(|_| GroupError::Library)?;
            }
        }
        if let Some(id) = self.state.pending.as_ref().and_then(|pending| pending.group) {
            self.delete_mls(&id)?;
        }
        self.drop_pending()?;
        if out {
            self.state.set_standing(Standing::Out);
            return Ok(Outcome { verdict: Some(Verdict::Out), epoch: None, events, seen, dropped });
        }
        let epoch = match secret {
            Some(secret) => Some(EpochRecord {
                group: self.state.group,
                epoch: self.epoch(),
                commit: self.state.began,
                secret,
                whole: false,
                changes: changes(leaves, &self.leaves()?),
            }),
            None => None,
        };
        Ok(Outcome { verdict: Some(Verdict::Counts { own }), epoch, events, seen, dropped })
    }
}

/// The commit's message; it must be a PublicMessage.
fn message(data: &Data, blobs: &Blobs) -> Result<ProtocolMessage, Void> {
    let bytes = part(&data.commit, blobs)?;
    match MlsMessageIn::tls_deserialize_exact(bytes).map(MlsMessageIn::extract) {
        Ok(MlsMessageBodyIn::PublicMessage(message)) => Ok(message.into()),
        _ => Err(Void::Mls),
    }
}
