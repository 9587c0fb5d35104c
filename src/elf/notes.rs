//! Notes: what linkers and compilers write about a file (ELF specification, "Note Section").

use bytes::Bytes;

use crate::elf::file::{Elf, NOTE};
use crate::target::Endian;

/// `NT_GNU_BUILD_ID`.
const GNU_BUILD_ID: (u32, &[u8]) = (3, b"GNU\0");

/// The type of Go's build ID, and its name with padding (`cmd/internal/buildid`).
const GO_BUILD_ID: (u32, &[u8]) = (4, b"Go\0\0");

/// Returns the bytes of a file's GNU build ID.
pub(crate) fn gnu_build_id(elf: &Elf) -> Option<Bytes> {
    find(elf, GNU_BUILD_ID)
}

/// Returns the hex digits of a file's GNU build ID; without one, the text of its Go build ID.
pub(crate) fn build_id_text(elf: &Elf) -> Option<String> {
    match gnu_build_id(elf) {
        Some(id) => Some(hex(&id)),
        None => {
            let id = find(elf, GO_BUILD_ID)?;
            let text = std::str::from_utf8(&id).ok()?;
            let is_text = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
            is_text.then(|| text.to_owned())
        }
    }
}

/// Returns the hex digits of the GNU build ID among notes in the byte order of this machine.
pub(crate) fn build_id_in_notes(notes: impl Into<Bytes>) -> Option<String> {
    let endian = if cfg!(target_endian = "big") {
        Endian::Big
    } else {
        Endian::Little
    };
    note(endian, &notes.into(), GNU_BUILD_ID)
        .filter(|id| !id.is_empty())
        .map(|id| hex(&id))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the description of the first note of a file with this type and name.
fn find(elf: &Elf, wanted: (u32, &[u8])) -> Option<Bytes> {
    let notes = elf.sections.iter().filter(|section| section.kind == NOTE);
    let notes = notes.filter_map(|section| elf.raw(section).ok().flatten());
    let mut found = notes.filter_map(|notes| note(elf.endian, &notes, wanted));
    found.find(|description| !description.is_empty())
}

/// Returns the description of a note in a section of notes. Each note starts with the lengths of its name and
/// description, and a type. `name` includes the padding.
pub(crate) fn note(endian: Endian, notes: &Bytes, (kind, name): (u32, &[u8])) -> Option<Bytes> {
    let word = |at: usize| {
        let bytes = notes.get(at..)?.first_chunk::<4>()?;
        Some(endian.u32(*bytes))
    };
    let mut at = 0usize;
    loop {
        let name_len = word(at)? as usize;
        let len = word(at.checked_add(4)?)? as usize;
        let found = word(at.checked_add(8)?)?;
        let start = at.checked_add(12)?;
        let description = start.checked_add(name_len)?.checked_next_multiple_of(4)?;
        let end = description.checked_add(len)?;
        if found == kind && notes.get(start..description)? == name {
            return (end <= notes.len()).then(|| notes.slice(description..end));
        }
        at = end.checked_next_multiple_of(4)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_among_others() {
        let mut notes = Vec::new();
        for (kind, name, description) in [
            (3u32, &b"Go\0"[..], &b"no id of GNU's"[..]),
            (1, b"GNU\0", &[0; 16]),
            (4, b"Go\0\0", b"a/b/c"),
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
        let all = Bytes::from(notes.clone());
        let id = note(Endian::Big, &all, GNU_BUILD_ID).unwrap();
        assert_eq!(hex(&id), "abcdef");
        assert_eq!(note(Endian::Big, &all, GO_BUILD_ID).unwrap(), "a/b/c");
        // A truncated note has no build ID.
        notes.truncate(notes.len() - 2);
        assert_eq!(note(Endian::Big, &notes.into(), GNU_BUILD_ID), None);
        let junk = Bytes::from(vec![0xff; 64]);
        assert_eq!(note(Endian::Big, &junk, GNU_BUILD_ID), None);
    }
}
