//! Somebody at a shell.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use chinwag_testkit::process::ServerProcess;
use serde_json::Value;

/// How long a condition may take to come true, on a machine that is busy with other tests.
const DEADLINE: Duration = Duration::from_secs(30);
/// Lines that may wait to be looked at.
const LINES_MAX: usize = 10_000;

pub(crate) fn server() -> ServerProcess {
    ServerProcess::start(env!("CARGO_BIN_EXE_chinwag"), &[("CHINWAG_LOG_LEVEL", "warn")])
}

/// A home folder and a password.
pub(crate) struct Person {
    pub(crate) home: tempfile::TempDir,
    pub(crate) name: String,
    pub(crate) password: String,
}

impl Person {
    /// Somebody without an account.
    pub(crate) fn called(name: &str) -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            name: name.to_owned(),
            password: format!("password of {name}"),
        }
    }

    /// Somebody with an account, logged in.
    pub(crate) fn at(server: &ServerProcess, name: &str) -> Self {
        let person = Self::called(name);
        let address = server.address().to_string();
        person.types_secretly(&["login", "--server", &address, "--user", name, "--register"]).succeeds();
        person
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chinwag"));
        command.args(words).env_clear().env("CHINWAG_HOME", self.home.path().join("kept"));
        command.current_dir(self.home.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn types(&self, words: &[&str]) -> Outcome {
        Outcome(self.command(words).output().unwrap())
    }

    /// The same with the password in the environment.
    pub(crate) fn types_secretly(&self, words: &[&str]) -> Outcome {
        Outcome(self.command(words).env("CHINWAG_PASSWORD", &self.password).output().unwrap())
    }

    /// The same with something on standard input.
    pub(crate) fn pipes(&self, input: &str, words: &[&str]) -> Outcome {
        let mut child = self.command(words).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        Outcome(child.wait_with_output().unwrap())
    }

    /// Starts a command that goes on.
    pub(crate) fn starts(&self, words: &[&str]) -> Running {
        Running::of(self.command(words).spawn().unwrap())
    }
}

/// What became of a command.
#[derive(Debug)]
pub(crate) struct Outcome(Output);

impl Outcome {
    /// Its JSON answer; `Null` where it printed nothing.
    pub(crate) fn succeeds(&self) -> Value {
        assert_eq!(self.0.status.code(), Some(0), "{self:?}");
        serde_json::from_slice(&self.0.stdout).unwrap_or(Value::Null)
    }

    /// Its JSON lines.
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.succeeds();
        let text = std::str::from_utf8(&self.0.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// It ended with this code and said this.
    pub(crate) fn fails(&self, code: i32, saying: &str) {
        let said = String::from_utf8_lossy(&self.0.stderr);
        assert_eq!(self.0.status.code(), Some(code), "{said}");
        assert!(said.contains(saying), "expected {saying:?} in {said:?}");
    }
}

/// A command that goes on; killed when dropped.
pub(crate) struct Running {
    child: Child,
    lines: Option<Receiver<Value>>,
    said: Receiver<String>,
}

impl Running {
    fn of(mut child: Child) -> Self {
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let lines = listen(stdout, |line| serde_json::from_str(line).unwrap());
        Self { child, lines: Some(lines), said: listen(stderr, str::to_owned) }
    }

    /// Waits until it has said this on standard error.
    pub(crate) fn says(&mut self, text: &str) {
        while !self.said.recv_timeout(DEADLINE).expect("a word in time").contains(text) {}
    }

    /// The next line, as JSON.
    pub(crate) fn prints(&mut self) -> Value {
        self.lines.as_ref().unwrap().recv_timeout(DEADLINE).expect("a line in time")
    }

    /// The next lines have these contents and follow each other.
    pub(crate) fn prints_messages(&mut self, contents: &[&str]) {
        for content in contents {
            assert_eq!(self.prints()["content"], *content);
        }
    }

    pub(crate) fn gets_signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Waits for its end; answers the code, and what it printed until then.
    #[expect(clippy::disallowed_methods, reason = "a process cannot be waited for with a deadline otherwise")]
    pub(crate) fn ends(&mut self) -> (Option<i32>, Vec<Value>) {
        let end = std::time::Instant::now() + DEADLINE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(std::time::Instant::now() < end, "it goes on");
            std::thread::sleep(Duration::from_millis(10));
        };
        (status.code(), self.lines.take().unwrap().iter().collect())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listen<T: Send + 'static>(
    output: impl Read + Send + 'static,
    parse: impl Fn(&str) -> T + Send + 'static,
) -> Receiver<T> {
    let (line, lines) = sync_channel(LINES_MAX);
    let reader = std::thread::Builder::new().name("lines".to_owned()).spawn(move || {
        for text in BufReader::new(output).lines().map_while(Result::ok) {
            if line.send(parse(&text)).is_err() {
                return;
            }
        }
    });
    reader.unwrap();
    lines
}
