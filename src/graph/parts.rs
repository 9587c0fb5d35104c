//! What the views of types are made of.

use std::fmt;

use crate::graph::store::{Btf, Word};
use crate::graph::strings::Name;
use crate::id::{Bits, StrId, TypeId};

/// An integer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Int {
    /// Size of the storage, in bytes.
    pub size: u32,
    /// What its bits mean.
    pub encoding: IntEncoding,
    /// Bits from the start of the storage; not 0 only in bitfields written before 2018.
    pub offset: u8,
    /// Width in bits.
    pub bits: u8,
}

/// What the bits of an integer mean (`BTF_INT_*`). The wire has room for combinations; the kernel takes one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct IntEncoding(pub u8);

impl IntEncoding {
    /// An unsigned number.
    pub const UNSIGNED: Self = Self(0);
    /// A signed number.
    pub const SIGNED: Self = Self(1);
    /// A character. Compilers rarely say so; converters don't.
    pub const CHAR: Self = Self(2);
    /// A truth value.
    pub const BOOL: Self = Self(4);

    /// Whether the bit for signed numbers is set.
    #[must_use]
    pub const fn is_signed(self) -> bool {
        self.0 & Self::SIGNED.0 != 0
    }
}

impl fmt::Debug for IntEncoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for IntEncoding {
    /// As bpftool prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match *self {
            Self::UNSIGNED => "(none)",
            Self::SIGNED => "SIGNED",
            Self::CHAR => "CHAR",
            Self::BOOL => "BOOL",
            _ => "UNKN",
        })
    }
}

/// An array of one dimension.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Array {
    /// The type of an element.
    pub element: TypeId,
    /// The type of the index; says nothing about the array.
    pub index: TypeId,
    /// How many elements; 0 for flexible arrays, too.
    pub count: u32,
}

/// A structure or union.
#[derive(Clone, Copy)]
pub struct Composite<'g> {
    pub(super) graph: &'g Btf,
    /// Size in bytes.
    pub size: u32,
    /// Whether members carry bitfield widths.
    pub flag: bool,
    pub(super) members: &'g [[Word; 3]],
}

/// A member of a structure or union.
#[derive(Clone, Copy)]
pub struct Member<'g> {
    graph: &'g Btf,
    name: StrId,
    /// Its type.
    pub ty: TypeId,
    /// Where it starts, in bits from the start of the structure.
    pub offset: Bits,
    /// Its width in bits, if it is a bitfield.
    pub bitfield: Option<u8>,
}

/// An enumeration of either width.
#[derive(Clone, Copy)]
pub struct Enum<'g> {
    pub(super) graph: &'g Btf,
    /// Size in bytes.
    pub size: u32,
    /// Whether its values are signed.
    pub signed: bool,
    /// The words of the enumerators: two each, or three where values have 64 bits.
    pub(super) words: &'g [Word],
    pub(super) wide: bool,
}

/// One name and value of an enumeration.
#[derive(Clone, Copy)]
pub struct Enumerator<'g> {
    graph: &'g Btf,
    name: StrId,
    /// The value's bits, extended to 64 as the enumeration's sign says.
    pub value: u64,
    /// Whether to read it as signed.
    pub signed: bool,
}

/// What a forward declaration stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FwdKind {
    /// A structure.
    Struct,
    /// A union.
    Union,
}

/// A function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Func {
    /// Its prototype.
    pub proto: TypeId,
    /// Its linkage: 0 static, 1 global, 2 extern (`BTF_FUNC_*`).
    pub linkage: u32,
}

/// A function prototype.
#[derive(Clone, Copy)]
pub struct FuncProto<'g> {
    pub(super) graph: &'g Btf,
    /// What it returns.
    pub result: TypeId,
    pub(super) params: &'g [[Word; 2]],
}

/// A parameter of a prototype. The last one with type `void` and no name stands for `...`.
#[derive(Clone, Copy)]
pub struct Param<'g> {
    graph: &'g Btf,
    name: StrId,
    /// Its type.
    pub ty: TypeId,
}

/// A variable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Var {
    /// Its type.
    pub ty: TypeId,
    /// Its linkage: 0 static, 1 global, 2 extern (`BTF_VAR_*`).
    pub linkage: u32,
}

/// A data section.
#[derive(Clone, Copy, Debug)]
pub struct Datasec<'g> {
    /// Size in bytes; compilers leave 0 until the loader fills it in.
    pub size: u32,
    pub(super) entries: &'g [[Word; 3]],
}

/// A variable's place in a data section.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DatasecEntry {
    /// The variable (or extern function).
    pub var: TypeId,
    /// Bytes from the start of the section.
    pub offset: u32,
    /// Size in bytes.
    pub size: u32,
}

/// An attribute of a declaration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DeclTag {
    /// The declaration's type.
    pub target: TypeId,
    /// The member or parameter it is about; `None` for the declaration itself.
    pub component: Option<u32>,
}

impl<'g> Composite<'g> {
    /// The members in the record's order.
    pub fn members(&self) -> impl ExactSizeIterator<Item = Member<'g>> + Clone {
        (*self).into_members()
    }

    pub(super) fn into_members(self) -> impl ExactSizeIterator<Item = Member<'g>> + Clone {
        self.members
            .iter()
            .map(move |words| Member::new(self.graph, self.flag, *words))
    }

    /// A member by its number, from 0.
    #[must_use]
    pub fn member(&self, index: usize) -> Option<Member<'g>> {
        let words = self.members.get(index)?;
        Some(Member::new(self.graph, self.flag, *words))
    }

    /// How many members there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is no member.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}

