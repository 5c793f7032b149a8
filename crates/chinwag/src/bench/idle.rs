//! `chinwag bench idle`: what a connection costs that does nothing.

use std::collections::BTreeSet;
use std::io::Write;
use std::time::Duration;

use chinwag_client_native::ClientError;
use chinwag_proto::rest::{CreateChat, SendMessage};
use chinwag_proto::{ChatId, Content};
use chinwag_server::node::admin::bodies::ProvisionedRow;
use clap::Args;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::figures::Cost;
use super::kernel::{Cpu, Machine, Memory, raise_descriptor_limit};
use super::process::Process;
use super::subject::Server;
use super::{CommonArgs, users};
use crate::client::{print_report, status};
use crate::exit::Failure;

/// Members of a group.
const GROUP: usize = 100;
/// Groups of a user.
const GROUPS_EACH: usize = 20;
/// Connections of one client process.
const CROWD: usize = 9_000;
/// REST calls under way at once.
const CALLS_AT_ONCE: usize = 8;
/// How long connecting, or the arrival of messages, may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// Without news for so long, all has arrived.
const QUIET: Duration = Duration::from_secs(3);

/// Memory of idle connections: resident bytes of the server's process for each.
///
/// N users, each in 20 groups of 100. The server is measured before they connect, after they have, after
/// one message in each group (each connection gets 20), and after a time of idleness. Before the first
/// measuring it is started afresh, so that no memory freed by earlier work is there to be used again, and
/// gets one message in each group, so that what it keeps for a chat does not count as a connection's. The
/// kernel's own memory for sockets is not in it.
#[derive(Args, Debug)]
pub(crate) struct IdleArgs {
    /// Connections: a multiple of 100
    #[arg(value_name = "N", value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    connections: u32,
    /// How long they are held idle
    #[arg(long, value_name = "S", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=600))]
    hold: u16,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    bench: &'static str,
    machine: Machine,
    connections: usize,
    groups: usize,
    before: Memory,
    connected: Memory,
    after_message: Memory,
    after_idling: Memory,
    /// Resident bytes of one connection, against `before`.
    bytes_each_connected: f64,
    bytes_each_after_message: f64,
    bytes_each_after_idling: f64,
    connected_per_second: f64,
    deliveries: u64,
    /// Of the server, while the connections did nothing but give signs of life.
    idle_cores: f64,
}

/// Runs `chinwag bench idle`.
pub(super) async fn run(args: IdleArgs, common: CommonArgs) -> Result<(), Failure> {
    let connections = usize::try_from(args.connections).map_err(Failure::usage)?;
    if connections % GROUP != 0 {
        return Err(Failure::usage(format!("the connections come in groups of {GROUP}: take a multiple")));
    }
    let files = raise_descriptor_limit();
    if u64::from(args.connections) + 200 > files {
        return Err(Failure::usage(format!(
            "a process may have {files} files open here: raise `ulimit -n`, or take fewer"
        )));
    }
    let machine = Machine::look();
    let server = Server::of(&common)?;
    let users = users::provision(&server, connections).await?;
    status("groups, and a message in each");
    let groups = found_groups(&server, &users).await?;
    let (server, _) = server.restarted().await?;
    send_to_all(&server, &groups).await?;
    sleep(QUIET).await;
    let before = Memory::of(server.pid())?;

    let began = Instant::now();
    let crowds = Crowds::start(&server, &users).await?;
    let connected_per_second = connections as f64 / began.elapsed().as_secs_f64();
    sleep(QUIET).await;
    let connected = Memory::of(server.pid())?;
    status("a message in each group");
    send_to_all(&server, &groups).await?;
    let deliveries = crowds.quiet().await;
    let after_message = Memory::of(server.pid())?;
    status(format_args!("idle for {} s", args.hold));
    let (cpu, began) = (Cpu::of(server.pid())?, Instant::now());
    sleep(Duration::from_secs(args.hold.into())).await;
    let idle = Cost::of(Cpu::of(server.pid())?.since(cpu), 1, began.elapsed());
    let after_idling = Memory::of(server.pid())?;
    crowds.stop().await?;
    server.stop().await?;

    let each =
        |memory: Memory| (memory.resident_bytes as f64 - before.resident_bytes as f64) / connections as f64;
    let report = Report {
        bench: "idle",
        machine,
        connections,
        groups: groups.len(),
        before,
        connected,
        after_message,
        after_idling,
        bytes_each_connected: each(connected),
        bytes_each_after_message: each(after_message),
        bytes_each_after_idling: each(after_idling),
        connected_per_second,
        deliveries,
        idle_cores: idle.cores,
    };
    print_report(common.json, &report, text(&report))?;
    let expected = (connections * GROUPS_EACH) as u64;
    // The sender's own connection gets the entry too: it was sent over REST.
    if deliveries == expected {
        Ok(())
    } else {
        Err(Failure::runtime(format!("{deliveries} deliveries instead of {expected}")))
    }
}

/// A group, and its creator's token.
struct Group {
    chat: ChatId,
    token: String,
}

