//! `chinwag bench`: measures a server from outside, and beside it a relay that stores nothing.
//!
//! The generator is this process; the server and the relay are processes of their own, so that their CPU
//! time and memory are read from the system (/proc, hence Linux). What a figure means stands with the
//! command that prints it; docs/performance.md has those of one machine.

mod crowd;
mod figures;
mod group;
mod idle;
mod kernel;
mod line;
mod lines;
mod max;
mod pacer;
mod process;
mod rate;
mod relay;
mod start;
mod subject;
mod tally;
mod users;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::Failure;

/// Measure a server: latency at a rate, the highest rate, memory of idle connections, fan-out in a group.
///
/// Without --server it starts a server of its own, with the limits on sending out of reach, on a data
/// folder under the system's temporary folder (TMPDIR names another; a folder in memory makes every
/// sync free), and deletes it at the end. Figures of CPU time hold for the server's process alone.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  chinwag bench rate 1000                    latency at 1,000 messages a second, and the relay's
  chinwag bench max                          the highest rate of durable messages
  chinwag bench idle 5000                    resident bytes for each idle connection
  chinwag bench group 500 --rate 20          20 messages a second to 500 members
  chinwag bench start                        from the start of the process until it is ready
  chinwag bench rate 100 --json > rate.json  for machines

Exit status: 0 measured, and nothing was lost, doubled or out of order · 1 it was, or the run failed · 2 asked wrongly.")]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    common: CommonArgs,
}

/// What every measurement takes.
#[derive(Args, Clone, Debug)]
struct CommonArgs {
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
    /// Measure the server that runs at URL, instead of one of its own; needs --data
    #[arg(long, global = true, value_name = "URL")]
    server: Option<String>,
    /// The data folder of that server, through which the users are made
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Bytes of each message's text
    #[arg(long, global = true, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(u16).range(16..=8_000))]
    bytes: u16,
    /// Do not measure the relay beside the server
    #[arg(long, global = true)]
    no_relay: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    Rate(rate::RateArgs),
    Max(max::MaxArgs),
    Idle(idle::IdleArgs),
    Group(group::GroupArgs),
    Start(start::StartArgs),
    /// The relay that is measured beside the server: hands each frame to its connection's partner
    #[command(hide = true)]
    Relay,
    /// Connections that stay: part of `idle`
    #[command(hide = true)]
    Crowd(crowd::CrowdArgs),
}

/// Runs `chinwag bench`.
pub(crate) fn run(args: BenchArgs) -> Result<(), Failure> {
    let BenchArgs { what, common } = args;
    match what {
        What::Rate(args) => on_one_thread(rate::run(args, common)),
        What::Max(args) => on_one_thread(max::run(args, common)),
        What::Idle(args) => on_one_thread(idle::run(args, common)),
        What::Group(args) => on_one_thread(group::run(args, common)),
        What::Start(args) => on_one_thread(start::run(args, common)),
        What::Relay => relay::run(),
        What::Crowd(args) => generator()?.block_on(crowd::run(args)),
    }
}

/// The generator has one thread, so that it takes no more than one core from what it measures. Interrupted,
/// it ends the processes that it started and deletes their data.
fn on_one_thread<F: Future<Output = Result<(), Failure>>>(measurement: F) -> Result<(), Failure> {
    generator()?.block_on(async {
        let hear = |kind| signal(kind).map_err(|why| Failure::runtime(format!("cannot hear signals: {why}")));
        let (mut interrupt, mut terminate) = (hear(SignalKind::interrupt())?, hear(SignalKind::terminate())?);
        tokio::select! {
            done = measurement => done,
            _ = interrupt.recv() => Err(Failure::runtime("interrupted; nothing was measured")),
            _ = terminate.recv() => Err(Failure::runtime("ended; nothing was measured")),
        }
    })
}

fn generator() -> Result<Runtime, Failure> {
    kernel::raise_descriptor_limit();
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|why| Failure::runtime(format!("cannot start the generator: {why}")))
}
