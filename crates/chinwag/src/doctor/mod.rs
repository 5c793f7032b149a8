//! `chinwag doctor`: tries out what a server needs and names what to mend. Changes nothing.
//!
//! Each check looks at one thing and answers findings; checks of a running server ask its admin socket.

mod data;
mod machine;
mod network;
mod settings;

use std::fmt::Write as _;
use std::io::{self, Write};

use chinwag_server::config::Config;
use clap::Args;
use serde::Serialize;

use crate::exit::Failure;
use crate::settings::SettingsArgs;

/// Try out the settings, the data folder and the machine, and name what to mend.
///
/// Ends with 1 if something is broken, with 0 if all is well or only could be better. Changes nothing.
#[derive(Args, Debug)]
pub(crate) struct DoctorArgs {
    #[command(flatten)]
    settings: SettingsArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How well something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Health {
    /// As it should be.
    Fine,
    /// It works, and could be better.
    Warning,
    /// It does not work.
    Broken,
}

/// What a check found.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    /// What was looked at.
    pub(crate) check: &'static str,
    /// How well it is.
    pub(crate) health: Health,
    /// What was found.
    pub(crate) found: String,
    /// What to do about it.
    pub(crate) mend: Option<String>,
}

impl Finding {
    pub(crate) fn fine(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, health: Health::Fine, found: found.into(), mend: None }
    }

    pub(crate) fn warning(check: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { check, health: Health::Warning, found: found.into(), mend: Some(mend.into()) }
    }

    pub(crate) fn broken(check: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { check, health: Health::Broken, found: found.into(), mend: Some(mend.into()) }
    }
}

/// Runs `chinwag doctor`.
pub(crate) fn run(args: DoctorArgs) -> Result<(), Failure> {
    let mut findings = Vec::new();
    match args.settings.load(Vec::new()) {
        Ok(loaded) => {
            findings.extend(settings::check(&loaded));
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .map_err(|why| Failure::runtime(format!("cannot start threads: {why}")))?;
            findings.extend(runtime.block_on(check(&loaded.config)));
        }
        Err(Failure::Usage(why)) => {
            let wrong = |line: &str| {
                Finding::broken("settings", line, "correct it; docs/configuration.md has all settings")
            };
            findings.extend(why.lines().map(wrong));
        }
        Err(failure) => return Err(failure),
    }
    findings.extend(machine::check());
    tell(&findings, args.json)
}

async fn check(config: &Config) -> Vec<Finding> {
    let mut findings = data::check_folder(config);
    let running = data::check_engines(config, &mut findings).await;
    findings.extend(network::check(config, running));
    findings
}

fn tell(findings: &[Finding], json: bool) -> Result<(), Failure> {
    let worst = findings.iter().map(|finding| finding.health).max().unwrap_or(Health::Fine);
    let text = if json {
        let answer = serde_json::json!({ "health": worst, "findings": findings });
        format!("{answer}\n")
    } else {
        report(findings, worst)
    };
    io::stdout().lock().write_all(text.as_bytes())?;
    if worst == Health::Broken { Err(Failure::Told) } else { Ok(()) }
}

fn report(findings: &[Finding], worst: Health) -> String {
    let mut text = String::new();
    for finding in findings {
        let mark = match finding.health {
            Health::Fine => "ok     ",
            Health::Warning => "warning",
            Health::Broken => "BROKEN ",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{mark}  {:<12} {}", finding.check, finding.found);
        if let Some(mend) = &finding.mend {
            let _ = writeln!(text, "{:>23}{mend}", "-> ");
        }
    }
    text.push_str(match worst {
        Health::Fine => "\nAll is well.\n",
        Health::Warning => "\nIt works; what is marked could be better.\n",
        Health::Broken => "\nWhat is marked BROKEN has to be mended.\n",
    });
    text
}
