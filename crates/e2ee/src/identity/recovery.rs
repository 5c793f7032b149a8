//! The recovery key: 256 random bits that a person keeps, as 24 words or as a QR code.
//!
//! Words are BIP-39, English: 256 bits and the first 8 bits of their SHA-256, 11 bits a word. The code is
//! `qr` of kind `RECOVERY` over the 32 bytes. The root key comes from it by HKDF-SHA256
//! (RFC 5869) with salt `chinwag recovery 1` and one `info` for each half: `chinwag root sign 1` gives the
//! Ed25519 seed, `chinwag root seal 1` the X25519 scalar. No password comes in: 256 bits need no
//! stretching. Leaves out showing, printing and keeping it.

use bip39::{Language, Mnemonic};
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::{RootKey, qr, seal};

/// Words of a recovery key.
pub const RECOVERY_WORDS: usize = 24;
/// Bytes of typed text that are looked at; 24 words of 8 letters with room for numbers and lines.
const TEXT_BYTES_MAX: usize = 2048;

const SALT: &[u8] = b"chinwag recovery 1";
const SIGN: &str = "chinwag root sign 1";
const SEAL: &str = "chinwag root seal 1";
const KIND: &str = "RECOVERY";

/// Why a typed or scanned recovery key is not one. Holds no part of the key.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
pub enum RecoveryError {
    /// Not 24 words.
    #[error("a recovery key has 24 words, not {found}")]
    Count {
        /// How many words there are.
        found: usize,
    },
    /// A word is not in the list.
    #[error("word {position} is not in the list")]
    Word {
        /// Which word, from 1.
        position: usize,
    },
    /// All words are in the list, but they do not belong together: two swapped, or one for another.
    #[error("the words do not belong together")]
    Checksum,
    /// A scanned code is damaged, or the text is far too long.
    #[error("the code is damaged")]
    Damaged,
}

/// The recovery key. Wiped when dropped, never printed.
pub struct RecoveryKey([u8; 32]);

impl Drop for RecoveryKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl RecoveryKey {
    /// A new one.
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        let mut key = Self([0; 32]);
        rng.fill_bytes(&mut key.0);
        key
    }

    /// From what a person typed or a camera read: words in any case, with any white space, numbers or signs
    /// between them; or the text of the code.
    pub fn parse(text: &str) -> Result<Self, RecoveryError> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(RecoveryError::Damaged);
        }
        match qr::payload(KIND, text) {
            Ok(bytes) => Self::from_slice(&bytes).ok_or(RecoveryError::Damaged),
            Err(qr::QrError::Damaged) => Err(RecoveryError::Damaged),
            Err(qr::QrError::Kind) => Self::parse_words(text),
        }
    }

    fn parse_words(text: &str) -> Result<Self, RecoveryError> {
        let lower = Zeroizing::new(text.to_lowercase());
        let separates = |c: char| !c.is_alphabetic();
        let typed = || lower.split(separates).filter(|word| !word.is_empty());
        for (position, word) in (1..).zip(typed()) {
            if position <= RECOVERY_WORDS && Language::English.find_word(word).is_none() {
                return Err(RecoveryError::Word { position });
            }
        }
        let found = typed().count();
        if found != RECOVERY_WORDS {
            return Err(RecoveryError::Count { found });
        }
        let mut phrase = Zeroizing::new(String::with_capacity(lower.len() + RECOVERY_WORDS));
        for word in typed() {
            if !phrase.is_empty() {
                phrase.push(' ');
            }
            phrase.push_str(word);
        }
        let mnemonic = Mnemonic::parse_in_normalized(Language::English, &phrase);
        let mut mnemonic = mnemonic.map_err(|_| RecoveryError::Checksum)?;
        let (mut entropy, length) = mnemonic.to_entropy_array();
        let key = entropy.get(..length).and_then(Self::from_slice);
        entropy.zeroize();
        mnemonic.zeroize();
        key.ok_or(RecoveryError::Checksum)
    }

    fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The 24 words, in order.
    pub fn words(&self) -> Vec<&'static str> {
        let Ok(mut mnemonic) = Mnemonic::from_entropy_in(Language::English, &self.0) else {
            return Vec::new(); // 32 bytes are always a mnemonic of 24 words
        };
        let words = mnemonic.words().collect();
        mnemonic.zeroize();
        words
    }

    /// The text of the QR code.
    pub fn qr_text(&self) -> Zeroizing<String> {
        qr::text(KIND, &self.0)
    }

    /// The root key: needed to sign, and to open what is sealed to the root.
    pub fn root(&self) -> RootKey {
        RootKey::from_secrets(&seal::derive(SALT, &self.0, SIGN), &seal::derive(SALT, &self.0, SEAL))
    }

    /// Whether the word at a position, from 1, is the one that was typed.
    pub fn confirms(&self, position: usize, typed: &str) -> bool {
        let words = self.words();
        let word = position.checked_sub(1).and_then(|index| words.get(index));
        word.is_some_and(|word| word.as_bytes().ct_eq(typed.trim().to_lowercase().as_bytes()).into())
    }
}

/// The positions, from 1 and rising, of `count` words (at most 24) to ask for, so that somebody shows to have
/// written the key down.
pub fn words_to_confirm(count: usize, rng: &mut dyn CryptoRng) -> Vec<usize> {
    let mut positions: Vec<usize> = (1..=RECOVERY_WORDS).collect();
    while positions.len() > count {
        let mut byte = [0];
        rng.fill_bytes(&mut byte);
        // Bytes from the last whole multiple on are thrown away, so that each position is as likely.
        let fair = 256 - 256 % positions.len();
        if usize::from(byte[0]) < fair {
            positions.remove(usize::from(byte[0]) % positions.len());
        }
    }
    positions
}
