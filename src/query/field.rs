//! Fields of structures by name and by path.

use std::collections::HashSet;

use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Btf, Kind, Member, Name, Type};
use crate::id::{Bits, ByteSize, TypeId};
use crate::limits::Limits;
use crate::query::nearest_members;
use crate::query::written::split_keyword;

/// A field found by a path such as `a.b[2].c`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Field<'g> {
    /// The field's type.
    pub ty: Type<'g>,
    /// The offset from the start of the outermost structure.
    pub offset: Bits,
    /// The size of the field's type.
    pub size: ByteSize,
    /// The width, if the field is a bitfield.
    pub bitfield: Option<Bits>,
}

/// A pointer in a path. What is behind it has no offset in the outermost structure.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct PointerInPath<'g> {
    /// The path up to the pointer, the outermost structure included: `session.file`.
    pub path: String,
    /// The pointer.
    pub field: Field<'g>,
    /// The type pointed to, without qualifiers.
    pub pointee: Type<'g>,
    /// The offset from where the pointer points to, if the path has an index there: `[2]` of a pointer to 8 bytes is 16.
    pub ahead: ByteSize,
    /// The rest of the path, in the type pointed to: `pos`. Empty if there is none.
    pub rest: String,
}

impl<'g> Type<'g> {
    /// Returns the member with this name, which may be inside of anonymous members, and its offset from the start of
    /// this type. Returns `None` where there is none, or the type is not a structure or union.
    ///
    /// # Errors
    /// `Malformed` for an endless chain; `Limit` where anonymous members nest too deep.
    pub fn member(self, name: impl AsRef<[u8]>) -> Result<Option<(Member<'g>, Bits)>> {
        let name = name.as_ref();
        // A type that was searched in vain at one offset is not searched again at another.
        let mut searched = HashSet::new();
        let mut open = vec![(self.strip()?, 0u64, 0u32)];
        while let Some((ty, start, depth)) = open.pop() {
            if depth > Limits::default().depth {
                return Err(self.too_deep());
            }
            if !searched.insert(ty.id()) {
                continue;
            }
            let mut anonymous = Vec::new();
            for member in ty.members() {
                let offset = start.saturating_add(member.offset.0);
                if member.name().as_bytes() == name {
                    return Ok(Some((member, Bits(offset))));
                }
                if member.name().is_empty() {
                    anonymous.push((member.ty().strip()?, offset, depth + 1));
                }
            }
            // The first anonymous member is searched first.
            open.extend(anonymous.into_iter().rev());
        }
        Ok(None)
    }
}

