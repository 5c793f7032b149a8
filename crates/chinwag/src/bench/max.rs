//! `chinwag bench max`: the highest rate of durable messages, closed loop.

use std::cell::RefCell;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::CommonArgs;
use super::figures::{Cost, Summary};
use super::kernel::{Cpu, Machine};
use super::line::{Feed, Opening, Texts};
use super::rate::{kept, relay_pairs, run_name, server_pairs};
use super::subject::{Server, start_relay};
use super::tally::{MESSAGES_MAX, Tally, Verdict};
use super::{lines, users};
use crate::client::{print_report, status};
use crate::exit::Failure;

/// A step this much better than the best goes on; two that are not end the ramp.
const GAIN: f64 = 1.03;
/// Before each step's measuring, so that its window is full and the last one's is empty.
const STEP_WARM_UP: Duration = Duration::from_secs(1);

/// The highest rate of durable messages: each user keeps a window of messages unanswered.
///
/// Closed loop: the window doubles from step to step until the rate grows no more. Latencies count from
/// the moment of sending and say how long an acknowledgment takes at that load, not what a user who does
/// not wait would see: `rate` says that.
#[derive(Args, Debug)]
pub(crate) struct MaxArgs {
    /// Pairs of users; both of a pair send
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=4_000))]
    pairs: u16,
    /// How long each step is measured
    #[arg(long, value_name = "S", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=60))]
    step_seconds: u16,
    /// The largest window of one user
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=256))]
    window_max: u16,
}

/// What one step showed.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Step {
    /// Messages that each user keeps unanswered.
    window: usize,
    /// Acknowledged.
    per_second: f64,
    send_to_ack: Summary,
    send_to_deliver: Summary,
    cpu: Cost,
    generator_cpu: Cost,
    /// Messages of one transaction of the log, where the server tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    commit_batch: Option<f64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    bench: &'static str,
    machine: Machine,
    bytes: u16,
    connections: usize,
    steps: Vec<Step>,
    best: Step,
    verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    relay: Option<Step>,
    /// The server's CPU time by message at its best, over the relay's at the same window.
    #[serde(skip_serializing_if = "Option::is_none")]
    ratio: Option<f64>,
}

/// Runs `chinwag bench max`.
pub(super) async fn run(args: MaxArgs, common: CommonArgs) -> Result<(), Failure> {
    let machine = Machine::look();
    let server = Server::of(&common)?;
    let connections = usize::from(args.pairs) * 2;
    status(format_args!("{connections} users"));
    let users = users::provision(&server, connections).await?;
    let texts = Texts::new(common.bytes, &run_name(&users));
    let time = Duration::from_secs(args.step_seconds.into());
    let ramp = ClosedLoop { server: Some(&server), pid: server.pid(), time, texts: &texts };
    let windows = std::iter::successors(Some(1usize), |window| Some(window * 2));
    let windows = windows.take_while(|window| *window <= usize::from(args.window_max)).collect();
    let (steps, verdict) = ramp.measure(server_pairs(&server, &users)?, windows).await?;
    server.stop().await?;
    let best = steps.iter().max_by(|one, other| one.per_second.total_cmp(&other.per_second)).cloned();
    let best = best.ok_or_else(|| Failure::runtime("no step was measured"))?;
    let relay = if common.no_relay { None } else { Some(relay_at(best.window, &users, time, &texts).await?) };
    let ratio = relay.as_ref().map(|relay| best.cpu.us_per_message / relay.cpu.us_per_message);
    let report = Report {
        bench: "max",
        machine,
        bytes: common.bytes,
        connections,
        steps,
        best,
        verdict,
        relay,
        ratio,
    };
    print_report(common.json, &report, text(&report))?;
    kept(&report.verdict)
}

async fn relay_at(
    window: usize,
    users: &[chinwag_server::node::admin::bodies::ProvisionedRow],
    time: Duration,
    texts: &Texts,
) -> Result<Step, Failure> {
    let (process, url) = start_relay()?;
    let alone = ClosedLoop { server: None, pid: process.pid(), time, texts };
    let (steps, _) = alone.measure(relay_pairs(&url, users)?, vec![window]).await?;
    process.stop().await?;
    steps.into_iter().next().ok_or_else(|| Failure::runtime("the relay was not measured"))
}

