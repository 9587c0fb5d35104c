//! Types as the generator has them: easy to change at random, laid out as C does, and written as BTF by
//! btfkit's own builder and encoder.

use btfkit::Bits;
use btfkit::graph::{
    Btf, FuncLinkage, FwdKind, GraphBuilder, IntEncoding, Kind, NewMember, Signedness, VarLinkage,
};
use btfkit::{Endian, Result, TypeId};

/// A type's number in its [`Types`]; 0 is void. It is the BTF id, too.
pub type Id = usize;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub name: String,
    pub ty: Id,
    /// In bits.
    pub offset: u32,
    pub bits: Option<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composite {
    pub union: bool,
    pub packed: bool,
    pub name: String,
    pub size: u32,
    pub members: Vec<Member>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enumeration {
    pub name: String,
    pub size: u32,
    pub signed: bool,
    /// ENUM64, whatever the size.
    pub wide: bool,
    /// Values extended to 64 bits as the sign says.
    pub values: Vec<(String, u64)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Def {
    Void,
    /// `bits` and `offset` differ from what the size says only in bitfields from before 2018.
    Int {
        name: String,
        size: u32,
        encoding: u8,
        offset: u8,
        bits: u8,
    },
    Float(String, u32),
    Ptr(Id),
    Array(Id, u32),
    Composite(Composite),
    Enumeration(Enumeration),
    Fwd(String, bool),
    Typedef(String, Id),
    Qualifier(Kind, Id),
    TypeTag(String, Id),
    Proto(Id, Vec<Id>),
    Func(String, Id),
    Var(String, Id),
}

/// Types, each at the place of its id.
#[derive(Clone, Debug)]
pub struct Types(pub Vec<Def>);

impl Default for Types {
    fn default() -> Self {
        Self(vec![Def::Void])
    }
}

impl Types {
    pub fn add(&mut self, def: Def) -> Id {
        self.0.push(def);
        self.0.len() - 1
    }

    /// The type without qualifiers, tags and typedefs.
    pub fn strip(&self, mut id: Id) -> Id {
        while let Def::Typedef(_, to) | Def::Qualifier(_, to) | Def::TypeTag(_, to) = &self.0[id] {
            id = *to;
        }
        id
    }

    pub fn composite(&self, id: Id) -> Option<&Composite> {
        match &self.0[id] {
            Def::Composite(composite) => Some(composite),
            _ => None,
        }
    }

    pub fn composite_mut(&mut self, id: Id) -> Option<&mut Composite> {
        match &mut self.0[id] {
            Def::Composite(composite) => Some(composite),
            _ => None,
        }
    }

    /// Size and alignment in bytes; `None` for what has no size.
    pub fn size(&self, id: Id) -> Option<(u64, u64)> {
        Some(match &self.0[id] {
            Def::Void | Def::Fwd(..) | Def::Proto(..) | Def::Func(..) => return None,
            Def::Int { size, .. } | Def::Float(_, size) => {
                (u64::from(*size), u64::from(*size).min(16))
            }
            Def::Enumeration(it) => (u64::from(it.size), u64::from(it.size)),
            Def::Ptr(_) => (8, 8),
            Def::Array(element, count) => {
                let (size, align) = self.size(*element)?;
                (size * u64::from(*count), align)
            }
            Def::Composite(it) => {
                let mut align = 1;
                for member in &it.members {
                    if !it.packed {
                        align = align.max(self.size(member.ty).map_or(1, |(_, align)| align));
                    }
                }
                (u64::from(it.size), align)
            }
            Def::Typedef(_, to) | Def::Qualifier(_, to) | Def::TypeTag(_, to) | Def::Var(_, to) => {
                return self.size(*to);
            }
        })
    }

    /// Gives every composite its offsets and its size, as C would. Those among the types that are held by
    /// value come first, so it takes as many rounds as they nest.
    pub fn lay_out(&mut self) {
        for _ in 0..64 {
            let before = self.0.clone();
            for id in 0..self.0.len() {
                if let Def::Composite(composite) = &self.0[id] {
                    let mut composite = composite.clone();
                    self.lay_out_one(&mut composite);
                    self.0[id] = Def::Composite(composite);
                }
            }
            if self.0 == before {
                return;
            }
        }
    }

    fn lay_out_one(&self, composite: &mut Composite) {
        let (mut at, mut largest, mut align_all) = (0u64, 0u64, 1u64);
        for member in &mut composite.members {
            let (size, align) = self.size(member.ty).unwrap_or((0, 1));
            let align = if composite.packed { 1 } else { align };
            align_all = align_all.max(align);
            if composite.union {
                at = 0;
            }
            match member.bits {
                Some(bits) => {
                    let bits = u64::from(bits);
                    let unit = size * 8;
                    if !composite.packed && unit > 0 && at / unit != (at + bits - 1) / unit {
                        at = at.next_multiple_of(unit);
                    }
                    member.offset = at as u32;
                    at += bits;
                }
                None => {
                    at = at.next_multiple_of(align * 8);
                    member.offset = at as u32;
                    at += size * 8;
                }
            }
            largest = largest.max(at);
        }
        composite.size = (largest.div_ceil(8).next_multiple_of(align_all)) as u32;
    }

    /// Writes them.
    pub fn build(&self, endian: Endian) -> Result<Btf> {
        let mut builder = GraphBuilder::new();
        builder.set_endian(endian);
        self.build_into(&mut builder)?;
        builder.freeze()
    }

    /// Appends them to a builder that has nothing but strings yet.
    pub fn build_into(&self, builder: &mut GraphBuilder) -> Result<()> {
        let id = |id: Id| TypeId::new(id as u32);
        for def in &self.0[1..] {
            match def {
                Def::Void => {
                    builder.fwd("", FwdKind::Struct)?;
                }
                Def::Int {
                    name,
                    size,
                    encoding,
                    offset,
                    bits,
                } => {
                    if *offset == 0 && u32::from(*bits) == size * 8 {
                        builder.int(name, *size, IntEncoding(*encoding))?;
                    } else {
                        let name = builder.intern(name)?.get();
                        let data = u32::from(*encoding) << 24
                            | u32::from(*offset) << 16
                            | u32::from(*bits);
                        builder.record(&[name, 1 << 24, *size, data])?;
                    }
                }
                Def::Float(name, size) => {
                    builder.float(name, *size)?;
                }
                Def::Ptr(to) => {
                    builder.ptr(id(*to))?;
                }
                Def::Array(element, count) => {
                    builder.array(id(*element), id(1), *count)?;
                }
                Def::Composite(it) => {
                    let mut members = Vec::new();
                    for member in &it.members {
                        members.push(NewMember {
                            bitfield: member.bits.map(|width| Bits(width.into())),
                            ..NewMember::new(&member.name, id(member.ty))
                                .at(Bits::from(member.offset))
                        });
                    }
                    let kind = if it.union { Kind::Union } else { Kind::Struct };
                    builder.composite(kind, &it.name, it.size, &members)?;
                }
                Def::Enumeration(it) => write_enum(builder, it)?,
                Def::Fwd(name, union) => {
                    let of = if *union {
                        FwdKind::Union
                    } else {
                        FwdKind::Struct
                    };
                    builder.fwd(name, of)?;
                }
                Def::Typedef(name, to) => {
                    builder.typedef(name, id(*to))?;
                }
                Def::Qualifier(kind, to) => {
                    builder.qualifier(*kind, id(*to))?;
                }
                Def::TypeTag(name, to) => {
                    builder.type_tag(name, id(*to), false)?;
                }
                Def::Proto(result, params) => {
                    let mut named = Vec::new();
                    for (number, param) in params.iter().enumerate() {
                        named.push((builder.intern(format!("p{number}"))?, id(*param)));
                    }
                    builder.func_proto(id(*result), &named)?;
                }
                Def::Func(name, proto) => {
                    builder.func(name, id(*proto), FuncLinkage::Global)?;
                }
                Def::Var(name, to) => {
                    builder.var(name, id(*to), VarLinkage::Global)?;
                }
            }
        }
        Ok(())
    }

    /// The same types in another order: `order` has the old id at each new place.
    pub fn reordered(&self, order: &[Id]) -> (Self, Vec<Id>) {
        let mut new_of = vec![0; self.0.len()];
        for (new, old) in order.iter().enumerate() {
            new_of[*old] = new;
        }
        let mut types: Vec<Def> = order.iter().map(|old| self.0[*old].clone()).collect();
        for def in &mut types {
            def.each_id(|id| *id = new_of[*id]);
        }
        (Self(types), new_of)
    }
}

impl Def {
    /// Calls for every id in it.
    pub fn each_id(&mut self, mut call: impl FnMut(&mut Id)) {
        match self {
            Self::Void
            | Self::Int { .. }
            | Self::Float(..)
            | Self::Enumeration(_)
            | Self::Fwd(..) => {}
            Self::Ptr(to)
            | Self::Array(to, _)
            | Self::Typedef(_, to)
            | Self::Qualifier(_, to)
            | Self::TypeTag(_, to)
            | Self::Func(_, to)
            | Self::Var(_, to) => call(to),
            Self::Composite(it) => it
                .members
                .iter_mut()
                .for_each(|member| call(&mut member.ty)),
            Self::Proto(result, params) => {
                call(result);
                params.iter_mut().for_each(call);
            }
        }
    }

    pub fn name(&self) -> &str {
        match self {
            Self::Int { name, .. }
            | Self::Float(name, _)
            | Self::Fwd(name, _)
            | Self::Typedef(name, _)
            | Self::TypeTag(name, _)
            | Self::Func(name, _)
            | Self::Var(name, _) => name,
            Self::Composite(it) => &it.name,
            Self::Enumeration(it) => &it.name,
            Self::Void | Self::Ptr(_) | Self::Array(..) | Self::Qualifier(..) | Self::Proto(..) => {
                ""
            }
        }
    }
}

fn write_enum(builder: &mut GraphBuilder, it: &Enumeration) -> Result<()> {
    let mut values = Vec::new();
    for (name, value) in &it.values {
        values.push((builder.intern(name)?, *value));
    }
    if it.wide == (it.size > 4) {
        builder.enumeration(&it.name, it.size, Signedness::from_flag(it.signed), &values)?;
        return Ok(());
    }
    // An ENUM64 of 4 bytes or fewer, or an ENUM of 8: not what compilers write.
    let kind: u32 = if it.wide { 19 } else { 6 };
    let info = u32::from(it.signed) << 31 | kind << 24 | values.len() as u32;
    let mut words = vec![builder.intern(&it.name)?.get(), info, it.size];
    for (name, value) in values {
        words.extend([name.get(), value as u32]);
        if it.wide {
            words.push((value >> 32) as u32);
        }
    }
    builder.record(&words)?;
    Ok(())
}
