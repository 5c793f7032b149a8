//! The settings: valid, safe, kept from others' eyes.

use std::os::unix::fs::PermissionsExt;

use chinwag_server::config::accounts::Accounts;
use chinwag_server::config::{Config, Loaded};

use super::Finding;

const CHECK: &str = "settings";

pub(super) fn check(loaded: &Loaded) -> Vec<Finding> {
    let from = loaded.file.as_ref().map_or_else(|| "no file".to_owned(), |file| file.display().to_string());
    let mut findings = vec![Finding::fine(CHECK, format!("valid ({from})"))];
    findings.extend(secret_in_the_open(loaded));
    findings.extend(clear_text(&loaded.config));
    findings.extend(cheap_passwords(&loaded.config.accounts));
    findings
}

fn secret_in_the_open(loaded: &Loaded) -> Option<Finding> {
    let file = loaded.file.as_ref()?;
    let mode = std::fs::metadata(file).ok()?.permissions().mode();
    let open = loaded.config.metrics.token.is_some() && mode & 0o044 != 0;
    open.then(|| {
        let found = format!("{} may be read by others; with metrics.token set it should not", file.display());
        Finding::warning(CHECK, found, format!("chmod 600 {}", file.display()))
    })
}

fn clear_text(config: &Config) -> Option<Finding> {
    let listen = config.server.listen;
    let public = config.server.public_url.as_ref();
    let protected = config.tls.certificate.is_some() || public.is_some_and(|url| url.is_secure());
    if listen.ip().is_loopback() || protected {
        return None;
    }
    Some(Finding::warning(
        CHECK,
        format!("on {listen} passwords and messages travel in the clear"),
        "set tls.certificate and tls.key; behind a TLS proxy set server.public_url to its https:// address",
    ))
}

fn cheap_passwords(accounts: &Accounts) -> Option<Finding> {
    let usual = Accounts::default();
    let cost =
        |accounts: &Accounts| u64::from(accounts.password_memory_kib) * u64::from(accounts.password_passes);
    (cost(accounts) < cost(&usual)).then(|| {
        Finding::warning(
            CHECK,
            "passwords are hashed more cheaply than is usual; whoever steals the data guesses them faster",
            "remove accounts.password_memory_kib and accounts.password_passes from the settings",
        )
    })
}
