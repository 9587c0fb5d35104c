//! The body of a type: what a unit's [nodes](super::nodes) and the table of distinct types have in common.
//!
//! [`Body`] and [`Part`] are generic over how a type refers to another: by the DIE's offset while a unit is
//! read, by number in the table of distinct types.

use crate::dwarf::read::name::NameRef;

/// The value that [`Body::encoding`] returns for a pointer whose width is not that of the program's pointers. No encoding
/// of base types has this number.
pub(crate) const POINTER_OF_OTHER_WIDTH: u32 = 0x100;

/// The value that [`Body::encoding`] returns for a type of unknown tag, of which only the size is known.
pub(crate) const OPAQUE: u32 = 0x101;
/// The value that [`Body::encoding`] returns for a string of fixed length.
pub(crate) const CHARACTERS: u32 = 0x102;

/// The size of a pointer that is a C++ lvalue reference.
pub(crate) const REFERENCE: u64 = 1 << 32;
/// The size of a pointer that is a C++ rvalue reference.
pub(crate) const RVALUE_REFERENCE: u64 = 2 << 32;

/// Added to an encoding: the value is stored in the byte order that is not the program's.
pub(crate) const OTHER_ENDIAN: u32 = 0x200;
/// Added to an encoding: a number is added to the stored value.
pub(crate) const BIASED: u32 = 0x400;

/// The value that [`Body::stride`] returns for an array whose elements are elsewhere: the array is a descriptor of them.
pub(crate) const ELSEWHERE: u32 = u32::MAX;

/// The bit of a structure's or union's flags for a size that is missing or no constant.
const UNSIZED: u32 = 1;
/// The bit of a structure's or union's flags for members that may overlap.
const OVERLAPPING: u32 = 2;

/// The value that [`Body::component`] returns for a tag of a whole declaration, not of one of its members or parameters.
pub(crate) const WHOLE: u32 = u32::MAX;

/// The kind of a type.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Shape {
    /// A base type, with an encoding.
    Base,
    Pointer,
    /// A C++ pointer to member; it refers to the member's type.
    MemberPointer,
    Const,
    Volatile,
    Restrict,
    Typedef,
    Struct,
    Union,
    Enum,
    /// The discriminant of a Rust enumeration: it refers to the integer it is stored as, its parts are enumerators with
    /// the names of the variants.
    Discriminant,
    /// A typedef of a language in which typedefs can be part of cycles. References to it go by its name.
    Defined,
    /// An array with one part for each dimension, and a stride. It has a size if the compiler specifies one.
    Array,
    /// A range of the values of an integer or enumeration, stored in `byte_size` bytes.
    Subrange,
    /// A function's type: it refers to the return type, its parts are the parameters.
    Prototype,
    /// A function, with its prototype and linkage.
    Function,
    /// A variable, with an address and a linkage.
    Variable,
    /// A type tag: the name is its text. It refers to the tagged type.
    TypeTag,
    /// A declaration tag: the name is its text. It refers to the tagged type and has a component.
    DeclTag,
    /// Another name for the type it refers to, with no record of its own.
    Alias,
    /// A type that BTF can't represent, and `void`.
    Void,
}

impl Shape {
    /// Returns whether references to a named type of this shape go by the name.
    #[inline]
    pub const fn is_nominal(self) -> bool {
        matches!(
            self,
            Self::Struct | Self::Union | Self::Enum | Self::Defined
        )
    }
}

/// A type without the place it was found at. `R` is a reference to another type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Body<R> {
    pub shape: Shape,
    pub name: NameRef,
    /// The type it refers to itself, apart from its parts.
    pub ty: R,
    /// The index of its first part.
    pub first: u32,
    /// The number of its parts.
    pub count: u32,
    /// A size in bytes, or an address. The accessors tell which shape has which.
    size: u64,
    /// An encoding, a flag, a linkage or a component. The accessors tell which shape has which.
    aux: u32,
}

/// A member, enumerator, parameter or dimension. `R` is a reference to another type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<R> {
    pub name: NameRef,
    pub ty: R,
    /// The width of a bitfield in bits; 0 for other members.
    pub bits: u16,
    pub note: Note,
    /// The bit offset of a member, the value of an enumerator or the count of a dimension.
    value: u64,
}

