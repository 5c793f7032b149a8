//! `cargo xtask web`: the engine as WebAssembly and the npm package around it; and their tests.
//!
//! Leaves out how a compiler for WebAssembly is had: `toolchain` knows.

mod toolchain;

use std::path::{Path, PathBuf};

use crate::shell::{Shell, Trouble, apt_install};
use toolchain::{TARGET, Toolchain};

/// The crate, its module's file, and the module's name in the package.
const CRATE: &str = "chinwag-client-web";
const MODULE: &str = "chinwag_client_web.wasm";
const NAME: &str = "chinwag";
/// The first Node whose parts suffice.
const NODE: (u32, u32) = (20, 10);

/// Builds `npm/wasm` and `npm/dist`.
///
/// # Errors
/// What is missing, where `install` is not set; or what went wrong.
pub(crate) fn build(root: &Path, install: bool) -> Result<(), Trouble> {
    let shell = Shell::new(root);
    node(&shell)?;
    module(root, &shell, install)?;
    let npm = Shell::new(&root.join("npm"));
    npm.run("npm", &["ci", "--no-fund", "--no-audit", "--prefer-offline"])?;
    npm.run("npx", &["--no-install", "tsc", "-p", "src"])
}

/// Builds, and runs the package's tests: in Node, and in a real Chromium, each against a real server.
///
/// # Errors
/// As [`build`]; a test that failed.
pub(crate) fn test(root: &Path, install: bool) -> Result<(), Trouble> {
    build(root, install)?;
    let shell = Shell::new(root);
    let chromium = chromium(&shell, install)?;
    shell.run("cargo", &["build", "--release", "--locked", "--quiet", "-p", "chinwag"])?;
    let program = target(root).join("release").join("chinwag");
    let npm = Shell::new(&root.join("npm"))
        .with("CHINWAG", &program.to_string_lossy())
        .with("CHROMIUM", &chromium)
        .with("NODE_OPTIONS", node(&shell)?);
    npm.run("npx", &["--no-install", "tsc", "-p", "test"])?;
    npm.run("npm", &["test", "--silent"])
}

/// Compiles the module and makes its bindings, and says how large it is.
fn module(root: &Path, shell: &Shell, install: bool) -> Result<(), Trouble> {
    let place = target(root).join("wasm");
    let toolchain = Toolchain::find(&place, shell, install)?;
    let generator = toolchain::generator(&place, root)?;
    let built = place.join("build");
    let compiler = toolchain.shell(root).with("CARGO_TARGET_DIR", &built.to_string_lossy());
    compiler.run(
        "cargo",
        &["build", "--profile", "web", "--lib", "-p", CRATE, "--target", TARGET, "--locked", "--quiet"],
    )?;
    let input = built.join(TARGET).join("web").join(MODULE);
    let out = root.join("npm").join("wasm");
    let told = |error: std::io::Error| Trouble::Failed(format!("{}: {error}", out.display()));
    if out.exists() {
        std::fs::remove_dir_all(&out).map_err(told)?;
    }
    let (input, folder) = (input.to_string_lossy().into_owned(), out.to_string_lossy().into_owned());
    shell.run(&generator.to_string_lossy(), &[&input, &folder, NAME])?;
    let size = std::fs::metadata(out.join(format!("{NAME}_bg.wasm"))).map_err(told)?.len();
    println!("npm/wasm/{NAME}_bg.wasm has {size} bytes");
    Ok(())
}

/// Checks Node, and answers the options that it needs: WebSocket stands behind one before version 22.
fn node(shell: &Shell) -> Result<&'static str, Trouble> {
    let (major, minor) = NODE;
    let missing = |found: &str| {
        Trouble::Missing(format!("Node {major}.{minor} or later with npm is needed; there is {found}"))
    };
    let said = shell.ask("node", &["--version"]).ok_or_else(|| missing("none"))?;
    let version = parse_version(&said).filter(|version| *version >= NODE).ok_or_else(|| missing(&said))?;
    shell.ask("npm", &["--version"]).ok_or_else(|| missing("no npm"))?;
    Ok(if version < (22, 0) { "--experimental-websocket" } else { "" })
}

/// `v20.10.1` as (20, 10).
fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.trim().trim_start_matches('v').split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

fn chromium(shell: &Shell, install: bool) -> Result<String, Trouble> {
    let find = || {
        let names = ["chromium", "chromium-browser", "google-chrome"];
        names.iter().find_map(|name| shell.ask("which", &[name]))
    };
    if let Some(found) = find() {
        return Ok(found);
    }
    apt_install(shell, &["chromium"], install)?;
    find().ok_or_else(|| Trouble::Missing("a Chromium for the browser tests".to_owned()))
}

/// Where cargo puts what it builds.
fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |told| root.join(told))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(parse_version("v20.20.2"), Some((20, 20)));
        assert_eq!(parse_version("node"), None);
    }
}
