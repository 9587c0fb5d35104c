//! The eight bytes that the headers of `.BTF` and `.BTF.ext` have in common.

use crate::error::{Error, ErrorKind, Place, Result};
use crate::target::Endian;

/// `eB9F`, in the file's byte order. (`BTF_MAGIC` in `linux/btf.h`.)
const MAGIC: u16 = 0xeb9f;
/// The version this crate reads and writes.
const VERSION: u8 = 1;
/// The byte offset of the version; the flags follow.
const VERSION_OFFSET: usize = 2;
/// The byte offset of the header's length.
const HEADER_LEN_OFFSET: usize = 4;

/// The byte order and the length of a header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Preamble {
    /// The byte order, as the magic number shows it.
    pub endian: Endian,
    /// The header's length in bytes; a newer version's header is longer.
    pub header_len: u32,
}

impl Preamble {
    /// Reads magic number, version, flags and header length. `least` is the length of the shortest header of the
    /// format.
    ///
    /// # Errors
    /// `Malformed` if the magic number is missing, or the header is too short or longer than the data;
    /// `Unsupported` for another version or flags.
    pub fn read(data: &[u8], least: u32) -> Result<Self> {
        let Some(endian) = magic(data) else {
            return Err(malformed(
                0,
                "the data doesn't start with BTF's magic number",
            ));
        };
        let Some(&[_, _, version, flags]) = data.first_chunk::<4>() else {
            return Err(malformed(0, "the header is cut off"));
        };
        if version != VERSION || flags != 0 {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("version {version} with flags {flags:#x} is unknown; version 1 without flags is known"),
            )
            .within(Place::Byte(VERSION_OFFSET as u64)));
        }
        let Some(header_len) = word(data, HEADER_LEN_OFFSET, endian) else {
            return Err(malformed(HEADER_LEN_OFFSET, "the header is cut off"));
        };
        if header_len < least {
            return Err(malformed(
                HEADER_LEN_OFFSET,
                format!("the header's length is {header_len} bytes, but {least} is the least"),
            ));
        }
        if u64::from(header_len) > data.len() as u64 {
            return Err(malformed(
                HEADER_LEN_OFFSET,
                format!(
                    "the header's length is {header_len} bytes, but the data has {}",
                    data.len()
                ),
            ));
        }
        Ok(Self { endian, header_len })
    }

    /// Appends magic number, version, flags and header length.
    pub fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.endian.bytes16(MAGIC));
        out.extend_from_slice(&[VERSION, 0]);
        out.extend_from_slice(&self.endian.bytes32(self.header_len));
    }
}

/// Returns the byte order that a magic number at the start of the data is in.
fn magic(data: &[u8]) -> Option<Endian> {
    let bytes = *data.first_chunk::<2>()?;
    [Endian::Little, Endian::Big]
        .into_iter()
        .find(|endian| endian.u16(bytes) == MAGIC)
}

/// Reads the 32-bit word at byte `at`; `None` beyond the end.
pub(crate) fn word(data: &[u8], at: usize, endian: Endian) -> Option<u32> {
    let bytes = data.get(at..)?.first_chunk::<4>()?;
    Some(endian.u32(*bytes))
}

/// Returns a `Malformed` error about byte `at`.
#[cold]
pub(crate) fn malformed(at: usize, message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::malformed(message).within(Place::Byte(at as u64))
}