impl fmt::Debug for Composite<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Composite")
            .field("size", &self.size)
            .field("members", &self.members().collect::<Vec<_>>())
            .finish()
    }
}

impl<'g> Member<'g> {
    fn new(graph: &'g Btf, flag: bool, words: [Word; 3]) -> Self {
        let [name, ty, offset] = words.map(u32::from_ne_bytes);
        // With the kind flag the word holds the width in its upper 8 bits; a width of 0 is no bitfield.
        let (offset, width) = if flag {
            (offset & 0xff_ffff, offset.to_be_bytes()[0])
        } else {
            (offset, 0)
        };
        Self {
            graph,
            name: StrId::new(name),
            ty: TypeId::new(ty),
            offset: Bits(u64::from(offset)),
            bitfield: (width != 0).then_some(width),
        }
    }

    /// The name; empty for anonymous members.
    #[must_use]
    pub fn name(&self) -> Name<'g> {
        self.graph.string(self.name)
    }

    /// Where the name stands in the strings.
    #[must_use]
    pub const fn name_id(&self) -> StrId {
        self.name
    }
}

impl fmt::Debug for Member<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member")
            .field("name", &self.name())
            .field("ty", &self.ty)
            .field("offset", &self.offset)
            .field("bitfield", &self.bitfield)
            .finish()
    }
}

impl<'g> Enum<'g> {
    /// The enumerators in the record's order.
    pub fn enumerators(&self) -> impl ExactSizeIterator<Item = Enumerator<'g>> + Clone {
        let this = *self;
        let step = if this.wide { 3 } else { 2 };
        this.words
            .chunks_exact(step)
            .map(move |words| this.decode(words))
    }

    /// An enumerator by its number, from 0.
    #[must_use]
    pub fn enumerator(&self, index: usize) -> Option<Enumerator<'g>> {
        let step = if self.wide { 3 } else { 2 };
        let start = index.checked_mul(step)?;
        Some(self.decode(self.words.get(start..start + step)?))
    }

    fn decode(&self, words: &[Word]) -> Enumerator<'g> {
        let word = |index: usize| words.get(index).map_or(0, |word| u32::from_ne_bytes(*word));
        let value = if self.wide {
            u64::from(word(1)) | u64::from(word(2)) << 32
        } else if self.signed {
            i64::from(word(1).cast_signed()).cast_unsigned()
        } else {
            u64::from(word(1))
        };
        Enumerator {
            graph: self.graph,
            name: StrId::new(word(0)),
            value,
            signed: self.signed,
        }
    }

    /// How many enumerators there are; none in a forward declaration of an enumeration.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.words.len() / if self.wide { 3 } else { 2 }
    }

    /// Whether there is no enumerator.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether its values have 64 bits on the wire (ENUM64).
    #[must_use]
    pub const fn is_wide(&self) -> bool {
        self.wide
    }
}

impl fmt::Debug for Enum<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enum")
            .field("size", &self.size)
            .field("signed", &self.signed)
            .field("enumerators", &self.enumerators().collect::<Vec<_>>())
            .finish()
    }
}

impl<'g> Enumerator<'g> {
    /// The name.
    #[must_use]
    pub fn name(&self) -> Name<'g> {
        self.graph.string(self.name)
    }

    /// Where the name stands in the strings.
    #[must_use]
    pub const fn name_id(&self) -> StrId {
        self.name
    }
}

impl fmt::Debug for Enumerator<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.signed {
            write!(f, "{} = {}", self.name(), self.value.cast_signed())
        } else {
            write!(f, "{} = {}", self.name(), self.value)
        }
    }
}

impl<'g> FuncProto<'g> {
    /// The parameters in order.
    pub fn params(&self) -> impl ExactSizeIterator<Item = Param<'g>> + Clone {
        let graph = self.graph;
        self.params.iter().map(move |words| {
            let [name, ty] = words.map(u32::from_ne_bytes);
            Param {
                graph,
                name: StrId::new(name),
                ty: TypeId::new(ty),
            }
        })
    }
}

impl fmt::Debug for FuncProto<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FuncProto")
            .field("result", &self.result)
            .field(
                "params",
                &self.params().map(|param| param.ty).collect::<Vec<_>>(),
            )
            .finish()
    }
}

impl<'g> Param<'g> {
    /// The name; empty in prototypes without names and for `...`.
    #[must_use]
    pub fn name(&self) -> Name<'g> {
        self.graph.string(self.name)
    }

    /// Where the name stands in the strings.
    #[must_use]
    pub const fn name_id(&self) -> StrId {
        self.name
    }
}

impl fmt::Debug for Param<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.name(), self.ty)
    }
}

impl Datasec<'_> {
    /// The variables in the record's order.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = DatasecEntry> + Clone + '_ {
        self.entries.iter().map(|words| {
            let [var, offset, size] = words.map(u32::from_ne_bytes);
            DatasecEntry {
                var: TypeId::new(var),
                offset,
                size,
            }
        })
    }
}
