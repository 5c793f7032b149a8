//! Reading and writing of numbers, ids and texts.

use super::StoredError;

pub(super) fn put_int(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

pub(super) fn put_sint(out: &mut Vec<u8>, number: i64) {
    put_int(out, ((number << 1) ^ (number >> 63)) as u64);
}

/// A length, plus one where 0 stands for none.
pub(super) fn put_len(out: &mut Vec<u8>, length: usize) {
    put_int(out, length as u64);
}

pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_len(out, bytes.len());
    out.extend_from_slice(bytes);
}

pub(super) fn put_opt_int(out: &mut Vec<u8>, number: Option<u64>) {
    put_int(out, number.map_or(0, |number| number.saturating_add(1)));
}

/// What is left of the bytes to decode.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Begins with the layout's version, which has to be `version`.
    pub(super) fn versioned(bytes: &'a [u8], version: u8) -> Result<Self, StoredError> {
        let mut reader = Self(bytes);
        match reader.byte()? {
            known if known == version => Ok(reader),
            unknown => Err(StoredError::Version(unknown)),
        }
    }

    pub(super) fn end(self) -> Result<(), StoredError> {
        if self.0.is_empty() { Ok(()) } else { Err(StoredError::Trailing) }
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], StoredError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(StoredError::Short)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], StoredError> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(StoredError::Short)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, StoredError> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn u64(&mut self) -> Result<u64, StoredError> {
        self.array().map(u64::from_be_bytes)
    }

    pub(super) fn int(&mut self) -> Result<u64, StoredError> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 {
                return Err(StoredError::Damaged("a number above 64 bits"));
            }
            number |= part << shift;
            if byte & 0x80 == 0 {
                let shortest = byte != 0 || shift == 0;
                return if shortest {
                    Ok(number)
                } else {
                    Err(StoredError::Damaged("a number in a longer form"))
                };
            }
        }
        Err(StoredError::Damaged("a number above 64 bits"))
    }

    pub(super) fn sint(&mut self) -> Result<i64, StoredError> {
        let number = self.int()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    pub(super) fn opt_int(&mut self) -> Result<Option<u64>, StoredError> {
        Ok(self.int()?.checked_sub(1))
    }

    pub(super) fn u32(&mut self) -> Result<u32, StoredError> {
        u32::try_from(self.int()?).map_err(|_| StoredError::Damaged("a number above 32 bits"))
    }

    pub(super) fn u16(&mut self) -> Result<u16, StoredError> {
        u16::try_from(self.int()?).map_err(|_| StoredError::Damaged("a number above 16 bits"))
    }

    pub(super) fn text(&mut self) -> Result<&'a str, StoredError> {
        let length = self.int()?;
        self.text_of(length)
    }

    pub(super) fn text_of(&mut self, length: u64) -> Result<&'a str, StoredError> {
        let length = usize::try_from(length).map_err(|_| StoredError::Short)?;
        std::str::from_utf8(self.take(length)?).map_err(|_| StoredError::Damaged("a text that is not UTF-8"))
    }

    /// A list: a count, then values of at least `bytes_min` (≥ 1) bytes each. Memory is bounded by what was given.
    pub(super) fn many<T>(
        &mut self,
        bytes_min: usize,
        read: impl FnMut(&mut Self) -> Result<T, StoredError>,
    ) -> Result<Vec<T>, StoredError> {
        let count = self.int()?;
        self.counted(count, bytes_min, read)
    }

    /// A list that may be absent: its count is an opt int.
    pub(super) fn opt_many<T>(
        &mut self,
        bytes_min: usize,
        read: impl FnMut(&mut Self) -> Result<T, StoredError>,
    ) -> Result<Option<Vec<T>>, StoredError> {
        let Some(count) = self.opt_int()? else { return Ok(None) };
        self.counted(count, bytes_min, read).map(Some)
    }

    fn counted<T>(
        &mut self,
        count: u64,
        bytes_min: usize,
        mut read: impl FnMut(&mut Self) -> Result<T, StoredError>,
    ) -> Result<Vec<T>, StoredError> {
        let count = usize::try_from(count).map_err(|_| StoredError::Short)?;
        if count > self.0.len() / bytes_min.max(1) {
            return Err(StoredError::Short);
        }
        (0..count).map(|_| read(self)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_in_their_shortest_form_alone() {
        for number in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX - 1, u64::MAX] {
            let mut out = vec![1];
            put_int(&mut out, number);
            assert_eq!(Reader::versioned(&out, 1).unwrap().int(), Ok(number));
        }
        for number in [0, -1, 1, i64::MIN, i64::MAX] {
            let mut out = vec![1];
            put_sint(&mut out, number);
            assert_eq!(Reader::versioned(&out, 1).unwrap().sint(), Ok(number));
        }
        for long in
            [&[0x80, 0x00][..], &[0xff; 10], &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02]]
        {
            assert!(matches!(Reader(long).int(), Err(StoredError::Damaged(_))), "{long:02x?}");
        }
        assert_eq!(Reader(&[0x80]).int(), Err(StoredError::Short));
    }
}
