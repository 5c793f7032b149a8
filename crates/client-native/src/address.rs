//! Where a server is.

use std::fmt;
use std::str::FromStr;

use hyper::Uri;

use crate::ClientError;

/// The address of a server: scheme, host and port, with an optional path before the API's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerAddress {
    tls: bool,
    host: String,
    port: u16,
    path: String,
}

impl ServerAddress {
    /// Whether the connection is encrypted.
    pub const fn is_tls(&self) -> bool {
        self.tls
    }

    /// The host's name or address, without brackets.
    pub fn host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The `Host` header.
    pub fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The address of something below this one.
    pub(crate) fn below(&self, path: &str) -> Self {
        Self { path: self.path(path), ..self.clone() }
    }

    /// A path on this server.
    pub fn path(&self, path: &str) -> String {
        format!("{}{path}", self.path)
    }
}

impl FromStr for ServerAddress {
    type Err = ClientError;

    /// Takes `http`, `https`, `ws` and `wss` URLs.
    fn from_str(text: &str) -> Result<Self, ClientError> {
        let wrong = || ClientError::Address(text.to_owned());
        let uri: Uri = text.trim_end_matches('/').parse().map_err(|_| wrong())?;
        let tls = match uri.scheme_str() {
            Some("http" | "ws") => false,
            Some("https" | "wss") => true,
            _ => return Err(wrong()),
        };
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
        Ok(Self {
            tls,
            host: host.to_owned(),
            port: uri.port_u16().unwrap_or(if tls { 443 } else { 80 }),
            path: uri.path().trim_end_matches('/').to_owned(),
        })
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}:{}{}", self.host, self.port, self.path)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn addresses_of_all_four_schemes() {
        for (text, printed) in [
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
            ("https://chat.example", "https://chat.example:443"),
            ("ws://[::1]:9/ws", "http://[::1]:9/ws"),
        ] {
            assert_eq!(text.parse::<ServerAddress>().unwrap().to_string(), printed);
        }
        assert_eq!("ws://[::1]:9/ws".parse::<ServerAddress>().unwrap().host(), "::1");
        for bad in ["", "chat.example", "ftp://a", "http://", "/ws"] {
            assert!(bad.parse::<ServerAddress>().is_err(), "{bad}");
        }
    }
}
