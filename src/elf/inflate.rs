//! Decompression that stops at a bound: sections (`SHF_COMPRESSED`) and whole files.

use std::io;
#[cfg(any(feature = "xz", feature = "zlib", feature = "zstd"))]
use std::io::Read as _;

use crate::error::{Error, Result};

/// A compression format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Compression {
    /// zlib (RFC 1950), of ELF sections.
    Zlib,
    /// gzip (RFC 1952).
    Gzip,
    /// Zstandard (RFC 8878).
    Zstd,
    /// xz.
    Xz,
}

impl Compression {
    /// Returns the format that the first bytes of a file belong to.
    pub fn detect(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Self::Zstd),
            // The first of several frames may be a skippable one.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            _ => None,
        }
    }

    /// Returns the format's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zlib => "zlib",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Xz => "xz",
        }
    }
}

/// Decompresses `data` into at most `limit` bytes. Memory grows with the bytes decompressed, not with the size that
/// the data claim.
///
/// # Errors
/// `Limit` beyond the bound; `Malformed` if the data are not of the format; `Unsupported` for a format whose feature is
/// off.
pub(crate) fn inflate(format: Compression, data: &[u8], limit: u64) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let read = match format {
        Compression::Zlib | Compression::Gzip => deflate(format, data, limit, &mut out),
        Compression::Zstd => zstd(data, limit, &mut out),
        Compression::Xz => xz(data, limit, &mut out),
    };
    if let Err(error) = read? {
        return Err(Error::malformed(format!(
            "the {} data can't be decompressed: {error}",
            format.name()
        )));
    }
    if out.len() as u64 > limit {
        return Err(Error::limit(format!(
            "the {} data become more than {limit} bytes (Limits::inflation, Limits::section_bytes)",
            format.name()
        )));
    }
    Ok(out)
}

/// Appends all that the reader gives, up to one byte beyond the bound.
#[cfg(any(feature = "xz", feature = "zlib", feature = "zstd"))]
fn fill(reader: impl io::Read, limit: u64, out: &mut Vec<u8>) -> io::Result<()> {
    let left = limit.saturating_add(1).saturating_sub(out.len() as u64);
    reader.take(left).read_to_end(out).map(|_| ())
}

/// Returns the error for a format whose feature is off.
#[cfg(not(all(feature = "xz", feature = "zlib", feature = "zstd")))]
#[cold]
fn unsupported(format: Compression, feature: &str) -> Error {
    let name = format.name();
    Error::new(
        crate::error::ErrorKind::Unsupported,
        format!(
            "the data are compressed by {name}: btfkit reads them with its feature `{feature}`"
        ),
    )
}

/// Decompresses zlib and gzip.
#[cfg(feature = "zlib")]
fn deflate(
    format: Compression,
    data: &[u8],
    limit: u64,
    out: &mut Vec<u8>,
) -> Result<io::Result<()>> {
    Ok(match format {
        Compression::Gzip => fill(flate2::bufread::MultiGzDecoder::new(data), limit, out),
        Compression::Zlib | Compression::Zstd | Compression::Xz => {
            fill(flate2::bufread::ZlibDecoder::new(data), limit, out)
        }
    })
}

#[cfg(not(feature = "zlib"))]
fn deflate(format: Compression, _: &[u8], _: u64, _: &mut Vec<u8>) -> Result<io::Result<()>> {
    Err(unsupported(format, "zlib"))
}

#[cfg(feature = "zstd")]
fn zstd(data: &[u8], limit: u64, out: &mut Vec<u8>) -> Result<io::Result<()>> {
    Ok(zstd_frames(data, limit, out))
}

/// Decompresses every Zstandard frame of the data; skippable frames are skipped.
#[cfg(feature = "zstd")]
fn zstd_frames(mut data: &[u8], limit: u64, out: &mut Vec<u8>) -> io::Result<()> {
    while !data.is_empty() && out.len() as u64 <= limit {
        if let &[0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d, ..] = data {
            let len = 8 + u32::from_le_bytes([a, b, c, d]) as usize;
            data = data.get(len..).ok_or(io::ErrorKind::UnexpectedEof)?;
            continue;
        }
        let decoder =
            ruzstd::decoding::StreamingDecoder::new(&mut data).map_err(io::Error::other)?;
        fill(decoder, limit, out)?;
    }
    Ok(())
}

#[cfg(not(feature = "zstd"))]
fn zstd(_: &[u8], _: u64, _: &mut Vec<u8>) -> Result<io::Result<()>> {
    Err(unsupported(Compression::Zstd, "zstd"))
}

#[cfg(feature = "xz")]
fn xz(data: &[u8], limit: u64, out: &mut Vec<u8>) -> Result<io::Result<()>> {
    // What the largest preset's dictionary takes, and some more.
    const MEMORY_KIB: u32 = 128 << 10;
    let reader = lzma_rust2::XzReader::new_mem_limit(data, true, MEMORY_KIB);
    Ok(fill(reader, limit, out))
}

#[cfg(not(feature = "xz"))]
fn xz(_: &[u8], _: u64, _: &mut Vec<u8>) -> Result<io::Result<()>> {
    Err(unsupported(Compression::Xz, "xz"))
}

#[cfg(all(test, feature = "zlib", feature = "zstd"))]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use std::io::Write;

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_bomb_stops_at_the_bound() {
        let bomb = gzip(&vec![0; 10 << 20]);
        let error = inflate(Compression::Gzip, &bomb, 1 << 20).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit);
        assert_eq!(
            inflate(Compression::Gzip, &bomb, 10 << 20).unwrap().len(),
            10 << 20
        );
    }

    #[test]
    fn zstd_frames_follow_each_other() {
        let frame = |text: &[u8]| {
            ruzstd::encoding::compress_to_vec(text, ruzstd::encoding::CompressionLevel::Fastest)
        };
        let mut data = vec![0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9];
        assert_eq!(Compression::detect(&data), Some(Compression::Zstd));
        data.extend(frame(b"one "));
        data.extend(frame(b"two"));
        assert_eq!(inflate(Compression::Zstd, &data, 7).unwrap(), b"one two");
        assert_eq!(
            inflate(Compression::Zstd, &data, 6).unwrap_err().kind(),
            ErrorKind::Limit
        );
    }

    #[test]
    fn what_is_cut_off_is_malformed() {
        let whole = gzip(b"some text that is long enough to be cut");
        let error = inflate(Compression::Gzip, &whole[..20], 1 << 20).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed);
        let error = inflate(Compression::Zstd, &[0x50, 0x2a, 0x4d, 0x18, 9, 0, 0, 0], 9);
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Malformed);
    }
}