/// Each user in 20 groups of 100. Round r puts those together who are neighbours when users are counted in
/// steps of the r-th number that shares no factor with how many there are: no two rounds are alike.
async fn found_groups(server: &Server, users: &[ProvisionedRow]) -> Result<Vec<Group>, Failure> {
    let count = users.len();
    let strides = (1..).filter(|stride| gcd(*stride, count) == 1).take(GROUPS_EACH);
    let mut groups = Vec::new();
    for stride in strides {
        let round: Vec<_> = (0..count).map(|place| &users[place * stride % count]).collect();
        let made = stream::iter(round.chunks_exact(GROUP)).map(|members| found_group(server, members));
        groups.extend(made.buffer_unordered(CALLS_AT_ONCE).try_collect::<Vec<_>>().await?);
    }
    Ok(groups)
}

async fn found_group(server: &Server, members: &[&ProvisionedRow]) -> Result<Group, Failure> {
    let (creator, others) =
        members.split_first().ok_or_else(|| Failure::runtime("a group without members"))?;
    let rest = server.rest(&creator.token);
    let create = CreateChat {
        title: Some("bench".parse().map_err(Failure::runtime)?),
        members: others.iter().map(|user| user.user_id).collect::<BTreeSet<_>>().into_iter().collect(),
        encryption: Default::default(),
        history: Default::default(),
        client_message_id: None,
    };
    let made = rest.create_chat(&create).await.map_err(Failure::runtime)?;
    let chat = made.chat_id.ok_or_else(|| Failure::runtime("the server made a group without an id"))?;
    Ok(Group { chat, token: creator.token.clone() })
}

async fn send_to_all(server: &Server, groups: &[Group]) -> Result<(), Failure> {
    let send = |group: &Group| {
        let message = SendMessage {
            receiver_id: None,
            chat_id: Some(group.chat),
            content: Content::text("one message in each group"),
            sender_id: None,
            client_message_id: None,
            reply_to: None,
            after: None,
        };
        let rest = server.rest(&group.token);
        async move { rest.send(&message).await.map(drop) }
    };
    let sent: Result<Vec<()>, ClientError> =
        stream::iter(groups).map(send).buffer_unordered(CALLS_AT_ONCE).try_collect().await;
    sent.map(drop).map_err(Failure::runtime)
}

/// The client processes.
struct Crowds(Vec<Process>);

impl Crowds {
    /// Connects all users.
    async fn start(server: &Server, users: &[ProvisionedRow]) -> Result<Self, Failure> {
        let url = server.socket_url()?.to_string();
        let mut crowds = Vec::new();
        for part in users.chunks(CROWD) {
            let mut process = Process::start(|command| {
                command.args(["bench", "crowd", "--url", &url, "--count", &part.len().to_string()]);
            })?;
            if let Some(mut stdin) = process.stdin() {
                for user in part {
                    writeln!(stdin, "{}", user.token)?;
                }
                stdin.flush()?;
            }
            crowds.push(process);
        }
        let mut connected = 0;
        for process in &crowds {
            connected += process.says("connected", PATIENCE)?.parse::<usize>().map_err(Failure::runtime)?;
        }
        status(format_args!("{connected} connected"));
        Ok(Self(crowds))
    }

    /// Waits until nothing arrives any more; answers how many entries have.
    async fn quiet(&self) -> u64 {
        let end = Instant::now() + PATIENCE;
        let mut heard = vec![0; self.0.len()];
        let mut last_news = Instant::now();
        while Instant::now() < end && last_news.elapsed() < QUIET {
            sleep(Duration::from_millis(100)).await;
            for (process, heard) in self.0.iter().zip(&mut heard) {
                let count =
                    process.last_word().and_then(|word| word.strip_prefix("heard ")?.parse::<u64>().ok());
                if let Some(count) = count {
                    *heard = count;
                    last_news = Instant::now();
                }
            }
        }
        heard.iter().sum()
    }

    async fn stop(self) -> Result<(), Failure> {
        for process in self.0 {
            process.stop().await?;
        }
        Ok(())
    }
}

fn gcd(one: usize, other: usize) -> usize {
    if other == 0 { one } else { gcd(other, one % other) }
}

fn text(report: &Report) -> String {
    let mib = |memory: Memory| memory.resident_bytes as f64 / f64::from(1 << 20);
    format!(
        "{}\n{} connections, each user in {GROUPS_EACH} of {} groups of {GROUP}\n\
         resident, server          MiB   bytes each connection\n\
         before connecting    {:>8.1}\n\
         connected            {:>8.1} {:>16.0}\n\
         after a message each {:>8.1} {:>16.0}   ({} deliveries)\n\
         after idling         {:>8.1} {:>16.0}\n\
         {:.0} connections a second; idle CPU {:.3} cores\n",
        report.machine.sentence(),
        report.connections,
        report.groups,
        mib(report.before),
        mib(report.connected),
        report.bytes_each_connected,
        mib(report.after_message),
        report.bytes_each_after_message,
        report.deliveries,
        mib(report.after_idling),
        report.bytes_each_after_idling,
        report.connected_per_second,
        report.idle_cores,
    )
}
