//! Running other programs for a command of this tool: what runs is shown, what fails is named.
//!
//! Leaves out what to run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Why something was not done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Something is missing that can be had: what, and how.
    Missing(String),
    /// It went wrong.
    Failed(String),
}

/// Runs programs in a folder.
#[derive(Clone)]
pub(crate) struct Shell {
    folder: PathBuf,
    environment: Vec<(String, String)>,
}

impl Shell {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf(), environment: Vec::new() }
    }

    /// The same with another variable.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs a program and shows what it says.
    ///
    /// # Errors
    /// [`Trouble::Failed`] where it cannot be run or ends badly.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Result<(), Trouble> {
        println!("$ {program} {}", arguments.join(" "));
        let status = self.command(program, arguments).status();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(Trouble::Failed(format!("{program} ended with {status}"))),
            Err(error) => Err(Trouble::Failed(format!("{program} cannot be run: {error}"))),
        }
    }

    /// What a program says on its standard output, without the spaces around it; `None` where it fails.
    pub(crate) fn ask(&self, program: &str, arguments: &[&str]) -> Option<String> {
        let output = self.command(program, arguments).stderr(Stdio::null()).output().ok()?;
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        output.status.success().then_some(said)
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.folder).stdin(Stdio::null());
        // What cargo told this program is not for the programs that it starts.
        for told in ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
            command.env_remove(told);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Installs packages of Debian's.
///
/// # Errors
/// [`Trouble::Missing`] where it must not or cannot.
pub(crate) fn apt_install(shell: &Shell, packages: &[&str], install: bool) -> Result<(), Trouble> {
    let names = packages.join(" ");
    let missing = || Trouble::Missing(format!("missing: use --install, or apt-get install {names}"));
    if !install || shell.ask("apt-get", &["--version"]).is_none() {
        return Err(missing());
    }
    let quiet = shell.clone().with("DEBIAN_FRONTEND", "noninteractive");
    quiet.run("apt-get", &["update", "-qq"]).map_err(|_| missing())?;
    let arguments = [&["install", "-y", "-qq", "--no-install-recommends"], packages].concat();
    quiet.run("apt-get", &arguments).map_err(|_| missing())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_answers_or_does_not() {
        let shell = Shell::new(Path::new("."));
        assert!(shell.ask("cargo", &["--version"]).is_some_and(|said| said.starts_with("cargo ")));
        assert_eq!(shell.ask("no-such-program", &[]), None);
        assert!(matches!(shell.run("cargo", &["no-such-command"]), Err(Trouble::Failed(_))));
    }

    #[test]
    fn a_package_that_must_not_be_installed_is_named() {
        let Err(Trouble::Missing(reason)) = apt_install(&Shell::new(Path::new(".")), &["this-one"], false)
        else {
            unreachable!("nothing may be installed");
        };
        assert!(reason.contains("apt-get install this-one"));
    }
}
