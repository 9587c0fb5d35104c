//! The builder's methods for records: one for each kind.

use crate::error::{Error, ErrorKind, Result};
use crate::graph::builder::GraphBuilder;
use crate::graph::info::Info;
use crate::graph::kind::Kind;
use crate::graph::new_member::{NewMember, NewName};
use crate::graph::view::{FuncLinkage, FwdKind, IntEncoding, Signedness, VarLinkage};
use crate::id::{Bits, ByteSize, StrId, TypeId};

impl GraphBuilder {
    /// Appends an integer that fills its storage.
    ///
    /// # Errors
    /// As [`Self::intern`], or `Usage` where the size is 0 or above 16.
    pub fn int(
        &mut self,
        name: impl AsRef<[u8]>,
        size: impl Into<ByteSize>,
        encoding: IntEncoding,
    ) -> Result<TypeId> {
        let size = size.into();
        if size.0 == 0 || size.0 > 16 {
            return Err(Error::new(
                ErrorKind::Usage,
                format!("BTF has integers of 1 to 16 bytes, not of {size}"),
            ));
        }
        let size = word(size)?;
        let head = self.head(name.as_ref(), Info::new(Kind::Int, 0, false), size)?;
        let data = u32::from(encoding.0) << 24 | (size * 8);
        self.push(head.into_iter().chain([data]))
    }

    /// Appends a floating-point number.
    ///
    /// # Errors
    /// As [`Self::intern`]; `Overflow` where the size doesn't fit 32 bits.
    pub fn float(&mut self, name: impl AsRef<[u8]>, size: impl Into<ByteSize>) -> Result<TypeId> {
        let size = word(size.into())?;
        let head = self.head(name.as_ref(), Info::new(Kind::Float, 0, false), size)?;
        self.push(head)
    }

    /// Appends a record that refers to one type and has no further words. Pointers and qualifiers have no name.
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
                format!("{kind} is not a qualifier"),
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

    /// Appends an attribute of a type. `value` is the text of a `btf_type_tag`, or of any attribute if `attribute`
    /// is set.
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

