//! A node on a temporary folder and a free port, and HTTP spoken by hand.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use chinwag_server::config::{Config, Inputs};
use chinwag_server::node::{Node, StartError};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// How long anything in these tests may take on a busy machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// A node with the folder that it works on.
pub(crate) struct Server {
    pub(crate) node: Node,
    pub(crate) folder: TempDir,
    pub(crate) config: Config,
}

impl Server {
    /// Starts one with these settings, `section.key` and value each.
    pub(crate) async fn start(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = config(&folder, settings);
        let node = Node::start(&config).await.unwrap();
        Self { node, folder, config }
    }

    /// Starts another one on the same folder.
    pub(crate) async fn start_beside(&self) -> Result<Node, StartError> {
        Node::start(&self.config).await
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.node.address()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.get_with(path, "").await
    }

    /// With more header lines, each ended by CR LF.
    pub(crate) async fn get_with(&self, path: &str, headers: &str) -> Answer {
        let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{headers}\r\n");
        exchange(self.address(), &request).await
    }

    pub(crate) async fn post(&self, path: &str, headers: &str, json: &str) -> Answer {
        let length = json.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n{json}"
        );
        exchange(self.address(), &request).await
    }
}

/// The settings of a test: a free port, cheap passwords, and what it asks for.
pub(crate) fn config(folder: &TempDir, settings: &[(&str, &str)]) -> Config {
    let data = folder.path().join("data").display().to_string();
    let mut all = vec![
        ("server.listen", "127.0.0.1:0"),
        ("storage.data", data.as_str()),
        ("accounts.password_memory_kib", "8"),
        ("accounts.password_passes", "1"),
    ];
    all.extend(settings);
    let flag = |(name, value): (&str, &str)| ("test".to_owned(), name.to_owned(), value.to_owned());
    let flags = all.into_iter().map(flag).collect();
    let inputs = Inputs { file: Some("/dev/null".into()), flags, ..Inputs::default() };
    Config::load(&inputs).unwrap().config
}

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Sends bytes on a connection of their own and reads until the server closes it.
pub(crate) async fn exchange(address: SocketAddr, request: &str) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    answer(&mut stream).await
}

/// Reads an answer until the server closes the connection.
pub(crate) async fn answer(stream: &mut (impl AsyncRead + Unpin)) -> Answer {
    let mut bytes = Vec::new();
    timeout(DEADLINE, stream.read_to_end(&mut bytes)).await.expect("an answer in time").unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
}

/// Waits until something holds.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let waited = timeout(DEADLINE, async {
        while !holds().await {
            sleep(Duration::from_millis(10)).await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("never: {what}"));
}
