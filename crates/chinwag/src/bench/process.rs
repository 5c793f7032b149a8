//! Processes that the bench starts from its own binary, and ends.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::Builder;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep};

use crate::exit::Failure;

/// How long a process may take to end; the server's contract says 10 s.
const STOP_MAX: Duration = Duration::from_secs(15);
/// Lines that may wait; more are not read.
const LINES_MAX: usize = 1_024;

/// A child process; killed when dropped.
pub(super) struct Process {
    child: Child,
    lines: Receiver<String>,
}

impl Process {
    /// Starts this binary with other arguments.
    pub(super) fn start(prepare: impl FnOnce(&mut Command)) -> Result<Self, Failure> {
        let cannot = |why: std::io::Error| Failure::runtime(format!("cannot start a process: {why}"));
        let mut command = Command::new(std::env::current_exe().map_err(cannot)?);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        prepare(&mut command);
        let mut child = command.spawn().map_err(cannot)?;
        let (line, lines) = sync_channel(LINES_MAX);
        if let Some(stdout) = child.stdout.take() {
            // It ends with the child's standard output.
            let reader = Builder::new().name("child's output".to_owned()).spawn(move || {
                for text in BufReader::new(stdout).lines().map_while(Result::ok) {
                    if line.send(text).is_err() {
                        return;
                    }
                }
            });
            reader.map_err(cannot)?;
        }
        Ok(Self { child, lines })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its standard input, once.
    pub(super) fn stdin(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    /// The rest of the next line that begins with this word.
    pub(super) fn says(&self, word: &str, within: Duration) -> Result<String, Failure> {
        loop {
            let line = self.lines.recv_timeout(within).map_err(|why| match why {
                RecvTimeoutError::Timeout => {
                    Failure::runtime(format!("no `{word}` within {} s", within.as_secs()))
                }
                RecvTimeoutError::Disconnected => {
                    Failure::runtime(format!("it ended before it said `{word}`"))
                }
            })?;
            if let Some(rest) = line.strip_prefix(word) {
                return Ok(rest.trim().to_owned());
            }
        }
    }

    /// The last line so far, if there is a new one.
    pub(super) fn last_word(&self) -> Option<String> {
        self.lines.try_iter().last()
    }

    /// Asks it to end, and waits.
    pub(super) async fn stop(mut self) -> Result<(), Failure> {
        drop(self.stdin());
        // Where it is gone already, there is nobody to ask.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let end = Instant::now() + STOP_MAX;
        while Instant::now() < end {
            match self.child.try_wait() {
                Ok(None) => sleep(Duration::from_millis(20)).await,
                Ok(Some(_)) => return Ok(()),
                Err(why) => return Err(Failure::runtime(format!("cannot wait for a process: {why}"))),
            }
        }
        Err(Failure::runtime(format!("a process did not end within {} s of SIGTERM", STOP_MAX.as_secs())))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
