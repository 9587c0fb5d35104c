//! The segments of a program: which bytes of the file are at which address.

use object::Endianness;
use object::elf;
use object::read::elf::{FileHeader, ProgramHeader};

use crate::elf::file::{Elf, wrong};
use crate::error::{Context, Place, Result};
use crate::target::PointerWidth;

/// A part of the file that is loaded into memory (`PT_LOAD`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    /// The address of the first byte.
    address: u64,
    /// The offset of the first byte in the file.
    offset: u64,
    /// The bytes that are in the file; memory may have more.
    size: u64,
    /// Whether the segment holds instructions.
    is_executable: bool,
}

impl Elf {
    /// Reads the loaded segments. A relocatable file has none.
    ///
    /// # Errors
    /// `Malformed` if the program headers can't be read.
    pub fn segments(&self) -> Result<Vec<Segment>> {
        let read = match self.width {
            PointerWidth::Eight => segments::<elf::FileHeader64<Endianness>>(&self.bytes),
            PointerWidth::Four => segments::<elf::FileHeader32<Endianness>>(&self.bytes),
        };
        read.map_err(wrong)
            .within(|| Place::Section("program headers".into()))
    }
}

fn segments<H: FileHeader<Endian = Endianness>>(data: &[u8]) -> object::read::Result<Vec<Segment>> {
    let header = H::parse(data)?;
    let endian = header.endian()?;
    let headers = header.program_headers(endian, data)?;
    let loaded = headers
        .iter()
        .filter(|segment| segment.p_type(endian) == elf::PT_LOAD);
    let segments = loaded.map(|segment| Segment {
        address: segment.p_vaddr(endian).into(),
        offset: segment.p_offset(endian).into(),
        size: segment.p_filesz(endian).into(),
        is_executable: segment.p_flags(endian).contains(elf::PF_X),
    });
    Ok(segments.collect())
}

/// Returns the offset in the file of the byte at an address; `None` if no segment has it. Of segments that overlap,
/// one with instructions is taken.
pub(crate) fn file_offset(segments: &[Segment], address: u64) -> Option<u64> {
    let offset = |segment: &Segment| {
        let within = address.checked_sub(segment.address)?;
        (within < segment.size)
            .then(|| segment.offset.checked_add(within))
            .flatten()
    };
    let (code, data): (Vec<_>, Vec<_>) = segments.iter().partition(|segment| segment.is_executable);
    code.into_iter().chain(data).find_map(offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_before_data() {
        let segment = |address, offset, size, is_executable| Segment {
            address,
            offset,
            size,
            is_executable,
        };
        let segments = [
            segment(0x400000, 0, 0x1000, false),
            segment(0x400f00, 0x5000, 0x200, true),
            segment(u64::MAX - 1, u64::MAX, 2, true),
        ];
        assert_eq!(file_offset(&segments, 0x400010), Some(0x10));
        assert_eq!(file_offset(&segments, 0x400f10), Some(0x5010));
        assert_eq!(file_offset(&segments, 0x401100), None);
        assert_eq!(file_offset(&segments, u64::MAX), None);
        assert_eq!(file_offset(&segments, 0), None);
    }
}
