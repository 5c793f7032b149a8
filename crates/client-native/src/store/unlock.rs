//! Where the store key is kept: in the system's keyring, wrapped by a passphrase, or beside the store.
//!
//! The file `key.json` of a profile says which, and holds the wrapped key where a passphrase wraps it
//! (Argon2id, RFC 9106, then XChaCha20-Poly1305). A profile stays with the way that it was made with.

use std::path::PathBuf;
use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, Version};
use base64ct::{Base64UrlUnpadded, Encoding};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::StoreFailed;
use super::folder::Folder;
use super::key::{KEY_BYTES, MARK_BYTES, NONCE_BYTES, StoreKey, random};

/// Says where the key is.
const FILE: &str = "key.json";
/// The key itself, where nothing protects it.
const BARE: &str = "store.key";
/// What a guess of the passphrase costs: 64 MiB, three times over (RFC 9106 §4, second choice).
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
/// What is believed of a file at most.
const MEMORY_KIB_MAX: u32 = 1024 * 1024;
const PASSES_MAX: u32 = 64;
const SALT_BYTES: usize = 16;
const LABEL: &[u8] = b"chinwag store key 1";

/// What opens a profile.
#[derive(Clone)]
pub enum Unlock {
    /// The user's passphrase wraps the store key.
    Passphrase(Zeroizing<String>),
    /// A keyring, such as the system's, keeps the store key.
    Keyring(Arc<dyn Keyring>),
    /// The store key lies in a file beside the store, readable by its owner alone: whoever gets the folder,
    /// a backup of it or the disk reads everything. For machines without a user, such as a bot's.
    UnprotectedKeyFile,
}

impl Unlock {
    /// By a passphrase.
    pub fn passphrase(text: impl Into<String>) -> Self {
        Self::Passphrase(Zeroizing::new(text.into()))
    }

    const fn way(&self) -> &'static str {
        match self {
            Self::Passphrase(_) => "a passphrase",
            Self::Keyring(_) => "the keyring",
            Self::UnprotectedKeyFile => "a key file",
        }
    }
}

/// Keeps secrets by name for the user who is logged in at the machine.
pub trait Keyring: Send + Sync {
    /// The secret of this name; `None` where there is none. The error says what is wrong.
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, String>;
    /// Keeps a secret; durable when it returns.
    fn set(&self, name: &str, secret: &[u8]) -> Result<(), String>;
}

/// Why the store key cannot be had. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum UnlockError {
    /// The passphrase does not fit.
    #[error("the passphrase is wrong; nothing was changed")]
    WrongPassphrase,
    /// The profile was made with another way.
    #[error("this profile is opened by {kept}, not by {given}")]
    OtherWay {
        /// How it was made.
        kept: &'static str,
        /// What was tried.
        given: &'static str,
    },
    /// The key is not where it should be.
    #[error(
        "the key of this profile is not in {place} any more: without it nothing can be read; bring it back, or begin with another profile"
    )]
    Lost {
        /// Where it should be.
        place: String,
    },
    /// `key.json` cannot be understood.
    #[error("{}: not the key file of a profile", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The keyring does not work.
    #[error("the keyring does not work: {0}")]
    Keyring(String),
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// No key can be made.
    #[error(transparent)]
    NoKey(#[from] StoreFailed),
}

/// `key.json`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyFile {
    version: u32,
    /// What the key is recognised by.
    mark: String,
    kept: Kept,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Kept {
    Passphrase { salt: String, memory_kib: u32, passes: u32, nonce: String, wrapped: String },
    Keyring { name: String },
    File,
}

/// The key of a profile; a new profile gets one.
pub(crate) fn unlock(folder: &Folder, by: &Unlock) -> Result<StoreKey, UnlockError> {
    let path = folder.path().join(FILE);
    let io = |source| UnlockError::Io { path: path.clone(), source };
    if matches!(by, Unlock::UnprotectedKeyFile) {
        tracing::warn!(
            folder = %folder.path().display(),
            "the store key lies unprotected beside the store: whoever gets this folder reads everything in it"
        );
    }
    let Some(bytes) = folder.read(FILE).map_err(io)? else {
        return begin(folder, by);
    };
    let damaged = || UnlockError::Damaged { path: path.clone() };
    let file: KeyFile = serde_json::from_slice(&bytes).map_err(|_| damaged())?;
    let mark: [u8; MARK_BYTES] = decoded(&file.mark).filter(|_| file.version == 1).ok_or_else(damaged)?;
    let key = match (&file.kept, by) {
        (Kept::Passphrase { salt, memory_kib, passes, nonce, wrapped }, Unlock::Passphrase(passphrase)) => {
            let costs = *memory_kib <= MEMORY_KIB_MAX && *passes <= PASSES_MAX;
            let salt = decoded(salt).filter(|_| costs).ok_or_else(damaged)?;
            let wrapper = Wrapper::new(passphrase, salt, *memory_kib, *passes).ok_or_else(damaged)?;
            let nonce = decoded(nonce).ok_or_else(damaged)?;
            let wrapped = Base64UrlUnpadded::decode_vec(wrapped).map_err(|_| damaged())?;
            wrapper.open(nonce, &wrapped).ok_or(UnlockError::WrongPassphrase)?
        }
        (Kept::Keyring { name }, Unlock::Keyring(keyring)) => {
            let secret = keyring.get(name).map_err(UnlockError::Keyring)?.map(Zeroizing::new);
            let lost = || UnlockError::Lost { place: format!("the keyring (as {name:?})") };
            StoreKey::from_bytes(&secret.ok_or_else(lost)?).ok_or_else(lost)?
        }
        (Kept::File, Unlock::UnprotectedKeyFile) => {
            let secret = folder.read(BARE).map_err(io)?.map(Zeroizing::new);
            let lost = || UnlockError::Lost { place: folder.path().join(BARE).display().to_string() };
            StoreKey::from_bytes(&secret.ok_or_else(lost)?).ok_or_else(lost)?
        }
        (kept, _) => return Err(UnlockError::OtherWay { kept: kept.way(), given: by.way() }),
    };
    if key.mark() == mark {
        Ok(key)
    } else {
        Err(UnlockError::Lost { place: kept_where(&file.kept, folder) })
    }
}

