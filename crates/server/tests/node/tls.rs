//! HTTPS: certificates taken, changed while the node runs, broken ones passed over.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use chinwag_server::node::{Node, StartError};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

use super::kit::{Server, answer, config, until};

/// Certificate files of a test.
struct Files {
    folder: TempDir,
}

impl Files {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("chain.pem")
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    /// Writes a new pair and answers the certificate.
    fn renew(&self) -> CertificateDer<'static> {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(self.key(), signing_key.serialize_pem()).unwrap();
        fs::write(self.certificate(), cert.pem()).unwrap();
        cert.der().clone()
    }

    fn settings(&self) -> [(&'static str, String); 2] {
        [
            ("tls.certificate", self.certificate().display().to_string()),
            ("tls.key", self.key().display().to_string()),
        ]
    }
}

async fn start(files: &Files, more: &[(&str, &str)]) -> Server {
    let [certificate, key] = files.settings();
    let mut settings = vec![(certificate.0, certificate.1.as_str()), (key.0, key.1.as_str())];
    settings.extend(more);
    Server::start(&settings).await
}

/// Connects as a client that trusts this certificate alone.
async fn connect(
    address: SocketAddr,
    trusted: &CertificateDer<'static>,
) -> Result<TlsStream<TcpStream>, std::io::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let client = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tcp = TcpStream::connect(address).await?;
    TlsConnector::from(Arc::new(client)).connect(ServerName::try_from("localhost").unwrap(), tcp).await
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_certificate_the_node_speaks_https() {
    let files = Files::new();
    let certificate = files.renew();
    let server = start(&files, &[]).await;
    assert_eq!(server.node.url(), format!("https://{}", server.address()));
    let mut stream = connect(server.address(), &certificate).await.unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").await.unwrap();
    assert_eq!(answer(&mut stream).await.body, "ok\n");

    let mut stream = connect(server.address(), &certificate).await.unwrap();
    let upgrade = "GET /ws HTTP/1.1\r\nhost: test\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(upgrade.as_bytes()).await.unwrap();
    let mut head = [0; 12];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 101");
    server.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_certificate_leaves_the_old_one_in_force_and_a_new_one_takes_its_place() {
    let files = Files::new();
    let old = files.renew();
    let server = start(&files, &[("tls.reload_ms", "3600000")]).await;

    fs::write(files.certificate(), "not a certificate").unwrap();
    server.node.reload_certificates();
    assert!(connect(server.address(), &old).await.is_ok());

    let new = files.renew();
    assert!(connect(server.address(), &new).await.is_err(), "nobody has told the node yet");
    server.node.reload_certificates();
    assert!(connect(server.address(), &new).await.is_ok());
    assert!(connect(server.address(), &old).await.is_err());
    server.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_is_noticed() {
    let files = Files::new();
    files.renew();
    let server = start(&files, &[("tls.reload_ms", "100")]).await;
    let new = files.renew();
    until("the new certificate is in force", || async { connect(server.address(), &new).await.is_ok() })
        .await;
    server.node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_that_does_not_belong_together_keeps_the_node_from_starting() {
    let (files, others) = (Files::new(), Files::new());
    files.renew();
    others.renew();
    let folder = tempfile::tempdir().unwrap();
    let [certificate, _] = files.settings();
    let [_, key] = others.settings();
    let config = config(&folder, &[(certificate.0, &certificate.1), (key.0, &key.1)]);
    let error = Node::start(&config).await.err().unwrap();
    assert!(matches!(error, StartError::Tls(_)), "{error}");
    assert!(error.to_string().contains("cannot be used together"), "{error}");
}
