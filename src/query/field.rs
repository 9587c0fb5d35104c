//! Sizes, alignments and where fields lie.

use std::collections::{HashMap, HashSet};

use crate::error::{Error, ErrorKind, Place, Result};
use crate::graph::{Btf, DeclTag, Kind, Member, Type, Var, View};
use crate::id::{Bits, ByteSize, TypeId};
use crate::limits::Limits;
use crate::query::nearest_members;

/// A field found by a path such as `a.b[2].c`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Field {
    /// The field's type.
    pub ty: TypeId,
    /// Where it starts, in bits from the start of the outermost structure.
    pub offset: Bits,
    /// Its size in bytes: that of its type.
    pub size: ByteSize,
    /// Its width in bits, if it is a bitfield.
    pub bitfield: Option<u8>,
}

impl<'g> Type<'g> {
    /// The type's size in bytes; arrays whole.
    ///
    /// # Errors
    /// `NotFound` for a type that has none (`void`, functions, forward declarations, an unknown kind);
    /// `Malformed` for an endless chain; `Overflow` beyond 64 bits.
    pub fn size(self) -> Result<ByteSize> {
        let mut ty = self;
        let mut count = 1u64;
        for _ in 0..=Limits::CHAIN {
            let size = match ty.view() {
                View::Int(int) => u64::from(int.size),
                View::Float(size) => u64::from(size),
                View::Struct(composite) | View::Union(composite) => u64::from(composite.size),
                View::Enum(enumeration) => u64::from(enumeration.size),
                View::Datasec(section) => u64::from(section.size),
                View::Ptr(_) => self.graph().pointer_width().bytes(),
                View::Array(array) => {
                    count = count
                        .checked_mul(u64::from(array.count))
                        .ok_or_else(|| self.overflow())?;
                    ty = self.graph().ty(array.element);
                    continue;
                }
                View::Typedef(next)
                | View::Volatile(next)
                | View::Const(next)
                | View::Restrict(next)
                | View::TypeTag(next)
                | View::DeclTag(DeclTag { target: next, .. })
                | View::Var(Var { ty: next, .. }) => {
                    ty = self.graph().ty(next);
                    continue;
                }
                View::Void
                | View::Fwd(_)
                | View::Func(_)
                | View::FuncProto(_)
                | View::Unknown(_) => {
                    return Err(Error::new(
                        ErrorKind::NotFound,
                        format!("{} {:?} has no size", ty.kind(), ty.name()),
                    )
                    .within(Place::Type(ty.id())));
                }
            };
            return size
                .checked_mul(count)
                .map(ByteSize)
                .ok_or_else(|| self.overflow());
        }
        Err(Error::malformed("the chain of types has no end").within(Place::Type(self.id())))
    }

    fn overflow(self) -> Error {
        Error::new(ErrorKind::Overflow, "the size is beyond 64 bits").within(Place::Type(self.id()))
    }

    /// The type's natural alignment in bytes. A structure's is its strictest member's; a structure whose
    /// size or offsets don't keep it is packed and has 1 (libbpf's rule).
    ///
    /// # Errors
    /// As [`Self::size`]; `Limit` where structures nest deeper than [`Limits::depth`]'s default.
    pub fn align(self) -> Result<ByteSize> {
        let mut known: HashMap<TypeId, u64> = HashMap::new();
        // Structures whose members are being looked at, and how many have been.
        let mut open = vec![(self.in_array()?, 0usize)];
        while let Some(&mut (ty, ref mut next)) = open.last_mut() {
            let composite = match ty.view() {
                View::Struct(composite) | View::Union(composite) => composite,
                _ => {
                    known.insert(ty.id(), ty.size()?.0.clamp(1, 16));
                    open.pop();
                    continue;
                }
            };
            match composite.member(*next) {
                Some(member) => {
                    *next += 1;
                    let inner = self.graph().ty(member.ty).in_array()?;
                    if !known.contains_key(&inner.id()) {
                        if open.len() > Limits::default().depth as usize {
                            return Err(self.too_deep());
                        }
                        open.push((inner, 0));
                    }
                }
                None => {
                    known.insert(ty.id(), ty.strictest(&known)?);
                    open.pop();
                }
            }
        }
        Ok(ByteSize(
            known.get(&self.in_array()?.id()).copied().unwrap_or(1),
        ))
    }