impl Btf {
    /// Returns the field at a path such as `a.b[2].c` in the structure, union or typedef with this name, or with this
    /// spelling in C ([`c_spelling`](super::c_spelling)).
    ///
    /// The path leaves out anonymous members. It may start with `[2]` where `name` is a typedef of an array.
    ///
    /// ```
    /// # use btfkit::graph::{GraphBuilder, IntEncoding, Kind, NewMember};
    /// # let mut builder = GraphBuilder::new();
    /// # let int = builder.int("int", 4, IntEncoding::SIGNED)?;
    /// # let list = builder.array(int, int, 4)?;
    /// # let members = [NewMember::new("id", int), NewMember::new("port", list).at(btfkit::Bits(32))];
    /// # builder.composite(Kind::Struct, "session", 20, &members)?;
    /// # let graph = builder.freeze()?;
    /// let field = graph.field("session", "port[2]")?;
    /// assert_eq!(field.offset.bytes().0, 12);
    /// # Ok::<(), btfkit::Error>(())
    /// ```
    ///
    /// # Errors
    /// `NotFound`, with the missing part in the message, where the type or a part of the path is missing; `Usage`
    /// where the path is malformed; `Ambiguous` where types with that name have the field at different offsets.
    pub fn field(&self, name: impl AsRef<[u8]>, path: impl AsRef<[u8]>) -> Result<Field<'_>> {
        self.preferred_field(name, path, &[])
    }

    /// Returns the types of a name; of several, those that are preferred, if any is.
    pub(super) fn named_and_preferred(
        &self,
        name: Name<'_>,
        preferred: &[TypeId],
    ) -> Result<Vec<Type<'_>>> {
        let (keyword, bare) = split_keyword(name.as_bytes());
        let mut named = self.named_or_spelled(bare)?;
        if let Some(keyword) = keyword {
            named.retain(|ty| keyword.fits(ty));
        }
        let is_preferred = |ty: &Type<'_>| preferred.binary_search(&ty.id()).is_ok();
        if named.iter().any(is_preferred) {
            named.retain(is_preferred);
        }
        Ok(named)
    }

    /// Returns the pointer because of which [`Self::field`] finds nothing: the first one in the path. Returns `None` where
    /// the path has no pointer, or doesn't lead to one.
    ///
    /// ```
    /// # use btfkit::graph::{GraphBuilder, IntEncoding, Kind, NewMember};
    /// # let mut builder = GraphBuilder::new();
    /// # let int = builder.int("int", 4, IntEncoding::SIGNED)?;
    /// # let file = builder.composite(Kind::Struct, "file", 4, &[NewMember::new("pos", int)])?;
    /// # let file = builder.ptr(file)?;
    /// # builder.composite(Kind::Struct, "session", 8, &[NewMember::new("file", file)])?;
    /// # let graph = builder.freeze()?;
    /// let pointer = graph.pointer_in_path("session", "file.pos", &[])?.unwrap();
    /// assert_eq!(pointer.path, "session.file");
    /// assert_eq!(graph.field("file", &pointer.rest)?.offset.bytes().0, 0);
    /// # Ok::<(), btfkit::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Usage` where the path is malformed; `Ambiguous` as [`Self::named_or_spelled`].
    pub fn pointer_in_path(
        &self,
        name: impl AsRef<[u8]>,
        path: impl AsRef<[u8]>,
        preferred: &[TypeId],
    ) -> Result<Option<PointerInPath<'_>>> {
        let (name, path) = (Name::new(name.as_ref()), Name::new(path.as_ref()));
        let steps = parse_path(path)?;
        let types = self.named_and_preferred(name, preferred)?;
        Ok(types
            .into_iter()
            .find_map(|ty| match follow(ty, name, &steps, &mut |_, _| {}) {
                Ok(Followed::Pointer(pointer)) => Some(*pointer),
                Ok(Followed::Field(_)) | Err(_) => None,
            }))
    }

    /// Returns the field as [`Self::field`] does, of the types among `preferred` (sorted by id), if any is: those of a
    /// function's unit ([`Loaded::preferred`](crate::pipeline::Loaded::preferred)).
    ///
    /// # Errors
    /// As [`Self::field`].
    pub fn preferred_field(
        &self,
        name: impl AsRef<[u8]>,
        path: impl AsRef<[u8]>,
        preferred: &[TypeId],
    ) -> Result<Field<'_>> {
        let (name, path) = (Name::new(name.as_ref()), Name::new(path.as_ref()));
        let steps = parse_path(path)?;
        let mut found: Option<Field<'_>> = None;
        let mut failure = None;
        for ty in self.named_and_preferred(name, preferred)? {
            if !matches!(ty.kind(), Kind::Struct | Kind::Union | Kind::Typedef) {
                continue;
            }
            match (follow_to_field(ty, name, &steps), &found) {
                (Ok(field), None) => found = Some(field),
                (Ok(field), Some(first))
                    if (field.offset, field.size, field.bitfield)
                        != (first.offset, first.size, first.bitfield) =>
                {
                    return Err(Error::new(
                        ErrorKind::Ambiguous,
                        format!(
                            "there are several types called {name:?}, and {path:?} lies elsewhere in each (bit {} and bit {})",
                            first.offset, field.offset
                        ),
                    ));
                }
                (Ok(_), Some(_)) => {}
                (Err(error), _) => failure = failure.or(Some(error)),
            }
        }
        found.ok_or_else(|| {
            failure.unwrap_or_else(|| {
                Error::new(
                    ErrorKind::NotFound,
                    format!("there is no structure, union or typedef called {name:?}"),
                )
            })
        })
    }
}

/// A type on a path, and the name of the member that is looked for in it; without one it is an array.
pub(crate) type Visited<'g, 'p> = (Type<'g>, Option<&'p [u8]>);

