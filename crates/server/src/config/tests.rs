//! Precedence and strictness of the settings.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;

use serde_json::Value;

use super::*;

struct Deployment {
    folder: tempfile::TempDir,
    inputs: Inputs,
}

fn deployment(file: &str) -> Deployment {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chinwag.toml");
    fs::write(&path, file).unwrap();
    Deployment { folder, inputs: Inputs { file: Some(path), ..Inputs::default() } }
}

impl Deployment {
    fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.inputs.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    fn with_flag(mut self, name: &str, value: &str) -> Self {
        self.inputs.flags.push((format!("--set {name}"), name.to_owned(), value.to_owned()));
        self
    }

    fn loads(&self) -> Loaded {
        Config::load(&self.inputs).unwrap()
    }

    /// What is said against it, with the folder's name taken out.
    fn is_refused(&self) -> String {
        let error = Config::load(&self.inputs).unwrap_err().to_string();
        error.replace(&format!("{}/", self.folder.path().display()), "")
    }
}

#[test]
fn the_later_source_wins() {
    let file = "[limits]\npage = 10\nwatch_users = 11\nheads_chats = 12\n";
    let loaded = deployment(file)
        .with_variable("CHINWAG_LIMITS_WATCH_USERS", "21")
        .with_variable("CHINWAG_LIMITS_HEADS_CHATS", "22")
        .with_flag("limits.heads_chats", "32")
        .loads();
    let limits = &loaded.config.limits;
    assert_eq!((limits.page, limits.watch_users, limits.heads_chats), (10, 21, 32));
    assert_eq!(limits.presence_users, Limits::default().presence_users);

    let shown = loaded.to_json();
    let source = |key: &str| shown["limits"][key]["source"].as_str().unwrap().to_owned();
    assert!(source("page").ends_with("chinwag.toml"));
    assert_eq!(source("watch_users"), "environment CHINWAG_LIMITS_WATCH_USERS");
    assert_eq!(source("heads_chats"), "flag --set limits.heads_chats");
    assert_eq!(source("presence_users"), "default");
}

#[test]
fn every_form_of_value_comes_through_the_environment() {
    let loaded = deployment("")
        .with_variable("CHINWAG_SERVER_LISTEN", "[::1]:9000")
        .with_variable("CHINWAG_SERVER_TRUSTED_PROXIES", "10.0.0.0/8, ::1")
        .with_variable("CHINWAG_SERVER_PUBLIC_URL", "https://chat.example.org")
        .with_variable("CHINWAG_LIMITS_SENDS_PER_SECOND", "1_000")
        .with_variable("CHINWAG_METRICS_ENABLED", "false")
        .with_variable("CHINWAG_ACCOUNTS_REGISTRATION", "invite")
        .loads();
    let config = loaded.config;
    assert_eq!(config.server.listen.to_string(), "[::1]:9000");
    assert_eq!(config.server.trusted_proxies.len(), 2);
    assert_eq!(config.server.public_url.unwrap().to_string(), "https://chat.example.org");
    assert_eq!(config.limits.sends_per_second, 1_000);
    assert!(!config.metrics.enabled);
    assert_eq!(config.accounts.registration, accounts::Registration::Invite);
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let loaded = deployment("[limits]\npage = 10\n").with_variable("CHINWAG_LIMITS_PAGE", "").loads();
    assert_eq!(loaded.config.limits.page, 10);
}

#[test]
fn variables_of_other_programs_are_passed_over() {
    deployment("")
        .with_variable("CHINWAG_TOKEN", "x")
        .with_variable("PATH", "/bin")
        .with_variable("CHINWAG", "u")
        .loads();
}

#[test]
fn unknown_names_are_refused_with_the_nearest_known_one() {
    assert_eq!(
        deployment("[limits]\npages = 3\n").is_refused(),
        "chinwag.toml: there is no setting limits.pages; did you mean page?"
    );
    assert_eq!(
        deployment("[limit]\npage = 3\n").is_refused(),
        "chinwag.toml: there is no section [limit]; did you mean limits?"
    );
    assert_eq!(deployment("listen = 3\n").is_refused(), "chinwag.toml: there is no section [listen]");
    assert_eq!(
        deployment("server = 3\n").is_refused(),
        "chinwag.toml: `server` is a section: write [server]"
    );
    assert_eq!(
        deployment("").with_variable("CHINWAG_LIMIT_PAGE", "3").is_refused(),
        "the environment variable CHINWAG_LIMIT_PAGE names no setting; did you mean CHINWAG_LIMITS_PAGE?"
    );
    assert_eq!(
        deployment("").with_variable("CHINWAG_LIMITS_COLOUR", "3").is_refused(),
        "the environment variable CHINWAG_LIMITS_COLOUR names no setting"
    );
    assert_eq!(
        deployment("").with_flag("server.listn", "3").is_refused(),
        "--set server.listn: there is no setting server.listn; did you mean server.listen?"
    );
}

