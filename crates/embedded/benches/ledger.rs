//! What a row costs the ledger: CPU time, bytes written, batches, as JSON on standard output.
//!
//! `cargo bench -p chinwag-embedded --bench ledger -- [--chats N] [--rows N] [--appenders N]
//! [--bytes N] [--folder DIR]`. Appenders send 300-byte records to random chats, each the next when the last is
//! acknowledged, with ids and fingerprints as a server would make them. `cpuUsPerRow` is the CPU time of the ledger's
//! own threads until everything is folded and the files are tidy, `processUsPerRow` that of the whole process, the
//! appenders and their runtime included. Without arguments 1,000 and then 100,000 chats.

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
use std::time::Instant;

use chinwag_chat::Ask;
use chinwag_embedded::Place;
use chinwag_embedded::ledger::{EmbeddedLedger, LedgerSettings};
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
        let chat = next(&mut dice) % plan.chats;
        let chat = direct(1 + 2 * chat, 2 + 2 * chat);
        let sender = match chat {
            chinwag_proto::ChatId::Direct(low, _) => low.get(),
            _ => 1,
        };
        let ask = Ask::Message { content: content.clone(), reply_to: None };
        let record = record_of(number, chat, sender, ask, content.json().as_bytes());
        committed(append(&*ledger, record).await);
    }
}

async fn measure(plan: &Plan) {
    let _ = std::fs::remove_dir_all(&plan.folder);
    let settings =
        LedgerSettings { fingerprint_key: Some(*b"a test's secret."), ..LedgerSettings::default() };
    let place = Place::folder(&plan.folder);
    let ledger = Arc::new(EmbeddedLedger::open(&place, settings, Arc::new(Deaf)).unwrap());
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
    measure(&plan).await;
    if value("--chats").is_none() {
        measure(&Plan { chats: 100_000, ..plan.clone() }).await;
    }
    let _ = std::fs::remove_dir_all(&plan.folder);
}