/// A property that few parts have.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum Note {
    #[default]
    None,
    /// A bitfield whose offset depends on the size of its type.
    NeedsStorage,
    /// A member with an offset in bits, whose width is that of its type.
    NeedsWidth,
    /// A member of Rust that may be a function item, which DWARF doesn't tell from a pointer except by its alignment.
    MayBeItem,
    /// A function item of Rust, which has no size.
    Item,
    /// A member that starts within a byte and is no number.
    WithinByte,
    /// A member whose offset is no constant: it is reported and left out.
    Unplaced,
    /// A virtual base class: only the object knows its offset.
    Virtual,
    /// A dimension whose length is no constant.
    Unbounded,
    /// A dimension that the array's stride is that of.
    Strided,
    /// A `...` parameter.
    Varargs,
}

impl<R: Copy> Body<R> {
    /// Returns a type without name, size and parts that refers to `ty`.
    #[inline]
    pub const fn new(shape: Shape, ty: R) -> Self {
        Self {
            shape,
            name: NameRef::NONE,
            ty,
            first: 0,
            count: 0,
            size: 0,
            aux: 0,
        }
    }

    /// Returns the same type with its name, reference and parts at other places.
    pub fn moved<S>(&self, name: NameRef, ty: S, first: u32) -> Body<S> {
        Body {
            shape: self.shape,
            name,
            ty,
            first,
            count: self.count,
            size: self.size,
            aux: self.aux,
        }
    }

    /// Returns the size of a base type, subrange, array, structure, union or enumeration in bytes; 0 if it is not
    /// known.
    #[inline]
    pub const fn byte_size(&self) -> u64 {
        self.size
    }

    /// Sets the size in bytes.
    #[inline]
    pub const fn set_byte_size(&mut self, bytes: u64) {
        self.size = bytes;
    }

    /// Returns whether a prototype is that of Go's function values, which are pointers to closures: those have a size.
    pub const fn is_function_value(&self) -> bool {
        self.size > 0
    }

    /// Returns the address of a variable.
    pub const fn address(&self) -> u64 {
        self.size
    }

    /// Sets the address of a variable.
    pub const fn set_address(&mut self, address: u64) {
        self.size = address;
    }

    /// Returns the encoding of a base type (DWARF 5, table 7.11), or [`POINTER_OF_OTHER_WIDTH`].
    pub const fn encoding(&self) -> u32 {
        self.aux
    }

    /// Sets the encoding of a base type.
    pub const fn set_encoding(&mut self, encoding: u32) {
        self.aux = encoding;
    }

    /// Returns whether an enumeration or discriminant has a negative enumerator.
    pub const fn is_signed(&self) -> bool {
        self.aux & 1 == 1
    }

    /// Notes that an enumeration or discriminant has a negative enumerator.
    pub const fn set_signed(&mut self) {
        self.aux = 1;
    }

    /// Returns the distance of two elements of an array in bits: 0 if they are end to end, [`ELSEWHERE`] if they are
    /// not in the array.
    pub const fn stride(&self) -> u32 {
        self.aux
    }

    /// Sets the distance of two elements of an array.
    pub const fn set_stride(&mut self, bits: u32) {
        self.aux = bits;
    }

    /// Returns whether a number is added to the stored values of a subrange.
    pub const fn is_biased(&self) -> bool {
        self.aux != 0
    }

    /// Sets whether a number is added to the stored values of a subrange.
    pub const fn set_biased(&mut self, biased: bool) {
        self.aux = biased as u32;
    }

    /// Returns the linkage of a function or variable, as FUNC and VAR have it.
    pub const fn linkage(&self) -> u32 {
        self.aux
    }

    /// Sets the linkage of a function or variable.
    pub const fn set_linkage(&mut self, linkage: u32) {
        self.aux = linkage;
    }

    /// Takes the linkage of a declaration over: what is global anywhere is global.
    pub const fn join_linkage<S>(&mut self, declaration: &Body<S>) {
        self.aux |= declaration.aux;
    }

    /// Returns the index of the part that a declaration tag is for, or [`WHOLE`].
    pub const fn component(&self) -> u32 {
        self.aux
    }

    /// Sets the index of the part that a declaration tag is for.
    pub const fn set_component(&mut self, component: u32) {
        self.aux = component;
    }

    /// Returns whether references to the type are reported as degraded: to an alias that drops `_Atomic`, or to a
    /// type of unknown tag, which becomes `void`.
    pub const fn is_degraded(&self) -> bool {
        self.aux != 0
    }

    /// Sets whether references to an alias or an unknown type are reported as degraded.
    pub const fn set_degraded(&mut self, degraded: bool) {
        self.aux = degraded as u32;
    }

