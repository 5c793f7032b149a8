//! `chinwag bench rate`: latency at a given rate, open loop.

use std::cell::RefCell;
use std::time::Duration;

use chinwag_client_native::ServerAddress;
use chinwag_proto::ChatId;
use chinwag_server::node::admin::bodies::ProvisionedRow;
use clap::Args;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use super::CommonArgs;
use super::figures::{Cost, Summary};
use super::kernel::{Cpu, Machine};
use super::line::{Feed, Opening, Texts};
use super::pacer::Pacer;
use super::subject::{Server, start_relay};
use super::tally::{MESSAGES_MAX, Tally, Verdict};
use super::{lines, users};
use crate::client::{print_report, status};
use crate::exit::Failure;

/// Before measuring, so that caches are warm and files have grown.
const WARM_UP: Duration = Duration::from_secs(3);

/// Latency at a rate: R messages a second between pairs of users, each in their direct chat.
///
/// Open loop: a message is due at its time whatever became of those before it, and every latency counts
/// from that time, so that a server that stalls is charged for all who waited (Tene, "How NOT to Measure
/// Latency", 2015). `late` is the generator's own part: from the scheduled time until the frame was
/// handed to the socket.
#[derive(Args, Debug)]
pub(crate) struct RateArgs {
    /// Messages a second
    #[arg(value_name = "R", value_parser = clap::value_parser!(u32).range(1..=200_000))]
    per_second: u32,
    /// How long is measured
    #[arg(long, value_name = "S", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=600))]
    seconds: u16,
    /// Pairs of users; both of a pair send
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=4_000))]
    pairs: u16,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    bench: &'static str,
    machine: Machine,
    per_second: u32,
    seconds: u16,
    bytes: u16,
    connections: usize,
    server: Side,
    #[serde(skip_serializing_if = "Option::is_none")]
    relay: Option<Side>,
    /// The server's CPU time by message, over the relay's.
    #[serde(skip_serializing_if = "Option::is_none")]
    ratio: Option<f64>,
}

/// What was measured of the server, or of the relay.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Side {
    pub(super) verdict: Verdict,
    pub(super) send_to_deliver: Summary,
    pub(super) send_to_ack: Summary,
    pub(super) late: Summary,
    pub(super) cpu: Cost,
    pub(super) generator_cpu: Cost,
}

/// Runs `chinwag bench rate`.
pub(super) async fn run(args: RateArgs, common: CommonArgs) -> Result<(), Failure> {
    let plan = OpenLoop { per_second: args.per_second, seconds: args.seconds, audience: 1 };
    plan.check()?;
    let machine = Machine::look();
    let server = Server::of(&common)?;
    let connections = usize::from(args.pairs) * 2;
    status(format_args!("{connections} users"));
    let users = users::provision(&server, connections).await?;
    let texts = Texts::new(common.bytes, &run_name(&users));
    status(format_args!("server: {} messages a second for {} s", args.per_second, args.seconds));
    let measured = plan.measure(server_pairs(&server, &users)?, server.pid(), &texts).await?;
    server.stop().await?;
    let relay = if common.no_relay {
        None
    } else {
        status("relay: the same");
        let (process, url) = start_relay()?;
        let side = plan.measure(relay_pairs(&url, &users)?, process.pid(), &texts).await?;
        process.stop().await?;
        Some(side)
    };
    let ratio = relay.as_ref().map(|relay| measured.cpu.us_per_message / relay.cpu.us_per_message);
    let RateArgs { per_second, seconds, .. } = args;
    let bytes = common.bytes;
    let report = Report {
        bench: "rate",
        machine,
        per_second,
        seconds,
        bytes,
        connections,
        server: measured,
        relay,
        ratio,
    };
    print_report(common.json, &report, text(&report))?;
    kept(&report.server.verdict)
}

/// Fails where the promise was not kept.
pub(super) fn kept(verdict: &Verdict) -> Result<(), Failure> {
    if verdict.is_clean() {
        Ok(())
    } else {
        Err(Failure::runtime(format!("the server did not keep its promise: {}", verdict.sentence())))
    }
}

/// Tells one run's messages from those of another.
pub(super) fn run_name(users: &[ProvisionedRow]) -> String {
    users.first().map_or_else(String::new, |user| format!("r{}", user.user_id))
}

/// The openings of users in pairs, each pair in its direct chat.
pub(super) fn server_pairs(server: &Server, users: &[ProvisionedRow]) -> Result<Vec<Opening>, Failure> {
    let address = server.socket_url()?;
    let open = |user: &ProvisionedRow, chat| Opening {
        address: address.clone(),
        token: Some(user.token.clone()),
        chat,
        head: 0,
    };
    Ok(users.chunks_exact(2).flat_map(|pair| pair.iter().map(|user| open(user, direct(pair)))).collect())
}

