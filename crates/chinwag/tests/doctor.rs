//! `chinwag doctor`: finds what was broken on purpose, and says that all is well where it is.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use chinwag_server::node::clock::SystemClock;
use common::Bench;
use serde_json::Value;

/// Runs the doctor on a free port; answers exit code and findings of one check, as (health, found, mend).
fn examines(bench: &Bench, check: &str, arguments: &[&str]) -> (i32, Vec<(String, String, String)>) {
    let all = [&["doctor", "--json", "--set", "server.listen=127.0.0.1:0"], arguments].concat();
    let ran = bench.run(&all);
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let findings = answer["findings"].as_array().unwrap().iter().filter(|finding| finding["check"] == check);
    let findings =
        findings.map(|finding| (text(&finding["health"]), text(&finding["found"]), text(&finding["mend"])));
    (ran.code, findings.collect())
}

/// Asserts that the check found this broken, with this remedy, and that the exit code says so.
fn finds_broken(bench: &Bench, check: &str, arguments: &[&str], found: &str, mend: &str) {
    let (code, findings) = examines(bench, check, arguments);
    let broken = findings.iter().find(|(health, said, _)| health == "broken" && said.contains(found));
    let (_, _, remedy) = broken.unwrap_or_else(|| panic!("{found:?} is not among {findings:?}"));
    assert!(remedy.contains(mend), "{remedy:?}");
    assert_eq!(code, 1);
}

#[test]
fn all_is_well_before_the_first_start_while_running_and_after() {
    let bench = Bench::new();
    let well = |what: &str| {
        let ran = bench.run(&["doctor", "--set", "server.listen=127.0.0.1:0"]);
        assert_eq!(ran.code, 0, "{what}: {}", ran.stdout);
        assert!(!ran.stdout.contains("BROKEN"), "{what}: {}", ran.stdout);
        ran.stdout
    };
    assert!(well("before").contains("is made at the first start"));
    assert!(!bench.data().exists(), "the doctor makes nothing");
    let server = bench.serve(&[]);
    let running = well("running");
    assert!(
        running.contains(&format!("runs at {}", server.url)) && running.contains("is ready"),
        "{running}"
    );
    assert_eq!(server.stops().0, Some(0));
    let stopped = well("stopped");
    for database in ["log.db", "chunks.db", "directory.db", "cursors.db"] {
        assert!(stopped.contains(&format!("{database} opens and is whole")), "{stopped}");
    }
}

#[test]
fn wrong_settings_are_named_each() {
    let bench = Bench::new();
    bench.writes("chinwag.toml", "[limits]\npages = 1\npage = 0\n");
    finds_broken(
        &bench,
        "settings",
        &[],
        "there is no setting limits.pages; did you mean page?",
        "correct it",
    );
    finds_broken(&bench, "settings", &[], "limits.page (chinwag.toml): must be at least 1", "correct it");
}

#[test]
fn a_secret_that_others_may_read_is_a_warning() {
    let bench = Bench::new();
    bench.writes("chinwag.toml", "[metrics]\ntoken = \"0123456789abcdef\"\n");
    let file = bench.folder().join("chinwag.toml");
    let warned = || {
        let (code, findings) = examines(&bench, "settings", &[]);
        assert_eq!(code, 0);
        findings
            .iter()
            .any(|(health, found, _)| health == "warning" && found.contains("may be read by others"))
    };
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    assert!(warned());
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    assert!(!warned());
}

#[test]
fn clear_text_for_the_world_is_a_warning() {
    let bench = Bench::new();
    let arguments = ["--set", "server.listen=0.0.0.0:0"];
    let (code, findings) = examines(&bench, "settings", &arguments);
    assert_eq!(code, 0);
    assert!(
        findings.iter().any(|(health, found, _)| health == "warning" && found.contains("in the clear")),
        "{findings:?}"
    );
    let (_, findings) = examines(&bench, "address", &arguments);
    assert!(findings.iter().any(|(_, _, mend)| mend.contains("server.public_url")), "{findings:?}");
}

