//! Bytes that mean nothing to the server (keys, links, records), and the names of blobs.
//!
//! Each has one spelling: bytes are base64url without padding (RFC 4648 §5), a blob's name is the SHA-256 of
//! its bytes as 64 lower-case hexadecimal digits. Sizes are held against their limits elsewhere.

use std::fmt;
use std::str::FromStr;

use base64ct::{Base64UrlUnpadded, Encoding};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text::deserialize_str;

/// Why bytes or a name were refused.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum OpaqueError {
    /// Not base64url without padding, or none at all.
    #[error("bytes travel as base64url without padding (RFC 4648 §5), and are one at least")]
    Base64,
    /// Not 64 lower-case hexadecimal digits.
    #[error("a blob's name is the SHA-256 of its bytes: 64 lower-case hexadecimal digits")]
    BlobName,
}

/// Bytes that the server keeps and hands out as they are; one at least where they were parsed.
#[derive(Clone, PartialEq, Eq)]
pub struct Opaque(pub Vec<u8>);

impl FromStr for Opaque {
    type Err = OpaqueError;

    fn from_str(text: &str) -> Result<Self, OpaqueError> {
        let bytes = Base64UrlUnpadded::decode_vec(text).map_err(|_| OpaqueError::Base64)?;
        if bytes.is_empty() { Err(OpaqueError::Base64) } else { Ok(Self(bytes)) }
    }
}

impl fmt::Display for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Base64UrlUnpadded::encode_string(&self.0))
    }
}

/// Prints the length alone: what clients keep here never reaches a log.
impl fmt::Debug for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opaque({} bytes)", self.0.len())
    }
}

impl Serialize for Opaque {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Base64UrlUnpadded::encode_string(&self.0))
    }
}

impl<'de> Deserialize<'de> for Opaque {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_str(deserializer)
    }
}

crate::ids::string_schema!(Opaque);

/// The name of a blob: the SHA-256 of its bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobName(pub [u8; 32]);

impl FromStr for BlobName {
    type Err = OpaqueError;

    fn from_str(text: &str) -> Result<Self, OpaqueError> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Ok(byte - b'0'),
            b'a'..=b'f' => Ok(byte - b'a' + 10),
            _ => Err(OpaqueError::BlobName),
        };
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if !rest.is_empty() || pairs.len() != 32 {
            return Err(OpaqueError::BlobName);
        }
        let mut name = [0; 32];
        for (byte, [high, low]) in name.iter_mut().zip(pairs) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Ok(Self(name))
    }
}

impl fmt::Display for BlobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for BlobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlobName({self})")
    }
}

impl Serialize for BlobName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BlobName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_str(deserializer)
    }
}

crate::ids::string_schema!(BlobName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_one_spelling() {
        for (text, bytes) in [("AA", &b"\0"[..]), ("_-8", b"\xff\xef"), ("AAEC", b"\0\x01\x02")] {
            assert_eq!(text.parse::<Opaque>().unwrap().0, bytes);
            assert_eq!(Opaque(bytes.to_vec()).to_string(), text);
        }
        for bad in ["", "A", "AA==", "AB", "+/8", "A A", "AA\n", "é"] {
            assert_eq!(bad.parse::<Opaque>(), Err(OpaqueError::Base64), "{bad}");
        }
    }

    #[test]
    fn a_blob_has_one_name() {
        let name = "00ff".repeat(16);
        assert_eq!(name.parse::<BlobName>().map(|name| name.to_string()), Ok(name.clone()));
        for bad in [&name[1..], &name.to_uppercase(), &format!("{name}00"), &"g".repeat(64), ""] {
            assert_eq!(bad.parse::<BlobName>(), Err(OpaqueError::BlobName), "{bad}");
        }
    }

    #[test]
    fn nothing_of_the_bytes_is_printed_for_a_log() {
        assert_eq!(format!("{:?}", Opaque(b"secret".to_vec())), "Opaque(6 bytes)");
    }
}
