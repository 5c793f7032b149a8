//! What is measured: a server of the bench's own, one that runs already, or the relay.

use std::path::PathBuf;
use std::time::Duration;

use chinwag_client_native::{Rest, ServerAddress};
use chinwag_server::node::admin::SOCKET_NAME;
use rustix::fs::statfs;
use rustix::net::sockopt::socket_peercred;
use tempfile::TempDir;
use tokio::time::Instant;

use super::CommonArgs;
use super::process::Process;
use crate::client::status;
use crate::exit::Failure;

/// How long a start may take.
const START_MAX: Duration = Duration::from_secs(60);
/// statfs(2): the folder is in memory.
const TMPFS_MAGIC: u64 = 0x0102_1994;

/// Limits that would stand in the way of a load; the figures are of the server, not of them.
const LIMITS: &[(&str, &str)] = &[
    ("CHINWAG_LIMITS_SENDS_PER_SECOND", "10000000"),
    ("CHINWAG_LIMITS_SENDS_BURST", "10000000"),
    ("CHINWAG_LIMITS_SENDS_IN_FLIGHT", "256"),
    ("CHINWAG_LOG_LEVEL", "warn"),
];

/// A running server.
pub(super) struct Server {
    pid: u32,
    address: ServerAddress,
    data: PathBuf,
    own: Option<(Process, TempDir)>,
}

impl Server {
    /// The one that was named, else one of its own.
    pub(super) fn of(args: &CommonArgs) -> Result<Self, Failure> {
        match (&args.server, &args.data) {
            (Some(url), Some(data)) => Self::running(url, data.clone()),
            (None, None) => Self::start(),
            _ => Err(Failure::usage(
                "--server and --data go together: the address of a server and its data folder",
            )),
        }
    }

    fn start() -> Result<Self, Failure> {
        let folder = tempfile::Builder::new().prefix("chinwag-bench-").tempdir();
        let folder = folder.map_err(|why| Failure::runtime(format!("cannot make a data folder: {why}")))?;
        if statfs(folder.path()).is_ok_and(|about| u64::try_from(about.f_type) == Ok(TMPFS_MAGIC)) {
            status(format_args!(
                "{} is in memory: syncs cost nothing there; set TMPDIR to a disk",
                folder.path().display()
            ));
        }
        Self::start_in(folder)
    }

    fn start_in(folder: TempDir) -> Result<Self, Failure> {
        let data = folder.path().join("data");
        let process = Process::start(|command| {
            command.arg("serve").arg("--data").arg(&data).args(["--listen", "127.0.0.1:0"]);
            command.current_dir(folder.path()).envs(LIMITS.iter().copied());
        })?;
        let url = process.says("ready", START_MAX)?;
        let address = url.parse().map_err(Failure::runtime)?;
        Ok(Self { pid: process.pid(), address, data, own: Some((process, folder)) })
    }

    /// Stops and starts it, where it is the bench's own: what it held for earlier work is gone. Answers how
    /// long the start took, until the `ready` line.
    pub(super) async fn restarted(self) -> Result<(Self, Duration), Failure> {
        let Some((process, folder)) = self.own else {
            status(
                "it is not the bench's own and goes on: what it has allocated before may hide what is measured",
            );
            return Ok((self, Duration::ZERO));
        };
        process.stop().await?;
        let began = Instant::now();
        let server = Self::start_in(folder)?;
        Ok((server, began.elapsed()))
    }

    fn running(url: &str, data: PathBuf) -> Result<Self, Failure> {
        let address = url.parse().map_err(Failure::usage)?;
        let socket = data.join(SOCKET_NAME);
        let stream = std::os::unix::net::UnixStream::connect(&socket);
        let stream = stream
            .map_err(|why| Failure::usage(format!("no server answers on {}: {why}", socket.display())))?;
        let peer = socket_peercred(&stream)
            .map_err(|why| Failure::runtime(format!("whose socket is that: {why}")))?;
        let pid = u32::try_from(peer.pid.as_raw_nonzero().get()).map_err(Failure::runtime)?;
        status(
            "its limits are in force: raise [limits] sends_per_second and sends_burst, or messages are refused",
        );
        Ok(Self { pid, address, data, own: None })
    }

    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// The folder through which users are made.
    pub(super) fn data(&self) -> &PathBuf {
        &self.data
    }

    pub(super) fn rest(&self, token: &str) -> Rest {
        Rest::new(self.address.clone()).with_token(token)
    }

    /// The address of its WebSocket.
    pub(super) fn socket_url(&self) -> Result<ServerAddress, Failure> {
        format!("{}/ws", self.address).parse().map_err(Failure::runtime)
    }

    /// A histogram's count and sum at /metrics; `None` where it has none.
    pub(super) async fn metric(&self, name: &str) -> Option<(f64, f64)> {
        let rest = Rest::new(self.address.clone());
        let page = rest.request::<()>("GET".parse().ok()?, "/metrics", None).await.ok()?;
        let page = std::str::from_utf8(&page).ok()?;
        let value = |suffix: &str| {
            let line = page.lines().find_map(|line| line.strip_prefix(&format!("{name}{suffix} ")))?;
            line.trim().parse::<f64>().ok()
        };
        Some((value("_count")?, value("_sum")?))
    }

    /// Ends it, where it is the bench's own.
    pub(super) async fn stop(self) -> Result<(), Failure> {
        match self.own {
            Some((process, folder)) => {
                process.stop().await?;
                folder
                    .close()
                    .map_err(|why| Failure::runtime(format!("cannot delete the data folder: {why}")))
            }
            None => Ok(()),
        }
    }
}

/// Starts the relay; answers it and its address.
pub(super) fn start_relay() -> Result<(Process, String), Failure> {
    let process = Process::start(|command| {
        command.args(["bench", "relay"]);
    })?;
    let url = process.says("ready", START_MAX)?;
    Ok((process, url))
}
