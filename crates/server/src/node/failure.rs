//! Why a node does not start: each text says what to do about it.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use chinwag_ports::Unavailable;

use super::tasks::Closed;
use super::tls::TlsError;

/// Why a node does not start. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Somebody else listens there.
    #[error("{0} is in use by another program: stop it, or choose another address with --listen ADDR:PORT")]
    AddressInUse(SocketAddr),
    /// The address is not one of this machine's, or may not be used.
    #[error("cannot listen on {address}: {why}; choose another address with --listen ADDR:PORT")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        why: io::Error,
    },
    /// Another process has the folder.
    #[error(
        "the data folder {} is in use by another process{}: stop it, or choose another folder with --data DIR",
        path.display(),
        pid.map_or_else(String::new, |pid| format!(" (pid {pid})"))
    )]
    Locked {
        /// The folder.
        path: PathBuf,
        /// The process, where it wrote its number down.
        pid: Option<u32>,
    },
    /// The folder cannot be made, read or written.
    #[error("cannot use the data folder {}: {why}; `chinwag doctor` tells more, --data DIR chooses another", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A later version wrote it.
    #[error("{0}")]
    Newer(
        /// The file, its layout, and what to do.
        String,
    ),
    /// The certificate cannot be used.
    #[error("{0}; set tls.certificate and tls.key to a pair of PEM files that belong together")]
    Tls(#[from] TlsError),
    /// The TLS library refuses its settings.
    #[error("TLS cannot be set up: {0}")]
    TlsSetup(#[from] tokio_rustls::rustls::Error),
    /// An engine does not answer.
    #[error("an engine does not work: {0}; `chinwag doctor` tells more")]
    Engine(#[from] Unavailable),
    /// The node is being stopped already.
    #[error(transparent)]
    Closed(#[from] Closed),
}

impl StartError {
    /// Tells a port in use from other troubles of an address.
    pub(super) fn listen(address: SocketAddr, why: io::Error) -> Self {
        match why.kind() {
            io::ErrorKind::AddrInUse => Self::AddressInUse(address),
            _ => Self::Listen { address, why },
        }
    }
}
