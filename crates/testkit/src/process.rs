//! The real binary as a process: started on a free port, killed without warning, started again on the
//! same data folder.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chinwag_client_native::{Rest, ServerAddress};

/// How long a start may take, on a machine that is busy with other tests.
const START_MAX: Duration = Duration::from_secs(30);
/// How long a clean stop may take: the contract says 10 s.
const STOP_MAX: Duration = Duration::from_secs(10);

/// A server process on a data folder of its own. Killed when dropped.
pub struct ServerProcess {
    binary: PathBuf,
    settings: Vec<(String, String)>,
    data: tempfile::TempDir,
    child: Option<Child>,
    address: ServerAddress,
    port: u16,
}

impl ServerProcess {
    /// Starts the binary; `settings` are environment variables such as `CHINWAG_LIMITS_SENDS_PER_SECOND`.
    pub fn start(binary: impl AsRef<Path>, settings: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().expect("a temporary folder");
        let mut server = Self {
            binary: binary.as_ref().to_owned(),
            settings: settings.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect(),
            data,
            child: None,
            address: "http://127.0.0.1:1".parse().expect("an address"),
            port: 0,
        };
        server.restart();
        server
    }

    /// Where it listens; the same over restarts.
    pub const fn address(&self) -> &ServerAddress {
        &self.address
    }

    /// REST calls to it.
    pub fn rest(&self) -> Rest {
        Rest::new(self.address.clone())
    }

    /// Its data folder.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// The process id, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Kills it without warning (SIGKILL) and waits until it is gone.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            child.wait().expect("the process can be waited for");
        }
    }

    /// Asks it to stop (SIGTERM) and waits; answers the exit code.
    #[expect(clippy::disallowed_methods, reason = "a deadline in a test of a real process")]
    pub fn stop(&mut self) -> Option<i32> {
        let mut child = self.child.take()?;
        let asked = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status();
        assert!(asked.expect("kill(1) runs").success());
        let end = Instant::now() + STOP_MAX;
        loop {
            if let Some(status) = child.try_wait().expect("the process can be waited for") {
                return status.code();
            }
            if Instant::now() > end {
                let _ = child.kill();
                let _ = child.wait();
                panic!("the server did not stop within {STOP_MAX:?} of SIGTERM");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Starts it (again) on the same folder and port; answers how long it took until `ready`.
    #[expect(clippy::disallowed_methods, reason = "a deadline in a test of a real process")]
    pub fn restart(&mut self) -> Duration {
        self.kill();
        let begin = Instant::now();
        let mut command = Command::new(&self.binary);
        command
            .arg("serve")
            .arg("--data")
            .arg(self.data.path().join("data"))
            .arg("--listen")
            .arg(format!("127.0.0.1:{}", self.port))
            .current_dir(self.data.path())
            .envs(self.settings.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit());
        let mut child = command.spawn().expect("the binary starts");
        let stdout = child.stdout.take().expect("its standard output");
        let (line, ready) = std::sync::mpsc::sync_channel(1);
        let reader = std::thread::Builder::new().name("ready line".to_owned()).spawn(move || {
            let mut lines = BufReader::new(stdout).lines();
            let _ = line.send(lines.next());
            // The rest is read too, so that the process never waits for a reader.
            lines.for_each(drop);
        });
        reader.expect("a thread");
        let first = ready.recv_timeout(START_MAX);
        self.child = Some(child);
        let Ok(Some(Ok(line))) = first else { panic!("no `ready` line within {START_MAX:?}: {first:?}") };
        let url = line.strip_prefix("ready ").unwrap_or_else(|| panic!("not a `ready` line: {line:?}"));
        self.address = url.parse().expect("the address in the `ready` line");
        self.port = self.address.port();
        begin.elapsed()
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        self.kill();
    }
}