    /// The type in an array, or the type itself, without typedefs and qualifiers.
    fn in_array(self) -> Result<Self> {
        let mut ty = self.strip()?;
        for _ in 0..=Limits::CHAIN {
            match ty.as_array() {
                Some(array) => ty = self.graph().ty(array.element).strip()?,
                None => return Ok(ty),
            }
        }
        Err(Error::malformed("the chain of arrays has no end").within(Place::Type(self.id())))
    }

    /// A structure's alignment, those of its members being known.
    fn strictest(self, known: &HashMap<TypeId, u64>) -> Result<u64> {
        let mut strictest = 1;
        for member in self.members() {
            let inner = self.graph().ty(member.ty).in_array()?;
            let align = known.get(&inner.id()).copied().unwrap_or(1);
            if member.bitfield.is_none() && !member.offset.0.is_multiple_of(8 * align) {
                return Ok(1);
            }
            strictest = strictest.max(align);
        }
        let fits = u64::from(self.size_word()).is_multiple_of(strictest);
        Ok(if fits { strictest } else { 1 })
    }

    fn too_deep(self) -> Error {
        Error::limit("structures nest deeper than Limits::depth").within(Place::Type(self.id()))
    }

    /// The member with this name, looked for in anonymous members too, and its offset in bits from the
    /// start of this type. `None` where there is none or the type has no members.
    ///
    /// # Errors
    /// `Malformed` for an endless chain; `Limit` where anonymous members nest too deep.
    pub fn member(self, name: &str) -> Result<Option<(Member<'g>, Bits)>> {
        let graph = self.graph();
        // What has been searched once without a hit need not be again, wherever it lies.
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
                if member.name() == name {
                    return Ok(Some((member, Bits(offset))));
                }
                if member.name_id().get() == 0 || member.name().is_empty() {
                    anonymous.push((graph.ty(member.ty).strip()?, offset, depth + 1));
                }
            }
            // The first anonymous member is looked into first.
            open.extend(anonymous.into_iter().rev());
        }
        Ok(None)
    }
}

impl Btf {
    /// The size in bytes of the structure, union, enumeration or typedef with this name, or with one that C
    /// spells so ([`c_spelling`](super::c_spelling)).
    ///
    /// # Errors
    /// `NotFound` where there is none, or it has no size; `Ambiguous` where types of that name differ in it.
    pub fn size_of_named(&self, name: &str) -> Result<ByteSize> {
        self.size_of_preferred(name, &[])
    }

    /// The size as [`Self::size_of_named`], of those of the types that are among `preferred` (sorted by id), if any is.
    ///
    /// # Errors
    /// As [`Self::size_of_named`].
    pub fn size_of_preferred(&self, name: &str, preferred: &[TypeId]) -> Result<ByteSize> {
        let named = self.named_and_preferred(name, preferred)?;
        let mut sizes = named.into_iter().filter_map(|ty| ty.size().ok());
        let first = sizes.next().ok_or_else(|| {
            Error::new(
                ErrorKind::NotFound,
                format!("no type with a size is called {name:?}"),
            )
        })?;
        match sizes.find(|size| *size != first) {
            None => Ok(first),
            Some(other) => Err(Error::new(
                ErrorKind::Ambiguous,
                format!("there are several types called {name:?}, of {first} and of {other} bytes"),
            )),
        }
    }

