//! `[metrics]`: figures for Prometheus.

use super::key::{Invalid, section};
use super::units::Secret;

section! {
    /// Figures for Prometheus at `/metrics`.
    Metrics "metrics" {
        /// Whether they are served.
        enabled: bool = true, Flag "true, false";
        /// A secret that whoever reads them must send as `Authorization: Bearer TOKEN`. Without one, anybody
        /// who reaches the server may read them.
        token: Option<Secret> = None, Text "secret";
    }
}

fn rules(metrics: &Metrics) -> Result<(), Invalid> {
    match &metrics.token {
        Some(token) if token.len() < 16 => {
            Err(Invalid::new("token", "is shorter than 16 characters; make one with `openssl rand -hex 32`"))
        }
        _ => Ok(()),
    }
}
