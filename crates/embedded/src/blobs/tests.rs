//! What a folder of blobs looks like: its modes, what a crash leaves, a disk that is full.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::PathBuf;

use tempfile::TempDir;

use super::*;

fn folder() -> (TempDir, Place) {
    let root = tempfile::tempdir().unwrap();
    let place = Place::folder(root.path());
    (root, place)
}

fn name(number: u8) -> BlobName {
    BlobName([number; 32])
}

async fn put(blobs: &FolderBlobs, number: u8, bytes: &'static [u8]) {
    let mut writer = blobs.begin().await.unwrap();
    writer.write(Bytes::from_static(bytes)).await.unwrap();
    writer.finish(name(number)).await.unwrap();
}

/// Every file and folder below.
fn all(below: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(all(&path));
        }
        found.push(path);
    }
    found
}

fn files(below: &Path) -> usize {
    all(below).iter().filter(|path| path.is_file()).count()
}

#[tokio::test]
async fn a_blob_lies_under_its_name_two_folders_deep() {
    let (root, place) = folder();
    put(&FolderBlobs::open(&place).unwrap(), 0xab, b"bytes").await;
    let path = root.path().join("blobs/ab/ab").join("ab".repeat(32));
    assert_eq!(std::fs::read(path).unwrap(), b"bytes");
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_look_inside() {
    use std::os::unix::fs::PermissionsExt;
    let (root, place) = folder();
    let blobs = FolderBlobs::open(&place).unwrap();
    put(&blobs, 1, b"bytes").await;
    let _half = blobs.begin().await.unwrap();
    let mut seen = (0, 0);
    for path in all(root.path()) {
        let mode = path.metadata().unwrap().permissions().mode() & 0o777;
        let (expected, count) = if path.is_dir() { (0o700, &mut seen.0) } else { (0o600, &mut seen.1) };
        assert_eq!(mode, expected, "{}", path.display());
        *count += 1;
    }
    assert_eq!(seen, (4, 2));
}

#[tokio::test]
async fn what_was_not_finished_leaves_nothing() {
    let (root, place) = folder();
    let blobs = FolderBlobs::open(&place).unwrap();
    let mut writer = blobs.begin().await.unwrap();
    writer.write(Bytes::from_static(b"half")).await.unwrap();
    assert_eq!(files(root.path()), 1);
    drop(writer);
    assert_eq!(files(root.path()), 0);
}

/// As a crash leaves it after each step: the steps before it were taken, those behind it were not.
#[tokio::test]
async fn a_crash_after_any_step_leaves_a_blob_whole_or_not_at_all() {
    for steps in 0..=5 {
        let (root, place) = folder();
        let blobs = FolderBlobs::open(&place).unwrap();
        put(&blobs, 9, b"another").await;
        let temporary = root.path().join("blobs/tmp/7");
        let path = root.path().join("blobs/01/01").join("01".repeat(32));
        let mut upload = Upload::create(temporary.clone()).unwrap();
        if steps >= 1 {
            upload.write(b"half").unwrap();
        }
        if steps >= 2 {
            upload.write(b" and half").unwrap();
        }
        if steps >= 3 {
            std::fs::create_dir(root.path().join("blobs/01")).unwrap();
        }
        if steps >= 4 {
            std::fs::create_dir(root.path().join("blobs/01/01")).unwrap();
        }
        if steps >= 5 {
            std::fs::rename(&temporary, &path).unwrap();
        }
        // The process is gone: nobody tidies up.
        std::mem::forget(upload);
        drop(blobs);
        let blobs = FolderBlobs::open(&place).unwrap();
        let found = blobs.read(name(1), 0, 99).await.unwrap();
        assert_eq!(found.as_deref(), (steps == 5).then_some(&b"half and half"[..]), "after {steps} steps");
        assert_eq!(files(&root.path().join("blobs/tmp")), 0, "what was not finished is swept");
        put(&blobs, 1, b"half and half").await;
        assert_eq!(blobs.size(name(1)).await, Ok(Some(13)));
        assert_eq!(blobs.read(name(9), 0, 99).await.unwrap().as_deref(), Some(&b"another"[..]));
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_answers_unavailable_and_keeps_nothing() {
    let (root, place) = folder();
    let blobs = FolderBlobs::open(&place).unwrap();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let path = root.path().join("blobs/tmp/full");
    std::fs::write(&path, "").unwrap();
    let upload = Upload { path, file: full, named: false };
    let mut writer: Box<dyn BlobWriter> = Box::new(Writer { blobs: blobs.clone(), upload: Some(upload) });
    let refused = writer.write(Bytes::from_static(b"bytes")).await.unwrap_err();
    assert!(refused.to_string().contains("disk is full"), "{refused}");
    assert!(writer.finish(name(1)).await.is_err(), "what failed is not finished");
    assert_eq!(files(root.path()), 0);
    assert_eq!(blobs.size(name(1)).await, Ok(None));
    put(&blobs, 1, b"bytes").await;
}

#[tokio::test]
async fn a_folder_that_was_taken_away_answers_unavailable() {
    let (root, place) = folder();
    let blobs = FolderBlobs::open(&place).unwrap();
    std::fs::remove_dir_all(root.path().join("blobs")).unwrap();
    let refused = blobs.begin().await.map(drop).unwrap_err();
    assert!(refused.to_string().contains("look at it"), "{refused}");
    assert_eq!(blobs.size(name(1)).await, Ok(None));
}
