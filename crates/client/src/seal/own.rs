//! This device becomes one of its user's, and keeps key packages with the server.
//!
//! ```text
//! Idle ── SetUp ──▶ Reading (the own chain) ──▶ History (the backup, where there is a chain)
//!       ── link made and stored ──▶ Sending ── the server has it ──▶ Idle
//! ```
//!
//! The recovery key is in memory while chain and backup are read, and nowhere else. A link that is stored is sent until
//! the server has answered, also after a restart.

use chinwag_e2ee::group::{Provider, Rows, key_package};
use chinwag_e2ee::identity::{Action, Chain, RecoveryKey, RootKey};
use chinwag_proto::{ChatId, Code, Content, DeviceId, Opaque};

use super::rows::{self, Setup};
use super::sealing::{Asked, Sealing};
use super::wish::Told;
use crate::call::{Answer, Call, CallFailure};
use crate::store::Op;

/// Key packages that are made at once.
const PIECE: usize = 20;

/// How far the set-up is.
#[derive(Default)]
pub(super) enum Step {
    #[default]
    Idle,
    Reading(Box<RootKey>),
    /// The user's backup is read with it.
    History(Box<RootKey>),
    Sending(Setup),
}

impl Sealing {
    /// Whether this device is one of its user's.
    pub fn is_ready(&self) -> bool {
        self.chain(self.me).is_some_and(|chain| chain.is_live(&self.certificate))
    }

    pub(super) fn set_up(&mut self, recovery: &str) {
        match RecoveryKey::parse(recovery) {
            Err(_) => self.tell(Told::SetUpFailed("recovery_key")),
            Ok(key) => {
                self.step = Step::Reading(Box::new(key.root()));
                if let Some(known) = self.known.get_mut(&self.me) {
                    known.fresh = false;
                }
                self.fetch(self.me);
            }
        }
    }

    /// The own chain is as the server has it.
    pub(super) fn on_own_chain(&mut self) {
        let step = std::mem::take(&mut self.step);
        match step {
            // What the recovery key opens of the backup is read while it is there.
            Step::Reading(root) if self.chain(self.me).is_some_and(|chain| chain.root() == root.public()) => {
                self.step = Step::History(root);
                self.compare_backups();
            }
            Step::Reading(root) => self.link_with(&root),
            other => self.step = other,
        }
        if self.is_ready() && !std::mem::replace(&mut self.was_ready, true) {
            self.tell(Told::Ready);
            self.call(Asked::Count, Call::CountKeyPackages);
            self.compare_backups();
        }
        self.keep_up_backup();
    }

    /// The root, if the backup was read for it.
    pub(super) fn take_root(&mut self) -> Option<Box<RootKey>> {
        match std::mem::take(&mut self.step) {
            Step::History(root) => Some(root),
            other => {
                self.step = other;
                None
            }
        }
    }

    pub(super) fn link_with(&mut self, root: &RootKey) {
        if self.is_ready() {
            return;
        }
        match self.link(root) {
            Ok(setup) => {
                self.wants.ops.extend(rows::put(rows::SETUP.to_owned(), &setup));
                self.send_link(setup);
            }
            Err(why) => self.tell(Told::SetUpFailed(why)),
        }
    }

    fn link(&self, root: &RootKey) -> Result<Setup, &'static str> {
        let (now, after) = ((self.clock)(), self.known.get(&self.me).map_or(0, super::chains::Known::count));
        let certificate = self.certificate.clone();
        let link = match self.chain(self.me) {
            None => Chain::first_link(self.me, root, vec![certificate], now),
            Some(chain) if chain.root() != root.public() => return Err("another_identity"),
            Some(chain) => chain.link_by_root(root, Action::Add(certificate), now),
        };
        let link = link.map_err(|_| "chain")?;
        Ok(Setup { after, link: Opaque(link.encode()), revokes: false })
    }

    /// A device of the user's goes.
    pub(super) fn revoke(&mut self, device: DeviceId) {
        let (now, after) = ((self.clock)(), self.known.get(&self.me).map_or(0, super::chains::Known::count));
        let link =
            self.chain(self.me).map(|chain| chain.link_by_device(&self.keys, Action::Revoke(device), now));
        match link {
            Some(Ok(link)) if matches!(self.step, Step::Idle) => {
                let setup = Setup { after, link: Opaque(link.encode()), revokes: true };
                self.wants.ops.extend(rows::put(rows::SETUP.to_owned(), &setup));
                self.send_link(setup);
            }
            _ => self.tell(Told::SetUpFailed("chain")),
        }
    }

    /// Every group is looked at for the device that went; a restart does not forget it.
    fn check_all(&mut self) {
        let chats: Vec<ChatId> = self.marks.keys().copied().collect();
        for chat in chats {
            if let Some(mark) = self.marks.get_mut(&chat) {
                (mark.check, mark.busy) = (true, true);
                self.wants.ops.extend(rows::put(rows::mark(chat), mark));
            }
            self.load_room(chat);
        }
    }

    pub(super) fn send_link(&mut self, setup: Setup) {
        let (after, links) = (setup.after, vec![setup.link.0.clone()]);
        self.step = Step::Sending(setup);
        self.call(Asked::Extend, Call::ExtendChain { after, links });
    }

    pub(super) fn on_extended(&mut self, answer: &Result<Answer, CallFailure>) {
        let step = std::mem::take(&mut self.step);
        self.wants.ops.push(Op::Delete(rows::SETUP.to_owned()));
        if answer.is_ok() && matches!(step, Step::Sending(Setup { revokes: true, .. })) {
            self.check_all();
        }
        if answer.is_ok() {
            let data = Content::from_json("{\"type\":\"device\",\"text\":\"\"}".to_owned());
            data.into_iter().for_each(|data| self.call(Asked::Notice, Call::Notify { data }));
        }
        if let Some(known) = self.known.get_mut(&self.me) {
            known.fresh = false;
        }
        if let Err(CallFailure::Refused { code, .. }) = answer {
            // Another link came first. Whether the device has become live all the same, the chain says.
            let why = if *code == Code::StaleVersion { "stale_version" } else { "refused" };
            self.tell(Told::SetUpFailed(why));
        }
        self.fetch(self.me);
    }

    /// Keeps the supply of key packages up.
    pub(super) fn on_counted(&mut self, available: u32, last_resort: bool) {
        let lacks = key_package::ONE_TIME.saturating_sub(usize::try_from(available).unwrap_or(usize::MAX));
        if (lacks == 0 && last_resort) || !self.is_ready() {
            return;
        }
        let provider = Provider::new(Rows::new(self.device_rows.clone()));
        let now = (self.clock)();
        let make = |last| key_package::make(&provider, self.as_me(), last, now).ok();
        let key_packages: Vec<Vec<u8>> = (0..lacks.min(PIECE)).filter_map(|_| make(false)).collect();
        let last_resort = if last_resort { None } else { make(true) };
        let changes = provider.rows().take_changes();
        self.keep_rows(None, changes);
        if !key_packages.is_empty() || last_resort.is_some() {
            self.call(Asked::Count, Call::PublishKeyPackages { key_packages, last_resort });
        }
    }
}
