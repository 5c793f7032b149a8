//! A compiler for WebAssembly, and the generator of its bindings.
//!
//! The ordinary way is rustup's target. Where that cannot be downloaded, Debian's `rustc-web` compiles: Debian ships the
//! source of the standard library of the same version, which is built once into a sysroot of its own. Only `RUSTC` and
//! `--sysroot` differ then; the crate is built as on any stable compiler.

use std::fs;
use std::path::{Path, PathBuf};

use crate::shell::{Shell, Trouble, apt_install};

pub(super) const TARGET: &str = "wasm32-unknown-unknown";
const PACKAGES: [&str; 2] = ["rustc-web", "rust-web-src"];
const DEBIANS_RUSTC: &str = "/usr/bin/rustc";

/// What compiles.
pub(super) enum Toolchain {
    /// The one that cargo uses anyway.
    Ordinary,
    /// Debian's, with a standard library in this folder.
    Debians(PathBuf),
}

impl Toolchain {
    /// # Errors
    /// What is missing, where `install` is not set or does not help.
    pub(super) fn find(place: &Path, shell: &Shell, install: bool) -> Result<Self, Trouble> {
        let there = || {
            let folder = shell.ask("rustc", &["--print", "target-libdir", "--target", TARGET]);
            folder.is_some_and(|folder| Path::new(&folder).exists())
        };
        if there() {
            return Ok(Self::Ordinary);
        }
        if package_version(shell).is_none() {
            if install {
                // Whether it was of use is looked at next.
                let _ = shell.run("rustup", &["target", "add", TARGET]);
                if there() {
                    return Ok(Self::Ordinary);
                }
            }
            apt_install(shell, &PACKAGES, install).map_err(|_| {
                Trouble::Missing(format!(
                    "nothing compiles for {TARGET}: use --install, or rustup target add {TARGET}, or on Debian \
                     apt-get install {}",
                    PACKAGES.join(" ")
                ))
            })?;
        }
        sysroot(place, shell).map(Self::Debians)
    }

    /// Where cargo is to be run, so that it compiles with this.
    pub(super) fn shell(&self, folder: &Path) -> Shell {
        let shell = Shell::new(folder);
        match self {
            Self::Ordinary => shell,
            // With --target these flags reach only what is built for it, no build script and no macro.
            Self::Debians(sysroot) => shell.with("RUSTC", DEBIANS_RUSTC).with(
                "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
                &format!("--sysroot {}", sysroot.display()),
            ),
        }
    }
}

/// The version of the packages, where both are there.
fn package_version(shell: &Shell) -> Option<String> {
    let version = |package| shell.ask("dpkg-query", &["-W", "-f=${Status} ${Version}", package]);
    let both: Vec<String> = PACKAGES.iter().filter_map(|package| version(package)).collect();
    let installed = both.len() == PACKAGES.len() && both.iter().all(|said| said.starts_with("install ok"));
    installed.then(|| both.join(", "))
}

/// The standard library, built once for each version of the packages.
fn sysroot(place: &Path, shell: &Shell) -> Result<PathBuf, Trouble> {
    let stamp = package_version(shell).unwrap_or_default();
    let sysroot = place.join("sysroot");
    if fs::read_to_string(sysroot.join("stamp")).is_ok_and(|found| found == stamp) {
        return Ok(sysroot);
    }
    let told = |error: std::io::Error| Trouble::Failed(format!("{}: {error}", sysroot.display()));
    let scratch = place.join("std");
    for folder in [&sysroot, &scratch] {
        if folder.exists() {
            fs::remove_dir_all(folder).map_err(told)?;
        }
    }
    package(&scratch, STD_MANIFEST, "lib.rs", "#![no_std]\n").map_err(told)?;
    let built = scratch.join("target");
    // The standard library uses what stable code may not; only here. Its bitcode is for `lto = "fat"`, and the metadata
    // keeps its own dependencies apart from those of the same name.
    Shell::new(&scratch)
        .with("RUSTC", DEBIANS_RUSTC)
        .with("RUSTC_BOOTSTRAP", "1")
        .with("__CARGO_DEFAULT_LIB_METADATA", "sysroot")
        .with("RUSTFLAGS", "-Cembed-bitcode=yes")
        .with("CARGO_TARGET_DIR", &built.to_string_lossy())
        .run(
            "cargo",
            &["build", "--release", "--quiet", "-Zbuild-std=std,panic_abort", "--target", TARGET],
        )?;
    let libraries = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    fs::create_dir_all(&libraries).map_err(told)?;
    for entry in fs::read_dir(built.join(TARGET).join("release/deps")).map_err(told)? {
        let path = entry.map_err(told)?.path();
        if let Some(name) = path.file_name().filter(|_| path.extension().is_some_and(|kind| kind == "rlib"))
            && !name.to_string_lossy().starts_with("libempty-")
        {
            fs::copy(&path, libraries.join(name)).map_err(told)?;
        }
    }
    linker(shell, &sysroot)?;
    fs::write(sysroot.join("stamp"), stamp).map_err(told)?;
    fs::remove_dir_all(&scratch).map_err(told)?;
    Ok(sysroot)
}