/// Users who wait for answers.
struct ClosedLoop<'a> {
    /// Asked for its own figures; `None`: the relay, which has none.
    server: Option<&'a Server>,
    pid: u32,
    time: Duration,
    texts: &'a Texts,
}

impl ClosedLoop<'_> {
    /// Tries the windows in turn, until the rate grows no more.
    async fn measure(
        &self,
        openings: Vec<Opening>,
        windows: Vec<usize>,
    ) -> Result<(Vec<Step>, Verdict), Failure> {
        let open = lines::open(openings).await?;
        let (window, feed) = watch::channel(0);
        let open = open.into_iter().map(|line| (line, Feed::Window(feed.clone()))).collect();
        let tally = RefCell::new(Tally::new(1)?);
        let control = async {
            let (mut steps, mut best, mut worse) = (Vec::new(), 0.0, 0);
            for size in windows {
                window.send_replace(size);
                let step = self.step(size, &tally).await?;
                status(format_args!("window {size}: {:.0} messages a second", step.per_second));
                worse = if step.per_second > best * GAIN { 0 } else { worse + 1 };
                best = step.per_second.max(best);
                steps.push(step);
                if worse == 2 || tally.borrow().acked() > MESSAGES_MAX / 2 {
                    break;
                }
            }
            window.send_replace(0);
            lines::settle(&tally).await;
            Ok(steps)
        };
        let steps = lines::work(open, self.texts, &tally, control).await?;
        let verdict = tally.borrow().verdict();
        Ok((steps, verdict))
    }

    async fn step(&self, window: usize, tally: &RefCell<Tally>) -> Result<Step, Failure> {
        sleep(STEP_WARM_UP).await;
        let batches = self.batches().await;
        tally.borrow_mut().measure_anew();
        let before =
            (Cpu::of(self.pid)?, Cpu::of(std::process::id())?, tally.borrow().acked(), Instant::now());
        sleep(self.time).await;
        let took = before.3.elapsed();
        let acked = tally.borrow().acked() - before.2;
        let cpu = Cpu::of(self.pid)?.since(before.0);
        let generator = Cpu::of(std::process::id())?.since(before.1);
        let commit_batch = match (batches, self.batches().await) {
            (Some((count, sum)), Some((count_after, sum_after))) if count_after > count => {
                Some((sum_after - sum) / (count_after - count))
            }
            _ => None,
        };
        let (send_to_deliver, send_to_ack, _) = tally.borrow().latencies();
        Ok(Step {
            window,
            per_second: acked as f64 / took.as_secs_f64(),
            send_to_ack,
            send_to_deliver,
            cpu: Cost::of(cpu, acked, took),
            generator_cpu: Cost::of(generator, acked, took),
            commit_batch,
        })
    }

    async fn batches(&self) -> Option<(f64, f64)> {
        self.server?.metric("chinwag_commit_batch_size").await
    }
}

fn text(report: &Report) -> String {
    let Report { machine, bytes, connections, .. } = report;
    let mut text =
        format!("{}\nmessages of {bytes} bytes over {connections} connections\n", machine.sentence());
    text += "  window   messages/s   ack p50   ack p99 ms   batch   CPU µs/message\n";
    for step in &report.steps {
        let batch = step.commit_batch.map_or_else(|| "-".to_owned(), |batch| format!("{batch:.0}"));
        text += &format!(
            "  {:>6} {:>12.0} {:>9.2} {:>12.2} {batch:>7} {:>16.1}\n",
            step.window,
            step.per_second,
            step.send_to_ack.p50_ms,
            step.send_to_ack.p99_ms,
            step.cpu.us_per_message,
        );
    }
    text += &format!("best: {:.0} messages a second, acknowledged and durable\n", report.best.per_second);
    text += &format!(
        "  server    {}\n  generator {}\n",
        report.best.cpu.sentence(),
        report.best.generator_cpu.sentence()
    );
    text += &format!("  {}\n", report.verdict.sentence());
    if let (Some(relay), Some(ratio)) = (&report.relay, report.ratio) {
        text += &format!(
            "relay at window {}: {:.0} messages a second\n  relay     {}\n  generator {}\nserver CPU by message : relay's = {ratio:.2}\n",
            relay.window,
            relay.per_second,
            relay.cpu.sentence(),
            relay.generator_cpu.sentence(),
        );
    }
    text
}
