//! The one binary encoding of everything that is signed, hashed, sealed or derived from.
//!
//! ```text
//! value   = label fields                 a label names what it is and its format version
//! label   = u8 length ‖ ASCII            such as "chinwag device link 1"
//! number  = 1, 4 or 8 bytes, big-endian  i64 as two's complement
//! fixed   = its bytes                    keys, hashes, signatures: the length is the format's
//! bytes   = u32 length ‖ bytes           texts as UTF-8
//! list    = u32 count ‖ items
//! option  = 0x00, or 0x01 ‖ value
//! choice  = u8, from 1 ‖ its fields
//! ```
//!
//! Fields stand in the order that the type's documentation gives. There is one spelling of every value:
//! reading is strict (no other flag byte, no byte left over, every length within its limit), so what
//! decodes encodes to the same bytes again. As the label comes first, bytes of one kind are never valid as
//! another kind. Leaves out what the values mean.

use sha2::{Digest, Sha256};

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// SHA-256 of a canonical encoding; its label keeps the domains apart.
pub fn hash(encoding: &[u8]) -> Hash {
    Sha256::digest(encoding).into()
}

/// Why bytes are not a value of the expected kind.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
pub enum DecodeError {
    /// Longer than values of this kind may be.
    #[error("longer than {max} bytes")]
    TooLong {
        /// The limit, in bytes.
        max: usize,
    },
    /// The bytes end within a field.
    #[error("the bytes end too early")]
    Short,
    /// Another label, or another version of it.
    #[error("not a `{expected}`")]
    Label {
        /// The label that was asked for.
        expected: &'static str,
    },
    /// A field's value is not allowed.
    #[error("{field} is not valid")]
    Invalid {
        /// What the field is.
        field: &'static str,
    },
    /// Bytes after the last field.
    #[error("{count} bytes too many")]
    Trailing {
        /// How many.
        count: usize,
    },
}

