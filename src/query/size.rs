//! Sizes and alignments.

use std::collections::HashMap;

use crate::error::{Error, ErrorKind, Place, Result};
use crate::graph::{Btf, DeclTag, Name, Type, Var, View};
use crate::id::{ByteSize, TypeId};
use crate::limits::Limits;

impl<'g> Type<'g> {
    /// Returns the size. An array's is that of all its elements.
    ///
    /// # Errors
    /// `NotFound` for a type that has none (`void`, functions, forward declarations, an unknown kind);
    /// `Malformed` for an endless chain; `Overflow` beyond 64 bits.
    pub fn size(self) -> Result<ByteSize> {
        let mut ty = self;
        let mut count = 1u64;
        for _ in 0..=Limits::CHAIN {
            let size = match ty.view() {
                View::Int(int) => int.size.0,
                View::Float(size) => size.0,
                View::Struct(composite) | View::Union(composite) => composite.size.0,
                View::Enum(enumeration) => enumeration.size.0,
                View::Datasec(section) => section.size.0,
                View::Ptr(_) => self.graph().pointer_width().bytes().0,
                View::Array(array) => {
                    count = count
                        .checked_mul(u64::from(array.count))
                        .ok_or_else(|| self.overflow())?;
                    ty = array.element();
                    continue;
                }
                View::Typedef(next)
                | View::Volatile(next)
                | View::Const(next)
                | View::Restrict(next)
                | View::TypeTag(next)
                | View::DeclTag(DeclTag {
                    target_id: next, ..
                })
                | View::Var(Var { type_id: next, .. }) => {
                    ty = self.graph().ty(next);
                    continue;
                }
                View::Fwd(_) => {
                    return Err(Error::new(
                        ErrorKind::NotFound,
                        format!("{} is only declared, so its size is not known", ty),
                    )
                    .within(Place::Type(ty.id())));
                }
                View::Void | View::Func(_) | View::FuncProto(_) | View::Unknown(_) => {
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

    /// Returns the natural alignment. A structure's is the largest of its members'; a structure with a size or
    /// offsets that are no multiples of it is packed and has 1 (libbpf's rule).
    ///
    /// # Errors
    /// As [`Self::size`]; `Limit` where structures nest deeper than [`Limits::depth`]'s default.
    pub fn align(self) -> Result<ByteSize> {
        let mut known: HashMap<TypeId, u64> = HashMap::new();
        // Structures being visited, each with the number of members visited.
        let mut open = vec![(self.in_array()?, 0usize)];
        while let Some(&mut (ty, ref mut next)) = open.last_mut() {
            let composite = match ty.view() {
                View::Struct(composite) | View::Union(composite) => composite,
                View::Void
                | View::Int(_)
                | View::Ptr(_)
                | View::Array(_)
                | View::Enum(_)
                | View::Fwd(_)
                | View::Typedef(_)
                | View::Volatile(_)
                | View::Const(_)
                | View::Restrict(_)
                | View::Func(_)
                | View::FuncProto(_)
                | View::Var(_)
                | View::Datasec(_)
                | View::Float(_)
                | View::DeclTag(_)
                | View::TypeTag(_)
                | View::Unknown(_) => {
                    known.insert(ty.id(), ty.size()?.0.clamp(1, 16));
                    open.pop();
                    continue;
                }
            };
            match composite.member(*next) {
                Some(member) => {
                    *next += 1;
                    let inner = member.ty().in_array()?;
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

    /// Returns the type of an array's elements, or the type itself, without typedefs and qualifiers.
    fn in_array(self) -> Result<Self> {
        let mut ty = self.strip()?;
        for _ in 0..=Limits::CHAIN {
            match ty.as_array() {
                Some(array) => ty = array.element().strip()?,
                None => return Ok(ty),
            }
        }
        Err(Error::malformed("the chain of arrays has no end").within(Place::Type(self.id())))
    }

    /// Returns a structure's alignment, given those of its members.
    fn strictest(self, known: &HashMap<TypeId, u64>) -> Result<u64> {
        let mut strictest = 1;
        for member in self.members() {
            let inner = member.ty().in_array()?;
            let align = known.get(&inner.id()).copied().unwrap_or(1);
            if member.bitfield.is_none() && !member.offset.0.is_multiple_of(8 * align) {
                return Ok(1);
            }
            strictest = strictest.max(align);
        }
        let fits = u64::from(self.size_word()).is_multiple_of(strictest);
        Ok(if fits { strictest } else { 1 })
    }

    pub(super) fn too_deep(self) -> Error {
        Error::limit("structures nest deeper than Limits::depth").within(Place::Type(self.id()))
    }
}

impl Btf {
    /// Returns the size of the structure, union, enumeration or typedef with this name, or with this spelling in C
    /// ([`c_spelling`](super::c_spelling)).
    ///
    /// # Errors
    /// `NotFound` where there is none, or it has no size; `Ambiguous` where types of that name differ in it.
    pub fn size_of_named(&self, name: impl AsRef<[u8]>) -> Result<ByteSize> {
        self.size_of_preferred(name, &[])
    }

    /// Returns the size as [`Self::size_of_named`] does, of the types among `preferred` (sorted by id), if any is.
    ///
    /// # Errors
    /// As [`Self::size_of_named`].
    pub fn size_of_preferred(
        &self,
        name: impl AsRef<[u8]>,
        preferred: &[TypeId],
    ) -> Result<ByteSize> {
        let name = Name::new(name.as_ref());
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alignments() {
        use crate::graph::{GraphBuilder, IntEncoding, Kind, NewMember};
        use crate::id::Bits;
        let mut builder = GraphBuilder::new();
        let char = builder.int("char", 1, IntEncoding::SIGNED).unwrap();
        let long = builder.int("long", 8, IntEncoding::SIGNED).unwrap();
        let list = builder.array(long, char, 3).unwrap();
        let [a, b] = ["a", "b"].map(|name| builder.intern(name).unwrap());
        let mut pair = |name, offset, size| {
            let members = [
                NewMember::new(a, char),
                NewMember::new(b, list).at(Bits(offset)),
            ];
            builder
                .composite(Kind::Struct, name, size, &members)
                .unwrap()
        };
        let plain = pair("plain", 64, 32);
        let packed = pair("packed", 8, 25);
        let itself = builder.next_id();
        let members = [NewMember::new(a, itself)];
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
}
