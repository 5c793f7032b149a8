//! Log-ins that are kept.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::person::{Person, server};

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn a_log_in_is_kept_readable_by_its_owner_alone_and_without_the_password() {
    let server = server();
    let alice = Person::at(&server, "alice");
    let kept = files(&alice.home.path().join("kept"));
    assert!(kept.iter().any(|path| path.ends_with("alice/cli.json")), "{kept:?}");
    for file in kept {
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o077, 0, "{}", file.display());
        assert!(!std::fs::read_to_string(&file).unwrap().contains(&alice.password), "{}", file.display());
    }
}

#[test]
fn nobody_who_is_not_logged_in_sends_and_he_is_told_how_to() {
    let server = server();
    let bob = Person::called("bob");
    bob.types(&["send", "alice", "hi"]).fails(2, "chinwag login --user NAME");
    let address = server.address().to_string();
    bob.types(&["send", "alice", "hi", "--user", "bob", "--server", &address]).fails(2, "CHINWAG_PASSWORD");
    bob.types(&["login", "--user", "bob", "--server", &address]).fails(2, "--password-stdin");
}

#[test]
fn a_password_at_hand_logs_in_on_first_use_and_once() {
    let server = server();
    Person::at(&server, "alice");
    let address = server.address().to_string();
    let bob = Person::at(&server, "bob");
    let elsewhere =
        Person { home: tempfile::tempdir().unwrap(), name: bob.name.clone(), password: bob.password.clone() };
    let words = ["send", "alice", "hi", "--user", "bob", "--server", &address];
    elsewhere.types_secretly(&words).succeeds();
    // The second one needs no password.
    elsewhere.types(&["send", "alice", "again"]).succeeds();
}

#[test]
fn a_password_comes_from_standard_input_and_a_wrong_one_is_refused() {
    let server = server();
    let address = server.address().to_string();
    let alice = Person::at(&server, "alice");
    let words = ["login", "--server", &address, "--user", "alice", "--password-stdin"];
    alice.pipes("not the password\n", &words).fails(1, "unauthenticated");
    let first = alice.pipes(&format!("{}\n", alice.password), &words).succeeds();
    // The same device of the same installation, not one more.
    let again = alice.pipes(&alice.password, &words).succeeds();
    assert_ne!(first["deviceId"], Value::Null);
    assert_eq!(first["deviceId"], again["deviceId"]);
}

#[test]
fn after_a_logout_the_token_is_dead_and_forgotten() {
    let server = server();
    let alice = Person::at(&server, "alice");
    Person::at(&server, "bob");
    let kept = files(&alice.home.path().join("kept"))
        .into_iter()
        .find(|path| path.ends_with("alice/cli.json"))
        .unwrap();
    let session = std::fs::read_to_string(&kept).unwrap();
    alice.types(&["logout"]).succeeds();
    assert!(!kept.exists());
    alice.types(&["send", "bob", "hi"]).fails(2, "chinwag login --user NAME");
    alice.types(&["logout"]).fails(2, "nobody is logged in");
    // Whoever has kept a copy has nothing.
    std::fs::write(&kept, session).unwrap();
    let address = server.address().to_string();
    let words = ["send", "bob", "hi", "--user", "alice", "--server", &address];
    alice.types(&words).fails(1, "log in again");
}

#[test]
fn two_devices_of_one_user_are_two() {
    let server = server();
    let alice = Person::at(&server, "alice");
    let words = ["login", "--user", "alice", "--device", "second"];
    let second =
        alice.types_secretly(&[&words[..], &["--server", &server.address().to_string()]].concat()).succeeds();
    let first = alice.types_secretly(&["login", "--user", "alice", "--device", "cli"]).succeeds();
    assert_ne!(first["deviceId"], second["deviceId"]);
}
