//! Further names for types.

use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Btf, GraphBuilder, Kind, Name, Type};
use crate::id::TypeId;
use crate::query::c_spelling;

impl Btf {
    /// Returns the types with this name, or else those whose names have this spelling in C
    /// ([`c_spelling`](super::c_spelling)), or else those whose names do so without inline namespaces
    /// ([`Self::inline_namespaces`]) and anonymous ones: `ns::Foo` finds `ns::v1::Foo` and
    /// `ns::(anonymous namespace)::Foo`.
    ///
    /// # Errors
    /// `Ambiguous` where types of different names have the spelling, or the name without such namespaces.
    pub fn named_or_spelled(&self, name: impl AsRef<[u8]>) -> Result<Vec<Type<'_>>> {
        let name = name.as_ref();
        let exact: Vec<Type<'_>> = self.named(name).collect();
        if !exact.is_empty() {
            return Ok(exact);
        }
        // `ns::Foo<long>` is what one compiler writes and `ns::Foo<long int>` another: C spells both alike.
        let spelling = c_spelling(name);
        let spelled = one_name(self.spelled(&spelling).collect(), name)?;
        if !spelled.is_empty() {
            return Ok(spelled);
        }
        one_short_name(self.shortened(name), name)
    }

    /// Returns a graph with further names for some types. Each pair of `aliases` is a new name, which a program in C can
    /// write if it is an identifier, and the name of existing types ([`Self::named_or_spelled`]). Existing ids stay.
    ///
    /// ```
    /// use btfkit::graph::{GraphBuilder, Kind};
    /// let mut builder = GraphBuilder::new();
    /// builder.composite(Kind::Struct, "ns::Foo<int>", 4, &[])?;
    /// let graph = builder.freeze()?.with_aliases([("app_Foo", "ns::Foo<int>")])?;
    /// assert!(graph.find(Kind::Struct, "app_Foo").is_some());
    /// # Ok::<(), btfkit::Error>(())
    /// ```
    ///
    /// # Errors
    /// `NotFound` where no type has the existing name; `Ambiguous` as [`Self::named_or_spelled`], and where a type
    /// has the new name already; `Usage` where the new name can't be a name.
    pub fn with_aliases(
        &self,
        aliases: impl IntoIterator<Item = (impl AsRef<[u8]>, impl AsRef<[u8]>)>,
    ) -> Result<Self> {
        let mut builder = GraphBuilder::resume(self);
        let mut any = false;
        for (alias, name) in aliases {
            let (alias, name) = (Name::new(alias.as_ref()), Name::new(name.as_ref()));
            self.check_alias(alias)?;
            let types = self.named_or_spelled(name)?;
            if types.is_empty() {
                return Err(Error::new(
                    ErrorKind::NotFound,
                    format!("no type is called {name:?}, for which {alias} is to be an alias"),
                ));
            }
            for ty in types {
                add(&mut builder, ty, alias)?;
                any = true;
            }
        }
        if any {
            builder.freeze()
        } else {
            Ok(self.clone())
        }
    }

    fn check_alias(&self, alias: Name<'_>) -> Result<()> {
        let bytes = alias.as_bytes();
        let is_printable = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ' || !byte.is_ascii();
        if bytes.is_empty() || bytes.trim_ascii() != bytes || !bytes.iter().all(is_printable) {
            return Err(Error::new(
                ErrorKind::Usage,
                format!("{alias:?} is not a name of a type, so it can't be an alias"),
            ));
        }
        if self.named(alias).next().is_some() {
            return Err(Error::new(
                ErrorKind::Ambiguous,
                format!("there is a type called {alias} already, so it can't be an alias"),
            ));
        }
        Ok(())
    }
}

/// Returns the types if they all have one name.
pub(crate) fn one_name<'g>(types: Vec<Type<'g>>, spelling: &[u8]) -> Result<Vec<Type<'g>>> {
    let first = types.first().map(|ty| ty.name());
    let other = types.iter().find(|ty| Some(ty.name()) != first);
    match (first, other) {
        (Some(first), Some(other)) => Err(Error::new(
            ErrorKind::Ambiguous,
            format!(
                "{} is how C spells {} and {}; give the one that is meant an alias",
                String::from_utf8_lossy(spelling),
                first.to_string_lossy(),
                other.name().to_string_lossy()
            ),
        )),
        _ => Ok(types),
    }
}

/// Returns the types if they all have one name. `short` is that name without inline and anonymous namespaces.
pub(crate) fn one_short_name<'g>(types: Vec<Type<'g>>, short: &[u8]) -> Result<Vec<Type<'g>>> {
    let first = types.first().map(|ty| ty.name());
    let other = types.iter().find(|ty| Some(ty.name()) != first);
    match (first, other) {
        (Some(first), Some(other)) => Err(Error::new(
            ErrorKind::Ambiguous,
            short_for_several(short, first.as_bytes(), other.name().as_bytes()),
        )),
        _ => Ok(types),
    }
}

/// Returns the message about a name that is short for two.
pub(crate) fn short_for_several(short: &[u8], first: &[u8], other: &[u8]) -> String {
    let [short, first, other] = [short, first, other].map(String::from_utf8_lossy);
    format!(
        "{short} is short for {first} and {other} (inline or anonymous namespaces); write the whole name of the one that \
         is meant, or give it an alias"
    )
}

/// Adds a copy of a type's record under another name.
fn add(builder: &mut GraphBuilder, ty: Type<'_>, alias: Name<'_>) -> Result<TypeId> {
    if ty.kind() == Kind::Fwd {
        return Ok(ty.id());
    }
    let mut words: Vec<u32> = ty.record_words().collect();
    let name = builder.intern(alias)?;
    if let Some(word) = words.first_mut() {
        *word = name.get();
    }
    builder.record(&words)
}
