//! The data folder: ours, private, with room; its engines open, and whole.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use chinwag_server::config::Config;
use chinwag_server::node::admin::bodies::Status;
use chinwag_server::node::admin::door::{Door, DoorError};
use chinwag_server::node::inspect;
use rustix::fs::{Access, access, statvfs};
use rustix::process::geteuid;

use super::Finding;

const CHECK: &str = "data";
const MIB: u64 = 1024 * 1024;
/// With less room the server soon refuses messages.
const ROOM_MIN: u64 = 64 * MIB;
/// With less room an operator should look.
const ROOM_USUAL: u64 = 1024 * MIB;

/// Permissions and room.
pub(super) fn check_folder(config: &Config) -> Vec<Finding> {
    let folder = &config.storage.data;
    let Ok(found) = fs::metadata(folder) else {
        return absent(folder);
    };
    if !found.is_dir() {
        return vec![Finding::broken(
            CHECK,
            format!("{} is no folder", folder.display()),
            "set storage.data to a folder",
        )];
    }
    let mut findings = Vec::new();
    let usable = access(folder.as_path(), Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK);
    findings.push(match usable {
        Ok(()) => Finding::fine(CHECK, format!("{} may be written", folder.display())),
        Err(why) => {
            let mend = "run as its owner, or change its owner (chown -R)";
            Finding::broken(CHECK, format!("{} cannot be used: {why}", folder.display()), mend)
        }
    });
    if found.permissions().mode() & 0o077 != 0 {
        let shown = format!("{} is open to others than its owner", folder.display());
        findings.push(Finding::warning(CHECK, shown, format!("chmod 700 {}", folder.display())));
    }
    let own = geteuid().as_raw();
    if found.uid() != own {
        let shown = format!("{} belongs to user {}, this is user {own}", folder.display(), found.uid());
        findings.push(Finding::warning(CHECK, shown, "run server and doctor as the folder's owner"));
    }
    findings.extend(room(folder));
    findings
}

fn absent(folder: &Path) -> Vec<Finding> {
    let beside = folder
        .ancestors()
        .skip(1)
        .map(|above| if above.as_os_str().is_empty() { Path::new(".") } else { above });
    let Some(above) = beside.into_iter().find(|above| above.is_dir()) else {
        return vec![Finding::broken(
            CHECK,
            format!("{} cannot be made", folder.display()),
            "set storage.data",
        )];
    };
    match access(above, Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) => {
            let mut findings =
                vec![Finding::fine(CHECK, format!("{} is made at the first start", folder.display()))];
            findings.extend(room(above));
            findings
        }
        Err(why) => {
            let found = format!("{} cannot be made: {}: {why}", folder.display(), above.display());
            vec![Finding::broken(CHECK, found, "make it, owned by the user who runs the server")]
        }
    }
}

fn room(folder: &Path) -> Option<Finding> {
    const MEND: &str = "make room, or move the folder to a larger disk";
    let found = statvfs(folder).ok()?;
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    let shown = format!("{} MiB free", free / MIB);
    Some(match free {
        ..ROOM_MIN => Finding::broken("room", shown, MEND),
        ROOM_MIN..ROOM_USUAL => Finding::warning("room", shown, MEND),
        _ => Finding::fine("room", shown),
    })
}

/// The engines, by the running server or by opening them. Answers whether a server runs.
pub(super) async fn check_engines(config: &Config, findings: &mut Vec<Finding>) -> bool {
    if !config.storage.data.is_dir() {
        return false;
    }
    match Door::running(config).await {
        Some(door) => {
            findings.push(running(&door).await);
            true
        }
        None => {
            let inspected = inspect(config).await;
            let broken = |why: String| {
                Finding::broken(
                    "engines",
                    why,
                    "see docs/operations.md; restore a backup if files are damaged",
                )
            };
            match inspected {
                Ok(engines) => findings.extend(engines.into_iter().map(|(engine, state)| match state {
                    Ok(()) => Finding::fine("engines", format!("{engine} opens and is whole")),
                    Err(why) => broken(format!("{engine}: {why}")),
                })),
                Err(why) => findings.push(broken(why.to_string())),
            }
            false
        }
    }
}

async fn running(door: &Door) -> Finding {
    let asked: Result<Status, DoorError> = door.ask("GET", "/status", None::<&()>).await;
    match asked {
        Ok(Status { obstacle: None, version, url, .. }) => {
            Finding::fine("server", format!("runs at {url} (version {version}) and is ready"))
        }
        Ok(Status { obstacle: Some(obstacle), url, .. }) => Finding::broken(
            "server",
            format!("runs at {url} and is not ready: {obstacle}"),
            "look at its log",
        ),
        Err(why) => Finding::broken("server", why.to_string(), "look at its log, or stop it"),
    }
}
