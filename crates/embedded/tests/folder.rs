//! A data folder belongs to one process, and to its owner alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use chinwag_embedded::{CursorSettings, DataFolder, FolderError, Place, SqliteCursors, SqliteDirectory};

/// Where the child of a test takes its folder from.
const CHILD: &str = "CHINWAG_TEST_FOLDER";

#[test]
fn a_second_one_is_refused_and_told_who_has_it() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("data");
    let first = DataFolder::open(&path).unwrap();
    let refused = DataFolder::open(&path).unwrap_err();
    let text = refused.to_string();
    assert!(text.contains(&path.display().to_string()), "{text}");
    assert!(text.contains(&format!("pid {}", std::process::id())), "{text}");
    assert!(matches!(refused, FolderError::InUse { .. }));
    drop(first);
    DataFolder::open(&path).unwrap();
}

#[test]
fn a_folder_is_free_once_the_stores_in_it_have_let_go_of_their_files() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("data");
    let folder = DataFolder::open(&path).unwrap();
    let directory = SqliteDirectory::open(&folder.place()).unwrap();
    let cursors = SqliteCursors::open(&folder.place(), CursorSettings::default()).unwrap();
    drop(folder);
    assert!(matches!(DataFolder::open(&path), Err(FolderError::InUse { .. })));
    directory.close().unwrap();
    assert!(matches!(DataFolder::open(&path), Err(FolderError::InUse { .. })));
    cursors.close().unwrap();
    DataFolder::open(&path).unwrap();
}

#[test]
fn the_lock_goes_with_its_process_however_that_ends() {
    if let Ok(path) = std::env::var(CHILD) {
        return hold(&path);
    }
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("data");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_lock_goes_with_its_process_however_that_ends", "--nocapture"])
        .env(CHILD, &path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("held")), "the child has the folder");
    let refused = DataFolder::open(&path).unwrap_err();
    assert!(matches!(refused, FolderError::InUse { pid, .. } if pid == Some(child.id())), "{refused}");
    // As kill -9 does.
    child.kill().unwrap();
    child.wait().unwrap();
    DataFolder::open(&path).unwrap();
}

/// What the child does: has the folder until it is killed or its parent goes.
fn hold(path: &str) {
    let _folder = DataFolder::open(path).unwrap();
    println!("held");
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("file");
    std::fs::write(&file, "").unwrap();
    let path = file.join("data");
    let refused = DataFolder::open(&path).unwrap_err();
    assert!(matches!(refused, FolderError::Io { .. }));
    assert!(refused.to_string().contains(&path.display().to_string()), "{refused}");
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_look_inside() {
    use std::os::unix::fs::PermissionsExt;

    use chinwag_ports::Cursors;
    use chinwag_proto::{ChatId, Seq, UserId};

    let root = tempfile::tempdir().unwrap();
    let folder = DataFolder::open(root.path().join("above/data")).unwrap();
    let place = Place::folder(folder.path());
    let directory = SqliteDirectory::open(&place).unwrap();
    let cursors = SqliteCursors::open(&place, CursorSettings::default()).unwrap();
    let user = UserId::new(1).unwrap();
    let mark = chinwag_ports::Mark { read: Seq::clamped(1), delivered: Seq::clamped(1) };
    cursors.raise(ChatId::Inbox(user), user, mark).await.unwrap();
    cursors.flush().await.unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder.path()), 0o700);
    assert_eq!(mode(folder.path().parent().unwrap()), 0o700, "made on the way");
    let mut files = 0;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        files += 1;
    }
    assert!(files >= 5, "the lock, two databases and a WAL each");
    drop((directory, cursors));
}
