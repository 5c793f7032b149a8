//! `chinwag config`, and the flags by which every command that needs settings takes them.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;

use chinwag_server::config::{Config, Inputs, Loaded, reference};
use clap::{Args, Subcommand};

use crate::exit::Failure;

/// Where settings come from.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct SettingsArgs {
    /// Read settings from FILE [default: ./chinwag.toml, if it is there]
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,
    /// Keep the data in DIR [default: ./chinwag-data]
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) data: Option<PathBuf>,
    /// Set any setting, as in limits.page=100; may be given many times
    #[arg(long, value_name = "SECTION.KEY=VALUE", global = true)]
    pub(crate) set: Vec<String>,
}

impl SettingsArgs {
    /// Reads the settings from file, environment and flags; `more` are flags of the command itself.
    pub(crate) fn load(&self, more: Vec<(String, String, String)>) -> Result<Loaded, Failure> {
        let mut flags = Vec::new();
        for set in &self.set {
            let Some((name, value)) = set.split_once('=') else {
                return Err(Failure::usage(format!("--set {set}: write it as --set SECTION.KEY=VALUE")));
            };
            flags.push((format!("--set {name}"), name.trim().to_owned(), value.to_owned()));
        }
        if let Some(data) = &self.data {
            flags.push((
                "--data".to_owned(),
                "storage.data".to_owned(),
                text(data.clone().into_os_string(), "--data")?,
            ));
        }
        flags.extend(more);
        let environment = std::env::vars_os().filter_map(|(name, value)| {
            let name = name.into_string().ok().filter(|name| name.starts_with("CHINWAG_"))?;
            let value = text(value, &name);
            Some(value.map(|value| (name, value)))
        });
        let environment = environment.collect::<Result<Vec<_>, _>>()?;
        Config::load(&Inputs { file: self.config.clone(), environment, flags }).map_err(Failure::usage)
    }
}

fn text(value: OsString, name: &str) -> Result<String, Failure> {
    value.into_string().map_err(|_| Failure::usage(format!("{name} is not UTF-8; write it in UTF-8")))
}

/// What to show.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print the settings in force, each with its source, as a file that gives the same settings
    Show(ShowArgs),
    /// Print the reference of all settings (docs/configuration.md)
    Reference,
}

/// How to show the settings.
#[derive(Args, Debug)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    settings: SettingsArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs `chinwag config`.
pub(crate) fn run(command: ConfigCommand) -> Result<(), Failure> {
    let text = match command {
        ConfigCommand::Reference => reference::page(),
        ConfigCommand::Show(args) => {
            let loaded = args.settings.load(Vec::new())?;
            if args.json { format!("{:#}\n", loaded.to_json()) } else { loaded.to_toml() }
        }
    };
    Ok(io::stdout().lock().write_all(text.as_bytes())?)
}