/// Makes the key of a new profile, and keeps it before anything is sealed under it.
fn begin(folder: &Folder, by: &Unlock) -> Result<StoreKey, UnlockError> {
    let path = folder.path().join(FILE);
    let io = |source| UnlockError::Io { path: path.clone(), source };
    if folder.holds(super::sqlite::FILE).map_err(io)? {
        return Err(UnlockError::Lost { place: path.display().to_string() });
    }
    let key = StoreKey::fresh()?;
    let mark = Base64UrlUnpadded::encode_string(&key.mark());
    let kept = match by {
        Unlock::Passphrase(passphrase) => {
            let (mut salt, mut nonce) = ([0; SALT_BYTES], [0; NONCE_BYTES]);
            random(&mut salt)?;
            random(&mut nonce)?;
            let no_key = || StoreFailed("the passphrase cannot be used".to_owned());
            let wrapper = Wrapper::new(passphrase, salt, MEMORY_KIB, PASSES).ok_or_else(no_key)?;
            let wrapped = wrapper.seal(nonce, &key).ok_or_else(no_key)?;
            Kept::Passphrase {
                salt: Base64UrlUnpadded::encode_string(&salt),
                memory_kib: MEMORY_KIB,
                passes: PASSES,
                nonce: Base64UrlUnpadded::encode_string(&nonce),
                wrapped: Base64UrlUnpadded::encode_string(&wrapped),
            }
        }
        Unlock::Keyring(keyring) => {
            let name = format!("chinwag store {mark}");
            keyring.set(&name, &*key.0).map_err(UnlockError::Keyring)?;
            Kept::Keyring { name }
        }
        Unlock::UnprotectedKeyFile => {
            folder.write(BARE, &*key.0).map_err(io)?;
            Kept::File
        }
    };
    let file = serde_json::to_vec(&KeyFile { version: 1, mark, kept }).map_err(std::io::Error::other);
    folder.write(FILE, &file.map_err(io)?).map_err(io)?;
    Ok(key)
}

impl Kept {
    const fn way(&self) -> &'static str {
        match self {
            Self::Passphrase { .. } => "a passphrase",
            Self::Keyring { .. } => "the keyring",
            Self::File => "a key file",
        }
    }
}

fn kept_where(kept: &Kept, folder: &Folder) -> String {
    match kept {
        Kept::Passphrase { .. } => folder.path().join(FILE).display().to_string(),
        Kept::Keyring { name } => format!("the keyring (as {name:?})"),
        Kept::File => folder.path().join(BARE).display().to_string(),
    }
}

impl StoreKey {
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }
}

/// What a passphrase makes of itself.
struct Wrapper {
    cipher: XChaCha20Poly1305,
    salt: [u8; SALT_BYTES],
}

impl Wrapper {
    fn new(passphrase: &str, salt: [u8; SALT_BYTES], memory_kib: u32, passes: u32) -> Option<Self> {
        let params = Params::new(memory_kib, passes, 1, Some(KEY_BYTES)).ok()?;
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.hash_password_into(passphrase.as_bytes(), &salt, &mut *key).ok()?;
        Some(Self { cipher: XChaCha20Poly1305::new(Key::from_slice(&*key)), salt })
    }

    fn seal(&self, nonce: [u8; NONCE_BYTES], key: &StoreKey) -> Option<Vec<u8>> {
        let bound = [LABEL, &self.salt].concat();
        self.cipher.encrypt(XNonce::from_slice(&nonce), Payload { msg: &*key.0, aad: &bound }).ok()
    }

    fn open(&self, nonce: [u8; NONCE_BYTES], wrapped: &[u8]) -> Option<StoreKey> {
        let bound = [LABEL, &self.salt].concat();
        let payload = Payload { msg: wrapped, aad: &bound };
        let key = self.cipher.decrypt(XNonce::from_slice(&nonce), payload).ok().map(Zeroizing::new);
        StoreKey::from_bytes(&key?)
    }
}

fn decoded<const N: usize>(text: &str) -> Option<[u8; N]> {
    Base64UrlUnpadded::decode_vec(text).ok()?.try_into().ok()
}
