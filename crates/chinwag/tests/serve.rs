//! `chinwag serve` as a process: ready, signals, and the one line that says what to do.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use chinwag_client_native::{ClientError, Rest, ServerAddress, Socket};
use chinwag_proto::ServerFrame;
use common::{Bench, DEADLINE, Serving};
use tokio::time::timeout;

async fn rest(server: &Serving, name: &str) -> (Rest, String) {
    let rest = Rest::new(server.url.parse::<ServerAddress>().unwrap());
    rest.register(&name.parse().unwrap(), "correct horse").await.unwrap();
    let login = rest.login(name, "correct horse", "d".parse().unwrap()).await.unwrap();
    (rest.with_token(login.token.clone()), login.token)
}

#[test]
fn without_arguments_it_works_in_its_own_folder() {
    let bench = Bench::new();
    let server = bench.serve(&[]);
    assert!(bench.data().join("log.db").exists());
    assert!(server.url.starts_with("http://127.0.0.1:"), "{}", server.url);
    let (code, log) = server.stops();
    assert_eq!(code, Some(0), "{log}");
    // Standard output had the one line; the log is elsewhere.
    assert!(log.contains("draining") && log.contains("stopped"), "{log}");
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the contract's 10 s are measured on a real process")]
async fn sigterm_sends_everybody_away_and_ends_with_0_within_10_s() {
    let bench = Bench::new();
    let server = bench.serve(&[]);
    let (_, token) = rest(&server, "alice").await;
    let ws: ServerAddress = format!("{}/ws", server.url.replacen("http", "ws", 1)).parse().unwrap();
    let (mut socket, _) = Socket::connect(&ws, &token).await.unwrap();

    server.signal("TERM");
    let signalled = Instant::now();
    let goaway = timeout(DEADLINE, async {
        loop {
            match socket.next().await.unwrap() {
                ServerFrame::Goaway(goaway) => return goaway,
                _ => continue,
            }
        }
    });
    assert_eq!(goaway.await.unwrap().reconnect_in_ms, 1_000);
    let closed = timeout(DEADLINE, socket.next()).await.unwrap();
    assert!(matches!(closed, Err(ClientError::Closed { code: 4000, .. })), "{closed:?}");
    let (code, log) = server.ends();
    assert_eq!(code, Some(0), "{log}");
    assert!(signalled.elapsed() < Duration::from_secs(10), "{:?}", signalled.elapsed());
    assert!(!bench.data().join("admin.sock").exists());
}

#[tokio::test]
async fn what_was_said_is_there_after_a_restart_and_after_a_kill() {
    let bench = Bench::new();
    let server = bench.serve(&[]);
    let (alice, token) = rest(&server, "alice").await;
    let me = alice.find_user("alice").await.unwrap().user_id;
    let say = |text: &str| {
        serde_json::from_value(serde_json::json!({ "receiverId": me.to_string(), "content": text })).unwrap()
    };
    let chat = alice.send(&say("before the kill")).await.unwrap().chat_id;
    drop(server);

    let server = bench.serve(&[]);
    let alice = Rest::new(server.url.parse::<ServerAddress>().unwrap()).with_token(token.clone());
    assert_eq!(alice.messages(chat, 10).await.unwrap().messages.len(), 1);
    alice.send(&say("before the stop")).await.unwrap();
    assert_eq!(server.stops().0, Some(0));

    let server = bench.serve(&[]);
    let alice = Rest::new(server.url.parse::<ServerAddress>().unwrap()).with_token(token);
    assert_eq!(alice.messages(chat, 10).await.unwrap().messages.len(), 2);
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let bench = Bench::new();
    let server = bench.serve(&["--set", "server.drain_ms=9000"]);
    // A request whose body never comes keeps the drain waiting.
    let address = server.url.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = b"POST /users/register HTTP/1.1\r\nhost: t\r\nexpect: 100-continue\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n";
    tokio::io::AsyncWriteExt::write_all(&mut stream, head).await.unwrap();
    let mut continued = [0; 25];
    timeout(DEADLINE, tokio::io::AsyncReadExt::read_exact(&mut stream, &mut continued))
        .await
        .unwrap()
        .unwrap();

    server.signal("TERM");
    let closed = timeout(DEADLINE, async { while tokio::net::TcpStream::connect(address).await.is_ok() {} });
    closed.await.expect("it drains");
    server.signal("INT");
    let (code, log) = server.ends();
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("stopped at once by a second signal"), "{log}");
}

