//! What a row costs the ledger: CPU time, bytes written, batches, as JSON on standard output.
//!
//! `cargo bench -p chinwag-embedded --bench ledger -- [--chats N] [--rows N] [--appenders N]
//! [--bytes N] [--folder DIR] [--rate N --seconds N]`. Appenders send 300-byte records to random chats, each the
//! next when the last is acknowledged, with ids and fingerprints as a server would make them. `cpuUsPerRow` is the CPU time of the ledger's
//! own threads until everything is folded and the files are tidy, `processUsPerRow` that of the whole process, the
//! appenders and their runtime included. Without arguments 1,000 and then 100,000 chats. With a rate, records come at
//! their own times, so many a second, and the time from then to the acknowledgment is measured.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]
#![allow(
    clippy::disallowed_methods,
    reason = "a benchmark measures time, and awaits the tasks that it spawns"
)]

#[path = "../tests/ledger_common/mod.rs"]
mod ledger_common;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chinwag_chat::{Ask, Record};
use chinwag_embedded::Place;
use chinwag_embedded::ledger::{EmbeddedLedger, LedgerObserver, LedgerSettings};
use chinwag_proto::Content;
use ledger_common::ask::{Deaf, append, committed, direct, record_of};

/// What is measured.
#[derive(Clone)]
struct Plan {
    chats: u64,
    rows: u64,
    appenders: u64,
    bytes: usize,
    folder: PathBuf,
}

/// What the process has used so far.
#[derive(Clone, Copy, Default)]
struct Used {
    user_us: f64,
    system_us: f64,
    /// By the ledger's threads alone.
    ledger_us: f64,
    written: f64,
}

/// User and system time of a `stat` file: in clock ticks of 10 ms, fields 14 and 15 of proc(5). The name before them,
/// in brackets, may hold blanks.
fn ticks(stat: &str) -> (f64, f64) {
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let us = |field: usize| fields[field - 3].parse::<f64>().unwrap() * 10_000.0;
    (us(14), us(15))
}

impl Used {
    fn now() -> Self {
        let (user_us, system_us) = ticks(&std::fs::read_to_string("/proc/self/stat").unwrap());
        let stats = std::fs::read_dir("/proc/self/task").unwrap();
        let stats = stats.filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("stat")).ok());
        let of_ledger = stats.filter(|stat| {
            stat.contains("(ledger-w") || stat.contains("(ledger-f") || stat.contains("(ledger-r")
        });
        let ledger_us = of_ledger.map(|stat| ticks(&stat)).map(|(user, system)| user + system).sum();
        let io = std::fs::read_to_string("/proc/self/io").unwrap();
        let written = io.lines().find_map(|line| line.strip_prefix("wchar: ")).unwrap();
        Self { user_us, system_us, ledger_us, written: written.parse().unwrap() }
    }
}

/// A number generator that does the same for the same seed (xorshift64*, Vigna 2016).
fn next(state: &mut u64) -> u64 {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    state.wrapping_mul(0x2545_F491_4F6C_DD1D)
}

async fn appender(ledger: Arc<EmbeddedLedger>, plan: Plan, seed: u64, taken: Arc<AtomicU64>) {
    let mut dice = seed * 2 + 1;
    // A server parses the content once and hashes it; making it is not the ledger's work.
    let content = Content::text(&"x".repeat(plan.bytes - 2));
    loop {
        let number = taken.fetch_add(1, Ordering::Relaxed) + 1;
        if number > plan.rows {
            return;
        }
        let record = random(number, &mut dice, plan.chats, &content);
        committed(append(&*ledger, record).await);
    }
}

/// The slowest of what the ledger does.
#[derive(Default)]
struct Slowest {
    commit_us: AtomicU64,
    fold_us: AtomicU64,
}

impl LedgerObserver for Slowest {
    fn committed(&self, _: usize, _: usize, took: Duration) {
        self.commit_us.fetch_max(took.as_micros() as u64, Ordering::Relaxed);
    }

    fn folded(&self, _: usize, took: Duration) {
        self.fold_us.fetch_max(took.as_micros() as u64, Ordering::Relaxed);
    }
}

fn open(plan: &Plan, slowest: &Arc<Slowest>) -> Arc<EmbeddedLedger> {
    let _ = std::fs::remove_dir_all(&plan.folder);
    let settings =
        LedgerSettings { fingerprint_key: Some(*b"a test's secret."), ..LedgerSettings::default() };
    let (place, slowest) = (Place::folder(&plan.folder), Arc::clone(slowest));
    Arc::new(EmbeddedLedger::open_observed(&place, settings, Arc::new(Deaf), slowest).unwrap())
}

/// A record of a random chat.
fn random(number: u64, dice: &mut u64, chats: u64, content: &Content) -> Record {
    let chat = next(dice) % chats;
    let (low, high) = (1 + 2 * chat, 2 + 2 * chat);
    let ask = Ask::Message { content: content.clone(), reply_to: None };
    record_of(number, direct(low, high), low, ask, content.json().as_bytes())
}

