//! Names that were changed, and back.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::str::FromStr;

use crate::error::{Error, ErrorKind, Place, Result};
use crate::graph::{Btf, GraphBuilder, Kind, Name};

/// The names that [`sanitize`](super::sanitize()) changed: old and new, one to one. No new name was in the BTF before.
///
/// `{}` writes a line for each name, `NEW TAB OLD`; [`str::parse`] reads it. Bytes of old names that are not printable
/// ASCII, and `\`, are written `\x5c`.
///
/// ```
/// use btfkit::verify::NameTable;
/// let table: NameTable = "Vec_u8_\tVec<u8>\n".parse()?;
/// assert_eq!(table.original("Vec_u8_"), Some(&b"Vec<u8>"[..]));
/// assert_eq!(table.to_string(), "Vec_u8_\tVec<u8>\n");
/// # Ok::<(), btfkit::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct NameTable {
    /// Old names by new ones.
    old: BTreeMap<String, Vec<u8>>,
}

impl NameTable {
    /// Adds a name.
    pub(super) fn insert(&mut self, new: String, old: Vec<u8>) {
        self.old.insert(new, old);
    }

    /// Returns the number of names.
    #[must_use]
    pub fn len(&self) -> usize {
        self.old.len()
    }

    /// Returns whether no name was changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.old.is_empty()
    }

    /// Returns the name that became this one. It is empty where there was none.
    #[must_use]
    pub fn original(&self, new: &str) -> Option<&[u8]> {
        self.old.get(new).map(Vec::as_slice)
    }

    /// Returns the new and the old names, by new name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &[u8])> {
        self.old.iter().map(|(new, old)| (&**new, &**old))
    }

    /// Returns a graph with the old names in place of the new ones, those of members included. Ids stay.
    ///
    /// # Errors
    /// `Limit` where the strings grow beyond [`Limits`](crate::Limits).
    pub fn restore(&self, graph: &Btf) -> Result<Btf> {
        let mut builder = match graph.base() {
            Some(base) => GraphBuilder::split(base),
            None => GraphBuilder::new(),
        };
        builder.set_endian(graph.endian());
        builder.set_wide(graph.format().wide);
        if let Some(width) = graph.known_pointer_width() {
            builder.set_pointer_width(width);
        }
        for ty in graph.own_types() {
            let mut words: Vec<u32> = ty.record_words().collect();
            let kind = ty.kind();
            let names =
                crate::graph::edges::edges(ty.record()).filter_map(|(at, edge)| match edge {
                    crate::graph::edges::Edge::String(id) => Some((at, id)),
                    crate::graph::edges::Edge::Type(_) => None,
                });
            for (at, id) in names {
                let name = graph.string(id);
                let old = name.to_str().and_then(|new| self.original(new));
                let is_tag = matches!(kind, Kind::DeclTag | Kind::TypeTag);
                let text = old.filter(|_| !is_tag).unwrap_or(name.as_bytes());
                if let Some(word) = words.get_mut(at) {
                    *word = builder.intern(text)?.get();
                }
            }
            builder.record(&words)?;
        }
        builder.freeze()
    }

    /// Returns a graph that has every renamed type under its old name, too ([`Btf::with_aliases`]). Names of members,
    /// functions and enumerators stay new, and an old name with characters that can't be printed is left out.
    ///
    /// # Errors
    /// As [`Btf::with_aliases`].
    pub fn add_aliases(&self, graph: &Btf) -> Result<Btf> {
        let has = |name: &[u8]| graph.named(Name::new(name)).next().is_some();
        let is_printable = |byte: &u8| matches!(byte, b' '..=b'~') || !byte.is_ascii();
        let can_be_alias =
            |old: &[u8]| !old.is_empty() && old.trim_ascii() == old && old.iter().all(is_printable);
        let aliases = self
            .iter()
            .filter(|(new, old)| can_be_alias(old) && has(new.as_bytes()) && !has(old));
        graph.with_aliases(aliases.map(|(new, old)| (old, new)))
    }
}

impl fmt::Display for NameTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (new, old) in self.iter() {
            write!(f, "{new}\t")?;
            for &byte in old {
                match byte {
                    b' '..=b'~' if byte != b'\\' => f.write_char(char::from(byte))?,
                    _ => write!(f, "\\x{byte:02x}")?,
                }
            }
            f.write_str("\n")?;
        }
        Ok(())
    }
}

impl FromStr for NameTable {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut table = Self::default();
        for (number, line) in text.lines().enumerate() {
            let wrong = || {
                Error::new(
                    ErrorKind::Malformed,
                    format!("line {}: {line:?} is no NEW TAB OLD", number + 1),
                )
                .within(Place::Byte(0))
            };
            let (new, old) = line.split_once('\t').ok_or_else(wrong)?;
            let old = unescaped(old.as_bytes()).ok_or_else(wrong)?;
            if new.is_empty() || table.old.insert(new.to_owned(), old).is_some() {
                return Err(wrong());
            }
        }
        Ok(table)
    }
}

/// Returns the bytes of an old name as it is written.
fn unescaped(mut text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    while let Some((&byte, rest)) = text.split_first() {
        text = rest;
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let (digits, rest) = text.strip_prefix(b"x")?.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        text = rest;
    }
    Some(bytes)
}
