//! Randomness, as a parameter: tokens, invitations, salts.

use base64ct::{Base64UrlUnpadded, Encoding};
use chinwag_ports::Unavailable;

/// A source of unguessable bytes.
pub trait Entropy: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), Unavailable>;
}

/// The operating system's source.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), Unavailable> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place where the service's randomness comes from"
        )]
        getrandom::fill(bytes).map_err(|why| Unavailable(format!("the system gives no randomness: {why}")))
    }
}

/// A new secret of `N` random bytes, as URL-safe text.
pub(super) fn secret<const N: usize>(entropy: &dyn Entropy) -> Result<String, Unavailable> {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes)?;
    Ok(Base64UrlUnpadded::encode_string(&bytes))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_token_has_256_bits_of_url_safe_text_and_never_comes_twice() {
        let (one, other) = (secret::<32>(&SystemEntropy).unwrap(), secret::<32>(&SystemEntropy).unwrap());
        assert_eq!(one.len(), 43);
        assert!(one.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{one}");
        assert_ne!(one, other);
    }
}
