//! Whose a token is. Answers are at most a second old, so that a revoked token is dead within one.

use std::sync::Arc;
use std::time::Duration;

use chinwag_ports::directory::{TokenHash, TokenOwner};
use chinwag_ports::{Clock, Devices, Unavailable};
use chinwag_proto::DeviceId;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::recall::Recall;
use super::{Caller, Ports};

/// Tokens remembered at once: 10,000 of about 100 bytes.
const TOKENS_REMEMBERED: usize = 10_000;

/// Whose a token is.
pub struct Auth {
    devices: Arc<dyn Devices>,
    clock: Arc<dyn Clock>,
    recent: Recall<[u8; 32], TokenOwner>,
}

impl Auth {
    pub(super) fn new(ports: &Ports) -> Self {
        Self {
            devices: Arc::clone(&ports.devices),
            clock: Arc::clone(&ports.clock),
            recent: Recall::new(TOKENS_REMEMBERED, Duration::from_secs(1)),
        }
    }

    /// The hash under which a token is stored. A token has 256 random bits: an unsalted hash of it
    /// cannot be guessed backwards, and looking it up by hash compares no secret byte by byte.
    pub fn hash(token: &str) -> TokenHash {
        TokenHash(Sha256::digest(token.as_bytes()).into())
    }

    /// The caller whose token this is; `None` where it is nobody's or has expired.
    pub async fn caller(&self, token: &str) -> Result<Option<Caller>, Unavailable> {
        Ok(self.owner(token).await?.map(|owner| Caller { user: owner.user, device: owner.device }))
    }

    /// The same with the token's expiry.
    pub async fn owner(&self, token: &str) -> Result<Option<TokenOwner>, Unavailable> {
        let hash = Self::hash(token);
        let owner = match self.recent.get(&hash.0) {
            Some(owner) => Some(owner),
            None => {
                let asked = Instant::now();
                let owner = self.devices.token_owner(&hash).await?;
                if let Some(owner) = owner {
                    self.recent.put(hash.0, asked, owner);
                }
                owner
            }
        };
        Ok(owner.filter(|owner| owner.expires_at > self.clock.now()))
    }

    /// Forgets a token at once, where the caller himself has just ended it.
    pub fn forget(&self, token: &str) {
        self.recent.forget(&Self::hash(token).0);
    }

    /// Forgets the tokens of devices at once, after they were ended here.
    pub fn forget_devices(&self, devices: &[DeviceId]) {
        self.recent.forget_where(|owner| devices.contains(&owner.device));
    }
}
