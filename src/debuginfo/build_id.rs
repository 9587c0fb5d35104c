//! Build IDs, and the paths of debug files that are made of them.

use std::fmt;
use std::path::PathBuf;

use bytes::Bytes;

use crate::elf::file::Elf;
use crate::elf::notes::gnu_build_id;
use crate::target::Endian;

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
    BuildId::new(gnu_build_id(elf)?)
}

pub(super) fn word(bytes: &[u8], at: usize, endian: Endian) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk::<4>()?;
    Some(endian.u32(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_debug_file() {
        let id = BuildId::new(Bytes::from_static(&[0xab, 0xcd, 0xef])).unwrap();
        assert_eq!(id.path(), PathBuf::from(".build-id/ab/cdef.debug"));
        assert_eq!(BuildId::new(Bytes::from_static(&[0xab])), None);
    }
}
