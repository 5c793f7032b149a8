//! `chinwag bench group`: fan-out to the members of one group, open loop.

use chinwag_proto::ChatId;
use chinwag_proto::rest::{AddMembers, CreateChat, HeadDone};
use chinwag_server::node::admin::bodies::ProvisionedRow;
use clap::Args;
use serde::Serialize;

use super::CommonArgs;
use super::figures::Summary;
use super::kernel::Machine;
use super::line::{Opening, Texts};
use super::rate::{OpenLoop, Side, kept, run_name};
use super::subject::Server;
use super::users;
use crate::client::{print_report, status};
use crate::exit::Failure;

/// Founders beside the creator, and users of one call that adds members: the contract's limit.
const AT_ONCE: usize = 100;

/// Fan-out: one group, all its members connected, each of them sends in turn.
///
/// Open loop, as `rate`. Every message is delivered to all members but its sender; the CPU time by message
/// holds all its deliveries.
#[derive(Args, Debug)]
pub(crate) struct GroupArgs {
    /// Members of the group
    #[arg(value_name = "G", value_parser = clap::value_parser!(u16).range(2..=9_000))]
    members: u16,
    /// Messages a second, all members together
    #[arg(long, value_name = "R", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    /// How long is measured
    #[arg(long, value_name = "S", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=600))]
    seconds: u16,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    bench: &'static str,
    machine: Machine,
    members: u16,
    per_second: u32,
    seconds: u16,
    bytes: u16,
    deliveries_per_second: f64,
    cpu_us_per_delivery: f64,
    server: Side,
}

/// Runs `chinwag bench group`.
pub(super) async fn run(args: GroupArgs, common: CommonArgs) -> Result<(), Failure> {
    let GroupArgs { members, rate, seconds } = args;
    let audience = usize::from(members) - 1;
    let plan = OpenLoop { per_second: rate, seconds, audience };
    plan.check()?;
    let machine = Machine::look();
    let server = Server::of(&common)?;
    status(format_args!("a group of {members}"));
    let users = users::provision(&server, members.into()).await?;
    let (chat, head) = found(&server, &users).await?;
    let address = server.socket_url()?;
    let openings = users.iter().map(|user| Opening {
        address: address.clone(),
        token: Some(user.token.clone()),
        chat,
        head,
    });
    let texts = Texts::new(common.bytes, &run_name(&users));
    status(format_args!("{rate} messages a second for {seconds} s"));
    let side = plan.measure(openings.collect(), server.pid(), &texts).await?;
    server.stop().await?;
    let deliveries = side.send_to_deliver.count as f64;
    let report = Report {
        bench: "group",
        machine,
        members,
        per_second: rate,
        seconds,
        bytes: common.bytes,
        deliveries_per_second: deliveries / f64::from(seconds),
        cpu_us_per_delivery: side.cpu.us_per_message / audience as f64,
        server: side,
    };
    print_report(common.json, &report, text(&report))?;
    kept(&report.server.verdict)
}

/// Makes the group of all users; answers it and its head.
async fn found(server: &Server, users: &[ProvisionedRow]) -> Result<(ChatId, u64), Failure> {
    let (creator, others) = users.split_first().ok_or_else(|| Failure::runtime("there are no users"))?;
    let rest = server.rest(&creator.token);
    let mut parts =
        others.chunks(AT_ONCE).map(|part| part.iter().map(|user| user.user_id).collect::<Vec<_>>());
    let create = CreateChat {
        title: Some("bench".parse().map_err(Failure::runtime)?),
        members: parts.next().unwrap_or_default(),
        encryption: Default::default(),
        history: Default::default(),
        client_message_id: None,
    };
    let made = rest.create_chat(&create).await.map_err(Failure::runtime)?;
    let chat = made.chat_id.ok_or_else(|| Failure::runtime("the server made a group without an id"))?;
    let mut head = made.head;
    for users in parts {
        let path = format!("/chats/{chat}/members");
        let method = "POST".parse().map_err(Failure::runtime)?;
        let done: HeadDone =
            rest.call(method, &path, Some(&AddMembers { users })).await.map_err(Failure::runtime)?;
        head = done.head;
    }
    Ok((chat, head.get()))
}

fn text(report: &Report) -> String {
    let Report { machine, members, per_second, seconds, bytes, .. } = report;
    let head = format!(
        "{}\na group of {members}: {per_second} messages of {bytes} bytes a second for {seconds} s\n               {}\n",
        machine.sentence(),
        Summary::HEADER,
    );
    let rates = format!(
        "{:.0} deliveries a second, {:.2} µs of CPU each\n",
        report.deliveries_per_second, report.cpu_us_per_delivery
    );
    head + &report.server.text("server") + &rates
}
