//! What this device knows by itself: it never decides whether a commit counts, it stops sending and warns.

use chinwag_proto::{DeviceId, UserId};

use super::evidence::Chains;
use super::facts::Facts;
use super::rules::Leaves;
use super::state::{Group, GroupError};
use crate::identity::{Certificate, ChainError, Pin};

/// Something that a person has to know of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// A device that is none of one's own stands under one's own name (check 13): remove it.
    Stranger(Box<Certificate>),
    /// The group pins another root of this user than this device does: the safety number has changed, or
    /// somebody lies. Sending stops until the person decides (check 15).
    RootChanged(UserId),
    /// The group stands on an older or another chain of this user than this device has seen (check 3).
    ChainParts(UserId),
    /// A device is in the group that the chain that this device knows never had.
    UnknownDevice(UserId, DeviceId),
}

impl Alarm {
    /// Whether nothing may be sent while it stands.
    pub fn stops_sending(&self) -> bool {
        true
    }
}

/// How a group is behind its members' chains: what has to be committed before content is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Behind {
    /// Who has left and is there still.
    pub gone: Vec<UserId>,
    /// Devices in the group that are revoked.
    pub revoked: Vec<(UserId, DeviceId)>,
    /// Live devices of members that are not in the group: their key packages have to be claimed.
    pub missing: Vec<Certificate>,
    /// Members whose chain goes on from what the roster pins.
    pub newer: Vec<UserId>,
}

impl Behind {
    /// Whether content may be sent as things are. A device without a key package does not hold up the
    /// others, so missing ones do not count once a claim has been tried.
    pub fn must_commit(&self) -> bool {
        !self.gone.is_empty() || !self.revoked.is_empty()
    }
}

/// The strangers among one's own user's leaves.
pub fn strangers(leaves: &Leaves, own: &crate::identity::Chain) -> Vec<Certificate> {
    let known = |leaf: &Certificate| own.device(leaf.device) == Some(leaf);
    leaves.values().filter(|leaf| leaf.user == own.user() && !known(leaf)).cloned().collect()
}

impl Group {
    /// Holds the group against what this device has pinned and the chains that it knows, after each commit.
    pub fn alarms(
        &self,
        own: &crate::identity::Chain,
        pins: &[(UserId, Pin)],
        chains: &Chains,
    ) -> Result<Vec<Alarm>, GroupError> {
        let (facts, leaves) = (self.facts()?, self.leaves()?);
        let strangers = strangers(&leaves, own).into_iter().map(|leaf| Alarm::Stranger(Box::new(leaf)));
        let mut alarms: Vec<_> = strangers.collect();
        for (user, pin) in pins {
            if facts.member(*user).is_some_and(|member| member.pin.root != pin.root) {
                alarms.push(Alarm::RootChanged(*user));
            }
        }
        for (user, chain) in chains {
            let Some(member) = facts.member(*user) else { continue };
            match chain.against(&member.pin) {
                Ok(_) => {}
                Err(ChainError::RootChanged { .. }) => {
                    if !alarms.contains(&Alarm::RootChanged(*user)) {
                        alarms.push(Alarm::RootChanged(*user));
                    }
                }
                // The group has seen more than this device: ask for the chain.
                Err(ChainError::Rollback { .. }) => {}
                Err(_) => alarms.push(Alarm::ChainParts(*user)),
            }
            for leaf in leaves.values().filter(|leaf| leaf.user == *user && *user != own.user()) {
                let newer = member.pin.position > chain.position();
                if !newer && chain.device(leaf.device) != Some(leaf) {
                    alarms.push(Alarm::UnknownDevice(*user, leaf.device));
                }
            }
        }
        Ok(alarms)
    }

    /// How the group is behind these chains of its members.
    pub fn behind(&self, chains: &Chains) -> Result<Behind, GroupError> {
        Ok(behind(&self.facts()?, &self.leaves()?, self.gone().iter().copied().collect(), chains))
    }
}

fn behind(facts: &Facts, leaves: &Leaves, gone: Vec<UserId>, chains: &Chains) -> Behind {
    let mut behind = Behind { gone, ..Behind::default() };
    for member in facts.members.iter().filter(|member| !behind.gone.contains(&member.user)) {
        let Some(chain) = chains.get(&member.user) else { continue };
        if chain.against(&member.pin).is_err() {
            continue;
        }
        if chain.pin() != member.pin {
            behind.newer.push(member.user);
        }
        let inside = |device: &Certificate| leaves.values().any(|leaf| leaf == device);
        behind.missing.extend(chain.live().filter(|device| !inside(device)).cloned());
        let own = leaves.values().filter(|leaf| leaf.user == member.user);
        let revoked = own.filter(|leaf| !chain.is_live(leaf)).map(|leaf| (leaf.user, leaf.device));
        behind.revoked.extend(revoked);
    }
    behind
}
