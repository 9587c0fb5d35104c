//! Random structures, each laid out at random in several ways.
//!
//! A [`Ty`] says what a program knows of a type: the names, and what is behind them. [`Layout::place`] puts
//! it down in a graph in one of the many ways a compiler and its programmers could: another order, padding,
//! foreign members between, members inside of anonymous structures and unions, longer arrays, other units for
//! bitfields. It tells where each field went, by its own reckoning.

use btfkit::Bits;
use btfkit::graph::{GraphBuilder, IntEncoding, Kind, NewMember, Signedness};
use btfkit::{Endian, TypeId};
use proptest::collection::vec;
use proptest::prelude::*;

use super::program::ANONYMOUS;

/// What a program knows of a field's type.
#[derive(Clone, Debug)]
pub enum Ty {
    Signed(u32),
    /// An unsigned integer, which may have another width elsewhere.
    Unsigned,
    Pointer,
    Enum {
        signed: bool,
    },
    Float(u32),
    Bits {
        signed: bool,
        width: u8,
    },
    /// An array and the element that is asked for, dimension by dimension.
    Array {
        element: Box<Ty>,
        dims: Vec<Dim>,
    },
    /// Fields by name; the names are the numbers.
    Struct(Vec<Ty>),
}

/// A dimension and an index in it.
#[derive(Clone, Debug)]
pub struct Dim {
    pub count: u32,
    pub index: u32,
}

/// A field in one layout.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// Names and indices from the root; equal for the same field of two layouts.
    pub key: Vec<u32>,
    /// The accessor in this layout, anonymous members included.
    pub steps: Vec<u32>,
    /// Bits from the start of the root.
    pub offset: u64,
    /// The field's width in bits; of arrays and structures, too.
    pub bits: u64,
    pub what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Signed,
    Unsigned,
    Pointer,
    Enum {
        signed: bool,
    },
    Float,
    Bitfield {
        signed: bool,
    },
    /// An element of an array, not named by itself.
    Element,
    /// A structure or an array.
    Whole,
}

impl Leaf {
    /// Whether its value is a number that the five relocations of a field can read.
    pub fn is_value(&self) -> bool {
        !matches!(self.what, What::Element | What::Whole)
    }

    pub fn is_signed(&self) -> bool {
        match self.what {
            What::Signed => true,
            What::Enum { signed } | What::Bitfield { signed } => signed,
            What::Unsigned | What::Pointer | What::Float | What::Element | What::Whole => false,
        }
    }

    pub fn is_bitfield(&self) -> bool {
        matches!(self.what, What::Bitfield { .. })
    }
}

/// The root: a structure of some fields.
pub fn root() -> impl Strategy<Value = Ty> {
    let leaf = prop_oneof![
        3 => prop::sample::select(vec![1u32, 2, 4, 8]).prop_map(Ty::Signed),
        4 => Just(Ty::Unsigned),
        2 => Just(Ty::Pointer),
        2 => any::<bool>().prop_map(|signed| Ty::Enum { signed }),
        1 => prop::sample::select(vec![4u32, 8]).prop_map(Ty::Float),
        5 => (any::<bool>(), 1u8..=56).prop_map(|(signed, width)| Ty::Bits { signed, width }),
    ];
    let field = leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            2 => vec(inner.clone(), 1..5).prop_map(Ty::Struct),
            1 => (inner.prop_filter("arrays of bitfields", |ty| !matches!(ty, Ty::Bits { .. } | Ty::Array { .. })), dims())
                .prop_map(|(element, dims)| Ty::Array { element: Box::new(element), dims }),
        ]
    });
    vec(field, 1..7).prop_map(Ty::Struct)
}

fn dims() -> impl Strategy<Value = Vec<Dim>> {
    let dim =
        (1u32..4).prop_flat_map(|count| (0..count).prop_map(move |index| Dim { count, index }));
    vec(dim, 1..3)
}

/// A small generator of numbers: the layouts need many, and none of them is worth shrinking.
#[derive(Clone, Debug)]
pub struct Dice(pub u64);

impl Dice {
    /// A number below `end`. (SplitMix64.)
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }

    fn one_in(&mut self, end: u64) -> bool {
        self.below(end) == 0
    }
}

/// One way to lay types out, in one graph.
#[derive(Debug)]
pub struct Layout<'b> {
    pub builder: &'b mut GraphBuilder,
    pub dice: Dice,
    /// Whether arrays may have more elements than the program knows of.
    pub longer: bool,
}

/// A type put down: id, size in bytes, and the fields in it with their places from its start.
struct Placed {
    id: TypeId,
    size: u64,
    what: What,
    leaves: Vec<Leaf>,
}

