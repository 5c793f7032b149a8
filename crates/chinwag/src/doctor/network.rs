//! The network: the address is free, the certificate is good.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use chinwag_proto::Timestamp;
use chinwag_server::config::Config;
use chinwag_server::node::clock::SystemClock;
use chinwag_server::node::tls::Pair;

use super::Finding;

/// A certificate that ends within this time should be renewed.
const RENEW_BEFORE_MS: i64 = 14 * 24 * 3_600_000;

pub(super) fn check(config: &Config, running: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !running {
        findings.push(address(config));
    }
    if config.server.listen.ip().is_unspecified() && config.server.public_url.is_none() {
        findings.push(Finding::warning(
            "address",
            "clients that log in are sent to 127.0.0.1, which is their own machine",
            "set server.public_url to the address at which clients reach this server",
        ));
    }
    if let (Some(certificate), Some(key)) = (&config.tls.certificate, &config.tls.key) {
        findings.extend(tls(certificate, key, SystemClock.now()));
    }
    findings
}

fn address(config: &Config) -> Finding {
    let listen = config.server.listen;
    match TcpListener::bind(listen) {
        Ok(_) => Finding::fine("address", format!("{listen} is free")),
        Err(why) => Finding::broken(
            "address",
            format!("cannot listen on {listen}: {why}"),
            "stop the program that has it, or set server.listen to another",
        ),
    }
}

fn tls(certificate: &Path, key: &Path, now: Timestamp) -> Vec<Finding> {
    let mut findings = vec![pair(certificate, key, now)];
    let mode = std::fs::metadata(key).map_or(0, |file| file.permissions().mode());
    if mode & 0o044 != 0 {
        let found = format!("{} may be read by others", key.display());
        findings.push(Finding::warning("tls", found, format!("chmod 600 {}", key.display())));
    }
    findings
}

fn pair(certificate: &Path, key: &Path, now: Timestamp) -> Finding {
    const RENEW: &str = "renew it; a running server takes the new files by itself";
    let pair = match Pair::read(certificate, key) {
        Ok(pair) => pair,
        Err(why) => {
            return Finding::broken(
                "tls",
                why.to_string(),
                "set tls.certificate and tls.key to a pair of PEM files",
            );
        }
    };
    match pair.validity() {
        None => Finding::warning("tls", "the certificate does not say how long it is good", RENEW),
        Some((from, _)) if from > now => {
            Finding::broken("tls", format!("the certificate is good from {from} on only"), RENEW)
        }
        Some((_, until)) if until <= now => {
            Finding::broken("tls", format!("the certificate ended on {until}"), RENEW)
        }
        Some((_, until)) if until.ms_since(now) < RENEW_BEFORE_MS => {
            Finding::warning("tls", format!("the certificate ends on {until}"), RENEW)
        }
        Some((_, until)) => Finding::fine("tls", format!("the certificate is good until {until}")),
    }
}
