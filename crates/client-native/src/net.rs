//! A byte stream to a server, encrypted or not.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::{ClientError, ServerAddress};

/// How long a connection may take to be made.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// Both directions of a connection.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Connects.
pub(crate) async fn connect(address: &ServerAddress) -> Result<Box<dyn Stream>, ClientError> {
    let unreachable = |source| ClientError::Unreachable { address: address.to_string(), source };
    match tokio::time::timeout(CONNECT_MAX, try_connect(address)).await {
        Ok(stream) => stream.map_err(unreachable),
        Err(_) => Err(unreachable(io::Error::new(io::ErrorKind::TimedOut, "no answer within 10 s"))),
    }
}

async fn try_connect(address: &ServerAddress) -> io::Result<Box<dyn Stream>> {
    let stream = TcpStream::connect((address.host(), address.port())).await?;
    stream.set_nodelay(true)?;
    if !address.is_tls() {
        return Ok(Box::new(stream));
    }
    let name = ServerName::try_from(address.host().to_owned())
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    Ok(Box::new(tls()?.connect(name, stream).await?))
}

/// TLS with the certificates that the system trusts, loaded once.
fn tls() -> io::Result<TlsConnector> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(TlsConnector::from(Arc::clone(config)));
    }
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    if roots.add_parsable_certificates(found.certs).0 == 0 {
        return Err(io::Error::new(io::ErrorKind::NotFound, "this system has no trusted certificates"));
    }
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Ok(TlsConnector::from(Arc::clone(CONFIG.get_or_init(|| Arc::new(config)))))
}