impl Layout<'_> {
    /// Puts the root down under this name.
    pub fn place(&mut self, root: &Ty, name: &str) -> (TypeId, Vec<Leaf>) {
        let Ty::Struct(fields) = root else {
            panic!("the root is a structure");
        };
        let placed = self.structure(fields, name);
        let mut leaves = placed.leaves;
        // The first step counts whole objects.
        leaves.iter_mut().for_each(|leaf| leaf.steps.insert(0, 0));
        (placed.id, leaves)
    }

    fn put(&mut self, ty: &Ty) -> Placed {
        let (id, size, what) = match ty {
            Ty::Signed(size) => (self.int(*size, IntEncoding::SIGNED), *size, What::Signed),
            Ty::Unsigned => {
                let size = 1 << self.dice.below(4);
                (self.int(size, IntEncoding::UNSIGNED), size, What::Unsigned)
            }
            Ty::Pointer => (self.builder.ptr(TypeId::VOID).unwrap(), 8, What::Pointer),
            Ty::Enum { signed } => (self.enumeration(*signed), 4, What::Enum { signed: *signed }),
            Ty::Float(size) => (
                self.builder.float("real", *size).unwrap(),
                *size,
                What::Float,
            ),
            Ty::Array { element, dims } => return self.array(element, dims),
            Ty::Struct(fields) => return self.structure(fields, "inner"),
            Ty::Bits { .. } => panic!("a bitfield is no type"),
        };
        Placed {
            id: self.alias(id),
            size: size.into(),
            what,
            leaves: Vec::new(),
        }
    }

    fn int(&mut self, size: u32, encoding: IntEncoding) -> TypeId {
        self.builder
            .int(format!("int{size}"), size, encoding)
            .unwrap()
    }

    fn enumeration(&mut self, signed: bool) -> TypeId {
        let zero = self.builder.intern("ZERO").unwrap();
        self.builder
            .enumeration("choice", 4, Signedness::from_flag(signed), &[(zero, 0)])
            .unwrap()
    }

    /// The type, or a typedef or qualified type of it.
    fn alias(&mut self, id: TypeId) -> TypeId {
        match self.dice.below(4) {
            0 => self.builder.typedef("alias_t", id).unwrap(),
            1 => self.builder.qualifier(Kind::Const, id).unwrap(),
            _ => id,
        }
    }

    fn array(&mut self, element: &Ty, dims: &[Dim]) -> Placed {
        let inner = self.put(element);
        let (mut id, mut size, mut leaves) = (inner.id, inner.size, inner.leaves);
        for dim in dims.iter().rev() {
            // The element itself: of the inner dimensions, a whole row.
            leaves.push(Leaf {
                key: Vec::new(),
                steps: Vec::new(),
                offset: 0,
                bits: size * 8,
                what: What::Element,
            });
            let more = if self.longer { self.dice.below(3) } else { 0 };
            let count = dim.count + u32::try_from(more).unwrap();
            id = self.builder.array(id, TypeId::VOID, count).unwrap();
            for leaf in &mut leaves {
                leaf.key.insert(0, dim.index);
                leaf.steps.insert(0, dim.index);
                leaf.offset += u64::from(dim.index) * size * 8;
            }
            size *= u64::from(count);
        }
        Placed {
            id,
            size,
            what: What::Whole,
            leaves,
        }
    }

    fn structure(&mut self, fields: &[Ty], name: &str) -> Placed {
        let mut numbers: Vec<usize> = (0..fields.len()).collect();
        for at in (1..numbers.len()).rev() {
            numbers.swap(at, usize::try_from(self.dice.below(at as u64 + 1)).unwrap());
        }
        let mut outer = Members::default();
        let mut rest = &numbers[..];
        while let Some((&number, after)) = rest.split_first() {
            if self.dice.one_in(4) {
                outer.decoy(self);
            }
            if self.dice.one_in(5) {
                // Some fields go into an anonymous structure, or one into an anonymous union.
                let union = self.dice.one_in(2);
                let most = if union { 1 } else { rest.len().min(3) };
                let (group, after) =
                    rest.split_at(1 + usize::try_from(self.dice.below(most as u64)).unwrap());
                let mut inner = Members {
                    union,
                    ..Members::default()
                };
                for &number in group {
                    inner.field(self, number, &fields[number]);
                }
                outer.anonymous(self, inner);
                rest = after;
            } else {
                outer.field(self, number, &fields[number]);
                rest = after;
            }
        }
        outer.finish(self, name)
    }
}

/// A structure or union in the making.
#[derive(Default)]
struct Members {
    union: bool,
    members: Vec<NewMember<'static>>,
    leaves: Vec<Leaf>,
    /// Bits so far.
    end: u64,
    /// The size of the largest member, in bits.
    largest: u64,
}

