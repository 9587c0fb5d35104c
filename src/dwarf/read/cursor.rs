//! Reading numbers from a section.

use crate::error::{Error, Place, Result};
use crate::target::Endian;

/// A reader at a position in the bytes of a unit or section.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    position: usize,
    endian: Endian,
    /// The offset of position 0 in the section, for messages.
    origin: u64,
}

/// Returns a 64-bit number as an index. One that doesn't fit the address space is beyond every slice.
#[inline]
pub(crate) fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

impl<'a> Cursor<'a> {
    /// Returns a reader at the start of `bytes`, which are at the offset `origin` of their section.
    pub fn new(bytes: &'a [u8], endian: Endian, origin: u64) -> Self {
        Self {
            bytes,
            position: 0,
            endian,
            origin,
        }
    }

    #[inline]
    pub const fn position(&self) -> usize {
        self.position
    }

    /// Moves to a position. Reads fail if it is beyond the end.
    #[inline]
    pub fn seek(&mut self, position: usize) {
        self.position = position;
    }

    #[inline]
    pub fn is_at_end(&self) -> bool {
        self.position >= self.bytes.len()
    }

    pub const fn endian(&self) -> Endian {
        self.endian
    }

    /// Returns the offset of the current position in the section.
    pub fn offset(&self) -> u64 {
        self.origin + self.position as u64
    }

    /// Returns an error at the current position.
    #[cold]
    pub fn malformed(&self, message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
        Error::malformed(message).within(Place::Byte(self.offset()))
    }

    #[cold]
    fn cut_off(&self) -> Error {
        self.malformed("the data ends in the middle of a value")
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        match self
            .bytes
            .get(self.position..)
            .and_then(|rest| rest.first_chunk::<N>())
        {
            Some(chunk) => {
                self.position += N;
                Ok(*chunk)
            }
            None => Err(self.cut_off()),
        }
    }

    #[inline]
    pub fn u8(&mut self) -> Result<u8> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    #[inline]
    pub fn u16(&mut self) -> Result<u16> {
        let bytes = self.array()?;
        Ok(self.endian.u16(bytes))
    }

    #[inline]
    pub fn u32(&mut self) -> Result<u32> {
        let bytes = self.array()?;
        Ok(self.endian.u32(bytes))
    }

    #[inline]
    pub fn u64(&mut self) -> Result<u64> {
        let bytes = self.array()?;
        Ok(match self.endian {
            Endian::Little => u64::from_le_bytes(bytes),
            Endian::Big => u64::from_be_bytes(bytes),
        })
    }

    /// Reads an unsigned number of 1, 2, 3, 4 or 8 bytes.
    pub fn unsigned(&mut self, size: u8) -> Result<u64> {
        Ok(match size {
            1 => self.u8()?.into(),
            2 => self.u16()?.into(),
            3 => {
                let [a, b, c] = self.array()?;
                match self.endian {
                    Endian::Little => u32::from_le_bytes([a, b, c, 0]),
                    Endian::Big => u32::from_be_bytes([0, a, b, c]),
                }
                .into()
            }
            4 => self.u32()?.into(),
            8 => self.u64()?,
            _ => {
                return Err(self.malformed(format!(
                    "a number has {size} bytes; 1, 2, 3, 4 and 8 are known"
                )));
            }
        })
    }

    /// Reads an offset into a section: 4 bytes, or 8 in 64-bit DWARF.
    #[inline]
    pub fn section_offset(&mut self, wide: bool) -> Result<u64> {
        if wide {
            self.u64()
        } else {
            Ok(self.u32()?.into())
        }
    }

    /// Reads an unsigned LEB128 number. Bits above 64 are dropped, as long as the number ends.
    #[inline]
    pub fn uleb(&mut self) -> Result<u64> {
        let byte = self.u8()?;
        if byte < 0x80 {
            return Ok(byte.into());
        }
        self.long_uleb(byte)
    }

    fn long_uleb(&mut self, first: u8) -> Result<u64> {
        let mut value = u64::from(first & 0x7f);
        let mut shift = 7u32;
        loop {
            let byte = self.u8()?;
            if shift < 64 {
                value |= u64::from(byte & 0x7f) << shift;
            }
            if byte < 0x80 {
                return Ok(value);
            }
            shift = shift.saturating_add(7);
        }
    }

    /// Reads a signed LEB128 number, and returns the bits of an `i64`.
    pub fn sleb(&mut self) -> Result<u64> {
        let mut value = 0;
        let mut shift = 0u32;
        loop {
            let byte = self.u8()?;
            if shift < 64 {
                value |= u64::from(byte & 0x7f) << shift;
            }
            shift = shift.saturating_add(7);
            if byte < 0x80 {
                if byte & 0x40 != 0 && shift < 64 {
                    value |= u64::MAX << shift;
                }
                return Ok(value);
            }
        }
    }

    /// Returns the bytes from the current position on.
    #[inline]
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.position..).unwrap_or_default()
    }

    /// Skips `count` bytes that are known to be there.
    #[inline]
    pub fn advance(&mut self, count: usize) {
        self.position += count;
    }

    /// Skips `count` bytes.
    #[inline]
    pub fn skip(&mut self, count: u64) -> Result<()> {
        let end = self.position.checked_add(index(count));
        match end {
            Some(end) if end <= self.bytes.len() => {
                self.position = end;
                Ok(())
            }
            _ => Err(self.cut_off()),
        }
    }

    /// Skips a string and the NUL that ends it.
    pub fn skip_string(&mut self) -> Result<()> {
        let rest = self.rest();
        // Compilers put strings in place if they are too short for an offset.
        let short = rest.iter().take(8).position(|&byte| byte == 0);
        match short.or_else(|| memchr::memchr(0, rest)) {
            Some(len) => {
                self.position += len + 1;
                Ok(())
            }
            None => Err(self.malformed("a string has no NUL at its end")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(bytes: &[u8]) -> Cursor<'_> {
        Cursor::new(bytes, Endian::Little, 0)
    }

    #[test]
    fn leb128() -> Result<()> {
        // DWARF 5, tables 7.7 and 7.8.
        for (bytes, value) in [
            (&[2u8][..], 2),
            (&[127], 127),
            (&[0x80, 1], 128),
            (&[57 + 0x80, 100], 12857),
        ] {
            assert_eq!(cursor(bytes).uleb()?, value);
        }
        for (bytes, value) in [
            (&[2u8][..], 2i64),
            (&[0x7e], -2),
            (&[127 + 0x80, 0], 127),
            (&[1 + 0x80, 0x7f], -127),
            (&[0x80, 0x7f], -128),
        ] {
            assert_eq!(cursor(bytes).sleb()?, value.cast_unsigned());
        }
        assert!(cursor(&[0x80; 3]).uleb().is_err());
        assert_eq!(cursor(&[&[0xff; 20][..], &[0]].concat()).uleb()?, u64::MAX);
        Ok(())
    }

    #[test]
    fn ends_are_noticed() {
        let mut cursor = Cursor::new(b"abc", Endian::Big, 0x100);
        assert_eq!(cursor.u16().ok(), Some(0x6162));
        let error = cursor.u16().unwrap_err();
        assert_eq!(error.places(), [Place::Byte(0x102)]);
        assert!(cursor.skip(2).is_err());
        assert!(cursor.skip(u64::MAX).is_err());
        assert!(cursor.skip_string().is_err());
        assert!(cursor.skip(1).is_ok());
        assert!(cursor.is_at_end());
    }
}
