//! One method of the builder for each kind of record.

use crate::error::{Error, ErrorKind, Result};
use crate::graph::builder::GraphBuilder;
use crate::graph::kind::{Info, Kind};
use crate::graph::parts::{FwdKind, IntEncoding};
use crate::id::{Bits, StrId, TypeId};

/// A member for [`GraphBuilder::composite`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NewMember {
    /// Its name; empty for anonymous ones.
    pub name: StrId,
    /// Its type.
    pub ty: TypeId,
    /// Where it starts, in bits from the start of the structure.
    pub offset: Bits,
    /// Its width in bits, if it is a bitfield.
    pub bitfield: Option<u8>,
}

impl NewMember {
    /// A member that is no bitfield, `offset` bits from the start.
    #[must_use]
    pub const fn new(name: StrId, ty: TypeId, offset: u64) -> Self {
        Self {
            name,
            ty,
            offset: Bits(offset),
            bitfield: None,
        }
    }

    /// A bitfield `offset` bits from the start, `width` bits wide.
    #[must_use]
    pub const fn bitfield(name: StrId, ty: TypeId, offset: u64, width: u8) -> Self {
        Self {
            name,
            ty,
            offset: Bits(offset),
            bitfield: Some(width),
        }
    }
}

impl GraphBuilder {
    /// Appends an integer as wide as its storage of `size` bytes.
    ///
    /// # Errors
    /// As [`Self::intern`], or `Usage` where the size is 0 or above 16.
    pub fn int(
        &mut self,
        name: impl AsRef<[u8]>,
        size: u32,
        encoding: IntEncoding,
    ) -> Result<TypeId> {
        if size == 0 || size > 16 {
            return Err(Error::new(
                ErrorKind::Usage,
                format!("an integer of {size} bytes can't be said in BTF"),
            ));
        }
        let head = self.head(name.as_ref(), Info::new(Kind::Int, 0, false), size)?;
        let data = u32::from(encoding.0) << 24 | (size * 8);
        self.push(head.into_iter().chain([data]))
    }

    /// Appends a floating-point number.
    ///
    /// # Errors
    /// As [`Self::intern`].
    pub fn float(&mut self, name: impl AsRef<[u8]>, size: u32) -> Result<TypeId> {
        let head = self.head(name.as_ref(), Info::new(Kind::Float, 0, false), size)?;
        self.push(head)
    }

    /// Appends a pointer, typedef, qualifier, type tag or function: a kind that refers to one type and has
    /// no more to it. Pointers and qualifiers have no name. `flag` is the kind flag, `linkage` a function's.
    fn reference(&mut self, info: Info, name: &[u8], ty: TypeId) -> Result<TypeId> {
        let head = self.head(name, info, ty.get())?;
        self.push(head)
    }

    /// Appends a pointer.
    ///
    /// # Errors
    /// `Limit` beyond [`Limits`](crate::Limits).
    pub fn ptr(&mut self, ty: TypeId) -> Result<TypeId> {
        self.reference(Info::new(Kind::Ptr, 0, false), b"", ty)
    }

    /// Appends `volatile`, `const` or `restrict` of a type.
    ///
    /// # Errors
    /// `Usage` where the kind is another; `Limit` beyond [`Limits`](crate::Limits).
    pub fn qualifier(&mut self, kind: Kind, ty: TypeId) -> Result<TypeId> {
        if !matches!(kind, Kind::Volatile | Kind::Const | Kind::Restrict) {
            return Err(Error::new(
                ErrorKind::Usage,
                format!("{kind} is no qualifier"),
            ));
        }
        self.reference(Info::new(kind, 0, false), b"", ty)
    }

    /// Appends a typedef.
    ///
    /// # Errors
    /// As [`Self::intern`].
    pub fn typedef(&mut self, name: impl AsRef<[u8]>, ty: TypeId) -> Result<TypeId> {
        self.reference(Info::new(Kind::Typedef, 0, false), name.as_ref(), ty)
    }

