//! Device chains of the own user and of others: fetched, verified against what is trusted, kept whole.
//!
//! What was once held is never given up on the server's word: links are only appended. A link that leaves the
//! trusted root does not count and is told; only the user's word changes the root.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_e2ee::group::{Chains, Links};
use chinwag_e2ee::identity::{Chain, ChainError, Link, RootPublic};
use chinwag_proto::{Opaque, UserId};

use super::rows::{self, UserRow};
use super::sealing::{Asked, Sealing};
use super::wish::Told;
use crate::call::Call;

/// A user's chain.
#[derive(Default)]
pub(super) struct Known {
    raw: Vec<Vec<u8>>,
    pub(super) chain: Option<Chain>,
    links: Vec<Link>,
    trusted: Option<RootPublic>,
    /// Another root is claimed and not decided on.
    pub(super) contested: bool,
    /// Asked for since the connection stands.
    pub(super) fresh: bool,
    fetching: bool,
}

impl Known {
    pub(super) fn restored(user: UserId, row: &UserRow) -> Self {
        let raw: Vec<Vec<u8>> = row.links.iter().map(|link| link.0.clone()).collect();
        let trusted = row.root.0.as_slice().try_into().ok().map(RootPublic);
        let mut known = Self { raw, trusted, ..Self::default() };
        known.read(user);
        known
    }

    /// Reads what is held anew.
    fn read(&mut self, user: UserId) {
        let Ok((chain, void)) = Chain::read(self.trusted, user, &self.raw) else { return };
        self.contested = void.iter().any(|(_, fault)| matches!(fault, ChainError::RootChanged { .. }));
        let void: BTreeSet<usize> = void.into_iter().map(|(index, _)| index).collect();
        let valid = self.raw.iter().enumerate().filter(|(index, _)| !void.contains(index));
        self.links = valid.filter_map(|(_, bytes)| Link::decode(bytes).ok()).collect();
        self.trusted = Some(chain.root());
        self.chain = Some(chain);
    }

    /// The number of links that are held, those that do not count among them.
    pub(super) fn count(&self) -> u64 {
        self.raw.len() as u64
    }
}

impl Sealing {
    /// Asks for what is new of a user's chain.
    pub(super) fn fetch(&mut self, user: UserId) {
        let known = self.known.entry(user).or_default();
        if std::mem::replace(&mut known.fetching, true) {
            return;
        }
        let after = known.count();
        self.call(Asked::Chain(user), Call::Chain { user, after });
    }

    /// There is something new of a user's chain.
    pub(super) fn fetch_anew(&mut self, user: UserId) {
        if let Some(known) = self.known.get_mut(&user) {
            known.fresh = false;
        }
        self.fetch(user);
    }

    /// Asks for those of these chains that are not fresh; whether all are.
    pub(super) fn all_fresh(&mut self, users: &[UserId]) -> bool {
        let stale: Vec<UserId> =
            users.iter().copied().filter(|user| !self.known.get(user).is_some_and(|k| k.fresh)).collect();
        stale.iter().for_each(|user| self.fetch(*user));
        stale.is_empty()
    }

    pub(super) fn on_links(&mut self, user: UserId, links: &[Vec<u8>], version: u64) {
        let known = self.known.entry(user).or_default();
        known.fetching = false;
        if version < known.count() {
            known.fresh = true;
            return self.tell(Told::ServerDiffers { chat: None, what: "chain_rolled_back" });
        }
        let room = usize::try_from(version - known.count()).unwrap_or(usize::MAX);
        known.raw.extend(links.iter().take(room).cloned());
        if known.count() < version {
            if links.is_empty() {
                known.fresh = true;
                return;
            }
            return self.fetch(user);
        }
        let was_contested = known.contested;
        known.fresh = true;
        if !links.is_empty() {
            known.read(user);
            // Every group with this user is looked at again before content goes there.
            self.rooms.values_mut().for_each(|room| room.staging.checked = 0);
            let known = self.known.entry(user).or_default();
            let contested = known.contested && !was_contested;
            self.keep_user(user);
            if contested {
                self.tell(Told::RootChanged(user));
            }
        }
    }

    /// The user goes on with another's new identity.
    pub(super) fn accept(&mut self, user: UserId) {
        let Some(known) = self.known.get_mut(&user).filter(|known| known.contested) else { return };
        known.trusted = None;
        known.read(user);
        self.keep_user(user);
    }

    fn keep_user(&mut self, user: UserId) {
        let Some(known) = self.known.get(&user) else { return };
        let root = known.trusted.map_or_else(Vec::new, |root| root.0.to_vec());
        let links = known.raw.iter().cloned().map(Opaque).collect();
        let row = UserRow { root: Opaque(root), links };
        self.wants.ops.extend(rows::put(rows::user(user), &row));
    }

    pub(super) fn chain(&self, user: UserId) -> Option<&Chain> {
        self.known.get(&user)?.chain.as_ref()
    }

    /// The verified chains of users, as far as they are known.
    pub(super) fn chains_of(&self, users: &[UserId]) -> Chains {
        users.iter().filter_map(|user| Some((*user, self.chain(*user)?.clone()))).collect()
    }

    /// Their links.
    pub(super) fn links_of(&self, users: impl IntoIterator<Item = UserId>) -> Links {
        let links = |user: UserId| Some((user, self.known.get(&user)?.links.clone()));
        let all: BTreeMap<_, _> = users.into_iter().filter_map(links).collect();
        all.into_iter().filter(|(_, links)| !links.is_empty()).collect()
    }
}
