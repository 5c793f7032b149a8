//! `cargo xtask`: what a contributor runs. `tidy` holds the tree against the house rules, `test` runs everything.
//!
//! Leaves out what cargo does by itself; the steps call it.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool speaks to its terminal")]

mod clock;
mod shell;
mod test;
mod tidy;
mod web;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use shell::Trouble;

const HELP: &str = "\
cargo xtask tidy                  hold the tree against the house rules
cargo xtask web                   build the engine as WebAssembly and the npm package (--install: what is missing too)
cargo xtask test                  run everything, as CI does
cargo xtask test --list           name the steps
cargo xtask test --only STEP …    run these steps alone
cargo xtask test --install        install the tools that are missing first

With CI=true missing tools are installed, and a step that cannot run is a failure.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["help" | "--help" | "-h"] | ["tidy" | "web" | "test", "--help" | "-h"] => {
            println!("{HELP}");
            Ok(true)
        }
        ["tidy"] => tidy::run(&root()),
        ["web"] => web(false),
        ["web", "--install"] => web(true),
        ["test", options @ ..] => test::Options::parse(options).map(|options| test::run(&root(), &options)),
        _ => Err(format!("unknown command; there are:\n{HELP}")),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(reason) => {
            eprintln!("xtask: {reason}");
            ExitCode::from(2)
        }
    }
}

fn web(install: bool) -> Result<bool, String> {
    match web::build(&root(), install || test::is_ci()) {
        Ok(()) => Ok(true),
        Err(Trouble::Missing(reason) | Trouble::Failed(reason)) => Err(reason),
    }
}

/// The folder of the workspace, which this package is in: where cargo runs it, else where it was built.
fn root() -> PathBuf {
    let built = env!("CARGO_MANIFEST_DIR").into();
    let package = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or(built));
    package.parent().map_or(package.clone(), Path::to_path_buf)
}