#[test]
fn sighup_does_not_end_it() {
    let bench = Bench::new();
    let server = bench.serve(&[]);
    server.signal("HUP");
    assert_eq!(server.stops().0, Some(0));
}

#[test]
fn a_second_server_on_the_same_folder_is_refused() {
    let bench = Bench::new();
    let server = bench.serve(&[]);
    let second = bench.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!((second.code, second.stdout.as_str()), (1, ""));
    assert!(
        second.stderr.contains("chinwag: the data folder chinwag-data is in use by another process (pid "),
        "{}",
        second.stderr
    );
    assert!(second.stderr.contains("--data DIR"), "{}", second.stderr);
    assert_eq!(server.stops().0, Some(0));
}

#[test]
fn what_keeps_it_from_starting_is_one_line_that_says_what_to_do() {
    let bench = Bench::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    bench.writes("file", "not a folder");
    bench.writes("bad.toml", "[limits]\npages = 1\n");
    for (arguments, code, says) in [
        (
            vec!["serve", "--listen", address.as_str()],
            1,
            "is in use by another program: stop it, or choose another",
        ),
        (vec!["serve", "--listen", "127.0.0.1:0", "--data", "file"], 1, "cannot use the data folder file: "),
        (vec!["serve", "--listen", "192.0.2.1:80"], 1, "cannot listen on 192.0.2.1:80: "),
        (
            vec!["serve", "--config", "bad.toml"],
            2,
            "bad.toml: there is no setting limits.pages; did you mean page?",
        ),
        (vec!["serve", "--config", "none.toml"], 2, "cannot read the configuration file none.toml: "),
        (vec!["serve", "--set", "limits.page"], 2, "write it as --set SECTION.KEY=VALUE"),
        (vec!["serve", "--set", "tls.key=k"], 2, "tls.certificate (default): is missing"),
        (vec!["serve", "--listen", "here"], 2, "invalid value 'here' for '--listen <ADDR:PORT>'"),
        (vec!["server"], 2, "unrecognized subcommand 'server'"),
    ] {
        let ran = bench.run(&arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (code, ""), "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(says), "{arguments:?}: {}", ran.stderr);
        if code == 1 {
            assert_eq!(ran.stderr.lines().count(), 1, "{arguments:?}: {}", ran.stderr);
        }
    }
}

#[test]
fn settings_come_from_the_file_in_the_folder_and_are_shown_with_their_sources() {
    let bench = Bench::new();
    bench.writes("chinwag.toml", "[limits]\npage = 7\n");
    for arguments in [vec!["serve", "--print-config"], vec!["config", "show"]] {
        let shown = bench.run(&[&arguments[..], &["--set", "limits.watch_users=8"]].concat()).stdout;
        assert!(shown.contains("\npage = 7  # chinwag.toml\n"), "{shown}");
        assert!(shown.contains("\nwatch_users = 8  # flag --set limits.watch_users\n"), "{shown}");
        assert!(
            shown.contains("memory_kib = 8  # environment CHINWAG_ACCOUNTS_PASSWORD_MEMORY_KIB\n"),
            "{shown}"
        );
        assert!(shown.contains("\nlisten = \"127.0.0.1:8080\"  # default\n"), "{shown}");
    }
    let shown = bench.json(&["config", "show", "--json"]);
    assert_eq!(shown["limits"]["page"]["value"], 7);
}

#[test]
fn logs_are_json_where_that_is_set_and_hold_no_query() {
    let bench = Bench::new();
    let server = bench.serve(&["--set", "log.format=json", "--set", "log.level=debug"]);
    let address = server.url.strip_prefix("http://").unwrap().to_owned();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let request = b"GET /users?username=secretive HTTP/1.1\r\nhost: t\r\nauthorization: Bearer hushhush\r\nconnection: close\r\n\r\n";
    std::io::Write::write_all(&mut stream, request).unwrap();
    std::io::Read::read_to_end(&mut stream, &mut Vec::new()).unwrap();
    let (_, log) = server.stops();
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let access = lines.iter().find(|line| line["path"] == "/users").expect("an access line");
    assert_eq!((&access["status"], &access["method"]), (&401.into(), &"GET".into()));
    assert!(access["request"].is_string());
    assert!(!log.contains("secretive") && !log.contains("hushhush"), "{log}");
}

#[test]
fn when_files_run_out_those_who_are_connected_stay_and_newcomers_wait() {
    let bench = Bench::new();
    let binary = env!("CARGO_BIN_EXE_chinwag");
    let limited = format!("ulimit -n 60; exec {binary} serve --listen 127.0.0.1:0");
    let server = Serving::start(bench.shell(&limited));
    let address = server.url.strip_prefix("http://").unwrap().to_owned();
    let healthy = |stream: &mut TcpStream| {
        stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: t\r\n\r\n").unwrap();
        let mut answer = [0; 15];
        stream.read_exact(&mut answer).is_ok() && &answer == b"HTTP/1.1 200 OK"
    };
    let mut first = TcpStream::connect(&address).unwrap();
    assert!(healthy(&mut first));
    let mut others: Vec<_> = (0..60).map(|_| TcpStream::connect(&address).unwrap()).collect();
    assert!(!healthy(others.last_mut().unwrap()), "the files have run out");
    drop(first);
    drop(others);
    let answered = std::iter::repeat_with(|| healthy(&mut TcpStream::connect(&address).unwrap())).take(60);
    assert!(answered.into_iter().any(|answered| answered), "it takes connections again");
    let (code, log) = server.stops();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("cannot take connections just now"), "{log}");
}

