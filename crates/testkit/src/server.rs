//! A whole node in the test's own process: the engines of one machine on a temporary folder, a free port.
//!
//! Stopping and starting again is the same folder on another port. A crash is `process`'s business.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chinwag_client_native::{Rest, ServerAddress};
use chinwag_ports::Clock;
use chinwag_ports::twins::FakeClock;
use chinwag_proto::{DeviceId, UserId};
use chinwag_server::config::{Config, Inputs};
use chinwag_server::node::admin::bodies::{CreateDevice, CreateUser, DeviceCreated, UserCreated};
use chinwag_server::node::admin::door::Door;
use chinwag_server::node::clock::SystemClock;
use chinwag_server::node::{Node, StartError};
use parking_lot::Mutex;
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::timeout;

use crate::DEADLINE;
use crate::person::Person;

/// The password of everybody.
pub const PASSWORD: &str = "correct horse battery";

/// What a test changes: limits are out of reach unless it is about them.
const SETTINGS: [(&str, &str); 6] = [
    ("server.listen", "127.0.0.1:0"),
    ("accounts.password_memory_kib", "8"),
    ("accounts.password_passes", "1"),
    ("limits.sends_per_second", "1000000"),
    ("limits.sends_burst", "1000000"),
    ("limits.registrations_per_address", "1000000"),
];

/// A server in the test's own hands. Dropping it ends it at once.
pub struct Server {
    folder: TempDir,
    config: Config,
    clock: Arc<dyn Clock>,
    node: Mutex<Option<Node>>,
    address: Mutex<SocketAddr>,
}

impl Server {
    /// Starts one with the settings of tests.
    pub async fn start() -> Arc<Self> {
        Self::with(&[]).await
    }

    /// Starts one with more settings, `section.key` and value each.
    pub async fn with(settings: &[(&str, &str)]) -> Arc<Self> {
        Self::build(settings, Arc::new(SystemClock)).await
    }

    /// Starts one whose wall clock is the test's.
    pub async fn on_clock(clock: &Arc<FakeClock>, settings: &[(&str, &str)]) -> Arc<Self> {
        Self::build(settings, Arc::clone(clock) as Arc<dyn Clock>).await
    }

    async fn build(settings: &[(&str, &str)], clock: Arc<dyn Clock>) -> Arc<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("data").display().to_string();
        let mut all: BTreeMap<&str, &str> = SETTINGS.into_iter().collect();
        all.insert("storage.data", &data);
        all.extend(settings.iter().copied());
        let flag = |(name, value): (&str, &str)| ("test".to_owned(), name.to_owned(), value.to_owned());
        let flags = all.into_iter().map(flag).collect();
        let inputs = Inputs { file: Some("/dev/null".into()), flags, ..Inputs::default() };
        let config = Config::load(&inputs).expect("valid settings").config;
        let node = Node::start_with_clock(&config, Arc::clone(&clock)).await.expect("the node starts");
        let address = Mutex::new(node.address());
        Arc::new(Self { folder, config, clock, node: Mutex::new(Some(node)), address })
    }

    /// Drains and stops; its connections are told.
    pub async fn stop(&self) {
        let node = self.node.lock().take().expect("it runs");
        node.stop().await;
    }

    /// Starts again on the same folder, on another port.
    pub async fn start_again(&self) {
        let started = Node::start_with_clock(&self.config, Arc::clone(&self.clock)).await;
        let node = started.expect("the node starts again");
        *self.address.lock() = node.address();
        *self.node.lock() = Some(node);
    }

    /// Stops and starts again.
    pub async fn restarts(&self) {
        self.stop().await;
        self.start_again().await;
    }

    /// Ends at once, without a word to anybody, and starts again as soon as the folder is free.
    pub async fn is_dropped_and_starts_again(&self) {
        drop(self.node.lock().take());
        let starting = async {
            loop {
                match Node::start_with_clock(&self.config, Arc::clone(&self.clock)).await {
                    Ok(node) => return node,
                    Err(StartError::Locked { .. }) => tokio::time::sleep(Duration::from_millis(10)).await,
                    Err(why) => panic!("the node does not start again: {why}"),
                }
            }
        };
        let node = timeout(DEADLINE, starting).await.expect("the folder becomes free");
        *self.address.lock() = node.address();
        *self.node.lock() = Some(node);
    }

    /// Where it listens.
    pub fn socket_address(&self) -> SocketAddr {
        *self.address.lock()
    }

    /// Where its WebSocket is.
    pub fn ws_address(&self) -> ServerAddress {
        format!("ws://{}/ws", self.socket_address()).parse().expect("an address")
    }

    /// REST calls without a token.
    pub fn rest(&self) -> Rest {
        Rest::new(format!("http://{}", self.socket_address()).parse().expect("an address"))
    }

    /// Where the data is.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Makes an account with a device that is logged in.
    pub async fn person(self: &Arc<Self>, name: &str) -> Person {
        let body = CreateUser {
            username: name.parse().expect("a user name"),
            display_name: None,
            email: None,
            password: Some(PASSWORD.to_owned()),
        };
        let made: UserCreated = self.administers("POST", "/users", Some(&body)).await;
        Person::new(Arc::clone(self), made.user_id, name, "first device").await
    }

    /// Logs a device of a user in, without a password.
    pub(crate) async fn logs_in(&self, user: UserId, device: &str) -> (DeviceId, String) {
        let body = CreateDevice { name: device.parse().expect("a device name") };
        let path = format!("/users/id:{user}/devices");
        let made: DeviceCreated = self.administers("POST", &path, Some(&body)).await;
        (made.device_id, made.token)
    }

    /// Suspends a user as an operator does.
    pub async fn suspends(&self, person: &Person) {
        let path = format!("/users/id:{}/suspended", person.id);
        let _: Value = self.administers("PUT", &path, None::<&Value>).await;
    }

    /// Takes the suspension back.
    pub async fn restores(&self, person: &Person) {
        let path = format!("/users/id:{}/suspended", person.id);
        let _: Value = self.administers("DELETE", &path, None::<&Value>).await;
    }

    async fn administers<A: serde::de::DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: Option<&(impl serde::Serialize + Sync)>,
    ) -> A {
        let door = Door::running(&self.config).await.expect("the admin socket answers");
        door.ask(method, path, body).await.unwrap_or_else(|why| panic!("{method} {path}: {why}"))
    }
}
