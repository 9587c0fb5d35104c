//! Random graphs: types of every kind, with references in any direction, cycles included.
//!
//! A [`Spec`] is what was asked for. What came of it is read in two ways that share nothing: through the
//! graph's views ([`Spec::of`]), and from the bytes as the kernel's documentation describes them ([`wire`]).

use btfkit::graph::{
    Btf, FuncLinkage, FwdKind, GraphBuilder, IntEncoding, Kind, NewMember, Signedness, Type,
    VarLinkage, View,
};
use btfkit::{Bits, ByteSize};
use btfkit::{Endian, StrId, TypeId};
use proptest::collection::vec;
use proptest::prelude::*;

/// A type to be built. References are ids, cut to the graph's own number of types when it is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spec {
    Int {
        name: Vec<u8>,
        size: u32,
        encoding: u8,
    },
    Float {
        name: Vec<u8>,
        size: u32,
    },
    Fwd {
        name: Vec<u8>,
        union: bool,
    },
    /// A pointer, typedef, qualifier or type tag; the number is the kind's, the flag a tag's.
    Reference {
        kind: u8,
        name: Vec<u8>,
        flag: bool,
        to: u32,
    },
    Func {
        name: Vec<u8>,
        linkage: u32,
        proto: u32,
    },
    Var {
        name: Vec<u8>,
        linkage: u32,
        to: u32,
    },
    DeclTag {
        name: Vec<u8>,
        flag: bool,
        to: u32,
        component: Option<u32>,
    },
    Array {
        element: u32,
        index: u32,
        count: u32,
    },
    /// Members: name, type, offset in bits, width of a bitfield.
    Composite {
        union: bool,
        name: Vec<u8>,
        size: u32,
        members: Vec<Part>,
    },
    Enum {
        name: Vec<u8>,
        size: u32,
        signed: bool,
        values: Vec<(Vec<u8>, u64)>,
    },
    FuncProto {
        result: u32,
        params: Vec<(Vec<u8>, u32)>,
    },
    /// Entries: variable, offset and size in bytes.
    Datasec {
        name: Vec<u8>,
        size: u32,
        entries: Vec<(u32, u32, u32)>,
    },
}

/// A member of a structure or union.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub name: Vec<u8>,
    pub to: u32,
    pub offset: u32,
    pub width: Option<u8>,
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        1 => Just(Vec::new()),
        // A few names, so that some are shared.
        3 => prop::sample::select(vec!["int", "state", "a", "state___app", "next"]).prop_map(Vec::from),
        3 => "[a-zA-Z_][a-zA-Z0-9_]{0,12}".prop_map(Vec::from),
        // C++'s and worse: any bytes without a NUL.
        1 => vec(1u8.., 1..9),
    ]
}

fn part(bitfields: bool) -> impl Strategy<Value = Part> {
    let offset = if bitfields {
        0..1u32 << 24
    } else {
        0..u32::MAX
    };
    let width = if bitfields {
        (0u8..64).boxed()
    } else {
        Just(0).boxed()
    };
    (name(), any::<u32>(), offset, width).prop_map(move |(name, to, offset, width)| Part {
        name,
        to,
        offset,
        width: Some(width).filter(|width| *width > 0),
    })
}

fn value(size: u32, signed: bool) -> BoxedStrategy<u64> {
    match (size, signed) {
        (8, _) => any::<u64>().boxed(),
        (_, true) => any::<i32>()
            .prop_map(|value| i64::from(value).cast_unsigned())
            .boxed(),
        (_, false) => any::<u32>().prop_map(u64::from).boxed(),
    }
}