    /// The field of a structure or union (or of a typedef of one), called or spelled so, by its path, such as `a.b[2].c`;
    /// anonymous members are looked through, and `[2]` may come first where `name` is an array.
    ///
    /// ```
    /// # use btfkit::graph::{GraphBuilder, IntEncoding, Kind, NewMember};
    /// # let mut builder = GraphBuilder::new();
    /// # let int = builder.int("int", 4, IntEncoding::SIGNED)?;
    /// # let list = builder.array(int, int, 4)?;
    /// # let members = [NewMember::new(builder.intern("id")?, int, 0), NewMember::new(builder.intern("port")?, list, 32)];
    /// # builder.composite(Kind::Struct, "session", 20, &members)?;
    /// # let graph = builder.freeze()?;
    /// let field = graph.field("session", "port[2]")?;
    /// assert_eq!(field.offset.bytes().0, 12);
    /// # Ok::<(), btfkit::Error>(())
    /// ```
    ///
    /// # Errors
    /// `NotFound` where the type or a part of the path isn't there, named in the message; `Usage` where the
    /// path can't be read; `Ambiguous` where types of that name give different answers.
    pub fn field(&self, name: &str, path: &str) -> Result<Field> {
        self.preferred_field(name, path, &[])
    }

    /// The types of a name; of several, those that are preferred, if any is.
    fn named_and_preferred<'g>(
        &'g self,
        name: &'g str,
        preferred: &[TypeId],
    ) -> Result<Vec<Type<'g>>> {
        let mut named = self.named_or_spelled(name.as_bytes())?;
        let is_preferred = |ty: &Type<'_>| preferred.binary_search(&ty.id()).is_ok();
        if named.iter().any(is_preferred) {
            named.retain(is_preferred);
        }
        Ok(named)
    }

    /// The field as [`Self::field`], of those of the types that are among `preferred` (sorted by id), if any is: the
    /// types of a function's unit ([`Loaded::preferred`](crate::pipeline::Loaded::preferred)).
    ///
    /// # Errors
    /// As [`Self::field`].
    pub fn preferred_field(&self, name: &str, path: &str, preferred: &[TypeId]) -> Result<Field> {
        let steps = parse_path(path)?;
        let mut answer: Option<Field> = None;
        let mut failure = None;
        for ty in self.named_and_preferred(name, preferred)? {
            if !matches!(ty.kind(), Kind::Struct | Kind::Union | Kind::Typedef) {
                continue;
            }
            match (follow(ty, name, &steps), &answer) {
                (Ok(field), None) => answer = Some(field),
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
        answer.ok_or_else(|| {
            failure.unwrap_or_else(|| {
                Error::new(
                    ErrorKind::NotFound,
                    format!("there is no structure, union or typedef called {name:?}"),
                )
            })
        })
    }
}

/// Returns where a member lies and its width in bits, if it is a bitfield: by its own record, or by its integer's if
/// that is narrower than its storage or doesn't start with it, as in BTF from before 2018.
pub(crate) fn bit_extent(graph: &Btf, member: &Member<'_>, at: Bits) -> (Bits, Option<u8>) {
    if member.bitfield.is_some() {
        return (at, member.bitfield);
    }
    let ty = graph.ty(member.ty).strip().ok();
    let int = ty.and_then(Type::as_int).filter(|int| {
        let (start, bits) = (u64::from(int.offset), u64::from(int.bits));
        let whole = u64::from(int.size) * 8;
        bits > 0 && bits != whole && start + bits <= whole
    });
    match int {
        None => (at, None),
        Some(int) => {
            let at = at.0.saturating_add(u64::from(int.offset));
            (Bits(at), Some(int.bits))
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Step<'p> {
    Member(&'p str),
    Index(u64),
}

fn parse_path(path: &str) -> Result<Vec<Step<'_>>> {
    let wrong = || {
        Error::new(
            ErrorKind::Usage,
            format!("{path:?} is no field path such as a.b[2].c"),
        )
    };
    let mut steps = Vec::new();
    for (number, part) in path.split('.').enumerate() {
        let name_end = part.find('[').unwrap_or(part.len());
        let (name, mut indices) = part.split_at_checked(name_end).ok_or_else(wrong)?;
        if name.is_empty() && (number > 0 || indices.is_empty()) {
            return Err(wrong());
        }
        if !name.is_empty() {
            steps.push(Step::Member(name));
        }
        while !indices.is_empty() {
            let (index, rest) = indices
                .strip_prefix('[')
                .and_then(|rest| rest.split_once(']'))
                .ok_or_else(wrong)?;
            steps.push(Step::Index(index.parse().map_err(|_| wrong())?));
            indices = rest;
        }
    }
    Ok(steps)
}

fn follow(root: Type<'_>, name: &str, steps: &[Step<'_>]) -> Result<Field> {
    let graph = root.graph();
    let missing = |message: String| Error::new(ErrorKind::NotFound, message);
    let (mut ty, mut offset, mut bitfield) = (root, 0u64, None);
    let mut so_far = String::from(name);
    for step in steps {
        let inner = ty.strip()?;
        match step {
            Step::Member(member_name) => {
                let Some((member, at)) = inner.member(member_name)? else {
                    let near = nearest_members(inner, member_name);
                    let near = match near.is_empty() {
                        true => String::new(),
                        false => format!("; the nearest: {}", near.join(", ")),
                    };
                    return Err(missing(format!(
                        "{so_far} has no member {member_name:?}{near}"
                    )));
                };
                let (at, width) = bit_extent(graph, &member, at);
                offset = offset.saturating_add(at.0);
                bitfield = width;
                ty = graph.ty(member.ty);
                so_far.push('.');
                so_far.push_str(member_name);
            }
            Step::Index(index) => {
                let Some(array) = inner.as_array() else {
                    return Err(missing(format!("{so_far} is no array")));
                };
                if array.count > 0 && *index >= u64::from(array.count) {
                    return Err(missing(format!(
                        "{so_far} has {} elements, so there is no [{index}]",
                        array.count
                    )));
                }
                let element = graph.ty(array.element);
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
    Ok(Field {
        ty: ty.id(),
        offset: Bits(offset),
        size: ty.size()?,
        bitfield,
    })
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
            let members = [NewMember::new(crate::StrId::EMPTY, inner, 0); 2];
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
    fn alignments() {
        use crate::graph::{GraphBuilder, IntEncoding, NewMember};
        let mut builder = GraphBuilder::new();
        let char = builder.int("char", 1, IntEncoding::SIGNED).unwrap();
        let long = builder.int("long", 8, IntEncoding::SIGNED).unwrap();
        let list = builder.array(long, char, 3).unwrap();
        let [a, b] = ["a", "b"].map(|name| builder.intern(name).unwrap());
        let mut pair = |name, offset, size| {
            let members = [NewMember::new(a, char, 0), NewMember::new(b, list, offset)];
            builder
                .composite(Kind::Struct, name, size, &members)
                .unwrap()
        };
        let plain = pair("plain", 64, 32);
        let packed = pair("packed", 8, 25);
        let itself = builder.next_id();
        let members = [NewMember::new(a, itself, 0)];
        builder
            .composite(Kind::Struct, "itself", 8, &members)
            .unwrap();
        let graph = builder.freeze().unwrap();
        assert_eq!(graph.ty(plain).align().unwrap(), ByteSize(8));
        assert_eq!(graph.ty(packed).align().unwrap(), ByteSize(1));
        assert_eq!(
            graph.ty(itself).align().unwrap_err().kind(),
            ErrorKind::Limit
        );
    }

    #[test]
    fn paths() {
        use Step::{Index, Member};
        assert_eq!(
            parse_path("a.b[2][3].c").unwrap(),
            [Member("a"), Member("b"), Index(2), Index(3), Member("c")]
        );
        assert_eq!(parse_path("[1].x").unwrap(), [Index(1), Member("x")]);
        for wrong in [
            "", "a.", ".a", "a..b", "a[", "a[]", "a[x]", "a[1]b", "a.[1]",
        ] {
            assert_eq!(
                parse_path(wrong).unwrap_err().kind(),
                ErrorKind::Usage,
                "{wrong}"
            );
        }
    }
}
