//! How many resident bytes an idle connection costs the gateway: opens many authenticated connections
//! (each user in 20 groups of 20), has each send and receive, and reads the process's memory.
//!
//! `cargo run --release -p chinwag-server --example idle_memory [CONNECTIONS]`
//!
//! The engines are the in-memory twins, set up before the first reading; what a message costs them is
//! told apart by a second round of messages. The clients run in a process of their own. Nothing here is a
//! test: docs/performance.md holds the figures.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    dead_code,
    reason = "a tool for measuring: it stops where something is wrong, and prints"
)]

#[path = "../tests/gateway_ws/client.rs"]
mod client;
#[path = "../tests/gateway_ws/kit.rs"]
mod kit;

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chinwag_proto::{ChatId, ServerFrame};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use kit::{Person, World};

const GROUPS: usize = 20;
const ROUNDS: usize = 3;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    match first.as_deref() {
        Some("clients") => runtime.block_on(clients(&arguments.next().unwrap(), &arguments.next().unwrap())),
        count => runtime.block_on(server(count.map_or(5_000, |count| count.parse().unwrap()))),
    }
}

/// Resident bytes of this process.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4_096
}

async fn server(count: usize) {
    let world = World::start().await;
    let mut people = Vec::with_capacity(count);
    let mut lines = String::new();
    for number in 0..count {
        let person = world.person(&format!("user{number}")).await;
        let (_, token) = person.logs_in().await;
        people.push((person, token));
    }
    for number in 0..count {
        let group = found_group(&world, &people, number).await;
        lines.push_str(&format!("{group} {}\n", people[number].1));
    }
    let file = std::env::temp_dir().join(format!("chinwag-idle-{}", std::process::id()));
    std::fs::write(&file, lines).unwrap();
    drop(people);

    let (mut child, mut say, mut hear) = begin_clients(&world, file.to_str().unwrap());
    let mut readings = vec![resident()];
    for round in 0..=ROUNDS {
        hear_line(&mut hear);
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(world.gateway.authenticated(), count);
        readings.push(resident());
        println!("round {round}: {} bytes a connection", (readings[round + 1] - readings[0]) / count);
        writeln!(say, "next").unwrap();
    }
    let message = (readings[ROUNDS + 1] - readings[2]) / (ROUNDS - 1) / count;
    let connection = (readings[2] - readings[0]) / count - message;
    println!("{count} connections, each in {GROUPS} groups of {GROUPS}, after one message");
    println!("{connection} resident bytes a connection ({message} a message in the engines not counted)");
    drop(say);
    child.wait().unwrap();
    std::fs::remove_file(file).unwrap();
}

/// A group of a person and the next 19.
async fn found_group(world: &Arc<World>, people: &[(Person, String)], first: usize) -> ChatId {
    let member = |offset: usize| people[(first + offset) % people.len()].0.id;
    let body = chinwag_proto::rest::CreateChat {
        title: Some("group".parse().unwrap()),
        members: (1..GROUPS).map(member).collect(),
        encryption: Default::default(),
        history: Default::default(),
        client_message_id: None,
    };
    let device = "1".parse().unwrap();
    let caller = chinwag_server::service::Caller { user: member(0), device };
    world.services.sending.create_group(caller, body).await.unwrap().0
}

fn begin_clients(world: &World, file: &str) -> (Child, ChildStdin, BufReader<ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["clients", &world.address.to_string(), file])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let say = child.stdin.take().unwrap();
    let hear = BufReader::new(child.stdout.take().unwrap());
    (child, say, hear)
}

fn hear_line(hear: &mut impl BufRead) {
    let mut line = String::new();
    assert_ne!(hear.read_line(&mut line).unwrap(), 0, "the clients are gone");
}

async fn clients(address: &str, file: &str) {
    let (rounds, round) = watch::channel(0_usize);
    let done = Arc::new(AtomicUsize::new(0));
    let mut count = 0;
    for line in std::fs::read_to_string(file).unwrap().lines() {
        let (group, token) = line.split_once(' ').unwrap();
        let socket = connect(address, token).await;
        tokio::spawn(live(socket, group.to_owned(), round.clone(), Arc::clone(&done)));
        count += 1;
    }
    for line in std::iter::once(Ok(String::new())).chain(std::io::stdin().lines()) {
        if line.is_err() {
            return;
        }
        while done.load(Ordering::SeqCst) < count * *rounds.borrow() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        println!("done");
        std::io::stdout().flush().unwrap();
        rounds.send_modify(|round| *round += 1);
    }
}

type Socket = tokio_tungstenite::WebSocketStream<TcpStream>;

async fn connect(address: &str, token: &str) -> Socket {
    let config = WebSocketConfig::default().read_buffer_size(1_024).write_buffer_size(0);
    let request = format!("ws://{address}/ws").into_client_request().unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut socket, _) =
        tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await.unwrap();
    socket.send(Message::text(json!({"type": "auth", "token": token}).to_string())).await.unwrap();
    let ready = socket.next().await.unwrap().unwrap();
    assert!(ready.to_text().unwrap().contains("ready"));
    socket
}

/// Reads everything, and sends once in each round.
async fn live(mut socket: Socket, group: String, mut round: watch::Receiver<usize>, done: Arc<AtomicUsize>) {
    loop {
        tokio::select! {
            changed = round.changed() => {
                let Ok(()) = changed else { return };
                let number = *round.borrow_and_update();
                let text = "a message of about the usual length, neither long nor short";
                let send = json!({"type": "send", "id": number, "chatId": group,
                    "clientMessageId": format!("m{number}"), "content": text});
                socket.send(Message::text(send.to_string())).await.unwrap();
            }
            frame = socket.next() => {
                let Some(Ok(Message::Text(text))) = frame else { panic!("{frame:?}") };
                if let Ok(ServerFrame::Ack(_)) = ServerFrame::parse(&text) {
                    done.fetch_add(1, Ordering::SeqCst);
                }
            }
        }
    }
}
