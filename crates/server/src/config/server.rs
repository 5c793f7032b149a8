//! `[server]`: where the server listens and how it treats connections.

use std::net::{Ipv4Addr, SocketAddr};

use super::key::{Invalid, section};
use super::units::{Millis, Network, Origin};

/// Largest time to drain: the process has to be gone 10 s after SIGTERM.
const DRAIN_MS_MAX: u64 = 9_000;

section! {
    /// Where the server listens and how it treats connections.
    Server "server" {
        /// The address and port that the server listens on; port 0 takes a free one.
        listen: SocketAddr = SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)), Text "ADDR:PORT";
        /// Where clients reach this server, if not at the address that it listens on (behind a proxy, or
        /// with a name). Log-in answers carry it as the address of the WebSocket.
        public_url: Option<Origin> = None, Text "http(s)://HOST[:PORT]";
        /// Proxies whose `X-Forwarded-For` is believed. Without one, the address of the connection counts.
        trusted_proxies: Vec<Network> = Vec::new(), List "addresses, networks";
        /// Connections at once; more are closed as they come.
        connections: usize = 1_000_000, Number "connections";
        /// Time for the head of a request, counted from the connection's start or from the last answer.
        header_timeout_ms: Millis = Millis(5_000), Number "ms";
        /// Time for a whole request, its body and its answer's making.
        request_timeout_ms: Millis = Millis(30_000), Number "ms";
        /// Time that a peer may take no byte while some are waiting for it, before it is cut off.
        write_timeout_ms: Millis = Millis(30_000), Number "ms";
        /// At SIGTERM: time for requests under way and for connections to go. At most 9,000.
        drain_ms: Millis = Millis(5_000), Number "ms";
        /// What clients are told at SIGTERM: when to connect again.
        reconnect_ms: Millis = Millis(1_000), Number "ms";
    }
}

fn rules(server: &Server) -> Result<(), Invalid> {
    if server.connections == 0 {
        return Err(Invalid::new("connections", "must be at least 1"));
    }
    for (key, time) in [
        ("header_timeout_ms", server.header_timeout_ms),
        ("request_timeout_ms", server.request_timeout_ms),
        ("write_timeout_ms", server.write_timeout_ms),
    ] {
        if !(100..=3_600_000).contains(&time.0) {
            return Err(Invalid::new(
                key,
                "must lie between 100 (a tenth of a second) and 3600000 (an hour)",
            ));
        }
    }
    if server.drain_ms.0 > DRAIN_MS_MAX {
        return Err(Invalid::new(
            "drain_ms",
            format!("must be at most {DRAIN_MS_MAX}, so that the server is gone within 10 s"),
        ));
    }
    Ok(())
}
