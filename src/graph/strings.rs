//! The string section: names by offset, and an interner for building one.

use std::borrow::Cow;
use std::fmt;
use std::hash::BuildHasher;

use bytes::Bytes;
use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::error::{Error, Result};
use crate::id::StrId;

/// A name, as the bytes it is on the wire.
///
/// C's names are ASCII; other languages' may be any UTF-8, and a hostile file's any bytes but NUL.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Name<'g>(&'g [u8]);

impl<'g> Name<'g> {
    /// A name of these bytes, up to the first NUL.
    #[must_use]
    pub fn new(bytes: &'g [u8]) -> Self {
        Self(until_nul(bytes))
    }

    /// The bytes, without the NUL.
    #[must_use]
    pub const fn as_bytes(self) -> &'g [u8] {
        self.0
    }

    /// The name as text, if it is UTF-8.
    #[must_use]
    pub fn to_str(self) -> Option<&'g str> {
        std::str::from_utf8(self.0).ok()
    }

    /// The name as text, with what is no UTF-8 replaced.
    #[must_use]
    pub fn to_string_lossy(self) -> Cow<'g, str> {
        String::from_utf8_lossy(self.0)
    }

    /// Whether there is no name: the type or member is anonymous.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0.is_empty()
    }
}

impl PartialEq<str> for Name<'_> {
    fn eq(&self, other: &str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl PartialEq<&str> for Name<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_string_lossy(), f)
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_string_lossy())
    }
}

/// The bytes before the first NUL.
pub(crate) fn until_nul(bytes: &[u8]) -> &[u8] {
    match memchr::memchr(0, bytes) {
        Some(end) => bytes.get(..end).unwrap_or(bytes),
        None => bytes,
    }
}

/// The string that starts at `offset` of a section; empty where the offset is outside.
pub(crate) fn string_at(section: &[u8], offset: u32) -> Name<'_> {
    Name::new(section.get(offset as usize..).unwrap_or_default())
}

/// A string section being built, each string once.
///
/// Strings that stand in the section already, or in the base's, keep their offsets.
#[derive(Clone, Debug)]
pub(crate) struct StringTable {
    /// The base's strings, levels joined.
    base: Bytes,
    own: Vec<u8>,
    limit: u32,
    index: HashTable<u32>,
    hasher: FixedState,
}

impl StringTable {
    /// An empty table over the base's strings (empty when there is no base).
    pub fn new(base: Bytes, limit: u32) -> Self {
        let mut table = Self {
            own: if base.is_empty() { vec![0] } else { Vec::new() },
            base,
            limit,
            index: HashTable::new(),
            hasher: FixedState::default(),
        };
        table.index_section(0);
        table
    }

    /// A table that goes on from strings that are there already; their offsets stay.
    pub fn resume(base: Bytes, own: &[u8], limit: u32) -> Self {
        let mut table = Self::new(base, limit);
        let start = table.base.len();
        table.own = own.to_vec();
        table.index_section(start);
        table
    }

    /// Enters every string that starts after a NUL, from `start` of the joined section on.
    fn index_section(&mut self, start: usize) {
        let section = if start < self.base.len() {
            self.base.clone()
        } else {
            Bytes::copy_from_slice(&self.own)
        };
        let first = if start < self.base.len() {
            0
        } else {
            self.base.len()
        };
        let mut at = 0;
        while let Some(rest) = section.get(at..).filter(|rest| !rest.is_empty()) {
            let string = until_nul(rest);
            if let Ok(offset) = u32::try_from(first + at) {
                self.enter(string, offset);
            }
            at += string.len() + 1;
        }
    }

    fn enter(&mut self, string: &[u8], offset: u32) {
        let hash = self.hasher.hash_one(string);
        let Self {
            base,
            own,
            index,
            hasher,
            ..
        } = self;
        if index
            .find(hash, |&at| stands_at(base, own, at, string))
            .is_none()
        {
            index.insert_unique(hash, offset, |&at| hasher.hash_one(lookup(base, own, at)));
        }
    }

    /// The offset of a string, which is added where it is new.
    ///
    /// # Errors
    /// `Limit` where the section would grow beyond the limit; `Usage` where the string has a NUL.
    pub fn intern(&mut self, string: &[u8]) -> Result<StrId> {
        if string.is_empty() {
            return Ok(StrId::EMPTY);
        }
        let hash = self.hasher.hash_one(string);
        let Self {
            base,
            own,
            limit,
            index,
            hasher,
        } = self;
        if let Some(&offset) = index.find(hash, |&at| stands_at(base, own, at, string)) {
            return Ok(StrId::new(offset));
        }
        if memchr::memchr(0, string).is_some() {
            return Err(Error::new(
                crate::ErrorKind::Usage,
                "a name has a NUL byte in it",
            ));
        }
        let offset = base.len() + own.len();
        let end = offset + string.len() + 1;
        let (Ok(offset), true) = (u32::try_from(offset), end - base.len() <= *limit as usize)
        else {
            return Err(Error::limit(
                "the string section grows beyond Limits::string_bytes",
            ));
        };
        own.extend_from_slice(string);
        own.push(0);
        index.insert_unique(hash, offset, |&at| hasher.hash_one(lookup(base, own, at)));
        Ok(StrId::new(offset))
    }

    /// The string at an offset this table gave out.
    pub fn get(&self, id: StrId) -> Name<'_> {
        Name(lookup(&self.base, &self.own, id.get()))
    }

    /// The table's own section.
    pub fn into_section(self) -> Bytes {
        self.own.into()
    }
}

fn stands_at(base: &[u8], own: &[u8], offset: u32, string: &[u8]) -> bool {
    let rest = tail(base, own, offset);
    rest.starts_with(string) && rest.get(string.len()) == Some(&0)
}

fn lookup<'t>(base: &'t [u8], own: &'t [u8], offset: u32) -> &'t [u8] {
    until_nul(tail(base, own, offset))
}

fn tail<'t>(base: &'t [u8], own: &'t [u8], offset: u32) -> &'t [u8] {
    let offset = offset as usize;
    match offset.checked_sub(base.len()) {
        Some(offset) => own.get(offset..),
        None => base.get(offset..),
    }
    .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_string_once_and_offsets_stay() -> Result<()> {
        let mut table = StringTable::resume(Bytes::new(), b"\0int\0long int\0", 1 << 20);
        assert_eq!(table.intern(b"int")?, StrId::new(1));
        assert_eq!(table.intern(b"")?, StrId::EMPTY);
        let new = table.intern(b"short")?;
        assert_eq!(new, StrId::new(14));
        assert_eq!(table.intern(b"short")?, new);
        assert_eq!(table.get(new), "short");
        Ok(())
    }

    #[test]
    fn a_split_table_reuses_its_base() -> Result<()> {
        let mut table = StringTable::new(Bytes::from_static(b"\0int\0"), 1 << 20);
        assert_eq!(table.intern(b"int")?, StrId::new(1));
        let own = table.intern(b"mine")?;
        assert_eq!(own, StrId::new(5));
        assert_eq!(&table.into_section()[..], b"mine\0");
        Ok(())
    }

    #[test]
    fn limits_and_nul_are_refused() {
        let mut table = StringTable::new(Bytes::new(), 8);
        assert!(table.intern(b"seven77").is_err());
        assert!(table.intern(b"a\0b").is_err());
        assert!(table.intern(b"six666").is_ok());
    }
}
