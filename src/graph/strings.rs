//! The string section: names by offset, and an interner for building one.

use std::borrow::Cow;
use std::fmt;
use std::hash::BuildHasher;

use bytes::Bytes;
use foldhash::fast::FixedState;
use hashbrown::HashTable;

use crate::error::{Error, Result};
use crate::id::StrId;

/// A name, as the bytes on the wire.
///
/// C's names are ASCII; other languages' may be any UTF-8, and a hostile file's any bytes but NUL.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Name<'g>(&'g [u8]);

impl<'g> Name<'g> {
    /// Returns a name of these bytes, up to the first NUL.
    #[must_use]
    pub fn new(bytes: &'g [u8]) -> Self {
        Self(until_nul(bytes))
    }

    /// Returns a name of these bytes, NUL or not: the builder refuses a name with one.
    pub(super) const fn raw(bytes: &'g [u8]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes, without the NUL.
    #[must_use]
    pub const fn as_bytes(self) -> &'g [u8] {
        self.0
    }

    /// Returns the name as text, if it is UTF-8.
    #[must_use]
    pub fn to_str(self) -> Option<&'g str> {
        std::str::from_utf8(self.0).ok()
    }

    /// Returns the name as text. Bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn to_string_lossy(self) -> Cow<'g, str> {
        String::from_utf8_lossy(self.0)
    }

    /// Returns whether there is no name: the type or member is anonymous.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0.is_empty()
    }
}

impl AsRef<[u8]> for Name<'_> {
    fn as_ref(&self) -> &[u8] {
        self.0
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

/// Returns the bytes before the first NUL.
pub(crate) fn until_nul(bytes: &[u8]) -> &[u8] {
    match memchr::memchr(0, bytes) {
        Some(end) => bytes.get(..end).unwrap_or(bytes),
        None => bytes,
    }
}

/// Returns the string at `offset` of a section; an empty one outside of the section.
pub(crate) fn string_at(section: &[u8], offset: u32) -> Name<'_> {
    Name::new(section.get(offset as usize..).unwrap_or_default())
}

/// A string section in the making, with each string once.
///
/// Strings of the section to start with, and of the base's, keep their offsets.
#[derive(Clone, Debug)]
pub(crate) struct StringTable {
    /// The base's strings, levels joined.
    base: Bytes,
    own: Vec<u8>,
    limit: u32,
    /// The index, which is built when it is first needed.
    index: HashTable<Entry>,
    is_indexed: bool,
    hasher: FixedState,
    /// Whether the section to start with has no string twice; `None` before the index is built.
    unique: Option<bool>,
}

/// A string of a [`StringTable`]. It keeps the hash, so that growing the table reads no string.
#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u32,
    offset: u32,
}

