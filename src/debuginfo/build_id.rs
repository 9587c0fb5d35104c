//! Build IDs and the notes that contain them.

use std::fmt;
use std::path::PathBuf;

use bytes::Bytes;

use crate::elf::file::{Elf, NOTE};
use crate::target::Endian;

/// `NT_GNU_BUILD_ID`.
const BUILD_ID: u32 = 3;

/// A build ID: a hash of a program's contents, made by the linker, that the program's debug file has as well.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BuildId(Bytes);

impl BuildId {
    /// Returns a build ID of 2 to 64 bytes. A file name of a folder and a file is made of them.
    pub(super) fn new(bytes: Bytes) -> Option<Self> {
        (2..=64).contains(&bytes.len()).then_some(Self(bytes))
    }

    /// Returns the bytes of the build ID.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the path of the debug file in a folder of debug files: `.build-id/xx/yyyy.debug`.
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

/// Returns a file's build ID.
pub(super) fn build_id(elf: &Elf) -> Option<BuildId> {
    let notes = elf.sections.iter().filter(|section| section.kind == NOTE);
    let notes = notes.filter_map(|section| elf.raw(section).ok().flatten());
    notes.into_iter().find_map(|notes| id_in(elf.endian, notes))
}

/// Returns the build ID in a section of notes. Each note starts with the lengths of its name and description, and a type.
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

pub(super) fn word(bytes: &[u8], at: usize, endian: Endian) -> Option<u32> {
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
        // A truncated note has no build ID.
        notes.truncate(notes.len() - 2);
        assert_eq!(id_in(Endian::Big, notes.into()), None);
        assert_eq!(id_in(Endian::Big, Bytes::from(vec![0xff; 64])), None);
    }
}
