//! `chinwag bench start`: from the start of the process until it takes connections.

use clap::Args;
use serde::Serialize;
use tokio::time::Instant;

use super::CommonArgs;
use super::figures::{Latencies, Summary};
use super::kernel::{Machine, Memory};
use super::subject::Server;
use crate::client::print_report;
use crate::exit::Failure;

/// Start-up: from the start of the process until its `ready` line.
///
/// Once on an empty folder, which makes the databases, then again and again on the same folder.
#[derive(Args, Debug)]
pub(crate) struct StartArgs {
    /// Starts after the first
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    runs: u16,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    bench: &'static str,
    machine: Machine,
    /// On an empty folder.
    first_ms: f64,
    /// On the folder of the start before.
    again: Summary,
    /// Of a server that has done nothing yet.
    memory: Memory,
}

/// Runs `chinwag bench start`.
pub(super) async fn run(args: StartArgs, common: CommonArgs) -> Result<(), Failure> {
    if common.server.is_some() {
        return Err(Failure::usage("a server that runs already cannot be started: leave --server out"));
    }
    let machine = Machine::look();
    let began = Instant::now();
    let mut server = Server::of(&common)?;
    let first_ms = began.elapsed().as_secs_f64() * 1e3;
    let memory = Memory::of(server.pid())?;
    let mut again = Latencies::new()?;
    for _ in 0..args.runs {
        let took;
        (server, took) = server.restarted().await?;
        again.record(took);
    }
    server.stop().await?;
    let report = Report { bench: "start", machine, first_ms, again: again.summary(), memory };
    print_report(common.json, &report, text(&report))
}

fn text(report: &Report) -> String {
    let Report { machine, first_ms, again, memory, .. } = report;
    format!(
        "{}\non an empty folder {first_ms:.0} ms\nagain ({})        {}\n                   {}\nresident {:.1} MiB\n",
        machine.sentence(),
        again.count,
        Summary::HEADER,
        again.row(),
        memory.resident_bytes as f64 / f64::from(1 << 20),
    )
}
