//! `[tls]`: HTTPS by certificate files.

use std::path::PathBuf;

use super::key::{Invalid, section};
use super::units::Millis;

section! {
    /// HTTPS by certificate files. Without them the server speaks plain HTTP.
    Tls "tls" {
        /// The certificate and its chain, PEM. Read again when it changes, and on SIGHUP.
        certificate: Option<PathBuf> = None, Text "file";
        /// Its private key, PEM.
        key: Option<PathBuf> = None, Text "file";
        /// How often the files are looked at for a change.
        reload_ms: Millis = Millis(10_000), Number "ms";
    }
}

fn rules(tls: &Tls) -> Result<(), Invalid> {
    match (&tls.certificate, &tls.key) {
        (Some(_), None) => {
            Err(Invalid::new("key", "is missing: set it to the private key of tls.certificate"))
        }
        (None, Some(_)) => {
            Err(Invalid::new("certificate", "is missing: set it to the certificate of tls.key"))
        }
        _ if tls.reload_ms.0 < 100 => Err(Invalid::new("reload_ms", "must be at least 100")),
        _ => Ok(()),
    }
}
