//! The local search index, and the second look at messages that were changed: their words are set right,
//! and what was deleted is wiped from the store as well.
//!
//! A job is a row until it is done, so a crash only delays it. One runs at a time.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_proto::entry::Body;
use chinwag_proto::{ChatId, Entry, Seq};

use super::{Engine, Reading};
use crate::event::Change;
use crate::fold;
use crate::seal::Opened;
use crate::store::{self, Op, Row};
use crate::words::words;

/// Messages to look over: a chat, from a seq to a seq.
pub(super) type Job = (ChatId, Seq, Seq);

/// Words of one query; the rest is not looked at.
const QUERY_WORDS_MAX: usize = 8;
/// Rows looked at for one word.
const WORD_ROWS_MAX: usize = 5_000;
/// Messages found.
const HITS_MAX: usize = 200;

impl Engine {
    pub(super) fn add_job(&mut self, job: Job) {
        if self.jobs.insert(job) {
            self.ops.push(Op::Put(store::job_key(job.0, job.1, job.2), String::new()));
        }
    }

    pub(super) fn on_unsealed(&mut self, chat: ChatId) {
        self.parked.retain(|job| job.0 != chat);
        self.changed(Change::Timeline(chat));
    }

    pub(super) fn start_job(&mut self) {
        if self.jobs.is_empty() || self.loads.values().any(|reading| matches!(reading, Reading::Job(_))) {
            return;
        }
        if let Some(job) = self.jobs.difference(&self.parked).next().copied() {
            let number = self.next_number();
            let ranges = vec![store::entries(job.0, job.1, job.2), store::amends(job.0, job.1, job.2)];
            // A change that comes during the load makes a new job of its own.
            self.jobs.remove(&job);
            self.load(number, ranges, Reading::Job(job));
        }
    }

    pub(super) fn on_job_loaded(&mut self, job: Job, rows: &[Row]) {
        let (mut lines, amends) = fold::lines(rows.iter().map(|(_, value)| value.as_str()));
        let mut before: BTreeMap<Seq, BTreeSet<String>> = BTreeMap::new();
        let mut sealed = false;
        for entry in lines.values().map(|line| &line.entry).chain(&amends) {
            let message = fold::target(entry).unwrap_or(entry.seq);
            let content = match &entry.body {
                Body::Message { content: Some(content), .. } | Body::Edit { content: Some(content), .. } => {
                    self.seal.open(entry, content)
                }
                _ => continue,
            };
            match content {
                Opened::Content(content) => {
                    before.entry(message).or_default().extend(words(&content.fallback()));
                }
                Opened::NotYet => sealed = true,
                Opened::Unreadable(_) => {}
            }
        }
        for amend in &amends {
            if let Some(line) = fold::target(amend).and_then(|target| lines.get_mut(&target)) {
                line.fold(amend);
            }
        }
        for (seq, line) in &lines {
            let before = before.remove(seq).unwrap_or_default();
            self.index_line(line, &before);
        }
        let deletes = |amend: &&Entry| matches!(amend.body, Body::Delete { .. });
        let deleted: BTreeSet<Option<Seq>> = amends.iter().filter(deletes).map(fold::target).collect();
        for amend in amends.iter().filter(|amend| deleted.contains(&fold::target(amend))) {
            self.keep(&amend.wiped());
        }
        if sealed {
            self.jobs.insert(job);
            self.parked.insert(job);
        } else if !self.jobs.contains(&job) {
            self.ops.push(Op::Delete(store::job_key(job.0, job.1, job.2)));
        }
    }

    fn index_line(&mut self, line: &fold::Line, before: &BTreeSet<String>) {
        let (chat, seq) = (line.entry.chat_id, line.entry.seq);
        let now = match line.content().map(|(entry, content)| self.seal.open(entry, content)) {
            Some(Opened::Content(content)) => words(&content.fallback()),
            _ => BTreeSet::new(),
        };
        for word in before.difference(&now) {
            self.ops.push(Op::Delete(store::word_key(word, chat, seq)));
        }
        let time = line.entry.created_at.as_ms().to_string();
        for word in now {
            self.ops.push(Op::Put(store::word_key(&word, chat, seq), time.clone()));
        }
        if line.deleted.is_some() {
            self.keep(&line.entry);
        }
    }

    pub(super) fn search(&mut self, ticket: u64, query: &str) {
        let words: Vec<String> = words(query).into_iter().take(QUERY_WORDS_MAX).collect();
        if words.is_empty() {
            return self.changed(Change::Found { ticket, hits: Vec::new() });
        }
        let number = self.next_number();
        let ranges = words.iter().map(|word| store::word_prefix(word, WORD_ROWS_MAX)).collect();
        self.load(number, ranges, Reading::Search { ticket, words });
    }

    pub(super) fn on_searched(&mut self, ticket: u64, words: &[String], rows: &[Row]) {
        let mut found: Option<BTreeMap<(ChatId, Seq), i64>> = None;
        for word in words {
            let start = format!("w/{word}");
            let of_word: BTreeMap<(ChatId, Seq), i64> = rows
                .iter()
                .filter(|(key, _)| key.starts_with(&start))
                .filter_map(|(key, time)| Some((store::parse_word(key)?, time.parse().ok()?)))
                .filter(|((chat, seq), _)| self.chats.get(chat).is_some_and(|chat| *seq >= chat.first))
                .collect();
            found = Some(match found {
                None => of_word,
                Some(found) => found.into_iter().filter(|(place, _)| of_word.contains_key(place)).collect(),
            });
        }
        let mut hits: Vec<_> = found.unwrap_or_default().into_iter().collect();
        hits.sort_by_key(|((chat, seq), time)| (std::cmp::Reverse(*time), *chat, std::cmp::Reverse(*seq)));
        let hits = hits.into_iter().map(|(place, _)| place).take(HITS_MAX).collect();
        self.changed(Change::Found { ticket, hits });
    }
}
