//! What a file says of itself and of the files that belong to it: build id, debug link, link to dwz's shared file.

use std::fmt;
use std::path::PathBuf;

use bytes::Bytes;

use crate::elf::file::{Elf, NOTE};
use crate::graph::Name;
use crate::target::Endian;

/// `NT_GNU_BUILD_ID`.
const BUILD_ID: u32 = 3;

/// A build id: what a linker makes of a program's contents, and what its debug file is known by.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BuildId(Bytes);

impl BuildId {
    /// Build ids of any length there is; a name of two letters and more is made of them.
    pub(super) fn new(bytes: Bytes) -> Option<Self> {
        (2..=64).contains(&bytes.len()).then_some(Self(bytes))
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The debug file's place in a folder of debug files: `.build-id/xx/yyyy.debug`.
    pub(super) fn path(&self) -> PathBuf {
        let digits = self.to_string();
        let (first, rest) = digits.split_at_checked(2).unwrap_or_default();
        PathBuf::from(format!(".build-id/{first}/{rest}.debug"))
    }
}

impl fmt::Display for BuildId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for BuildId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BuildId({self})")
    }
}

/// `.gnu_debuglink`: the debug file's name and its CRC-32.
#[derive(Clone, Debug)]
pub(super) struct DebugLink {
    pub name: Bytes,
    pub crc: u32,
}

/// `.gnu_debugaltlink` or `.debug_sup`: the name of the file that dwz moved shared entries to, and its build id.
#[derive(Clone, Debug)]
pub(super) struct AltLink {
    pub name: Bytes,
    pub id: BuildId,
}

/// A file's build id.
pub(super) fn build_id(elf: &Elf) -> Option<BuildId> {
    let notes = elf.sections.iter().filter(|section| section.kind == NOTE);
    let notes = notes.filter_map(|section| elf.raw(section).ok().flatten());
    notes.into_iter().find_map(|notes| id_in(elf.endian, notes))
}

/// The build id in a section of notes: each has the lengths of name and description, and a type.
fn id_in(endian: Endian, notes: Bytes) -> Option<BuildId> {
    let mut at = 0usize;
    loop {
        let name = word(&notes, at, endian)? as usize;
        let len = word(&notes, at.checked_add(4)?, endian)? as usize;
        let kind = word(&notes, at.checked_add(8)?, endian)?;
        let start = at.checked_add(12)?;
        let description = start.checked_add(name)?.checked_next_multiple_of(4)?;
        let end = description.checked_add(len)?;
        if kind == BUILD_ID && notes.get(start..start.checked_add(name)?)? == b"GNU\0" {
            return (end <= notes.len())
                .then(|| BuildId::new(notes.slice(description..end)))
                .flatten();
        }
        at = end.checked_next_multiple_of(4)?;
    }
}

/// A file's debug link. Folders in the name are none of its business.
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

/// A file's link to the file that dwz moved shared entries to.
pub(super) fn alt_link(elf: &Elf) -> Option<AltLink> {
    if let Some(section) = elf.find(".gnu_debugaltlink") {
        let bytes = elf.raw(section).ok()??;
        let len = Name::new(&bytes).as_bytes().len();
        let id = bytes.get(len.checked_add(1)?..)?;
        return Some(AltLink {
            name: bytes.slice(..len),
            id: BuildId::new(bytes.slice_ref(id))?,
        });
    }
    let supplement = supplement(elf)?;
    (!supplement.is_shared).then_some(supplement.link)
}

/// The build id that a shared file says it has.
pub(super) fn shared_id(elf: &Elf) -> Option<BuildId> {
    let supplement = supplement(elf).filter(|supplement| supplement.is_shared);
    build_id(elf).or(supplement.map(|supplement| supplement.link.id))
}

/// `.debug_sup` (DWARF 5, section 7.3.6).
struct Supplement {
    /// Whether this is the shared file itself.
    is_shared: bool,
    link: AltLink,
}

fn supplement(elf: &Elf) -> Option<Supplement> {
    let bytes = elf.raw(elf.find(".debug_sup")?).ok()??;
    let is_shared = *bytes.get(2)? != 0;
    let name = Name::new(bytes.get(3..)?).as_bytes();
    let len_at = name.len().checked_add(4)?;
    // Its length is LEB128; those that fit are below 128.
    let len = usize::from(*bytes.get(len_at)?);
    let start = len_at.checked_add(1)?;
    let id = bytes.get(start..start.checked_add(len)?)?;
    Some(Supplement {
        is_shared,
        link: AltLink {
            name: bytes.slice_ref(name),
            id: BuildId::new(bytes.slice_ref(id))?,
        },
    })
}

fn word(bytes: &[u8], at: usize, endian: Endian) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk::<4>()?;
    Some(endian.u32(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_id_among_other_notes() {
        let mut notes = Vec::new();
        for (kind, name, description) in [
            (3u32, &b"Go\0"[..], &b"no id of GNU's"[..]),
            (1, b"GNU\0", &[0; 16]),
            (3, b"GNU\0", &[0xab, 0xcd, 0xef]),
        ] {
            let sizes = [name.len(), description.len()];
            for size in sizes {
                notes.extend(u32::try_from(size).unwrap().to_be_bytes());
            }
            notes.extend(kind.to_be_bytes());
            for part in [name, description] {
                notes.extend(part);
                notes.resize(notes.len().next_multiple_of(4), 0);
            }
        }
        let id = id_in(Endian::Big, notes.clone().into()).unwrap();
        assert_eq!(id.path(), PathBuf::from(".build-id/ab/cdef.debug"));
        // What is cut off is no id.
        notes.truncate(notes.len() - 2);
        assert_eq!(id_in(Endian::Big, notes.into()), None);
        assert_eq!(id_in(Endian::Big, Bytes::from(vec![0xff; 64])), None);
    }
}