/// Debian's compiler comes without the linker; that of the pinned toolchain serves.
fn linker(shell: &Shell, sysroot: &Path) -> Result<(), Trouble> {
    let version = shell.ask("rustc", &["-vV"]).unwrap_or_default();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
    let own = shell.ask("rustc", &["--print", "sysroot"]).unwrap_or_default();
    let tools = Path::new("lib/rustlib").join(host).join("bin");
    let told = |error: std::io::Error| Trouble::Failed(format!("rust-lld: {error}"));
    fs::create_dir_all(sysroot.join(&tools)).map_err(told)?;
    let linker = Path::new(&own).join(&tools).join("rust-lld");
    fs::copy(linker, sysroot.join(&tools).join("rust-lld")).map(|_| ()).map_err(told)
}

/// The generator of bindings, of the version that the lock file names; built once.
///
/// # Errors
/// Where it cannot be built.
pub(super) fn generator(place: &Path, root: &Path) -> Result<PathBuf, Trouble> {
    let told = |error: std::io::Error| Trouble::Failed(format!("the generator of bindings: {error}"));
    let lock = fs::read_to_string(root.join("Cargo.lock")).map_err(told)?;
    let version = locked_version(&lock, "wasm-bindgen")
        .ok_or_else(|| Trouble::Failed("the lock file names no wasm-bindgen".to_owned()))?;
    let folder = place.join(format!("generator-{version}"));
    let built = folder.join("target");
    let program = built.join("release/generator");
    if !program.exists() {
        let manifest = GENERATOR_MANIFEST.replace("VERSION", &version);
        package(&folder, &manifest, "main.rs", GENERATOR).map_err(told)?;
        Shell::new(&folder)
            .with("CARGO_TARGET_DIR", &built.to_string_lossy())
            .run("cargo", &["build", "--release", "--quiet"])?;
    }
    Ok(program)
}

fn locked_version(lock: &str, name: &str) -> Option<String> {
    let mut lines = lock.lines();
    lines.find(|line| *line == format!("name = \"{name}\""))?;
    lines.next()?.strip_prefix("version = \"")?.strip_suffix('"').map(str::to_owned)
}

/// Writes a package of one source file.
fn package(folder: &Path, manifest: &str, file: &str, source: &str) -> std::io::Result<()> {
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::write(folder.join("src").join(file), source)
}

const STD_MANIFEST: &str = "\
[package]
name = \"empty\"
version = \"0.0.0\"
edition = \"2024\"
[workspace]
[profile.release]
panic = \"abort\"
debug = 0
";

const GENERATOR_MANIFEST: &str = "\
[package]
name = \"generator\"
version = \"0.0.0\"
edition = \"2024\"
[workspace]
[dependencies]
wasm-bindgen-cli-support = \"=VERSION\"
[profile.release]
opt-level = 1
debug = 0
";

/// Without the default module path left in, the module would not be found beside its script.
const GENERATOR: &str = "\
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, input, folder, name] = arguments.as_slice() else { return Err(\"INPUT FOLDER NAME\".into()) };
    wasm_bindgen_cli_support::Bindgen::new()
        .input_path(input)
        .web(true)?
        .typescript(true)
        .omit_default_module_path(false)
        .remove_name_section(true)
        .out_name(name)
        .generate(folder)?;
    Ok(())
}
";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_lock_file_names_the_version() {
        let lock = fs::read_to_string(crate::root().join("Cargo.lock")).unwrap();
        assert!(locked_version(&lock, "wasm-bindgen").is_some_and(|version| version.starts_with("0.2.")));
        assert_eq!(locked_version(&lock, "no-such-crate"), None);
    }
}