/// Records that come at their own times.
async fn measure_rate(plan: &Plan, rate: u64, seconds: u64) {
    let slowest = Arc::new(Slowest::default());
    let ledger = open(plan, &slowest);
    let content = Content::text(&"x".repeat(plan.bytes - 2));
    let (mut dice, mut number) = (7, 0);
    let (begin, before) = (Instant::now(), Used::now());
    let (to, mut from) = tokio::sync::mpsc::channel::<(bool, u64)>(1 << 20);
    while number < rate * seconds {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let due = begin.elapsed().as_micros() as u64 * rate / 1_000_000;
        while number < due.min(rate * seconds) {
            number += 1;
            let at = Duration::from_micros(number * 1_000_000 / rate);
            let pending = append(&*ledger, random(number, &mut dice, plan.chats, &content));
            let to = to.clone();
            tokio::spawn(async move {
                let taken = pending.await.is_ok();
                let _ = to.send((taken, (begin.elapsed().saturating_sub(at)).as_micros() as u64)).await;
            });
        }
    }
    drop(to);
    let (mut taken, mut refused) = (Vec::new(), 0);
    while let Some((ok, us)) = from.recv().await {
        if ok { taken.push(us) } else { refused += 1 }
    }
    let used = Used::now();
    ledger.close().await.unwrap();
    taken.sort_unstable();
    let at = |share: f64| taken.get(((taken.len() - 1) as f64 * share) as usize).copied().unwrap_or_default();
    println!(
        "{{\"chats\":{},\"rate\":{rate},\"acknowledged\":{},\"refused\":{refused},\"ackP50Us\":{},\"ackP99Us\":{},\"ackP999Us\":{},\"ackMaxUs\":{},\"slowestCommitUs\":{},\"slowestFoldUs\":{},\"cpuUsPerRow\":{:.2}}}",
        plan.chats,
        taken.len(),
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0),
        slowest.commit_us.load(Ordering::Relaxed),
        slowest.fold_us.load(Ordering::Relaxed),
        (used.ledger_us - before.ledger_us) / number as f64,
    );
}

async fn measure(plan: &Plan) {
    let ledger = open(plan, &Arc::default());
    let (taken, before, begin) = (Arc::new(AtomicU64::new(0)), Used::now(), Instant::now());
    let mut last = before;
    let per_part = plan.rows / 5;
    for part in 1..=5 {
        let plan = Plan { rows: per_part * part, ..plan.clone() };
        taken.store(per_part * (part - 1), Ordering::Relaxed);
        let appenders: Vec<_> = (0..plan.appenders)
            .map(|seed| {
                tokio::spawn(appender(
                    Arc::clone(&ledger),
                    plan.clone(),
                    seed + part * 1_000_000,
                    Arc::clone(&taken),
                ))
            })
            .collect();
        for appender in appenders {
            appender.await.unwrap();
        }
        let used = Used::now();
        let per_row = |now: f64, then: f64| (now - then) / per_part as f64;
        eprintln!(
            "part {part}: ledger {:.2}, process user {:.2} system {:.2} µs, {:.0} bytes a row, {:?}",
            per_row(used.ledger_us, last.ledger_us),
            per_row(used.user_us, last.user_us),
            per_row(used.system_us, last.system_us),
            per_row(used.written, last.written),
            ledger.stats()
        );
        last = used;
    }
    let append_s = begin.elapsed().as_secs_f64();
    // Its threads are still there to be asked.
    ledger.flush().await.unwrap();
    let (used, stats) = (Used::now(), ledger.stats());
    ledger.close().await.unwrap();
    let rows = (per_part * 5) as f64;
    println!(
        "{{\"chats\":{},\"rows\":{rows},\"appenders\":{},\"recordBytes\":{},\"cpuUsPerRow\":{:.2},\"processUsPerRow\":{:.2},\"processSystemUsPerRow\":{:.2},\"bytesWrittenPerRow\":{:.0},\"rowsPerBatch\":{:.1},\"commitUs\":{:.0},\"rowsPerFold\":{:.0},\"rowsPerSecond\":{:.0}}}",
        plan.chats,
        plan.appenders,
        plan.bytes,
        (used.ledger_us - before.ledger_us) / rows,
        (used.user_us + used.system_us - before.user_us - before.system_us) / rows,
        (used.system_us - before.system_us) / rows,
        (used.written - before.written) / rows,
        stats.rows as f64 / stats.commits.max(1) as f64,
        stats.commit_us as f64 / stats.commits.max(1) as f64,
        stats.folded_rows as f64 / stats.folds.max(1) as f64,
        rows / append_s,
    );
}

#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| {
        arguments.iter().position(|argument| argument == name).map(|at| arguments[at + 1].clone())
    };
    let number = |name: &str, usual: u64| value(name).map_or(usual, |text| text.parse().unwrap());
    let folder = value("--folder").map_or_else(
        || std::env::temp_dir().join(format!("chinwag-ledger-bench-{}", std::process::id())),
        PathBuf::from,
    );
    let plan = Plan {
        chats: number("--chats", 1_000),
        rows: number("--rows", 1_000_000),
        appenders: number("--appenders", 1_000),
        bytes: number("--bytes", 300) as usize,
        folder,
    };
    if let Some(rate) = value("--rate") {
        measure_rate(&plan, rate.parse().unwrap(), number("--seconds", 20)).await;
        let _ = std::fs::remove_dir_all(&plan.folder);
        return;
    }
    measure(&plan).await;
    if value("--chats").is_none() {
        measure(&Plan { chats: 100_000, ..plan.clone() }).await;
    }
    let _ = std::fs::remove_dir_all(&plan.folder);
}