#[test]
fn a_log_that_nobody_reads_stops_nothing() {
    let bench = Bench::new();
    // Standard error is a pipe that this test reads at the end: it holds 64 KiB, the log is larger.
    let server = bench.serve(&["--set", "log.level=trace"]);
    let address = server.url.strip_prefix("http://").unwrap().to_owned();
    for _ in 0..1_500 {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n").unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200 OK"));
    }
    let (code, log) = server.stops();
    assert_eq!(code, Some(0));
    // All that the pipe holds but for a part of a line; the rest was given up.
    assert!((63 * 1024..=65 * 1024).contains(&log.len()), "{}", log.len());
}

#[test]
fn a_path_too_long_for_a_socket_costs_only_the_socket() {
    let bench = Bench::new();
    let deep = "d".repeat(120);
    let server = bench.serve(&["--data", &deep]);
    let ran = bench.run(&["admin", "users", "list", "--data", &deep]);
    assert!(ran.code == 1 && ran.stderr.contains("does not answer on its admin socket"), "{}", ran.stderr);
    let (code, log) = server.stops();
    assert_eq!(code, Some(0));
    assert!(log.contains("no admin socket"), "{log}");
    assert_eq!(bench.run(&["admin", "users", "list", "--data", &deep]).code, 0);
}

#[test]
fn every_command_explains_itself() {
    let bench = Bench::new();
    let help = bench.run(&["--help"]);
    assert_eq!(help.code, 0);
    for command in ["serve", "admin", "doctor", "config", "send", "tail"] {
        assert!(help.stdout.contains(&format!("\n  {command} ")), "{command}: {}", help.stdout);
        let own = bench.run(&[command, "--help"]);
        assert!(own.code == 0 && own.stdout.contains("Usage: chinwag"), "{command}: {}", own.stderr);
    }
}