    /// Returns whether the size of a structure or union is missing or no constant.
    pub const fn is_unsized(&self) -> bool {
        self.aux & UNSIZED != 0
    }

    /// Sets whether the size of a structure or union is missing or no constant.
    pub const fn set_unsized(&mut self, is_unsized: bool) {
        self.aux = if is_unsized {
            self.aux | UNSIZED
        } else {
            self.aux & !UNSIZED
        };
    }

    /// Returns whether the members of a structure may overlap: those of a union that its language's compilers describe
    /// as a structure.
    pub const fn may_overlap(&self) -> bool {
        self.aux & OVERLAPPING != 0
    }

    /// Notes that the members of a structure may overlap.
    pub const fn set_overlapping(&mut self) {
        self.aux |= OVERLAPPING;
    }

    /// Returns size or address, and the encoding, flag, linkage or component, to be hashed.
    #[inline]
    pub const fn words(&self) -> (u64, u64) {
        (self.size, self.aux as u64)
    }

    /// Returns whether references to the type go by its name.
    #[inline]
    pub const fn is_nominal(&self) -> bool {
        self.shape.is_nominal() && !self.name.is_none()
    }

    /// Returns the type's parts, which are in `all`.
    #[inline]
    pub fn parts<'p>(&self, all: &'p [Part<R>]) -> &'p [Part<R>] {
        let first = self.first as usize;
        all.get(first..first + self.count as usize)
            .unwrap_or_default()
    }

    /// Returns the type's reference number `index`, or `None` behind the last. The type's parts are in `all`.
    #[inline]
    pub fn reference(&self, all: &[Part<R>], index: u32) -> Option<R> {
        let part = |index: u32| self.parts(all).get(index as usize).map(|part| part.ty);
        match self.shape {
            Shape::Pointer
            | Shape::MemberPointer
            | Shape::Const
            | Shape::Volatile
            | Shape::Restrict
            | Shape::Typedef
            | Shape::Defined
            | Shape::Array
            | Shape::Subrange
            | Shape::Discriminant
            | Shape::Variable
            | Shape::TypeTag
            | Shape::DeclTag
            | Shape::Alias => (index == 0).then_some(self.ty),
            Shape::Prototype | Shape::Function => match index.checked_sub(1) {
                None => Some(self.ty),
                Some(index) => part(index),
            },
            Shape::Struct | Shape::Union => part(index),
            Shape::Base | Shape::Enum | Shape::Void => None,
        }
    }
}

impl<R: Copy> Part<R> {
    #[inline]
    const fn new(name: NameRef, ty: R, value: u64) -> Self {
        Self {
            name,
            ty,
            bits: 0,
            note: Note::None,
            value,
        }
    }

    /// Returns a member that is no bitfield.
    #[inline]
    pub const fn member(name: NameRef, ty: R, bit_offset: u64) -> Self {
        Self::new(name, ty, bit_offset)
    }

    /// Returns a parameter.
    #[inline]
    pub const fn parameter(name: NameRef, ty: R) -> Self {
        Self::new(name, ty, 0)
    }

    /// Returns an enumerator, which refers to `void`. `value` is a signed number if it was encoded as one.
    #[inline]
    pub const fn enumerator(name: NameRef, void: R, value: u64) -> Self {
        Self::new(name, void, value)
    }

    /// Returns a dimension of `count` elements, which refers to `void`.
    #[inline]
    pub const fn dimension(void: R, count: u64) -> Self {
        Self::new(NameRef::NONE, void, count)
    }

    /// Returns the same part with its name and reference at other places.
    pub fn moved<S>(&self, name: NameRef, ty: S) -> Part<S> {
        Part {
            name,
            ty,
            bits: self.bits,
            note: self.note,
            value: self.value,
        }
    }

    /// Returns the offset of a member in bits.
    #[inline]
    pub const fn bit_offset(&self) -> u64 {
        self.value
    }

    /// Sets the offset of a member in bits.
    #[inline]
    pub const fn set_bit_offset(&mut self, bits: u64) {
        self.value = bits;
    }

    /// Returns the value of an enumerator.
    pub const fn enumerator_value(&self) -> u64 {
        self.value
    }

    /// Returns the number of elements of a dimension.
    pub const fn element_count(&self) -> u64 {
        self.value
    }

    /// Returns the offset, value or count, to be hashed.
    #[inline]
    pub const fn word(&self) -> u64 {
        self.value
    }
}