#[test]
fn a_wrong_value_is_named_with_its_source() {
    assert_eq!(
        deployment("").with_variable("CHINWAG_LIMITS_PAGE", "many").is_refused(),
        "limits.page (environment CHINWAG_LIMITS_PAGE): `many` is not a whole number"
    );
    assert_eq!(
        deployment("[limits]\npage = \"many\"\n").is_refused(),
        "limits.page (chinwag.toml): invalid type: string \"many\", expected usize; it takes: entries"
    );
    assert_eq!(
        deployment("[accounts]\nregistration = \"friends\"\n").is_refused(),
        "accounts.registration (chinwag.toml): unknown variant `friends`, expected one of `open`, `invite`, \
         `closed`; it takes: open, invite, closed"
    );
    assert_eq!(
        deployment("[server]\nlisten = \"localhost\"\n").is_refused(),
        "server.listen (chinwag.toml): invalid socket address syntax; it takes: ADDR:PORT"
    );
    let broken = deployment("[server]\nlisten = \n").is_refused();
    assert!(broken.starts_with("chinwag.toml:2: "), "{broken}");
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let refused = deployment("[limits]\npage = 0\n[metrics]\ntoken = \"short\"\n[log]\nlevel = \"loud=\"\n")
        .is_refused();
    assert_eq!(refused.lines().count(), 3, "{refused}");
    assert!(refused.contains("limits.page (chinwag.toml): must be at least 1"), "{refused}");
    assert!(!refused.contains("short\""), "{refused}");
}

#[test]
fn rules_between_keys_are_held() {
    assert!(
        deployment("[tls]\nkey = \"k.pem\"\n")
            .is_refused()
            .starts_with("tls.certificate (default): is missing")
    );
    assert!(deployment("[server]\ndrain_ms = 9001\n").is_refused().starts_with("server.drain_ms"));
    assert!(
        deployment("[limits]\ntext_bytes = 1000000\n").is_refused().starts_with("limits.client_frame_bytes")
    );
}

#[test]
fn a_mistyped_level_does_not_log_everything() {
    let log = |level: &str| deployment(&format!("[log]\nlevel = \"{level}\"\n"));
    for good in ["info", "off", "WARN", "info,chinwag_server::gateway=debug"] {
        log(good).loads();
    }
    for bad in ["", "loud", "loud=", "=info", "info,loud", "info,chinwag_server=loud"] {
        assert!(log(bad).is_refused().starts_with("log.level (chinwag.toml): is no level"), "{bad}");
    }
}

#[test]
fn a_file_that_was_named_must_be_there() {
    let inputs = Inputs { file: Some("/nowhere/chinwag.toml".into()), ..Inputs::default() };
    let error = Config::load(&inputs).unwrap_err().to_string();
    assert!(error.starts_with("cannot read the configuration file /nowhere/chinwag.toml: "), "{error}");
}

#[test]
fn what_is_shown_gives_the_same_settings_again() {
    let file = "[limits]\npage = 10\n[cors]\norigins = [\"https://a.example\"]\n[server]\nlisten = \"127.0.0.1:0\"\n";
    let loaded = deployment(file).loads();
    let again = deployment(&loaded.to_toml()).loads();
    assert_eq!(again.config, loaded.config);
}

#[test]
fn a_secret_is_not_shown() {
    let loaded = deployment("[metrics]\ntoken = \"0123456789abcdef\"\n").loads();
    assert!(loaded.config.metrics.token.as_ref().unwrap().matches("0123456789abcdef"));
    let shown = format!("{}{}{loaded:?}", loaded.to_toml(), loaded.to_json());
    assert!(shown.contains("***"));
    // The layers hold the text itself: they must not print it either.
    assert!(!shown.contains("0123456789abcdef"), "{shown}");
}

#[test]
fn every_field_has_a_declaration() {
    let values = Config::default().to_value();
    for outline in catalogue() {
        let fields: Vec<_> = values[outline.name].as_object().unwrap().keys().cloned().collect();
        let declared: Vec<_> = outline.keys.iter().map(|key| key.name.to_owned()).collect();
        assert_eq!(fields, declared, "[{}]", outline.name);
    }
    let Value::Object(sections) = &values else { panic!() };
    assert_eq!(sections.len(), catalogue().len());
}

#[test]
fn the_defaults_are_valid() {
    Config::load(&Inputs { file: Some("/dev/null".into()), ..Inputs::default() }).unwrap();
}

#[test]
fn the_reference_page_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let stored = fs::read_to_string(path).unwrap_or_default();
    let fresh = stored == reference::page();
    assert!(fresh, "stale: run `cargo run -- config reference > docs/configuration.md`");
}