/// Returns the types that a path goes through, for each type of the name; for a path that isn't there, as far as it goes.
pub(crate) fn types_on_path<'g, 'p>(
    graph: &'g Btf,
    (name, path): (&[u8], &'p [u8]),
    preferred: &[TypeId],
) -> Result<Vec<Vec<Visited<'g, 'p>>>> {
    let name = Name::new(name);
    let steps = parse_path(Name::new(path))?;
    let named = graph.named_and_preferred(name, preferred)?;
    let visited = named.into_iter().map(|ty| {
        let mut visited = Vec::new();
        // How it ends is what `preferred_field` returns.
        let _ = follow(ty, name, &steps, &mut |ty, member| {
            visited.push((ty, member))
        });
        visited
    });
    Ok(visited.collect())
}

/// Returns the offset of a member and its width in bits, if it is a bitfield: by its own record, or by its integer's if
/// that is narrower than its storage, as in BTF from before 2018.
pub(crate) fn bit_extent(graph: &Btf, member: &Member<'_>, at: Bits) -> (Bits, Option<Bits>) {
    if member.bitfield.is_some() {
        return (at, member.bitfield);
    }
    let ty = graph.ty(member.type_id).strip().ok();
    let int = ty.and_then(Type::as_int).filter(|int| {
        let (start, bits) = (int.offset.0, int.bits.0);
        let whole = int.size.0.saturating_mul(8);
        bits > 0 && bits != whole && start + bits <= whole
    });
    match int {
        None => (at, None),
        Some(int) => {
            let at = at.0.saturating_add(int.offset.0);
            (Bits(at), Some(int.bits))
        }
    }
}

/// A part of a path.
#[derive(Debug, PartialEq, Eq)]
enum Step<'p> {
    Member(&'p [u8]),
    Index(u64),
}

/// Splits a path at its dots and brackets.
fn parse_path(path: Name<'_>) -> Result<Vec<Step<'_>>> {
    let wrong = || {
        Error::new(
            ErrorKind::Usage,
            format!("{path:?} is not a field path such as a.b[2].c"),
        )
    };
    let mut steps = Vec::new();
    for (number, part) in path.as_bytes().split(|byte| *byte == b'.').enumerate() {
        let name_end = part.iter().position(|byte| *byte == b'[');
        let (name, mut indices) = part
            .split_at_checked(name_end.unwrap_or(part.len()))
            .ok_or_else(wrong)?;
        if name.is_empty() && (number > 0 || indices.is_empty()) {
            return Err(wrong());
        }
        if !name.is_empty() {
            steps.push(Step::Member(name));
        }
        while !indices.is_empty() {
            let inner = indices.strip_prefix(b"[").ok_or_else(wrong)?;
            let end = inner.iter().position(|byte| *byte == b']');
            let (index, rest) = inner
                .split_at_checked(end.ok_or_else(wrong)?)
                .ok_or_else(wrong)?;
            let index = std::str::from_utf8(index).ok();
            let index = index.and_then(|index| index.parse().ok());
            steps.push(Step::Index(index.ok_or_else(wrong)?));
            indices = rest.get(1..).unwrap_or_default();
        }
    }
    Ok(steps)
}

/// Where a path leads to.
enum Followed<'g> {
    Field(Field<'g>),
    /// A pointer, and more of the path behind it.
    Pointer(Box<PointerInPath<'g>>),
}

/// Follows a path from a type to a field that is in it.
fn follow_to_field<'g>(root: Type<'g>, name: Name<'_>, steps: &[Step<'_>]) -> Result<Field<'g>> {
    match follow(root, name, steps, &mut |_, _| {})? {
        Followed::Field(field) => Ok(field),
        Followed::Pointer(pointer) => {
            let PointerInPath {
                path,
                field,
                pointee,
                ..
            } = *pointer;
            Err(Error::new(
                ErrorKind::NotFound,
                format!(
                    "{path} is a pointer to {pointee}, at offset {}: read it, and look for the rest of the path from where it points to",
                    field.offset.bytes()
                ),
            ))
        }
    }
}

