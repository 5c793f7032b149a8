//! HTTPS by certificate files: read at the start, again when they change and on SIGHUP. A new pair that
//! cannot be used leaves the old one in force.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use chinwag_proto::Timestamp;
use parking_lot::{Mutex, RwLock};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{self, ServerConfig};
use x509_cert::Certificate;
use x509_cert::der::Decode;

/// Why a pair of files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// A file holds something else.
    #[error("{} holds no {what} in PEM form", path.display())]
    NotPem {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
    },
    /// Certificate and key do not go together, or the library takes neither.
    #[error("certificate {} and key {} cannot be used together: {why}", certificate.display(), key.display())]
    Unusable {
        /// The certificate file.
        certificate: PathBuf,
        /// The key file.
        key: PathBuf,
        /// Why.
        why: rustls::Error,
    },
}

/// A certificate chain and its key, as read.
pub struct Pair {
    chain: Vec<CertificateDer<'static>>,
    certified: CertifiedKey,
}

impl Pair {
    /// Reads and checks a pair of files.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let text =
            |path: &Path| fs::read(path).map_err(|why| TlsError::Unreadable { path: path.to_owned(), why });
        let not_pem = |path: &Path, what| TlsError::NotPem { path: path.to_owned(), what };
        let chain = CertificateDer::pem_slice_iter(&text(certificate)?)
            .collect::<Result<Vec<_>, _>>()
            .ok()
            .filter(|chain| !chain.is_empty())
            .ok_or_else(|| not_pem(certificate, "certificate"))?;
        let secret = PrivateKeyDer::from_pem_slice(&text(key)?).map_err(|_| not_pem(key, "private key"))?;
        let certified = CertifiedKey::from_der(chain.clone(), secret, &provider()).map_err(|why| {
            TlsError::Unusable { certificate: certificate.to_owned(), key: key.to_owned(), why }
        })?;
        Ok(Self { chain, certified })
    }

    /// From when until when the server's own certificate is good; `None` if it does not say so in a way
    /// that can be read.
    pub fn validity(&self) -> Option<(Timestamp, Timestamp)> {
        let leaf = Certificate::from_der(self.chain.first()?).ok()?;
        let validity = leaf.tbs_certificate().validity();
        let timestamp = |time: x509_cert::time::Time| {
            let since_1970 = time.to_unix_duration().as_millis();
            Timestamp::from_ms(i64::try_from(since_1970).unwrap_or(i64::MAX))
        };
        Some((timestamp(validity.not_before), timestamp(validity.not_after)))
    }
}

fn provider() -> CryptoProvider {
    ring::default_provider()
}

/// The certificate in force, and the files that it comes from.
pub(super) struct Certificates {
    certificate: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<CertifiedKey>>,
    stamps: Mutex<Stamps>,
}

/// When the two files were last changed.
type Stamps = [Option<SystemTime>; 2];

impl std::fmt::Debug for Certificates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificates").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read()))
    }
}

impl Certificates {
    pub(super) fn open(certificate: &Path, key: &Path) -> Result<Arc<Self>, TlsError> {
        let stamps = stamps(certificate, key);
        let pair = Pair::read(certificate, key)?;
        Ok(Arc::new(Self {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            current: RwLock::new(Arc::new(pair.certified)),
            stamps: Mutex::new(stamps),
        }))
    }

    /// Reads the files again if they changed since the last look; an error is told once per change.
    pub(super) fn look(&self) -> Result<bool, TlsError> {
        let now = stamps(&self.certificate, &self.key);
        if std::mem::replace(&mut *self.stamps.lock(), now) == now {
            Ok(false)
        } else {
            self.reload().map(|()| true)
        }
    }

    /// Reads the files again. On an error what was in force stays so.
    pub(super) fn reload(&self) -> Result<(), TlsError> {
        let pair = Pair::read(&self.certificate, &self.key)?;
        *self.current.write() = Arc::new(pair.certified);
        Ok(())
    }

    /// The library's settings; new connections get the certificate then in force.
    pub(super) fn server_config(self: &Arc<Self>) -> Result<Arc<ServerConfig>, rustls::Error> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn stamps(certificate: &Path, key: &Path) -> Stamps {
    [certificate, key].map(|path| fs::metadata(path).and_then(|file| file.modified()).ok())
}
