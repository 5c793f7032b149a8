//! `chinwag bench` on a small scale: what it counts is what happened. Its figures are not judged here.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use serde_json::Value;

/// Measures, and answers the JSON report.
fn measured(words: &[&str]) -> Value {
    let run =
        Command::new(env!("CARGO_BIN_EXE_chinwag")).arg("bench").args(words).arg("--json").output().unwrap();
    assert_eq!(run.status.code(), Some(0), "{}", String::from_utf8_lossy(&run.stderr));
    serde_json::from_slice(&run.stdout).unwrap()
}

fn number(report: &Value, path: &str) -> f64 {
    report.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("no {path} in {report}"))
}

#[test]
fn a_rate_is_kept_and_everything_arrives_over_the_server_and_over_the_relay() {
    let report = measured(&["rate", "100", "--seconds", "1", "--pairs", "2"]);
    for side in ["/server", "/relay"] {
        for (count, expected) in
            [("sent", 400), ("acked", 400), ("delivered", 400), ("lost", 0), ("duplicated", 0)]
        {
            assert_eq!(
                number(&report, &format!("{side}/verdict/{count}")),
                f64::from(expected),
                "{side} {count}"
            );
        }
        assert_eq!(number(&report, &format!("{side}/sendToDeliver/count")), 100.0);
        assert_eq!(number(&report, &format!("{side}/sendToAck/count")), 100.0);
        assert!(number(&report, &format!("{side}/sendToAck/p50Ms")) > 0.0);
    }
}

#[test]
fn the_highest_rate_is_that_of_one_of_its_steps() {
    let report = measured(&["max", "--step-seconds", "1", "--pairs", "2", "--window-max", "2"]);
    let steps = report["steps"].as_array().unwrap();
    let best = number(&report, "/best/perSecond");
    assert!(best > 0.0 && steps.iter().all(|step| number(step, "/perSecond") <= best));
    assert_eq!(number(&report, "/verdict/acked"), number(&report, "/verdict/sent"));
    assert!(number(&report, "/best/commitBatch") >= 1.0);
    assert!(number(&report, "/relay/perSecond") > 0.0);
}

#[test]
fn a_group_delivers_to_all_but_the_sender() {
    let report = measured(&["group", "120", "--rate", "10", "--seconds", "1"]);
    assert_eq!(number(&report, "/server/verdict/acked"), 40.0);
    assert_eq!(number(&report, "/server/verdict/delivered"), 40.0 * 119.0);
    assert_eq!(number(&report, "/server/sendToDeliver/count"), 10.0 * 119.0);
}

#[test]
fn idle_connections_hear_one_message_from_each_of_their_groups() {
    let report = measured(&["idle", "100", "--hold", "1"]);
    assert_eq!((number(&report, "/groups"), number(&report, "/deliveries")), (20.0, 2_000.0));
    assert!(number(&report, "/connected/residentBytes") > 0.0);
}

#[test]
fn a_server_that_runs_already_can_be_measured() {
    let limits = [("CHINWAG_LIMITS_SENDS_PER_SECOND", "1000"), ("CHINWAG_LIMITS_SENDS_BURST", "1000")];
    let server = chinwag_testkit::process::ServerProcess::start(env!("CARGO_BIN_EXE_chinwag"), &limits);
    let (url, data) = (server.address().to_string(), server.data().join("data"));
    let own = ["--server", &url, "--data", data.to_str().unwrap(), "--no-relay"];
    let report = measured(&[&["rate", "50", "--seconds", "1", "--pairs", "1"], &own[..]].concat());
    assert_eq!(number(&report, "/server/verdict/delivered"), 200.0);
    assert!(report.get("relay").is_none());
    assert!(server.pid().is_some(), "it is left as it was");
}

#[test]
fn every_start_is_counted() {
    let report = measured(&["start", "--runs", "2"]);
    assert_eq!(number(&report, "/again/count"), 2.0);
    assert!(number(&report, "/firstMs") > 0.0);
}

#[test]
fn an_interrupted_run_leaves_no_process_and_no_data_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = Command::new(env!("CARGO_BIN_EXE_chinwag"))
        .args(["bench", "rate", "10", "--seconds", "600"])
        .env("TMPDIR", folder.path())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It says what it is about to do once the server runs.
    let mut said = BufReader::new(run.stderr.take().unwrap()).lines();
    assert!(said.any(|line| line.unwrap().contains("messages a second for 600 s")));
    let data = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path().join("data");
    let socket = data.join("admin.sock");
    assert!(UnixStream::connect(&socket).is_ok(), "{}", socket.display());
    rustix::process::kill_process(rustix::process::Pid::from_child(&run), rustix::process::Signal::TERM)
        .unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(1));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn half_a_server_is_a_mistake() {
    let run = Command::new(env!("CARGO_BIN_EXE_chinwag"))
        .args(["bench", "rate", "5", "--server", "http://127.0.0.1:1"])
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(2));
}