/// Returns the pointer that a path goes through, with the steps behind it.
fn through<'g>(path: String, field: Field<'g>, steps: &[Step<'_>]) -> Result<Option<Followed<'g>>> {
    let Some(pointee) = field.ty.strip()?.as_ptr() else {
        return Ok(None);
    };
    let pointee = pointee.strip_qualifiers()?;
    let (ahead, steps) = match steps {
        [Step::Index(index), rest @ ..] => (*index, rest),
        steps => (0, steps),
    };
    let ahead = match ahead {
        0 => 0,
        index => pointee
            .size()?
            .0
            .checked_mul(index)
            .ok_or_else(|| Error::new(ErrorKind::Overflow, "the offset is beyond 64 bits"))?,
    };
    Ok(Some(Followed::Pointer(Box::new(PointerInPath {
        path,
        field,
        pointee,
        ahead: ByteSize(ahead),
        rest: written_path(steps),
    }))))
}

/// Returns steps as a path.
fn written_path(steps: &[Step<'_>]) -> String {
    let mut path = String::new();
    for step in steps {
        match step {
            Step::Member(name) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(&String::from_utf8_lossy(name));
            }
            Step::Index(index) => path.push_str(&format!("[{index}]")),
        }
    }
    path
}

/// Follows a path from a type. `visit` gets each structure with the name of the member that is looked for, and each
/// array.
fn follow<'g, 'p>(
    root: Type<'g>,
    name: Name<'_>,
    steps: &[Step<'p>],
    visit: &mut dyn FnMut(Type<'g>, Option<&'p [u8]>),
) -> Result<Followed<'g>> {
    let missing = |message: String| Error::new(ErrorKind::NotFound, message);
    let (mut ty, mut offset, mut bitfield) = (root, 0u64, None);
    let mut so_far = name.to_string();
    for (number, step) in steps.iter().enumerate() {
        let inner = ty.strip()?;
        if number > 0 && inner.kind() == Kind::Ptr {
            let field = Field {
                ty,
                offset: Bits(offset),
                size: ty.size()?,
                bitfield,
            };
            let rest = steps.get(number..).unwrap_or_default();
            if let Some(pointer) = through(so_far.clone(), field, rest)? {
                return Ok(pointer);
            }
        }
        match step {
            Step::Member(member_name) => {
                visit(inner, Some(member_name));
                let Some((member, at)) = inner.member(member_name)? else {
                    let member_name = Name::new(member_name);
                    if let Some(declared) = only_declared(inner) {
                        return Err(missing(format!(
                            "{so_far} may have a member {member_name:?} in {declared}, which is only declared: its \
                             definition is in another file, or differs between units"
                        )));
                    }
                    let near = nearest_members(inner, &member_name.to_string_lossy());
                    let near = if near.is_empty() {
                        String::new()
                    } else {
                        format!("; the nearest: {}", near.join(", "))
                    };
                    return Err(missing(format!(
                        "{so_far} has no member {member_name:?}{near}"
                    )));
                };
                let (at, width) = bit_extent(inner.graph(), &member, at);
                offset = offset.saturating_add(at.0);
                bitfield = width;
                ty = member.ty();
                so_far.push('.');
                so_far.push_str(&member.name().to_string_lossy());
            }
            Step::Index(index) => {
                visit(inner, None);
                let Some(array) = inner.as_array() else {
                    return Err(missing(format!("{so_far} is not an array")));
                };
                if array.count > 0 && *index >= u64::from(array.count) {
                    return Err(missing(format!(
                        "{so_far} has {} elements, so there is no [{index}]",
                        array.count
                    )));
                }
                let element = array.element();
                offset = element
                    .size()?
                    .bits()
                    .and_then(|bits| bits.0.checked_mul(*index))
                    .and_then(|bits| bits.checked_add(offset))
                    .ok_or_else(|| {
                        Error::new(ErrorKind::Overflow, "the offset is beyond 64 bits")
                    })?;
                bitfield = None;
                ty = element;
                so_far.push_str(&format!("[{index}]"));
            }
        }
    }
    Ok(Followed::Field(Field {
        ty,
        offset: Bits(offset),
        size: ty.size()?,
        bitfield,
    }))
}

/// Returns the type among a structure and its anonymous members that is only declared, as a base class of C++ may be.
fn only_declared(ty: Type<'_>) -> Option<Type<'_>> {
    let mut seen = HashSet::new();
    let mut open = vec![ty];
    while let Some(ty) = open.pop() {
        if ty.kind() == Kind::Fwd {
            return Some(ty);
        }
        if seen.insert(ty.id()) {
            let unnamed = ty.members().filter(|member| member.name().is_empty());
            open.extend(unnamed.filter_map(|member| member.ty().strip().ok()));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sixty unions, each with two anonymous members of the next one: 2^60 paths, 60 types.
    fn a_graph_with_too_many_paths() -> Btf {
        use crate::graph::{GraphBuilder, IntEncoding, NewMember};
        let mut builder = GraphBuilder::new();
        let mut inner = builder.int("int", 4, IntEncoding::SIGNED).unwrap();
        for depth in 0..60 {
            let name = if depth == 59 { "top" } else { "" };
            let members = [NewMember::new(crate::StrId::EMPTY, inner); 2];
            inner = builder.composite(Kind::Union, name, 4, &members).unwrap();
        }
        builder.freeze().unwrap()
    }

    #[test]
    fn paths_that_grow_exponentially_take_no_longer() {
        let graph = a_graph_with_too_many_paths();
        let missing = graph.field("top", "nowhere").unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound);
        let top = graph.find(Kind::Union, "top").unwrap();
        assert_eq!(top.align().unwrap(), ByteSize(4));
    }

    #[test]
    fn paths() {
        use Step::{Index, Member};
        assert_eq!(
            parse_path(Name::new(b"a.b[2][3].c")).unwrap(),
            [Member(b"a"), Member(b"b"), Index(2), Index(3), Member(b"c")]
        );
        assert_eq!(
            parse_path(Name::new(b"[1].x")).unwrap(),
            [Index(1), Member(b"x")]
        );
        for wrong in [
            "", "a.", ".a", "a..b", "a[", "a[]", "a[x]", "a[1]b", "a.[1]",
        ] {
            assert_eq!(
                parse_path(Name::new(wrong.as_bytes())).unwrap_err().kind(),
                ErrorKind::Usage,
                "{wrong}"
            );
        }
    }
}
