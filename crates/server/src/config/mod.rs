//! Settings: one file a section. default < `chinwag.toml` < environment `CHINWAG_SECTION_KEY` < flags.
//!
//! Unknown names are refused, errors name the key, its source and what to do, secrets print `***`. The
//! reference page docs/configuration.md is generated from the same declarations. What the settings are
//! used for is `node`'s business.

pub mod accounts;
pub mod cors;
pub mod docs;
pub mod key;
mod layers;
mod limits;
pub mod log;
pub mod metrics;
pub mod reference;
pub mod server;
mod show;
pub mod storage;
pub mod tls;
pub mod units;

use std::io;
use std::path::{Path, PathBuf};

use chinwag_proto::Limits;

use key::{Outline, Section};
use layers::Layers;
pub use layers::Source;

/// The file that is read from the working directory where none is named.
pub const DEFAULT_FILE: &str = "chinwag.toml";

/// All settings of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Where the server listens and how it treats connections.
    pub server: server::Server,
    /// Where the data is.
    pub storage: storage::Storage,
    /// Who may register.
    pub accounts: accounts::Accounts,
    /// Every limit of the contract.
    pub limits: Limits,
    /// What is logged.
    pub log: log::Log,
    /// HTTPS by certificate files.
    pub tls: tls::Tls,
    /// Which other origins' pages may use the server.
    pub cors: cors::Cors,
    /// Figures for Prometheus.
    pub metrics: metrics::Metrics,
    /// The description of the API.
    pub docs: docs::Docs,
}

/// The sections in the order in which they are shown.
pub(crate) fn catalogue() -> &'static [Outline] {
    const CATALOGUE: &[Outline] = &[
        server::Server::OUTLINE,
        storage::Storage::OUTLINE,
        accounts::Accounts::OUTLINE,
        Limits::OUTLINE,
        log::Log::OUTLINE,
        tls::Tls::OUTLINE,
        cors::Cors::OUTLINE,
        metrics::Metrics::OUTLINE,
        docs::Docs::OUTLINE,
    ];
    CATALOGUE
}

/// Where settings are looked for.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// The file that was named; it must exist. Without one, [`DEFAULT_FILE`] is read if it is there.
    pub file: Option<PathBuf>,
    /// Environment variables; those of other programs are passed over.
    pub environment: Vec<(String, String)>,
    /// Flags: what was written (for errors), `section.key`, the value.
    pub flags: Vec<(String, String, String)>,
}

/// The settings could not be understood.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{}", .0.join("\n"))]
pub struct ConfigError(
    /// Everything that is wrong, a line each: the key, where it stands, and what to do.
    pub Vec<String>,
);

/// Settings with their sources.
#[derive(Debug)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// The file that was read.
    pub file: Option<PathBuf>,
    layers: Layers,
}

impl Config {
    /// Reads the settings from all sources.
    pub fn load(inputs: &Inputs) -> Result<Loaded, ConfigError> {
        let mut layers = Layers::default();
        let file = read_file(inputs.file.as_deref()).map_err(|problem| ConfigError(vec![problem]))?;
        if let Some((path, text)) = &file {
            layers.file(path, text);
        }
        layers.environment(&inputs.environment);
        for (flag, name, value) in &inputs.flags {
            layers.flag(flag, name, value);
        }
        let config = Self {
            server: layers.section(),
            storage: layers.section(),
            accounts: layers.section(),
            limits: layers.section(),
            log: layers.section(),
            tls: layers.section(),
            cors: layers.section(),
            metrics: layers.section(),
            docs: layers.section(),
        };
        if layers.problems.is_empty() {
            Ok(Loaded { config, file: file.map(|(path, _)| path), layers })
        } else {
            Err(ConfigError(layers.problems))
        }
    }
}

fn read_file(named: Option<&Path>) -> Result<Option<(PathBuf, String)>, String> {
    let path = named.unwrap_or(Path::new(DEFAULT_FILE));
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some((path.to_owned(), text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound && named.is_none() => Ok(None),
        Err(error) => Err(format!("cannot read the configuration file {}: {error}", path.display())),
    }
}

#[cfg(test)]
mod tests;