#[test]
fn a_file_in_the_folders_place_is_found() {
    let bench = Bench::new();
    bench.writes("chinwag-data", "in the way");
    finds_broken(&bench, "data", &[], "is no folder", "set storage.data to a folder");
}

#[test]
fn a_folder_open_to_others_is_a_warning() {
    let bench = Bench::new();
    fs::create_dir(bench.data()).unwrap();
    fs::set_permissions(bench.data(), Permissions::from_mode(0o755)).unwrap();
    let (code, findings) = examines(&bench, "data", &[]);
    assert_eq!(code, 0);
    assert!(
        findings.iter().any(|(health, _, mend)| health == "warning" && mend.contains("chmod 700")),
        "{findings:?}"
    );
}

#[test]
fn a_damaged_database_is_found() {
    let bench = Bench::new();
    assert_eq!(bench.serve(&[]).stops().0, Some(0));
    let path = bench.data().join("directory.db");
    let mut bytes = fs::read(&path).unwrap();
    // Past the first page, where its header and the schema are.
    for byte in bytes.iter_mut().skip(4_096).step_by(7) {
        *byte ^= 0x5a;
    }
    fs::write(&path, bytes).unwrap();
    finds_broken(&bench, "engines", &[], "directory.db: ", "restore a backup");
}

#[test]
fn a_database_of_a_newer_version_is_found() {
    let bench = Bench::new();
    assert_eq!(bench.serve(&[]).stops().0, Some(0));
    let path = bench.data().join("chunks.db");
    let mut bytes = fs::read(&path).unwrap();
    bytes[60..64].copy_from_slice(&999_u32.to_be_bytes());
    fs::write(&path, bytes).unwrap();
    finds_broken(&bench, "engines", &[], "its layout is version 999", "operations.md");
}

#[test]
fn a_port_in_use_is_found() {
    let bench = Bench::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("server.listen={}", taken.local_addr().unwrap());
    finds_broken(&bench, "address", &["--set", &listen], "cannot listen on ", "set server.listen to another");
}

#[test]
fn certificates_are_looked_at() {
    let bench = Bench::new();
    let tls = ["--set", "tls.certificate=chain.pem", "--set", "tls.key=key.pem"];
    finds_broken(&bench, "tls", &tls, "cannot read chain.pem", "set tls.certificate and tls.key");

    let writes = |days: i64| {
        let mut wanted = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        let now = u64::try_from(SystemClock.now().as_ms()).unwrap() / 1_000;
        let until = now.checked_add_signed(days * 24 * 3_600).unwrap();
        wanted.not_before = rcgen::date_time_ymd(2020, 1, 1);
        wanted.not_after = rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(until);
        let key = rcgen::KeyPair::generate().unwrap();
        bench.writes("chain.pem", &wanted.self_signed(&key).unwrap().pem());
        bench.writes("key.pem", &key.serialize_pem());
        fs::set_permissions(bench.folder().join("key.pem"), Permissions::from_mode(0o600)).unwrap();
    };
    writes(90);
    let (code, findings) = examines(&bench, "tls", &tls);
    assert_eq!((code, findings.len(), findings[0].0.as_str()), (0, 1, "fine"), "{findings:?}");
    writes(3);
    let (code, findings) = examines(&bench, "tls", &tls);
    assert_eq!((code, findings[0].0.as_str()), (0, "warning"), "{findings:?}");
    writes(-1);
    finds_broken(&bench, "tls", &tls, "the certificate ended on", "renew it");

    writes(90);
    fs::set_permissions(bench.folder().join("key.pem"), Permissions::from_mode(0o644)).unwrap();
    let (_, findings) = examines(&bench, "tls", &tls);
    assert!(
        findings.iter().any(|(_, found, _)| found.contains("key.pem may be read by others")),
        "{findings:?}"
    );
    bench.writes("key.pem", "no key");
    finds_broken(&bench, "tls", &tls, "key.pem holds no private key", "set tls.certificate and tls.key");
}