/// Builds a canonical encoding.
#[derive(Debug)]
pub struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    /// Begins a value with its label: at most 255 bytes of ASCII, else cut there.
    pub fn new(label: &'static str) -> Self {
        Self::with_capacity(label, 256)
    }

    /// Like [`Self::new`], with room for so many bytes after the label: a secret that fits leaves no copy behind
    /// in memory that was outgrown.
    pub fn with_capacity(label: &'static str, capacity: usize) -> Self {
        let label = label.as_bytes();
        let length = u8::try_from(label.len()).unwrap_or(u8::MAX);
        let mut bytes = Vec::with_capacity(1 + usize::from(length) + capacity);
        bytes.push(length);
        bytes.extend(label.iter().take(usize::from(length)));
        Self { bytes }
    }

    /// One byte: a choice or a flag.
    pub fn u8(&mut self, number: u8) -> &mut Self {
        self.fixed(&[number])
    }

    /// Four bytes, big-endian.
    pub fn u32(&mut self, number: u32) -> &mut Self {
        self.fixed(&number.to_be_bytes())
    }

    /// Eight bytes, big-endian.
    pub fn u64(&mut self, number: u64) -> &mut Self {
        self.fixed(&number.to_be_bytes())
    }

    /// Eight bytes, big-endian, two's complement.
    pub fn i64(&mut self, number: i64) -> &mut Self {
        self.fixed(&number.to_be_bytes())
    }

    /// Bytes whose number the format gives.
    pub fn fixed(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// The number of items of a list; the items follow.
    pub fn count(&mut self, count: usize) -> &mut Self {
        self.u32(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// Bytes of any number, after their length.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.count(bytes.len()).fixed(bytes)
    }

    /// A text, as bytes.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    /// A value that may be absent.
    pub fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) -> &mut Self {
        self.u8(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
        self
    }

    /// The encoding so far.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes
    }

    /// The encoding.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// Takes a canonical encoding apart.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Begins to read a value of at most `max` bytes; its label must be this one.
    pub fn new(bytes: &'a [u8], label: &'static str, max: usize) -> Result<Self, DecodeError> {
        if bytes.len() > max {
            return Err(DecodeError::TooLong { max });
        }
        let (length, rest) = bytes.split_first().ok_or(DecodeError::Short)?;
        let (found, rest) = rest.split_at_checked(usize::from(*length)).ok_or(DecodeError::Short)?;
        if found != label.as_bytes() {
            return Err(DecodeError::Label { expected: label });
        }
        Ok(Self { rest })
    }

    /// One byte.
    pub fn u8(&mut self) -> Result<u8, DecodeError> {
        self.array().map(|[byte]| byte)
    }

    /// Four bytes, big-endian.
    pub fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_be_bytes)
    }

    /// Eight bytes, big-endian.
    pub fn u64(&mut self) -> Result<u64, DecodeError> {
        self.array().map(u64::from_be_bytes)
    }

    /// Eight bytes, big-endian, two's complement.
    pub fn i64(&mut self) -> Result<i64, DecodeError> {
        self.array().map(i64::from_be_bytes)
    }

    /// `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(DecodeError::Short)?;
        self.rest = rest;
        Ok(*array)
    }

    /// The number of items of a list, at most `max`.
    pub fn count(&mut self, max: usize, field: &'static str) -> Result<usize, DecodeError> {
        usize::try_from(self.u32()?).ok().filter(|count| *count <= max).ok_or(DecodeError::Invalid { field })
    }

    /// Bytes after their length, at most `max` of them.
    pub fn bytes(&mut self, max: usize, field: &'static str) -> Result<&'a [u8], DecodeError> {
        let length = self.count(max, field)?;
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(DecodeError::Short)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// A text of at most `max` bytes.
    pub fn text(&mut self, max: usize, field: &'static str) -> Result<&'a str, DecodeError> {
        std::str::from_utf8(self.bytes(max, field)?).map_err(|_| DecodeError::Invalid { field })
    }

    /// A value that may be absent.
    pub fn option<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Option<T>, DecodeError> {
        match self.u8()? {
            0 => Ok(None),
            1 => read(self).map(Some),
            _ => Err(DecodeError::Invalid { field }),
        }
    }

    /// Ends: nothing may be left.
    pub fn finish(self) -> Result<(), DecodeError> {
        match self.rest.len() {
            0 => Ok(()),
            count => Err(DecodeError::Trailing { count }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABEL: &str = "chinwag test 1";

    #[test]
    fn every_kind_of_field_has_one_spelling() {
        let mut writer = Writer::new(LABEL);
        writer.u8(7).u32(8).u64(9).i64(-1).fixed(&[1, 2]).bytes(b"ab").text("é");
        writer.option(None::<u8>, |w, n| {
            w.u8(n);
        });
        writer.option(Some(5), |w, n| {
            w.u8(n);
        });
        let bytes = writer.finish();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            "0e6368696e77616720746573742031\
             07000000080000000000000009ffffffffffffffff0102000000026162\
             00000002c3a9000105"
        );
        let mut reader = Reader::new(&bytes, LABEL, 100).unwrap();
        assert_eq!((reader.u8(), reader.u32(), reader.u64(), reader.i64()), (Ok(7), Ok(8), Ok(9), Ok(-1)));
        assert_eq!(reader.array(), Ok([1, 2]));
        assert_eq!((reader.bytes(2, "bytes"), reader.text(2, "text")), (Ok(&b"ab"[..]), Ok("é")));
        assert_eq!(reader.option("none", Reader::u8), Ok(None));
        assert_eq!(reader.option("some", Reader::u8), Ok(Some(5)));
        assert_eq!(reader.finish(), Ok(()));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut writer = Writer::new(LABEL);
        writer.bytes(b"abc");
        let bytes = writer.finish();
        assert_eq!(Reader::new(&bytes, LABEL, 5).unwrap_err(), DecodeError::TooLong { max: 5 });
        assert_eq!(Reader::new(&[], LABEL, 5).unwrap_err(), DecodeError::Short);
        assert_eq!(Reader::new(&[9, b'c'], LABEL, 5).unwrap_err(), DecodeError::Short);
        let other = "chinwag test 2";
        assert_eq!(Reader::new(&bytes, other, 99).unwrap_err(), DecodeError::Label { expected: other });
        let reader = Reader::new(&bytes, LABEL, 99).unwrap();
        assert_eq!(reader.clone().bytes(2, "it"), Err(DecodeError::Invalid { field: "it" }));
        assert_eq!(reader.clone().array::<8>(), Err(DecodeError::Short));
        assert_eq!(reader.clone().finish(), Err(DecodeError::Trailing { count: 7 }));
        let mut long = Reader { rest: &[0, 0, 0, 9, 1] };
        assert_eq!(long.bytes(9, "it"), Err(DecodeError::Short));
        let mut flag = Reader { rest: &[2] };
        assert_eq!(flag.option("it", Reader::u8), Err(DecodeError::Invalid { field: "it" }));
        let mut text = Reader { rest: &[0, 0, 0, 1, 0xff] };
        assert_eq!(text.text(9, "it"), Err(DecodeError::Invalid { field: "it" }));
    }
}