    /// Appends an attribute of a type. `attribute` says that `value` is the text of any attribute and not
    /// of a `btf_type_tag`.
    ///
    /// # Errors
    /// As [`Self::intern`].
    pub fn type_tag(
        &mut self,
        value: impl AsRef<[u8]>,
        ty: TypeId,
        attribute: bool,
    ) -> Result<TypeId> {
        self.reference(Info::new(Kind::TypeTag, 0, attribute), value.as_ref(), ty)
    }

    /// Appends an attribute of a declaration, or of its member or parameter number `component`.
    ///
    /// # Errors
    /// As [`Self::intern`].
    pub fn decl_tag(
        &mut self,
        value: impl AsRef<[u8]>,
        ty: TypeId,
        component: Option<u32>,
        attribute: bool,
    ) -> Result<TypeId> {
        let info = Info::new(Kind::DeclTag, 0, attribute);
        let head = self.head(value.as_ref(), info, ty.get())?;
        self.push(head.into_iter().chain([component.unwrap_or(u32::MAX)]))
    }

    /// Appends an array of one dimension.
    ///
    /// # Errors
    /// `Limit` beyond [`Limits`](crate::Limits).
    pub fn array(&mut self, element: TypeId, index: TypeId, count: u32) -> Result<TypeId> {
        let head = self.head(b"", Info::new(Kind::Array, 0, false), 0)?;
        self.push(head.into_iter().chain([element.get(), index.get(), count]))
    }

    /// Appends a structure or union of `size` bytes. The kind flag is set where a member is a bitfield.
    ///
    /// # Errors
    /// As [`Self::intern`]; `Usage` where the kind is another; `Overflow` where an offset doesn't fit its
    /// 32 bits, or 24 in a structure with bitfields.
    pub fn composite(
        &mut self,
        kind: Kind,
        name: impl AsRef<[u8]>,
        size: u32,
        members: &[NewMember],
    ) -> Result<TypeId> {
        if !kind.is_composite() {
            return Err(Error::new(
                ErrorKind::Usage,
                format!("{kind} is neither structure nor union"),
            ));
        }
        let flag = members.iter().any(|member| member.bitfield.is_some());
        let limit = if flag { 0xff_ffff } else { u32::MAX };
        let overflow = members
            .iter()
            .find(|member| member.offset.0 > u64::from(limit));
        if let Some(member) = overflow {
            return Err(Error::new(
                ErrorKind::Overflow,
                format!(
                    "member {:?} starts at bit {}, beyond what BTF can say here ({limit})",
                    self.string(member.name),
                    member.offset
                ),
            ));
        }
        let info = Info::new(kind, self.vlen(members.len())?, flag);
        let head = self.head(name.as_ref(), info, size)?;
        let words = members.iter().flat_map(|member| {
            let width = u32::from(member.bitfield.unwrap_or(0));
            // Proved above to fit.
            let offset = u32::try_from(member.offset.0).unwrap_or(limit);
            let word = if flag { width << 24 | offset } else { offset };
            [member.name.get(), member.ty.get(), word]
        });
        self.push(head.into_iter().chain(words))
    }

    /// Appends a forward declaration of a structure or union.
    ///
    /// # Errors
    /// As [`Self::intern`].
    pub fn fwd(&mut self, name: impl AsRef<[u8]>, of: FwdKind) -> Result<TypeId> {
        let info = Info::new(Kind::Fwd, 0, of == FwdKind::Union);
        let head = self.head(name.as_ref(), info, 0)?;
        self.push(head)
    }

    /// Appends an enumeration of `size` bytes: ENUM where it has at most four, else ENUM64. Values are the
    /// bits, extended to 64 as `signed` says. None at all make a forward declaration.
    ///
    /// # Errors
    /// As [`Self::intern`]; `Overflow` where a value doesn't fit the size.
    pub fn enumeration(
        &mut self,
        name: impl AsRef<[u8]>,
        size: u32,
        signed: bool,
        values: &[(StrId, u64)],
    ) -> Result<TypeId> {
        if size > 4 {
            self.enum64(name, size, signed, values)
        } else {
            self.enum32(name, size, signed, values)
        }
    }

