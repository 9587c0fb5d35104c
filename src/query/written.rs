//! Types by a name as people write it: with `struct` or without, in C spelling or not.

use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Btf, FwdKind, Kind, Type};
use crate::id::TypeId;

/// The words of C before a name, each with what it stands for.
const KEYWORDS: &[(&[u8], Keyword)] = &[
    (b"struct", Keyword::Struct),
    (b"union", Keyword::Union),
    (b"enum", Keyword::Enum),
];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Keyword {
    Struct,
    Union,
    Enum,
}

impl Keyword {
    /// Returns whether a type is of the kind that the word stands for.
    pub(super) fn fits(self, ty: &Type<'_>) -> bool {
        match self {
            Self::Struct => ty.kind() == Kind::Struct || ty.as_fwd() == Some(FwdKind::Struct),
            Self::Union => ty.kind() == Kind::Union || ty.as_fwd() == Some(FwdKind::Union),
            Self::Enum => ty.kind().is_enum(),
        }
    }
}

/// Returns a type's name without `struct`, `union` or `enum` in front, and without spaces around.
///
/// ```
/// use btfkit::query::bare_name;
/// assert_eq!(bare_name("struct task_struct"), "task_struct");
/// assert_eq!(bare_name("structure"), "structure");
/// ```
#[must_use]
pub fn bare_name(name: &str) -> &str {
    let (_, bare) = split_keyword(name.as_bytes());
    // The split is at an ASCII byte.
    std::str::from_utf8(bare).unwrap_or(name)
}

/// Splits a name at the keyword in front of it.
pub(super) fn split_keyword(name: &[u8]) -> (Option<Keyword>, &[u8]) {
    let name = name.trim_ascii();
    for (word, keyword) in KEYWORDS {
        if let Some(rest) = name.strip_prefix(*word)
            && rest.first().is_some_and(u8::is_ascii_whitespace)
        {
            return (Some(*keyword), rest.trim_ascii_start());
        }
    }
    (None, name)
}

impl Btf {
    /// Returns the types that a name as people write it means: `struct foo`, `foo`, `ns::Foo<int>` or the C spelling of
    /// that ([`c_spelling`](super::c_spelling)). Forward declarations are left out if there is anything else, and of
    /// several types those among `preferred` (sorted by id) are returned, if any is.
    ///
    /// ```
    /// # use btfkit::graph::{GraphBuilder, Kind};
    /// # let mut builder = GraphBuilder::new();
    /// builder.composite(Kind::Struct, "ns::Foo<int>", 4, &[])?;
    /// let graph = builder.freeze()?;
    /// assert_eq!(graph.written("struct ns__Foo_int_", &[])?.len(), 1);
    /// # Ok::<(), btfkit::Error>(())
    /// ```
    ///
    /// # Errors
    /// `NotFound` where there is none, with the nearest names in the message; `Ambiguous` where types of different
    /// names have the spelling.
    pub fn written(&self, name: impl AsRef<[u8]>, preferred: &[TypeId]) -> Result<Vec<Type<'_>>> {
        let (keyword, bare) = split_keyword(name.as_ref());
        let mut types = self.named_or_spelled(bare)?;
        if let Some(keyword) = keyword {
            types.retain(|ty| keyword.fits(ty));
        }
        if types.iter().any(|ty| ty.kind() != Kind::Fwd) {
            types.retain(|ty| ty.kind() != Kind::Fwd);
        }
        let is_preferred = |ty: &Type<'_>| preferred.binary_search(&ty.id()).is_ok();
        if types.iter().any(is_preferred) {
            types.retain(is_preferred);
        }
        if types.is_empty() {
            let name = String::from_utf8_lossy(name.as_ref());
            let near = self.nearest_names(bare);
            let near = if near.is_empty() {
                String::new()
            } else {
                format!("; the nearest: {}", near.join(", "))
            };
            return Err(Error::new(
                ErrorKind::NotFound,
                format!("no type is called {name}{near}"),
            ));
        }
        Ok(types)
    }

    /// Returns the one type that a name means, as [`Self::written`] does; typedefs of one type count as that type.
    ///
    /// # Errors
    /// As [`Self::written`]; `Ambiguous` also where several types have the name.
    pub fn written_once(&self, name: impl AsRef<[u8]>, preferred: &[TypeId]) -> Result<Type<'_>> {
        let name = name.as_ref();
        let types = self.written(name, preferred)?;
        let mut bare = Vec::new();
        for ty in &types {
            bare.push(ty.strip()?);
        }
        match (types.first(), bare.first()) {
            (Some(ty), Some(first)) if bare.iter().all(|other| other == first) => Ok(*ty),
            _ => {
                let each: Vec<String> = types.iter().map(described).collect();
                Err(Error::new(
                    ErrorKind::Ambiguous,
                    format!(
                        "{} types are called {}: {}",
                        types.len(),
                        String::from_utf8_lossy(name),
                        each.join(", ")
                    ),
                ))
            }
        }
    }
}

/// Returns a type with its kind, id and size.
fn described(ty: &Type<'_>) -> String {
    match ty.size() {
        Ok(size) => format!("{} {} of {size} bytes", ty.kind(), ty.id()),
        Err(_) => format!("{} {}", ty.kind(), ty.id()),
    }
}