impl Entry {
    /// Returns a hash with all bits filled, from the 32 that are kept.
    fn spread(&self) -> u64 {
        u64::from(self.hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

impl StringTable {
    /// Returns an empty table over the base's strings (empty without a base).
    pub fn new(base: Bytes, limit: u32) -> Self {
        let own = if base.is_empty() { vec![0] } else { Vec::new() };
        Self::resume(base, own, limit)
    }

    /// Returns a table that starts with these strings. Their offsets stay.
    pub fn resume(base: Bytes, own: Vec<u8>, limit: u32) -> Self {
        Self {
            own,
            base,
            limit,
            index: HashTable::new(),
            is_indexed: false,
            hasher: FixedState::default(),
            unique: None,
        }
    }

    /// Returns whether no two strings are equal.
    pub fn is_unique(&mut self) -> bool {
        if self.unique.is_none() {
            self.index_all();
        }
        self.unique == Some(true)
    }

    /// Drops the index, which is as large as the strings, if `bytes_to_come` is larger. The next string builds it
    /// again.
    pub fn forget_index(&mut self, bytes_to_come: usize) {
        if bytes_to_come >= self.end() {
            self.index = HashTable::new();
            self.is_indexed = false;
        }
    }

    /// Returns whether the table's strings start with these, byte by byte.
    pub fn starts_with(&self, strings: &[u8]) -> bool {
        let (base, own) = strings.split_at(strings.len().min(self.base.len()));
        self.base[..].starts_with(base) && self.own.starts_with(own)
    }

    /// Returns an offset of the same string that is not in the middle of another string.
    pub fn straighten(&mut self, id: StrId) -> Result<StrId> {
        let before = (id.get() as usize).checked_sub(1);
        let starts = before.is_none_or(|at| tail(&self.base, &self.own, at).first() == Some(&0));
        if starts {
            return Ok(id);
        }
        let string = self.get(id).as_bytes().to_vec();
        self.intern(&string)
    }

    /// Builds the index of all strings.
    #[cold]
    fn index_all(&mut self) {
        self.is_indexed = true;
        let mut unique = true;
        let strings =
            [&self.base[..], &self.own[..]].map(|part| memchr::memchr_iter(0, part).count());
        self.index.reserve(strings.into_iter().sum(), Entry::spread);
        let mut at = 0;
        while at < self.end() {
            let string = lookup(&self.base, &self.own, at);
            let (hash, next) = (self.hash(string), at + string.len() + 1);
            match (u32::try_from(at), self.find(hash, string)) {
                (Ok(offset), None) => {
                    let entry = Entry { hash, offset };
                    self.index
                        .insert_unique(entry.spread(), entry, Entry::spread);
                }
                _ => unique = false,
            }
            at = next;
        }
        self.unique = Some(unique);
    }

    fn hash(&self, string: &[u8]) -> u32 {
        let [a, b, c, d, ..] = self.hasher.hash_one(string).to_le_bytes();
        u32::from_le_bytes([a, b, c, d])
    }

    fn find(&self, hash: u32, string: &[u8]) -> Option<u32> {
        let probe = Entry { hash, offset: 0 };
        self.index
            .find(probe.spread(), |entry| {
                entry.hash == hash && stands_at(&self.base, &self.own, entry.offset, string)
            })
            .map(|entry| entry.offset)
    }

    /// Returns the offset of a string, which is added where it is new.
    ///
    /// # Errors
    /// `Limit` where the section would grow beyond the limit; `Usage` where the string has a NUL.
    pub fn intern(&mut self, string: &[u8]) -> Result<StrId> {
        if string.is_empty() {
            return Ok(StrId::EMPTY);
        }
        if !self.is_indexed {
            self.index_all();
        }
        let hash = self.hash(string);
        if let Some(offset) = self.find(hash, string) {
            return Ok(StrId::new(offset));
        }
        if memchr::memchr(0, string).is_some() {
            return Err(Error::new(crate::ErrorKind::Usage, "a name has a NUL byte"));
        }
        let offset = self.end();
        let end = offset + string.len() + 1;
        let (Ok(offset), true) = (
            u32::try_from(offset),
            end - self.base.len() <= self.limit as usize,
        ) else {
            return Err(Error::limit(
                "the string section grows beyond Limits::string_bytes",
            ));
        };
        self.own.extend_from_slice(string);
        self.own.push(0);
        let entry = Entry { hash, offset };
        self.index
            .insert_unique(entry.spread(), entry, Entry::spread);
        Ok(StrId::new(offset))
    }

    /// Returns the string at an offset that this table returned.
    pub fn get(&self, id: StrId) -> Name<'_> {
        Name(lookup(&self.base, &self.own, id.get() as usize))
    }

    /// Returns the length of the section, the base's included.
    fn end(&self) -> usize {
        self.base.len() + self.own.len()
    }

    /// Returns the table's own section.
    pub fn into_section(self) -> Bytes {
        self.own.into()
    }
}

fn stands_at(base: &[u8], own: &[u8], offset: u32, string: &[u8]) -> bool {
    let rest = tail(base, own, offset as usize);
    rest.get(string.len()) == Some(&0) && rest.starts_with(string)
}

fn lookup<'t>(base: &'t [u8], own: &'t [u8], offset: usize) -> &'t [u8] {
    until_nul(tail(base, own, offset))
}

fn tail<'t>(base: &'t [u8], own: &'t [u8], offset: usize) -> &'t [u8] {
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
        let mut table = StringTable::resume(Bytes::new(), b"\0int\0long int\0".to_vec(), 1 << 20);
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