    /// Appends a structure of these members: [`NewMember`]s, or each a name, a type and an offset.
    ///
    /// ```
    /// # use btfkit::Bits;
    /// # use btfkit::graph::{GraphBuilder, IntEncoding};
    /// # let mut builder = GraphBuilder::new();
    /// let int = builder.int("int", 4, IntEncoding::SIGNED)?;
    /// builder.structure("pair", 8, [("a", int, Bits(0)), ("b", int, Bits(32))])?;
    /// # assert_eq!(builder.freeze()?.field("pair", "b")?.offset.bytes().0, 4);
    /// # Ok::<(), btfkit::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Self::composite`].
    pub fn structure<'n>(
        &mut self,
        name: impl AsRef<[u8]>,
        size: impl Into<ByteSize>,
        members: impl IntoIterator<Item: Into<NewMember<'n>>>,
    ) -> Result<TypeId> {
        let members: Vec<_> = members.into_iter().map(Into::into).collect();
        self.composite(Kind::Struct, name, size, &members)
    }

    /// Appends a structure or union. The kind flag is set where a member is a bitfield.
    ///
    /// # Errors
    /// As [`Self::intern`]; `Usage` where `kind` is neither; `Overflow` where the size or an offset doesn't fit 32
    /// bits, an offset in a structure with bitfields 24, or a width 8.
    pub fn composite(
        &mut self,
        kind: Kind,
        name: impl AsRef<[u8]>,
        size: impl Into<ByteSize>,
        members: &[NewMember<'_>],
    ) -> Result<TypeId> {
        if !kind.is_composite() {
            return Err(Error::new(
                ErrorKind::Usage,
                format!("{kind} is neither structure nor union"),
            ));
        }
        let flag = members.iter().any(|member| member.bitfield.is_some());
        let info = Info::new(kind, self.vlen(members.len())?, flag);
        let head = self.head(name.as_ref(), info, word(size.into())?)?;
        let mut words = Vec::with_capacity(members.len() * 3);
        for member in members {
            let name = member.name.intern(self)?;
            let offset = self.offset_word(name, member, flag)?;
            words.extend([name.get(), member.type_id.get(), offset]);
        }
        self.push(head.into_iter().chain(words))
    }

    /// Returns the word with a member's offset and, in a structure with bitfields, its width.
    fn offset_word(&self, name: StrId, member: &NewMember<'_>, flag: bool) -> Result<u32> {
        let limit = if flag { 0xff_ffff } else { u32::MAX };
        let overflow = |what: String| {
            let name = self.string(name);
            Error::new(ErrorKind::Overflow, format!("member {name:?} {what}"))
        };
        let offset = u32::try_from(member.offset.0).ok();
        let Some(offset) = offset.filter(|offset| *offset <= limit) else {
            let at = member.offset;
            return Err(overflow(format!(
                "starts at bit {at}, but the highest offset that BTF has room for here is {limit}"
            )));
        };
        let width = member.bitfield.unwrap_or(Bits(0));
        let Ok(width) = u8::try_from(width.0) else {
            return Err(overflow(format!(
                "is {width} bits wide, but the widest bitfield that BTF has room for is 255"
            )));
        };
        Ok(u32::from(width) << 24 | offset)
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

    /// Appends an enumeration: an ENUM where it has at most four bytes, else an ENUM64. Values are given as their
    /// bits, extended to 64 by `signedness`. An enumeration without values is a forward declaration.
    ///
    /// # Errors
    /// As [`Self::intern`]; `Overflow` where a value doesn't fit the size.
    pub fn enumeration<'n, N: Into<NewName<'n>> + Copy>(
        &mut self,
        name: impl AsRef<[u8]>,
        size: impl Into<ByteSize>,
        signedness: Signedness,
        values: &[(N, u64)],
    ) -> Result<TypeId> {
        let size = size.into();
        if size > ByteSize(4) {
            self.enum64(name, size, signedness, values)
        } else {
            self.enum32(name, size, signedness, values)
        }
    }

    /// Appends an ENUM, whatever its size: its values have 32 bits.
    ///
    /// # Errors
    /// As [`Self::enumeration`].
    pub fn enum32<'n, N: Into<NewName<'n>> + Copy>(
        &mut self,
        name: impl AsRef<[u8]>,
        size: impl Into<ByteSize>,
        signedness: Signedness,
        values: &[(N, u64)],
    ) -> Result<TypeId> {
        let fits = |value: u64| match signedness {
            Signedness::Signed => i32::try_from(value.cast_signed()).is_ok(),
            Signedness::Unsigned => u32::try_from(value).is_ok(),
        };
        let info = Info::new(Kind::Enum, self.vlen(values.len())?, signedness.is_signed());
        let head = self.head(name.as_ref(), info, word(size.into())?)?;
        let mut words = Vec::with_capacity(values.len() * 2);
        for &(name, value) in values {
            let name = name.into().intern(self)?;
            if !fits(value) {
                let name = self.string(name);
                return Err(Error::new(
                    ErrorKind::Overflow,
                    format!("enumerator {name:?} has the value {value:#x}, too large for 32 bits"),
                ));
            }
            let [low, _] = halves(value);
            words.extend([name.get(), low]);
        }
        self.push(head.into_iter().chain(words))
    }

    /// Appends an ENUM64, whatever its size: its values have 64 bits.
    ///
    /// # Errors
    /// As [`Self::intern`].
    pub fn enum64<'n, N: Into<NewName<'n>> + Copy>(
        &mut self,
        name: impl AsRef<[u8]>,
        size: impl Into<ByteSize>,
        signedness: Signedness,
        values: &[(N, u64)],
    ) -> Result<TypeId> {
        let info = Info::new(
            Kind::Enum64,
            self.vlen(values.len())?,
            signedness.is_signed(),
        );
        let head = self.head(name.as_ref(), info, word(size.into())?)?;
        let mut words = Vec::with_capacity(values.len() * 3);
        for &(name, value) in values {
            let name = name.into().intern(self)?;
            let [low, high] = halves(value);
            words.extend([name.get(), low, high]);
        }
        self.push(head.into_iter().chain(words))
    }

    /// Appends a function.
    ///
    /// # Errors
    /// As [`Self::intern`].
    pub fn func(
        &mut self,
        name: impl AsRef<[u8]>,
        proto: TypeId,
        linkage: FuncLinkage,
    ) -> Result<TypeId> {
        let info = Info::new(Kind::Func, linkage.number(), false);
        self.reference(info, name.as_ref(), proto)
    }

    /// Appends a prototype. A last parameter without name and type stands for `...`.
    ///
    /// # Errors
    /// As [`Self::intern`].
    pub fn func_proto<'n, N: Into<NewName<'n>> + Copy>(
        &mut self,
        result: TypeId,
        params: &[(N, TypeId)],
    ) -> Result<TypeId> {
        let info = Info::new(Kind::FuncProto, self.vlen(params.len())?, false);
        let head = self.head(b"", info, result.get())?;
        let mut words = Vec::with_capacity(params.len() * 2);
        for &(name, ty) in params {
            words.extend([name.into().intern(self)?.get(), ty.get()]);
        }
        self.push(head.into_iter().chain(words))
    }

    /// Appends a variable.
    ///
    /// # Errors
    /// As [`Self::intern`].
    pub fn var(
        &mut self,
        name: impl AsRef<[u8]>,
        ty: TypeId,
        linkage: VarLinkage,
    ) -> Result<TypeId> {
        let head = self.head(name.as_ref(), Info::new(Kind::Var, 0, false), ty.get())?;
        self.push(head.into_iter().chain([linkage.number()]))
    }

    /// Appends a data section. An entry is a variable, its offset and its size.
    ///
    /// # Errors
    /// As [`Self::intern`]; `Overflow` where a size or offset doesn't fit 32 bits.
    pub fn datasec(
        &mut self,
        name: impl AsRef<[u8]>,
        size: impl Into<ByteSize>,
        entries: &[(
            TypeId,
            impl Into<ByteSize> + Copy,
            impl Into<ByteSize> + Copy,
        )],
    ) -> Result<TypeId> {
        let info = Info::new(Kind::Datasec, self.vlen(entries.len())?, false);
        let head = self.head(name.as_ref(), info, word(size.into())?)?;
        let mut words = Vec::with_capacity(entries.len() * 3);
        for &(var, offset, size) in entries {
            words.extend([var.get(), word(offset.into())?, word(size.into())?]);
        }
        self.push(head.into_iter().chain(words))
    }
}

/// Returns a size or offset as the 32-bit word that records have room for.
fn word(size: ByteSize) -> Result<u32> {
    u32::try_from(size.0).map_err(|_| {
        Error::new(
            ErrorKind::Overflow,
            format!("BTF has no room for a size or offset of {size} bytes"),
        )
    })
}

/// Returns the lower and the upper word of a 64-bit value.
fn halves(value: u64) -> [u32; 2] {
    let [a, b, c, d, e, f, g, h] = value.to_le_bytes();
    [
        u32::from_le_bytes([a, b, c, d]),
        u32::from_le_bytes([e, f, g, h]),
    ]
}
