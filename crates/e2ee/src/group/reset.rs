//! A new group in place of one that nobody can follow.

use chinwag_proto::{Entry, UserId};
use openmls::group::{GroupId, MlsGroup};

use super::data::{Around, BasedOn, Blobs, Data, GROUP_ID_BYTES, Kind, Seen};
use super::event::Event;
use super::facts::Facts;
use super::found::{Founding, Taken, founded, make, pending_leaves};
use super::process::{Outcome, Verdict};
use super::rules::{self, Leaves};
use super::stage::{NOTHING_SEEN, StageError, Supply, verify};
use super::state::{Group, GroupError, Standing};
use super::storage::Provider;
use super::suite::Me;
use super::verdict::Void;
use super::wish::Wish;
use openmls::prelude::OpenMlsProvider as _;

impl Group {
    /// The last resort, for an owner or admin, in a direct chat for either user: a new group with the agreed
    /// members, less those of `remove`. `supply` has the chain of each who stays and what key packages there
    /// are. In step or out of it; the record is then on its way.
    pub fn reset(&mut self, me: Me<'_>, remove: &[UserId], supply: &Supply) -> Result<(), StageError> {
        if !matches!(self.standing(), Standing::InStep | Standing::OutOfStep(_))
            || self.state.pending.is_some()
        {
            return Err(StageError::NotNow);
        }
        match self.try_reset(me, remove, supply) {
            Ok(()) => Ok(self.keep()?),
            Err(error) => {
                self.go_back()?;
                Err(error)
            }
        }
    }

    fn try_reset(&mut self, me: Me<'_>, remove: &[UserId], supply: &Supply) -> Result<(), StageError> {
        let (facts, leaves) = (self.facts()?, self.leaves()?);
        let chains = verify(&supply.chains)?;
        let gone = &self.state.gone;
        let mut next = facts.without(|user| gone.contains(&user) || remove.contains(&user));
        for member in &mut next.members {
            member.pin = chains.get(&member.user).ok_or(StageError::NeedsChain(member.user))?.pin();
        }
        let after = self.state.after;
        let data = Data::new(Kind::Reset, supply.seen.unwrap_or(NOTHING_SEEN));
        let Founding { id, mls, mut data } = make(&self.provider, me, &next, supply, data, after)?;
        data.based_on = Some(BasedOn { group: self.state.group.to_vec(), epoch: self.epoch() });
        data.sign(Around { chat: self.state.chat, after, changes: &[] }, me.certificate, me.keys);
        let new_leaves = pending_leaves(&mls)?;
        rules::check_reset(self.before(&facts, &leaves), me.certificate, &next, &new_leaves, &chains)
            .map_err(StageError::Void)?;
        self.send(data, Vec::new(), Wish { found: true, ..Wish::default() }, Some(id))
    }

    /// The own reset stands in the log: the new group takes the place of the old.
    pub(super) fn enter_reset(&mut self, entry: &Entry, seen: Seen) -> Result<Outcome, GroupError> {
        let pending = self.state.pending.as_ref().and_then(|pending| pending.group);
        let id = pending.ok_or(GroupError::Library)?;
        let mls = MlsGroup::load(self.provider.storage(), &GroupId::from_slice(&id))?;
        let mls = mls.ok_or(GroupError::Library)?;
        let mut old = std::mem::replace(&mut self.mls, mls);
        old.delete(self.provider.storage())?;
        self.state.group = id;
        self.state.gone.clear();
        self.enter(entry, vec![Event::Reset], seen)
    }

    /// Another's reset: if it counts, this group is over. A device that is out of step may know of an older
    /// state than the reset is based on; then its Welcome is judged when joining.
    pub(super) fn judge_reset(
        &mut self,
        entry: &Entry,
        taken: &Taken<'_>,
        blobs: &Blobs,
        facts: &Facts,
        leaves: &Leaves,
    ) -> Result<Outcome, GroupError> {
        let verdict = match self.check_reset(entry, taken, blobs, facts, leaves) {
            Ok(()) => Verdict::Out,
            Err(void) => match self.standing() {
                Standing::OutOfStep(why) => Verdict::OutOfStep(why),
                _ => Verdict::Void(void),
            },
        };
        let events = if verdict == Verdict::Out { vec![Event::Reset] } else { Vec::new() };
        let outcome = self.pass(entry, verdict)?;
        Ok(Outcome { events, seen: Some(taken.data.seen), ..outcome })
    }

    pub(super) fn check_reset(
        &self,
        entry: &Entry,
        taken: &Taken<'_>,
        blobs: &Blobs,
        facts: &Facts,
        leaves: &Leaves,
    ) -> Result<(), Void> {
        let here = BasedOn { group: self.state.group.to_vec(), epoch: self.epoch() };
        if !taken.around.changes.is_empty() || taken.data.based_on.as_ref() != Some(&here) {
            return Err(Void::Reset);
        }
        let new = founded(&Provider::default(), entry, taken, blobs)?;
        let new_leaves: Vec<_> = new.leaves.values().cloned().collect();
        rules::check_reset(self.before(facts, leaves), &new.creator, &new.facts, &new_leaves, &new.chains)
    }

    pub(super) fn delete_mls(&self, id: &[u8; GROUP_ID_BYTES]) -> Result<(), GroupError> {
        if let Some(mut mls) = MlsGroup::load(self.provider.storage(), &GroupId::from_slice(id))? {
            mls.delete(self.provider.storage())?;
        }
        Ok(())
    }
}
