//! The references of a file to its debug file (`.gnu_debuglink`) and to the supplementary file of `dwz`
//! (`.gnu_debugaltlink`, `.debug_sup`).

use bytes::Bytes;

use crate::debuginfo::build_id::{BuildId, build_id, word};
use crate::elf::file::Elf;
use crate::graph::Name;

/// The contents of `.gnu_debuglink`: the debug file's name and its CRC-32.
#[derive(Clone, Debug)]
pub(super) struct DebugLink {
    pub name: Bytes,
    pub crc: u32,
}

/// The contents of `.gnu_debugaltlink` or `.debug_sup`: the name of the supplementary file, which `dwz` moved shared
/// entries to, and its build ID.
#[derive(Clone, Debug)]
pub(super) struct SupplementaryLink {
    pub name: Bytes,
    pub id: BuildId,
}

/// Returns a file's debug link. Folders in the name are ignored.
pub(super) fn debug_link(elf: &Elf) -> Option<DebugLink> {
    let bytes = elf.raw(elf.find(".gnu_debuglink")?).ok()??;
    let name = Name::new(&bytes).as_bytes();
    let crc_at = name.len().checked_add(1)?.checked_next_multiple_of(4)?;
    let crc = word(&bytes, crc_at, elf.endian)?;
    let name = name.rsplit(|byte| *byte == b'/').next()?;
    (!name.is_empty() && name != b"." && name != b"..").then(|| DebugLink {
        name: bytes.slice_ref(name),
        crc,
    })
}

/// Returns a file's link to its supplementary file.
pub(super) fn supplementary_link(elf: &Elf) -> Option<SupplementaryLink> {
    if let Some(section) = elf.find(".gnu_debugaltlink") {
        let bytes = elf.raw(section).ok()??;
        let len = Name::new(&bytes).as_bytes().len();
        let id = bytes.get(len.checked_add(1)?..)?;
        return Some(SupplementaryLink {
            name: bytes.slice(..len),
            id: BuildId::new(bytes.slice_ref(id))?,
        });
    }
    let supplement = supplement(elf)?;
    (!supplement.is_supplementary).then_some(supplement.link)
}

/// Returns the build ID of a supplementary file.
pub(super) fn supplementary_id(elf: &Elf) -> Option<BuildId> {
    let supplement = supplement(elf).filter(|supplement| supplement.is_supplementary);
    build_id(elf).or(supplement.map(|supplement| supplement.link.id))
}

/// The contents of `.debug_sup` (DWARF 5, section 7.3.6).
struct Supplement {
    /// Whether this is the supplementary file itself.
    is_supplementary: bool,
    link: SupplementaryLink,
}

fn supplement(elf: &Elf) -> Option<Supplement> {
    let bytes = elf.raw(elf.find(".debug_sup")?).ok()??;
    let is_supplementary = *bytes.get(2)? != 0;
    let name = Name::new(bytes.get(3..)?).as_bytes();
    let len_at = name.len().checked_add(4)?;
    // The length is LEB128. Lengths of build IDs are below 128, one byte.
    let len = usize::from(*bytes.get(len_at)?);
    let start = len_at.checked_add(1)?;
    let id = bytes.get(start..start.checked_add(len)?)?;
    Some(Supplement {
        is_supplementary,
        link: SupplementaryLink {
            name: bytes.slice_ref(name),
            id: BuildId::new(bytes.slice_ref(id))?,
        },
    })
}
