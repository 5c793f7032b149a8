//! A chat of the model: what is written, what of it is synced, and what follows from it.
//!
//! Leaves out who is told: the server does that.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chinwag_checker::{Attempt, Change, Entry, Kind, Request};

use super::wire::LinkNo;

/// Who waits for an entry to be synced.
pub(crate) struct Origin {
    pub(crate) link: LinkNo,
    pub(crate) attempt: Attempt,
}

/// A chat: what is written, and what follows from it.
pub(crate) struct Chat {
    pub(crate) name: String,
    pub(crate) log: Vec<Entry>,
    pub(crate) synced: usize,
    /// One for each entry beyond `synced`.
    pub(crate) origins: Vec<Origin>,
    /// Users' names for their records: seq, link, request.
    pub(crate) ids: HashMap<(String, String), (u64, LinkNo, Request)>,
    pub(crate) deletions: HashMap<u64, u64>,
    /// Members by all that is applied, synced or not.
    pub(crate) applied: BTreeSet<String>,
    /// Members by what is synced, each with the first seq that he may see.
    pub(crate) since: BTreeMap<String, u64>,
    whole_history: bool,
}

impl Chat {
    pub(crate) fn direct(a: &str, b: &str) -> Self {
        Self::new(format!("d.{a}.{b}"), [a, b].map(|user| (user.to_owned(), 0)).into(), true)
    }

    pub(crate) fn group(name: &str, founders: &[String], whole_history: bool, message_id: String) -> Self {
        let mut chat = Self::new(name.to_owned(), BTreeMap::new(), whole_history);
        let changes = founders.iter().map(|user| Change { user: user.clone(), member: true }).collect();
        let entry = Entry {
            seq: 1,
            message_id,
            sender: founders[0].clone(),
            device: "setup".to_owned(),
            client_message_id: None,
            kind: Kind::Chat,
            target: None,
            digest: None,
            changes,
        };
        chat.take(entry, 0, Request { kind: Kind::Chat, target: None, digest: None });
        chat.synced = 1;
        chat.let_in_and_out(0);
        chat
    }

    fn new(name: String, since: BTreeMap<String, u64>, whole_history: bool) -> Self {
        let applied = since.keys().cloned().collect();
        Self {
            name,
            log: Vec::new(),
            synced: 0,
            origins: Vec::new(),
            ids: HashMap::new(),
            deletions: HashMap::new(),
            applied,
            since,
            whole_history,
        }
    }

    pub(crate) fn head(&self) -> u64 {
        self.synced as u64
    }

    pub(crate) fn lost_content(&self) -> impl Iterator<Item = &str> {
        let kept = |entry: &&Entry| entry.digest.is_some() || self.deletions.contains_key(&entry.seq);
        let lost = self.log.iter().filter(move |entry| entry.kind == Kind::Message && !kept(entry));
        lost.map(|entry| entry.message_id.as_str())
    }

    pub(crate) fn take(&mut self, entry: Entry, link: LinkNo, request: Request) {
        for Change { user, member } in &entry.changes {
            if *member {
                self.applied.insert(user.clone());
            } else {
                self.applied.remove(user);
            }
        }
        if let (Kind::Delete, Some(target)) = (entry.kind, entry.target) {
            self.deletions.insert(target, entry.seq);
        }
        if let Some(id) = entry.client_message_id.clone() {
            self.ids.insert((entry.sender.clone(), id), (entry.seq, link, request));
        }
        self.log.push(entry);
    }

    /// The changes of members that an entry makes are known to readers from its sync on.
    pub(crate) fn let_in_and_out(&mut self, place: usize) {
        let Entry { seq, changes, .. } = &self.log[place];
        for Change { user, member } in changes {
            if *member {
                self.since.insert(user.clone(), if self.whole_history { 1 } else { *seq });
            } else {
                self.since.remove(user);
            }
        }
    }

    /// Drops the first unsynced entry and takes the next for synced. Answers with their names.
    pub(crate) fn lose_first_unsynced(&mut self) -> Option<[Option<String>; 2]> {
        let [one, two, ..] = self.origins.as_slice() else { return None };
        if one.link != two.link {
            return None;
        }
        let gone = self.log.remove(self.synced);
        self.ids.retain(|_, (seq, ..)| *seq != gone.seq);
        self.ids.values_mut().filter(|(seq, ..)| *seq > gone.seq).for_each(|(seq, ..)| *seq -= 1);
        self.log[self.synced..].iter_mut().for_each(|entry| entry.seq -= 1);
        let kept = self.log[self.synced].client_message_id.clone();
        self.synced += 1;
        Some([gone.client_message_id, kept])
    }

    /// Goes back to the first `keep` entries.
    pub(crate) fn reload(&mut self, keep: usize) {
        let (mut log, ids) = (std::mem::take(&mut self.log), std::mem::take(&mut self.ids));
        log.truncate(keep);
        self.deletions.clear();
        self.since.retain(|_, since| *since == 0);
        self.applied = self.since.keys().cloned().collect();
        self.origins.clear();
        let requests: HashMap<u64, Request> =
            ids.into_values().map(|(seq, _, request)| (seq, request)).collect();
        for entry in log {
            let request = requests.get(&entry.seq).cloned().unwrap_or(Request {
                kind: entry.kind,
                target: entry.target,
                digest: None,
            });
            self.take(entry, 0, request);
        }
        self.synced = self.log.len();
        (0..self.synced).for_each(|place| self.let_in_and_out(place));
    }
}