impl Members {
    /// Where a member of that many bits goes.
    fn reserve(&mut self, layout: &mut Layout<'_>, bits: u64, align: u64) -> u64 {
        self.largest = self.largest.max(bits);
        if self.union {
            return 0;
        }
        let padding = layout.dice.below(4) * 8;
        let start = (self.end + padding).next_multiple_of(align);
        self.end = start + bits;
        start
    }

    /// A member the program knows nothing of.
    fn decoy(&mut self, layout: &mut Layout<'_>) {
        let id = layout.int(4, IntEncoding::UNSIGNED);
        let start = self.reserve(layout, 32, 8);
        let name = layout
            .builder
            .intern(format!("decoy{}", self.members.len()))
            .unwrap();
        self.members.push(NewMember::new(name, id).at(Bits(start)));
    }

    fn step(&self) -> u32 {
        u32::try_from(self.members.len()).unwrap()
    }

    fn field(&mut self, layout: &mut Layout<'_>, number: usize, ty: &Ty) {
        let name = layout.builder.intern(format!("f{number}")).unwrap();
        let key = u32::try_from(number).unwrap();
        let step = self.step();
        if let &Ty::Bits { signed, width } = ty {
            let least = u64::from(width)
                .next_multiple_of(8)
                .next_power_of_two()
                .max(8);
            let unit = (least << layout.dice.below(2)).min(64);
            let size = u32::try_from(unit / 8).unwrap();
            let encoding = if signed {
                IntEncoding::SIGNED
            } else {
                IntEncoding::UNSIGNED
            };
            let id = layout.int(size, encoding);
            // Anywhere in 8 aligned bytes: that is what one load can take in.
            let base = self.reserve(layout, 64, 64);
            let start = base + layout.dice.below(65 - u64::from(width));
            self.members.push(NewMember {
                bitfield: Some(Bits(width.into())),
                ..NewMember::new(name, id).at(Bits(start))
            });
            let what = What::Bitfield { signed };
            self.leaves.push(Leaf {
                key: vec![key],
                steps: vec![step],
                offset: start,
                bits: width.into(),
                what,
            });
            return;
        }
        let placed = layout.put(ty);
        // Bitfields inside count on the alignment of 8 bytes.
        let align = if matches!(placed.what, What::Whole) {
            64
        } else {
            8
        };
        let start = self.reserve(layout, placed.size * 8, align);
        self.members
            .push(NewMember::new(name, placed.id).at(Bits(start)));
        let mut leaves = placed.leaves;
        for leaf in &mut leaves {
            leaf.key.insert(0, key);
            leaf.steps.insert(0, step);
            leaf.offset += start;
        }
        self.leaves.append(&mut leaves);
        self.leaves.push(Leaf {
            key: vec![key],
            steps: vec![step],
            offset: start,
            bits: placed.size * 8,
            what: placed.what,
        });
    }

    fn anonymous(&mut self, layout: &mut Layout<'_>, inner: Members) {
        let placed = inner.finish(layout, "");
        let start = self.reserve(layout, placed.size * 8, 64);
        let step = self.step();
        self.members
            .push(NewMember::new(ANONYMOUS, placed.id).at(Bits(start)));
        self.leaves
            .extend(placed.leaves.into_iter().map(|mut leaf| {
                leaf.steps.insert(0, step);
                leaf.offset += start;
                leaf
            }));
    }

    fn finish(self, layout: &mut Layout<'_>, name: &str) -> Placed {
        let size = self.end.max(self.largest).next_multiple_of(64) / 8;
        let kind = if self.union {
            Kind::Union
        } else {
            Kind::Struct
        };
        let id = layout
            .builder
            .composite(kind, name, u32::try_from(size).unwrap(), &self.members)
            .unwrap();
        Placed {
            id,
            size,
            what: What::Whole,
            leaves: self.leaves,
        }
    }
}

/// The bits of a field in memory, as a number of 64 bits: what a program must come to.
pub fn value_in(memory: impl Fn(u64) -> u8, leaf: &Leaf, endian: Endian) -> u64 {
    let bit = |at: u64| {
        let byte = memory(at / 8);
        let shift = match endian {
            Endian::Little => at % 8,
            // Bit 0 is the first byte's highest there.
            Endian::Big => 7 - at % 8,
        };
        u64::from(byte >> shift & 1)
    };
    // Bytes of a number in little endian, and its bits, go up from the lowest one.
    let bits = leaf.offset..leaf.offset + leaf.bits;
    let next = |value: u64, at| value << 1 | bit(at);
    let mut value = match endian {
        Endian::Little => bits.rev().fold(0, next),
        Endian::Big => bits.fold(0, next),
    };
    let unused = 64 - leaf.bits;
    if leaf.is_signed() {
        value = ((value << unused).cast_signed() >> unused).cast_unsigned();
    }
    value
}
