//! Running other programs, so that a person sees what runs and what it says.
//!
//! Leaves out what to run.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Outcome;
use super::results::Results;

/// A tool of cargo's that is not part of it.
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    /// The version that is installed where there is none. Any that is there will do.
    pub(crate) version: &'static str,
}

/// Where and how the steps run, and what the tests said.
pub(crate) struct Context {
    root: PathBuf,
    install: bool,
    /// What the step `test` counted.
    pub(crate) results: Option<Results>,
}

impl Context {
    pub(crate) fn new(root: &Path, install: bool) -> Self {
        Self { root: root.to_path_buf(), install, results: None }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Whether what is missing is to be installed.
    pub(crate) const fn installs(&self) -> bool {
        self.install
    }

    pub(crate) fn cargo(&self, arguments: &[&str]) -> Outcome {
        self.cargo_with(&[], arguments)
    }

    pub(crate) fn cargo_with(&self, environment: &[(&str, &str)], arguments: &[&str]) -> Outcome {
        println!("$ cargo {}", arguments.join(" "));
        let mut command = self.command("cargo", arguments);
        command.envs(environment.iter().copied());
        verdict("cargo", command.status())
    }

    /// Runs tests, shows what they say as they say it, and counts.
    pub(crate) fn cargo_test(&mut self, arguments: &[&str]) -> Outcome {
        println!("$ cargo {}", arguments.join(" "));
        let child = self.command("cargo", arguments).stdout(Stdio::piped()).spawn();
        let mut child = match child {
            Ok(child) => child,
            Err(error) => return Outcome::Failed(format!("cargo cannot be run: {error}")),
        };
        let mut results = Results::default();
        for line in child
            .stdout
            .take()
            .into_iter()
            .flat_map(|out| BufReader::new(out).split(b'\n'))
            .map_while(Result::ok)
        {
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            results.take(&line);
        }
        let outcome = verdict("cargo", child.wait());
        let ran = results.passed() > 0;
        self.results = Some(results);
        match outcome {
            Outcome::Passed if !ran => Outcome::Failed("no test ran".to_owned()),
            outcome => outcome,
        }
    }

    /// Sees to it that a tool is there. Answers with the step's outcome where it is not.
    pub(crate) fn have(&self, tool: &Tool) -> Option<Outcome> {
        let Tool { name, version } = tool;
        let there = |context: &Self| {
            let subcommand = name.trim_start_matches("cargo-");
            let mut command = context.command("cargo", &[subcommand, "--version"]);
            command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
        };
        if there(self) {
            return None;
        }
        let install = ["install", "--locked", "--quiet", name, "--version", version];
        if !self.install {
            let command = install.join(" ");
            return Some(Outcome::Skipped(format!(
                "{name} is not installed: use --install, or cargo {command}"
            )));
        }
        match self.cargo(&install) {
            Outcome::Passed if there(self) => None,
            _ => Some(Outcome::Failed(format!("{name} cannot be installed"))),
        }
    }

    /// Whether a git repository can be read from here.
    pub(crate) fn can_fetch(&self, repository: &str) -> bool {
        let patience = ["-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=10"];
        let arguments =
            [&patience[..], &["ls-remote", "--exit-code", "--quiet", repository, "HEAD"]].concat();
        let mut command = self.command("git", &arguments);
        command.env("GIT_TERMINAL_PROMPT", "0").stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.root).stdin(Stdio::null());
        // What cargo told this program is not for the programs that it starts.
        for told in ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
            command.env_remove(told);
        }
        command
    }
}

fn verdict(program: &str, status: std::io::Result<std::process::ExitStatus>) -> Outcome {
    match status {
        Ok(status) if status.success() => Outcome::Passed,
        Ok(status) => Outcome::Failed(format!("{program} ended with {status}")),
        Err(error) => Outcome::Failed(format!("{program} cannot be run: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> Context {
        Context::new(Path::new("."), false)
    }

    #[test]
    fn a_program_that_is_missing_or_fails_is_a_failure() {
        assert!(matches!(context().cargo(&["no-such-command"]), Outcome::Failed(_)));
        assert!(matches!(context().cargo(&["--version"]), Outcome::Passed));
    }

    #[test]
    fn a_tool_that_is_missing_is_skipped_with_the_way_to_get_it() {
        let missing = Tool { name: "cargo-that-nobody-has", version: "1.0.0" };
        let Some(Outcome::Skipped(reason)) = context().have(&missing) else {
            unreachable!("the tool does not exist");
        };
        assert!(
            reason.contains("cargo install --locked --quiet cargo-that-nobody-has --version 1.0.0"),
            "{reason}"
        );
    }

    #[test]
    fn a_run_without_a_test_is_a_failure() {
        let mut context = context();
        assert!(
            matches!(context.cargo_test(&["--version"]), Outcome::Failed(reason) if reason == "no test ran")
        );
    }

    #[test]
    fn a_repository_that_is_not_there_cannot_be_fetched() {
        assert!(!context().can_fetch("file:///no/such/repository"));
    }
}