/// The same over the relay.
pub(super) fn relay_pairs(url: &str, users: &[ProvisionedRow]) -> Result<Vec<Opening>, Failure> {
    let open = |number: usize, chat| {
        let address: ServerAddress = format!("{url}/{number}").parse().map_err(Failure::runtime)?;
        Ok(Opening { address, token: None, chat, head: 0 })
    };
    let chats = users.chunks_exact(2).flat_map(|pair| [direct(pair); 2]);
    chats.enumerate().map(|(number, chat)| open(number, chat)).collect()
}

fn direct(pair: &[ProvisionedRow]) -> ChatId {
    ChatId::direct(pair[0].user_id, pair[1].user_id)
}

/// Messages that are due at even intervals.
pub(super) struct OpenLoop {
    pub(super) per_second: u32,
    pub(super) seconds: u16,
    /// To how many each message goes.
    pub(super) audience: usize,
}

impl OpenLoop {
    /// Messages of the whole run.
    fn count(&self) -> u64 {
        u64::from(self.per_second) * (u64::from(self.seconds) + WARM_UP.as_secs())
    }

    /// Whether it stays within what a run may count.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.count() > MESSAGES_MAX {
            return Err(Failure::usage(format!(
                "a run has at most {MESSAGES_MAX} messages: take fewer seconds"
            )));
        }
        Ok(())
    }

    /// Sends over these lines in turn; measures the process.
    pub(super) async fn measure(
        &self,
        openings: Vec<Opening>,
        pid: u32,
        texts: &Texts,
    ) -> Result<Side, Failure> {
        let open = lines::open(openings).await?;
        let count = self.count();
        let each = usize::try_from(count).map_err(Failure::runtime)? / open.len() + 1;
        let (queues, feeds): (Vec<_>, Vec<_>) = open.iter().map(|_| mpsc::channel(each)).unzip();
        let tally = RefCell::new(Tally::new(self.audience)?);
        let time = Duration::from_secs(self.seconds.into());
        let control = async {
            tally.borrow_mut().plan(count, self.per_second, WARM_UP, time);
            let zero = tally.borrow().zero();
            let pacer = Pacer::start(zero, count, self.per_second, queues)?;
            sleep_until(zero + WARM_UP).await;
            let before = (Cpu::of(pid)?, Cpu::of(std::process::id())?, Instant::now());
            sleep_until(zero + WARM_UP + time).await;
            let took = before.2.elapsed();
            let cpu = (Cpu::of(pid)?.since(before.0), Cpu::of(std::process::id())?.since(before.1));
            while !pacer.is_done() {
                sleep(Duration::from_millis(5)).await;
            }
            lines::settle(&tally).await;
            Ok((cpu, took))
        };
        let feeds = feeds.into_iter().map(Feed::Paced);
        let (cpu, took) = lines::work(open.into_iter().zip(feeds).collect(), texts, &tally, control).await?;
        let tally = tally.borrow();
        let (send_to_deliver, send_to_ack, late) = tally.latencies();
        let measured = tally.measured();
        Ok(Side {
            verdict: tally.verdict(),
            send_to_deliver,
            send_to_ack,
            late,
            cpu: Cost::of(cpu.0, measured, took),
            generator_cpu: Cost::of(cpu.1, measured, took),
        })
    }
}

impl Side {
    pub(super) fn text(&self, name: &str) -> String {
        format!(
            "{name}\n  send→deliver {}\n  send→ack     {}\n  late         {}\n  CPU          {}\n  generator    {}\n  {}\n",
            self.send_to_deliver.row(),
            self.send_to_ack.row(),
            self.late.row(),
            self.cpu.sentence(),
            self.generator_cpu.sentence(),
            self.verdict.sentence(),
        )
    }
}

fn text(report: &Report) -> String {
    let Report { machine, per_second, seconds, bytes, connections, .. } = report;
    let mut text = format!(
        "{}\n{per_second} messages of {bytes} bytes a second for {seconds} s over {connections} connections\n               {}\n",
        machine.sentence(),
        Summary::HEADER,
    );
    text += &report.server.text("server");
    if let (Some(relay), Some(ratio)) = (&report.relay, report.ratio) {
        text += &relay.text("relay");
        text += &format!("server CPU by message : relay's = {ratio:.2}\n");
    }
    text
}