fn spec() -> impl Strategy<Value = Spec> {
    let id = any::<u32>;
    let flag = any::<bool>;
    prop_oneof![
        (
            name(),
            prop::sample::select(vec![1u32, 2, 4, 8, 16]),
            prop::sample::select(vec![0u8, 1, 2, 4])
        )
            .prop_map(|(name, size, encoding)| Spec::Int {
                name,
                size,
                encoding
            }),
        (name(), prop::sample::select(vec![2u32, 4, 8, 12, 16]))
            .prop_map(|(name, size)| Spec::Float { name, size }),
        (name(), flag()).prop_map(|(name, union)| Spec::Fwd { name, union }),
        (prop::sample::select(vec![2u8, 9, 10, 11]), id()).prop_map(|(kind, to)| Spec::Reference {
            kind,
            name: Vec::new(),
            flag: false,
            to
        }),
        (name(), id()).prop_map(|(name, to)| Spec::Reference {
            kind: 8,
            name,
            flag: false,
            to
        }),
        (name(), flag(), id()).prop_map(|(name, flag, to)| Spec::Reference {
            kind: 18,
            name,
            flag,
            to
        }),
        (name(), 0u32..3, id()).prop_map(|(name, linkage, proto)| Spec::Func {
            name,
            linkage,
            proto
        }),
        (name(), 0u32..3, id()).prop_map(|(name, linkage, to)| Spec::Var { name, linkage, to }),
        (name(), flag(), id(), prop::option::of(0u32..9)).prop_map(
            |(name, flag, to, component)| Spec::DeclTag {
                name,
                flag,
                to,
                component
            }
        ),
        (id(), id(), any::<u32>()).prop_map(|(element, index, count)| Spec::Array {
            element,
            index,
            count
        }),
        (flag(), name(), any::<u32>(), flag())
            .prop_flat_map(|(union, name, size, bitfields)| (
                Just((union, name, size)),
                vec(part(bitfields), 0..6)
            ))
            .prop_map(|((union, name, size), members)| Spec::Composite {
                union,
                name,
                size,
                members
            }),
        (name(), prop::sample::select(vec![1u32, 2, 4, 8]), flag())
            .prop_flat_map(|(enum_name, size, signed)| {
                (
                    Just((enum_name, size, signed)),
                    vec((name(), value(size, signed)), 0..6),
                )
            })
            .prop_map(|((name, size, signed), values)| Spec::Enum {
                name,
                size,
                signed,
                values
            }),
        (id(), vec((name(), id()), 0..5))
            .prop_map(|(result, params)| Spec::FuncProto { result, params }),
        (
            name(),
            any::<u32>(),
            vec((id(), any::<u32>(), any::<u32>()), 0..5)
        )
            .prop_map(|(name, size, entries)| Spec::Datasec {
                name,
                size,
                entries
            }),
    ]
}

/// Some types whose references are ids below `first` plus their number.
pub fn specs(first: u32) -> impl Strategy<Value = Vec<Spec>> {
    vec(spec(), 0..30).prop_map(move |mut specs| {
        let end = first + u32::try_from(specs.len()).unwrap();
        specs
            .iter_mut()
            .for_each(|spec| spec.each_id(|id| *id %= end));
        specs
    })
}

impl Spec {
    fn each_id(&mut self, mut visit: impl FnMut(&mut u32)) {
        match self {
            Self::Int { .. } | Self::Float { .. } | Self::Fwd { .. } | Self::Enum { .. } => {}
            Self::Reference { to, .. }
            | Self::Func { proto: to, .. }
            | Self::Var { to, .. }
            | Self::DeclTag { to, .. } => visit(to),
            Self::Array { element, index, .. } => [element, index].into_iter().for_each(visit),
            Self::Composite { members, .. } => {
                members.iter_mut().for_each(|part| visit(&mut part.to))
            }
            Self::FuncProto { result, params } => {
                visit(result);
                params.iter_mut().for_each(|(_, to)| visit(to));
            }
            Self::Datasec { entries, .. } => entries.iter_mut().for_each(|(to, ..)| visit(to)),
        }
    }

    /// Appends the type.
    pub fn build(&self, builder: &mut GraphBuilder) -> btfkit::Result<TypeId> {
        match self {
            Self::Int {
                name,
                size,
                encoding,
            } => builder.int(name, *size, IntEncoding(*encoding)),
            Self::Float { name, size } => builder.float(name, *size),
            Self::Fwd { name, union: false } => builder.fwd(name, FwdKind::Struct),
            Self::Fwd { name, union: true } => builder.fwd(name, FwdKind::Union),
            Self::Reference {
                kind,
                name,
                flag,
                to,
            } => match Kind::from_number(*kind) {
                Kind::Ptr => builder.ptr(TypeId::new(*to)),
                Kind::Typedef => builder.typedef(name, TypeId::new(*to)),
                Kind::TypeTag => builder.type_tag(name, TypeId::new(*to), *flag),
                qualifier => builder.qualifier(qualifier, TypeId::new(*to)),
            },
            Self::Func {
                name,
                linkage,
                proto,
            } => builder.func(
                name,
                TypeId::new(*proto),
                FuncLinkage::from_number(*linkage),
            ),
            Self::Var { name, linkage, to } => {
                builder.var(name, TypeId::new(*to), VarLinkage::from_number(*linkage))
            }
            Self::DeclTag {
                name,
                flag,
                to,
                component,
            } => builder.decl_tag(name, TypeId::new(*to), *component, *flag),
            Self::Array {
                element,
                index,
                count,
            } => builder.array(TypeId::new(*element), TypeId::new(*index), *count),
            Self::Composite {
                union,
                name,
                size,
                members,
            } => {
                let members = members
                    .iter()
                    .map(|part| {
                        Ok(NewMember {
                            bitfield: part.width.map(|width| Bits(width.into())),
                            ..NewMember::new(&part.name, TypeId::new(part.to))
                                .at(Bits::from(part.offset))
                        })
                    })
                    .collect::<btfkit::Result<Vec<_>>>()?;
                let kind = if *union { Kind::Union } else { Kind::Struct };
                builder.composite(kind, name, *size, &members)
            }
            Self::Enum {
                name,
                size,
                signed,
                values,
            } => {
                let values = intern_all(builder, values)?;
                builder.enumeration(name, *size, Signedness::from_flag(*signed), &values)
            }
            Self::FuncProto { result, params } => {
                let params: Vec<_> = intern_all(builder, params)?;
                let params: Vec<_> = params
                    .iter()
                    .map(|(name, to)| (*name, TypeId::new(*to)))
                    .collect();
                builder.func_proto(TypeId::new(*result), &params)
            }
            Self::Datasec {
                name,
                size,
                entries,
            } => {
                let entries: Vec<_> = entries
                    .iter()
                    .map(|(to, offset, size)| (TypeId::new(*to), *offset, *size))
                    .collect();
                builder.datasec(name, *size, &entries)
            }
        }
    }