    /// Appends an ENUM, whatever its size: its values have 32 bits.
    ///
    /// # Errors
    /// As [`Self::enumeration`].
    pub fn enum32(
        &mut self,
        name: impl AsRef<[u8]>,
        size: u32,
        signed: bool,
        values: &[(StrId, u64)],
    ) -> Result<TypeId> {
        let fits = |value: u64| {
            if signed {
                i32::try_from(value.cast_signed()).is_ok()
            } else {
                u32::try_from(value).is_ok()
            }
        };
        if let Some((name, value)) = values.iter().find(|(_, value)| !fits(*value)) {
            return Err(Error::new(
                ErrorKind::Overflow,
                format!(
                    "enumerator {:?} has the value {value:#x}, too large for 32 bits",
                    self.string(*name)
                ),
            ));
        }
        let info = Info::new(Kind::Enum, self.vlen(values.len())?, signed);
        let head = self.head(name.as_ref(), info, size)?;
        let words = values.iter().flat_map(|(name, value)| {
            let [low, _] = halves(*value);
            [name.get(), low]
        });
        self.push(head.into_iter().chain(words))
    }

    /// Appends an ENUM64, whatever its size: its values have 64 bits.
    ///
    /// # Errors
    /// As [`Self::intern`].
    pub fn enum64(
        &mut self,
        name: impl AsRef<[u8]>,
        size: u32,
        signed: bool,
        values: &[(StrId, u64)],
    ) -> Result<TypeId> {
        let info = Info::new(Kind::Enum64, self.vlen(values.len())?, signed);
        let head = self.head(name.as_ref(), info, size)?;
        let words = values.iter().flat_map(|(name, value)| {
            let [low, high] = halves(*value);
            [name.get(), low, high]
        });
        self.push(head.into_iter().chain(words))
    }

    /// Appends a function with a linkage: 0 static, 1 global, 2 extern.
    ///
    /// # Errors
    /// As [`Self::intern`].
    pub fn func(&mut self, name: impl AsRef<[u8]>, proto: TypeId, linkage: u32) -> Result<TypeId> {
        self.reference(Info::new(Kind::Func, linkage, false), name.as_ref(), proto)
    }

    /// Appends a prototype. A last parameter without name and type stands for `...`.
    ///
    /// # Errors
    /// As [`Self::intern`].
    pub fn func_proto(&mut self, result: TypeId, params: &[(StrId, TypeId)]) -> Result<TypeId> {
        let info = Info::new(Kind::FuncProto, self.vlen(params.len())?, false);
        let head = self.head(b"", info, result.get())?;
        let words = params.iter().flat_map(|(name, ty)| [name.get(), ty.get()]);
        self.push(head.into_iter().chain(words))
    }

    /// Appends a variable with a linkage: 0 static, 1 global, 2 extern.
    ///
    /// # Errors
    /// As [`Self::intern`].
    pub fn var(&mut self, name: impl AsRef<[u8]>, ty: TypeId, linkage: u32) -> Result<TypeId> {
        let head = self.head(name.as_ref(), Info::new(Kind::Var, 0, false), ty.get())?;
        self.push(head.into_iter().chain([linkage]))
    }

    /// Appends a data section; an entry is a variable, its offset and its size in bytes.
    ///
    /// # Errors
    /// As [`Self::intern`].
    pub fn datasec(
        &mut self,
        name: impl AsRef<[u8]>,
        size: u32,
        entries: &[(TypeId, u32, u32)],
    ) -> Result<TypeId> {
        let info = Info::new(Kind::Datasec, self.vlen(entries.len())?, false);
        let head = self.head(name.as_ref(), info, size)?;
        let words = entries
            .iter()
            .flat_map(|&(var, offset, size)| [var.get(), offset, size]);
        self.push(head.into_iter().chain(words))
    }
}

/// A 64-bit value as its lower and its upper word.
fn halves(value: u64) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
    [
        u32::from_le_bytes([a, b, c, d]),
        u32::from_le_bytes([e, f, g, h]),
    ]
}
