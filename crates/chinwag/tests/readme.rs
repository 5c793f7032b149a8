//! The walkthrough of README.md, typed into a shell word for word.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::path::Path;
use std::process::{Command, Stdio};

use common::Bench;

const README: &str = include_str!("../../../README.md");

/// The text of all fenced blocks of a language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("\n```{language}\n");
    README.split(&fence).skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect()
}

#[test]
fn two_commands_set_everything_up() {
    assert_eq!(blocks("console"), ["cargo run --release -- serve", "cargo xtask test"]);
}

#[test]
fn the_walkthrough_works_word_for_word() {
    let bench = Bench::new();
    let server = bench.serve(&[]);
    let walkthrough = blocks("sh").join("\n");
    let (first, rest) = walkthrough.split_once('\n').unwrap();
    assert_eq!(first, "CHINWAG=http://127.0.0.1:8080", "the one line that this test replaces");
    let script = format!("CHINWAG={}\n{rest}\n", server.url);

    let binaries = Path::new(env!("CARGO_BIN_EXE_chinwag")).parent().unwrap().display().to_string();
    let path = format!("{binaries}:{}", std::env::var("PATH").unwrap());
    let typed = Command::new("bash")
        .args(["-eu", "-o", "pipefail", "-c", &script])
        .current_dir(bench.folder())
        .env("PATH", path)
        .env("HOME", bench.folder())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (shown, wrong) = (String::from_utf8(typed.stdout).unwrap(), String::from_utf8(typed.stderr).unwrap());
    // `tail` tells on standard error how its connection stands.
    let troubles: Vec<_> = wrong.lines().filter(|line| !line.starts_with("chinwag: connected")).collect();
    assert!(typed.status.success() && troubles.is_empty(), "{wrong}\n{shown}");
    assert!(!shown.contains("\"about:blank\""), "a call was refused: {shown}");
    for said in ["Hello Bob!", "Noodles at one?", "Hello from a shell!", "On my way"] {
        assert!(shown.contains(&format!("\"content\":\"{said}\"")), "{said} was not read: {shown}");
    }
}