    /// The type as the graph's views show it.
    pub fn of(ty: Type<'_>) -> Self {
        let name = ty.name().as_bytes().to_vec();
        let reference = |to: TypeId, flag| Self::Reference {
            kind: ty.kind().number(),
            name: ty.name().as_bytes().to_vec(),
            flag,
            to: to.get(),
        };
        match ty.view() {
            View::Int(int) => {
                assert_eq!((int.offset, Some(int.bits)), (Bits(0), int.size.bits()));
                Self::Int {
                    name,
                    size: small(int.size),
                    encoding: int.encoding.0,
                }
            }
            View::Float(size) => Self::Float {
                name,
                size: small(size),
            },
            View::Fwd(of) => Self::Fwd {
                name,
                union: of == FwdKind::Union,
            },
            View::Ptr(to)
            | View::Typedef(to)
            | View::Volatile(to)
            | View::Const(to)
            | View::Restrict(to) => reference(to, false),
            View::TypeTag(to) => reference(to, ty.info().flag()),
            View::Func(func) => Self::Func {
                name,
                linkage: func.linkage.number(),
                proto: func.proto_id.get(),
            },
            View::Var(var) => Self::Var {
                name,
                linkage: var.linkage.number(),
                to: var.type_id.get(),
            },
            View::DeclTag(tag) => Self::DeclTag {
                name,
                flag: ty.info().flag(),
                to: tag.target_id.get(),
                component: tag.component,
            },
            View::Array(array) => Self::Array {
                element: array.element_id.get(),
                index: array.index_id.get(),
                count: array.count,
            },
            View::Struct(composite) | View::Union(composite) => Self::Composite {
                union: ty.kind() == Kind::Union,
                name,
                size: small(composite.size),
                members: composite
                    .members()
                    .map(|member| Part {
                        name: member.name().as_bytes().to_vec(),
                        to: member.type_id.get(),
                        offset: u32::try_from(member.offset.0).unwrap(),
                        width: member.bitfield.map(|width| u8::try_from(width.0).unwrap()),
                    })
                    .collect(),
            },
            View::Enum(enumeration) => Self::Enum {
                name,
                size: small(enumeration.size),
                signed: enumeration.signedness.is_signed(),
                values: enumeration
                    .enumerators()
                    .map(|value| (value.name().as_bytes().to_vec(), value.value))
                    .collect(),
            },
            View::FuncProto(proto) => Self::FuncProto {
                result: proto.result_id.get(),
                params: proto
                    .params()
                    .map(|param| (param.name().as_bytes().to_vec(), param.type_id.get()))
                    .collect(),
            },
            View::Datasec(section) => Self::Datasec {
                name,
                size: small(section.size),
                entries: section
                    .entries()
                    .map(|entry| (entry.var_id.get(), small(entry.offset), small(entry.size)))
                    .collect(),
            },
            view => panic!("no type of this kind was built: {view:?}"),
        }
    }
}

/// A size or offset as the 32 bits it has on the wire.
fn small(size: ByteSize) -> u32 {
    u32::try_from(size.0).unwrap()
}

fn intern_all<T: Copy>(
    builder: &mut GraphBuilder,
    named: &[(Vec<u8>, T)],
) -> btfkit::Result<Vec<(StrId, T)>> {
    named
        .iter()
        .map(|(name, other)| Ok((builder.intern(name)?, *other)))
        .collect()
}

