//! Declarations: the type at the end of the chain, then the declarator from the inside out.

use crate::error::{Error, Place, Result};
use crate::graph::{FuncProto, Kind, Type, View};
use crate::id::TypeId;
use crate::limits::Limits;
use crate::render::c::base::{self, FLOATS, Scalar};
use crate::render::c::note::NoteKind;
use crate::render::c::writer::Writer;

/// Prototypes in prototypes that are written out. Deeper ones have `()` for their parameters.
const DEPTH: u32 = 8;

const CONST: u8 = 1;
const VOLATILE: u8 = 2;
const RESTRICT: u8 = 4;

/// A part of a declarator.
#[derive(Clone, Copy, Debug)]
pub(super) enum Link<'g> {
    Ptr(Qualifiers<'g>),
    Array(u64),
    Proto(FuncProto<'g>),
}

/// Qualifiers and tags of a type.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Qualifiers<'g> {
    bits: u8,
    /// The first of the type's tags.
    tag: Option<Type<'g>>,
}

/// The type at the end of a declaration's chain.
#[derive(Clone, Copy, Debug)]
pub(super) enum Base<'g> {
    Void,
    Scalar(&'static str),
    /// A structure, union, enumeration, forward declaration or typedef with a name.
    Named(Type<'g>),
    /// A structure or union without a name, which is written in place.
    Body(Type<'g>),
    /// An enumeration without a name.
    Enum(Type<'g>),
}

/// A declaration's parts. Its links are at the end of [`Writer::links`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain<'g> {
    first: usize,
    pub base: Base<'g>,
    qualifiers: Qualifiers<'g>,
}

impl<'g> Writer<'g, '_> {
    /// Writes the declaration of `name` as a type, at this depth of structures. If it ends in a structure without a name,
    /// only the part in front of its body is written, and the structure is returned.
    ///
    /// # Errors
    /// `Limit` for a chain of types that is too long, or too long a text.
    pub fn declaration(
        &mut self,
        id: TypeId,
        name: &[u8],
        depth: usize,
    ) -> Result<Option<Type<'g>>> {
        let chain = self.chain(id)?;
        self.qualifiers(chain.qualifiers, false);
        match chain.base {
            Base::Body(ty) => {
                self.links.truncate(chain.first);
                return Ok(Some(ty));
            }
            Base::Enum(ty) => self.enumeration(ty, depth)?,
            Base::Void => self.push("void"),
            Base::Scalar(text) => self.push(text),
            Base::Named(ty) => self.named(ty),
        }
        self.declarator(chain, name, 0)?;
        Ok(None)
    }

    /// Writes what follows the body of the structure in which the declaration ends.
    pub fn behind_body(&mut self, id: TypeId, name: &[u8]) -> Result<()> {
        let chain = self.chain(id)?;
        self.declarator(chain, name, 0)
    }

    /// Appends to the path what leads to the elements of a member of this type; `None` where they are behind a pointer.
    pub fn step_into(&mut self, id: TypeId) -> Result<Option<()>> {
        let chain = self.chain(id)?;
        let links = self.links.get(chain.first..).unwrap_or_default();
        let mut inside = Some(());
        for link in links {
            match link {
                Link::Array(count) if *count > 0 => self.path.extend_from_slice(b"[0]"),
                Link::Array(_) | Link::Ptr(_) | Link::Proto(_) => inside = None,
            }
        }
        self.links.truncate(chain.first);
        Ok(inside)
    }

    /// Collects the links from a type to the end of its chain.
    fn chain(&mut self, id: TypeId) -> Result<Chain<'g>> {
        let first = self.links.len();
        let mut ty = self.graph.ty(id);
        let mut qualifiers = Qualifiers::default();
        for _ in 0..=Limits::CHAIN {
            let base = match ty.view() {
                View::Const(_) => {
                    qualifiers.bits |= CONST;
                    None
                }
                View::Volatile(_) => {
                    qualifiers.bits |= VOLATILE;
                    None
                }
                View::Restrict(_) => {
                    qualifiers.bits |= RESTRICT;
                    None
                }
                View::TypeTag(_) => {
                    qualifiers.tag.get_or_insert(ty);
                    None
                }
                View::Ptr(_) => {
                    self.links.push(Link::Ptr(qualifiers));
                    qualifiers = Qualifiers::default();
                    self.untyped.contains(&ty.id()).then_some(Base::Void)
                }
                View::Array(array) => {
                    self.links.push(Link::Array(u64::from(array.count)));
                    ty = array.element();
                    continue;
                }
                View::FuncProto(proto) => {
                    self.links.push(Link::Proto(proto));
                    qualifiers = Qualifiers::default();
                    ty = proto.result();
                    continue;
                }
                View::Struct(_) | View::Union(_) if ty.name().is_empty() => Some(Base::Body(ty)),
                View::Enum(enumeration) if !matches!(enumeration.size.0, 1 | 2 | 4 | 8) => {
                    Some(self.bytes(enumeration.size.0))
                }
                View::Enum(_) if ty.name().is_empty() => Some(Base::Enum(ty)),
                View::Typedef(_) if ty.name().is_empty() => None,
                View::Fwd(_) if ty.name().is_empty() => Some(Base::Void),
                View::Struct(_)
                | View::Union(_)
                | View::Enum(_)
                | View::Fwd(_)
                | View::Typedef(_) => Some(Base::Named(ty)),
                View::Int(int) => {
                    let width = self.graph.pointer_width();
                    Some(self.scalar(base::int(ty.name(), int, width)))
                }
                View::Float(size) => Some(self.scalar(base::float(size.0))),
                View::Void
                | View::Func(_)
                | View::Var(_)
                | View::Datasec(_)
                | View::DeclTag(_)
                | View::Unknown(_) => Some(Base::Void),
            };
            if let Some(base) = base {
                let mut chain = Chain {
                    first,
                    base,
                    qualifiers,
                };
                self.mend(&mut chain);
                return Ok(chain);
            }
            ty = ty.referent().unwrap_or(ty);
        }
        Err(Error::limit("the chain of types has more than 256 links").within(Place::Type(id)))
    }

    fn scalar(&mut self, scalar: Scalar) -> Base<'g> {
        match scalar {
            Scalar::Own(name) => Base::Scalar(name),
            Scalar::Bytes(count) => self.bytes(count),
            Scalar::Float(size) => {
                self.uses.floats |= 1 << size;
                let named = FLOATS.iter().find(|(of, ..)| *of == size);
                named.map_or(Base::Void, |(_, name, _)| Base::Scalar(name))
            }
        }
    }

    fn bytes(&mut self, count: u64) -> Base<'g> {
        self.links.push(Link::Array(count));
        Base::Scalar("unsigned char")
    }

    /// Makes a chain one that C can write: arrays have elements with a size, and functions return neither arrays nor
    /// functions. What is behind the pointer in front of one that can't be written becomes `void`.
    fn mend(&mut self, chain: &mut Chain<'g>) {
        let mut bad = None;
        let mut complete = match chain.base {
            Base::Void => false,
            Base::Named(ty) => !matches!(ty.kind(), Kind::Fwd),
            Base::Scalar(_) | Base::Body(_) | Base::Enum(_) => true,
        };
        let mut inner: Option<Link<'g>> = None;
        for (at, link) in self.links.iter().enumerate().skip(chain.first).rev() {
            match link {
                Link::Ptr(_) => complete = true,
                Link::Array(_) => {
                    if !complete || self.is_unsized(chain.base, inner) {
                        bad = Some(at);
                    }
                }
                Link::Proto(_) => {
                    if matches!(inner, Some(Link::Array(_) | Link::Proto(_))) {
                        bad = Some(at);
                    }
                    complete = false;
                }
            }
            inner = Some(*link);
        }
        let Some(bad) = bad else { return };
        let before = self.links.get(chain.first..bad).unwrap_or_default();
        let pointer = before.iter().rposition(|link| matches!(link, Link::Ptr(_)));
        let keep = pointer.map_or(0, |pointer| pointer + 1);
        self.links.truncate(chain.first + keep);
        chain.base = Base::Void;
        chain.qualifiers = Qualifiers::default();
    }

    /// Returns whether the elements of an array have no size: a typedef of a type without one.
    fn is_unsized(&self, base: Base<'g>, inner: Option<Link<'g>>) -> bool {
        match (base, inner) {
            (Base::Named(ty), None) if ty.kind() == Kind::Typedef => {
                self.shapes.extent(ty.id()).is_none()
            }
            _ => false,
        }
    }

    /// Writes the declarator around a name, behind the type.
    fn declarator(&mut self, chain: Chain<'g>, name: &[u8], depth: u32) -> Result<()> {
        let (first, end) = (chain.first, self.links.len());
        let any_pointer = self
            .links
            .iter()
            .skip(first)
            .any(|link| matches!(link, Link::Ptr(_)));
        if !name.is_empty() || any_pointer {
            self.out.push(b' ');
        }
        let mut inner_is_pointer = true;
        for at in (first..end).rev() {
            let Some(&link) = self.links.get(at) else {
                break;
            };
            if let Link::Ptr(qualifiers) = link {
                if !inner_is_pointer {
                    let behind_word = self.out.last().is_some_and(u8::is_ascii_alphanumeric);
                    self.push(if behind_word { " (" } else { "(" });
                }
                self.out.push(b'*');
                self.qualifiers(qualifiers, true);
            }
            inner_is_pointer = matches!(link, Link::Ptr(_));
        }
        let behind_word = self.out.last().is_some_and(u8::is_ascii_alphanumeric);
        if behind_word && !name.is_empty() {
            self.out.push(b' ');
        }
        self.ident(name);
        for at in first..end {
            let Some(&link) = self.links.get(at) else {
                break;
            };
            match link {
                Link::Ptr(_) => {
                    let inner = self.links.get(at + 1).filter(|_| at + 1 < end);
                    if matches!(inner, Some(Link::Array(_) | Link::Proto(_))) {
                        self.out.push(b')');
                    }
                }
                Link::Array(count) => {
                    self.out.push(b'[');
                    self.number(count);
                    self.out.push(b']');
                }
                Link::Proto(proto) => self.params(proto, depth)?,
            }
        }
        self.links.truncate(first);
        Ok(())
    }

    /// Writes the parameters of a prototype, without names: they could be those of types.
    fn params(&mut self, proto: FuncProto<'g>, depth: u32) -> Result<()> {
        let count = proto.params().len();
        if depth >= DEPTH {
            self.push("()");
            return Ok(());
        }
        if count == 0 {
            self.push("(void)");
            return Ok(());
        }
        self.out.push(b'(');
        for (number, param) in proto.params().enumerate() {
            self.check()?;
            if param.type_id.is_void() && number + 1 == count {
                // C has no function with nothing but `...`.
                self.push(if number > 0 { ", ..." } else { "" });
                break;
            }
            if number > 0 {
                self.push(", ");
            }
            self.param(param.type_id, depth + 1)?;
        }
        self.out.push(b')');
        Ok(())
    }

    /// Writes a parameter's type. A type without a name in a prototype would be a new one, which no argument has.
    fn param(&mut self, id: TypeId, depth: u32) -> Result<()> {
        let chain = self.chain(id)?;
        let links = self.links.get(chain.first..).unwrap_or_default();
        let pointer = links.iter().rposition(|link| matches!(link, Link::Ptr(_)));
        let inner = links.get(pointer.map_or(0, |at| at + 1)..);
        let returns =
            inner.is_some_and(|links| links.iter().any(|link| matches!(link, Link::Proto(_))));
        let is_void = links.is_empty() && self.is_void(chain.base);
        self.qualifiers(chain.qualifiers, false);
        match chain.base {
            Base::Body(_) | Base::Enum(_) => match pointer {
                Some(at) if !returns => {
                    self.links.truncate(chain.first + at + 1);
                    self.push("void");
                }
                _ => self.push("int"),
            },
            // Nothing has the type `void`.
            _ if is_void => self.push("int"),
            Base::Void => self.push("void"),
            Base::Scalar(text) => self.push(text),
            Base::Named(ty) => self.named(ty),
        }
        self.declarator(chain, b"", depth)
    }

    fn is_void(&self, base: Base<'g>) -> bool {
        match base {
            Base::Void => true,
            Base::Named(ty) => ty.strip().is_ok_and(|ty| ty.kind() == Kind::Void),
            Base::Scalar(_) | Base::Body(_) | Base::Enum(_) => false,
        }
    }

    /// Writes qualifiers, with a space behind each or in front of it.
    fn qualifiers(&mut self, qualifiers: Qualifiers<'g>, is_pointer: bool) {
        let words = [
            (CONST, "const"),
            (VOLATILE, "volatile"),
            // Only pointers can have it.
            (if is_pointer { RESTRICT } else { 0 }, "restrict"),
        ];
        let mut any = false;
        for (bit, word) in words {
            if qualifiers.bits & bit != 0 {
                if is_pointer && any {
                    self.out.push(b' ');
                }
                self.push(word);
                if !is_pointer {
                    self.out.push(b' ');
                }
                any = true;
            }
        }
        let tags = qualifiers.tag.into_iter().flat_map(Type::chain);
        for tag in tags.take_while(|ty| ty.kind() != Kind::Typedef) {
            if is_written(tag) {
                self.uses.type_tags = true;
                self.push(if is_pointer { " " } else { "" });
                self.push(if tag.info().flag() {
                    "__btfkit_type_attr("
                } else {
                    "__btfkit_type_tag(\""
                });
                self.out.extend_from_slice(tag.name().as_bytes());
                self.push(if tag.info().flag() { ")" } else { "\")" });
                self.push(if is_pointer { "" } else { " " });
            }
        }
    }

    /// Notes that a pointer is a `void *`, if the one in this declaration is.
    pub fn note_untyped(&mut self, owner: TypeId, id: TypeId, name: &[u8]) {
        if self.untyped.is_empty() {
            return;
        }
        let mut ty = self.graph.ty(id);
        for _ in 0..=Limits::CHAIN {
            if self.untyped.contains(&ty.id()) {
                self.note(owner, name, NoteKind::Untyped);
                return;
            }
            match ty.view() {
                View::Array(array) => ty = array.element(),
                View::Ptr(to)
                | View::Const(to)
                | View::Volatile(to)
                | View::Restrict(to)
                | View::TypeTag(to) => ty = self.graph.ty(to),
                View::Void
                | View::Int(_)
                | View::Float(_)
                | View::Struct(_)
                | View::Union(_)
                | View::Enum(_)
                | View::Fwd(_)
                | View::Typedef(_)
                | View::Func(_)
                | View::FuncProto(_)
                | View::Var(_)
                | View::Datasec(_)
                | View::DeclTag(_)
                | View::Unknown(_) => return,
            }
        }
    }
}

/// Returns whether a tag can be written: any text that needs no escape, and of other attributes those of address spaces. A
/// compiler refuses what it doesn't know.
fn is_written(tag: Type<'_>) -> bool {
    let text = tag.name();
    let text = text.as_bytes();
    if tag.kind() != Kind::TypeTag {
        return false;
    }
    if tag.info().flag() {
        let number = text
            .strip_prefix(b"address_space(")
            .and_then(|rest| rest.strip_suffix(b")"));
        return number.is_some_and(|number| {
            !number.is_empty() && number.len() < 7 && number.iter().all(u8::is_ascii_digit)
        });
    }
    text.iter()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'.' | b'-'))
}
