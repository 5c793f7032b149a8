//! Texts for QR codes: `CHINWAG-KIND-1:HEX`, in the alphanumeric mode of QR codes (ISO/IEC 18004).
//!
//! HEX is the payload and the first 4 bytes of SHA-256(`CHINWAG-KIND-1:` ‖ payload). Reading forgives case
//! and white space, for a text may be copied by hand. Leaves out drawing and scanning.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Bytes of a text at most.
const TEXT_BYTES_MAX: usize = 1024;

/// Why a text is not the expected one.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
pub(super) enum QrError {
    /// Another kind of text.
    #[error("not the kind of code that was expected")]
    Kind,
    /// Damaged.
    #[error("the code is damaged")]
    Damaged,
}

/// The text of a payload; `kind` is in capitals.
pub(super) fn text(kind: &str, payload: &[u8]) -> Zeroizing<String> {
    let prefix = prefix(kind);
    let check = check(&prefix, payload);
    let mut text = Zeroizing::new(String::with_capacity(prefix.len() + 2 * (payload.len() + 4)));
    text.push_str(&prefix);
    for byte in payload.iter().chain(&check) {
        let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0').to_ascii_uppercase();
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}

/// The payload of a text.
pub(super) fn payload(kind: &str, text: &str) -> Result<Zeroizing<Vec<u8>>, QrError> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(QrError::Damaged);
    }
    let prefix = prefix(kind);
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    plain.extend(text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()));
    let digits = plain.strip_prefix(&prefix).ok_or(QrError::Kind)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(digits.len() / 2));
    for pair in digits.as_bytes().chunks(2) {
        let [high, low] = pair else { return Err(QrError::Damaged) };
        let digit = |c: u8| char::from(c).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let (Some(high), Some(low)) = (digit(*high), digit(*low)) else { return Err(QrError::Damaged) };
        bytes.push(high << 4 | low);
    }
    let length = bytes.len().checked_sub(4).ok_or(QrError::Damaged)?;
    let (payload, found) = bytes.split_at(length);
    if found != check(&prefix, payload) {
        return Err(QrError::Damaged);
    }
    Ok(Zeroizing::new(payload.to_vec()))
}

fn prefix(kind: &str) -> String {
    format!("CHINWAG-{kind}-1:")
}

fn check(prefix: &str, payload: &[u8]) -> [u8; 4] {
    let digest = Sha256::new().chain_update(prefix).chain_update(payload).finalize();
    let [a, b, c, d, ..] = <[u8; 32]>::from(digest);
    [a, b, c, d]
}