/// A graph of these types, over a base if there is one.
pub fn graph(specs: &[Spec], base: Option<&Btf>) -> Btf {
    let mut builder = base.map_or_else(GraphBuilder::new, GraphBuilder::split);
    for spec in specs {
        spec.build(&mut builder).unwrap();
    }
    builder.freeze().unwrap()
}

/// The types in raw BTF, read with nothing but the documentation at hand ("BPF Type Format", section 2).
/// `strings` are those of the base, if it is split.
pub fn wire(bytes: &[u8], endian: Endian, base_strings: &[u8]) -> Vec<Spec> {
    let wire = Wire { bytes, endian };
    assert_eq!(bytes[2..4], [1, 0], "version and flags");
    let header = wire.word(4) as usize;
    let [type_off, type_len, str_off, str_len] = [8, 12, 16, 20].map(|at| wire.word(at) as usize);
    let strings = [base_strings, &bytes[header + str_off..][..str_len]].concat();
    let text = |offset: u32| {
        let rest = &strings[offset as usize..];
        rest[..rest.iter().position(|byte| *byte == 0).unwrap()].to_vec()
    };
    let mut at = header + type_off;
    let end = at + type_len;
    let mut specs = Vec::new();
    while at < end {
        let mut next = || {
            at += 4;
            wire.word(at - 4)
        };
        let (name, info, third) = (text(next()), next(), next());
        let (kind, vlen, flag) = (info >> 24 & 0x1f, info & 0xffff, info >> 31 == 1);
        specs.push(match kind {
            1 => {
                let data = next();
                assert_eq!(data & 0x00ff_ffff, third * 8);
                Spec::Int {
                    name,
                    size: third,
                    encoding: u8::try_from(data >> 24).unwrap(),
                }
            }
            2 | 8..=11 | 18 => Spec::Reference {
                kind: u8::try_from(kind).unwrap(),
                name,
                flag,
                to: third,
            },
            3 => Spec::Array {
                element: next(),
                index: next(),
                count: next(),
            },
            4 | 5 => {
                let mut part = || {
                    let (name, to, offset) = (text(next()), next(), next());
                    let width = u8::try_from(offset >> 24).unwrap();
                    let offset = if flag { offset & 0xff_ffff } else { offset };
                    Part {
                        name,
                        to,
                        offset,
                        width: Some(width).filter(|width| flag && *width > 0),
                    }
                };
                let members = (0..vlen).map(|_| part()).collect();
                Spec::Composite {
                    union: kind == 5,
                    name,
                    size: third,
                    members,
                }
            }
            6 => {
                let mut value = || {
                    let (name, low) = (text(next()), next());
                    let signed = i64::from(low.cast_signed()).cast_unsigned();
                    (name, if flag { signed } else { low.into() })
                };
                let values = (0..vlen).map(|_| value()).collect();
                Spec::Enum {
                    name,
                    size: third,
                    signed: flag,
                    values,
                }
            }
            7 => Spec::Fwd { name, union: flag },
            12 => Spec::Func {
                name,
                linkage: vlen,
                proto: third,
            },
            13 => {
                let params = (0..vlen).map(|_| (text(next()), next())).collect();
                Spec::FuncProto {
                    result: third,
                    params,
                }
            }
            14 => Spec::Var {
                name,
                to: third,
                linkage: next(),
            },
            15 => {
                let entries = (0..vlen).map(|_| (next(), next(), next())).collect();
                Spec::Datasec {
                    name,
                    size: third,
                    entries,
                }
            }
            16 => Spec::Float { name, size: third },
            17 => {
                let component = Some(next()).filter(|component| *component != u32::MAX);
                Spec::DeclTag {
                    name,
                    flag,
                    to: third,
                    component,
                }
            }
            19 => {
                let mut value = || (text(next()), u64::from(next()) | u64::from(next()) << 32);
                let values = (0..vlen).map(|_| value()).collect();
                Spec::Enum {
                    name,
                    size: third,
                    signed: flag,
                    values,
                }
            }
            other => panic!("a record of kind {other}"),
        });
    }
    specs
}

struct Wire<'a> {
    bytes: &'a [u8],
    endian: Endian,
}

impl Wire<'_> {
    fn word(&self, at: usize) -> u32 {
        let word = self.bytes[at..at + 4].try_into().unwrap();
        match self.endian {
            Endian::Little => u32::from_le_bytes(word),
            Endian::Big => u32::from_be_bytes(word),
        }
    }
}
