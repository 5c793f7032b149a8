//! The admin socket: HTTP/1.1 on a Unix socket in the data folder, for its owner alone.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener as StdListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, listen, socket_with};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::sleep;

use super::super::listener::begun;
use super::super::tasks::Tasks;

/// The socket's name in the data folder.
pub const SOCKET_NAME: &str = "admin.sock";
/// Connections at once: an operator and his scripts.
const CONNECTIONS_MAX: usize = 16;
const BACKLOG: i32 = 16;
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A bound socket; its file goes when it is dropped.
pub(in crate::node) struct Socket {
    listener: UnixListener,
    file: SocketFile,
}

struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Whoever removed it before wanted it gone as well.
        let _ = fs::remove_file(&self.0);
    }
}

impl Socket {
    /// Binds the socket in a data folder that this process has to itself. Nobody but its owner could
    /// connect at any moment: it listens only after its permissions are set.
    pub(in crate::node) fn bind(folder: &Path) -> io::Result<Self> {
        let path = folder.join(SOCKET_NAME);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let descriptor = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        bind(&descriptor, &SocketAddrUnix::new(&path)?)?;
        let file = SocketFile(path);
        fs::set_permissions(&file.0, Permissions::from_mode(0o600))?;
        listen(&descriptor, BACKLOG)?;
        Ok(Self { listener: UnixListener::from_std(StdListener::from(descriptor))?, file })
    }

    /// Serves until the node drains.
    pub(in crate::node) async fn serve(
        self,
        router: Router,
        tasks: Tasks,
        mut draining: watch::Receiver<bool>,
    ) {
        let Self { listener, file } = self;
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let service = TowerToHyperService::new(router);
        loop {
            let accept = async {
                let place = Arc::clone(&places).acquire_owned().await;
                (listener.accept().await, place)
            };
            let (accepted, place) = tokio::select! {
                () = begun(&mut draining) => break,
                accepted = accept => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    let connection = serve(stream, service.clone(), draining.clone());
                    // Refused when the node is stopped: then the connection is closed.
                    let _ = tasks.spawn(async move {
                        connection.await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot take a connection of the admin socket");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(file);
    }
}

async fn serve(
    stream: UnixStream,
    service: TowerToHyperService<Router>,
    mut draining: watch::Receiver<bool>,
) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = begun(&mut draining) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "connection of the admin socket ended");
    }
}
