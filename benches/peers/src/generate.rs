//! Random local types, and targets derived from them.

use btfkit::graph::Kind;

use crate::random::Random;
use crate::types::{Composite, Def, Enumeration, Id, Member, Types};

/// Words to build names from, so that names meet.
const NAMES: [&str; 6] = ["alpha", "beta", "gamma", "delta", "eps", "zeta"];
/// What may follow a name: mostly nothing, sometimes a flavor, sometimes what looks like one and isn't.
const SUFFIXES: [&str; 10] = [
    "___one",
    "___2",
    "___a___b",
    "____x",
    "___",
    "__",
    "___one___two",
    "_",
    "___x_",
    "___kernel",
];

/// What a case may have in it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Traits {
    /// Arrays whose dimensions are flattened on one side.
    pub flattened: bool,
    /// Unsigned 32-bit enumerators of 2³¹ and more.
    pub large_enumerators: bool,
    /// No packed structures, whose bitfields lie across storage units.
    pub natural: bool,
}

/// The types a generator has made so far.
struct Maker<'r> {
    random: &'r mut Random,
    types: Types,
    traits: Traits,
    ints: Vec<Id>,
    scalars: Vec<Id>,
    enums: Vec<Id>,
    composites: Vec<Id>,
    members: usize,
}

/// Local types.
pub fn local(random: &mut Random, traits: Traits) -> Types {
    loop {
        let mut maker = Maker {
            random,
            types: Types::default(),
            traits,
            ints: Vec::new(),
            scalars: Vec::new(),
            enums: Vec::new(),
            composites: Vec::new(),
            members: 0,
        };
        maker.all();
        let mut types = maker.types;
        types.lay_out();
        if !too_large(&types) {
            return types;
        }
    }
}

fn too_large(types: &Types) -> bool {
    types.0.iter().any(|def| match def {
        Def::Composite(it) => it.size > 1 << 18,
        _ => false,
    })
}

impl Maker<'_> {
    fn all(&mut self) {
        self.scalars();
        for _ in 0..self.random.within(1, 3) {
            let id = self.enumeration(true);
            self.enums.push(id);
            self.scalars.push(id);
        }
        let count = self.random.within(2, 5);
        for (number, typedef) in NAMES.iter().enumerate().take(count) {
            let name = self.name(number);
            let id = self.composite(name, 0);
            self.composites.push(id);
            if self.random.percent(30) {
                let to = self.chain(id);
                let name = format!("{typedef}_t");
                let id = self.types.add(Def::Typedef(name, to));
                self.composites.push(id);
            }
        }
        for _ in 0..self.random.below(3) {
            let name = self.name(5);
            let def = match self.random.below(6) {
                0 => Def::Fwd(name, self.random.percent(50)),
                1 => Def::Typedef(name, self.function_pointer()),
                2 => Def::Typedef(name, *self.random.pick(&self.scalars)),
                3 => {
                    let array = self.array(0);
                    Def::Typedef(name, array)
                }
                4 => {
                    let proto = self.proto();
                    Def::Func(name, proto)
                }
                _ => Def::Var(name, *self.random.pick(&self.scalars)),
            };
            self.types.add(def);
        }
    }

    /// A type's name: its number's, in one of many spellings.
    fn name(&mut self, number: usize) -> String {
        let mut name = NAMES[number].to_owned();
        if self.random.percent(20) {
            name += *self.random.pick(&SUFFIXES);
        }
        if self.random.percent(2) {
            name.clear();
        }
        name
    }

    fn scalars(&mut self) {
        let ints: [(&str, u32, u8); 14] = [
            ("int", 4, 1),
            ("unsigned int", 4, 0),
            ("char", 1, 1),
            ("unsigned char", 1, 0),
            ("short", 2, 1),
            ("unsigned short", 2, 0),
            ("long", 8, 1),
            ("unsigned long", 8, 0),
            ("long long", 8, 1),
            ("__int128", 16, 1),
            ("unsigned __int128", 16, 0),
            ("_Bool", 1, 4),
            ("char8_t", 1, 2),
            ("wchar_t", 4, 3),
        ];
        for (name, size, encoding) in ints {
            let id = self.types.add(Def::Int {
                name: name.into(),
                size,
                encoding,
                offset: 0,
                bits: (size * 8) as u8,
            });
            self.ints.push(id);
            self.scalars.push(id);
        }
        for (name, size) in [("float", 4), ("double", 8), ("long double", 16)] {
            let id = self.types.add(Def::Float(name.into(), size));
            self.scalars.push(id);
        }
        if self.random.percent(5) {
            let offset = *self.random.pick(&[0, 3, 8]);
            let id = self.types.add(Def::Int {
                name: "old_bits".into(),
                size: 4,
                encoding: self.random.below(2) as u8,
                offset,
                bits: 5,
            });
            self.scalars.push(id);
        }
    }

    fn enumeration(&mut self, named: bool) -> Id {
        let number = self.enums.len();
        let name = if named {
            format!(
                "{}_e{}",
                NAMES[number.min(5)],
                if self.random.percent(10) { "___f" } else { "" }
            )
        } else {
            String::new()
        };
        let size = *self.random.pick(&[4, 4, 4, 4, 1, 2, 8]);
        let signed = self.random.percent(40);
        let wide = if self.random.percent(4) {
            size <= 4
        } else {
            size > 4
        };
        let count = if self.random.percent(4) {
            0
        } else {
            self.random.within(1, 6)
        };
        self.members += 1;
        let prefix = self.members;
        let values = (0..count)
            .map(|at| {
                let flavor = if self.random.percent(5) { "___v" } else { "" };
                (
                    format!("E{prefix}_{at}{flavor}"),
                    self.enum_value(size, signed, wide),
                )
            })
            .collect();
        self.types.add(Def::Enumeration(Enumeration {
            name,
            size,
            signed,
            wide,
            values,
        }))
    }

    fn enum_value(&mut self, size: u32, signed: bool, wide: bool) -> u64 {
        let small = self.random.below(100) as u64;
        if wide && size > 4 && self.random.percent(30) {
            return self.random.bits();
        }
        if signed && self.random.percent(30) {
            return small.wrapping_neg();
        }
        if !signed && !wide && self.traits.large_enumerators && self.random.percent(40) {
            return 0x8000_0000 + (self.random.bits() & 0x7fff_ffff);
        }
        if self.random.percent(20) {
            return self.random.bits() & 0x7fff_ffff;
        }
        small
    }

    /// Qualifiers and typedefs on top of a type.
    fn chain(&mut self, mut id: Id) -> Id {
        for _ in 0..self.random.below(4) {
            let def = match self.random.below(5) {
                0 => Def::Qualifier(Kind::Const, id),
                1 => Def::Qualifier(Kind::Volatile, id),
                2 => Def::Typedef(format!("t{}", self.random.below(9)), id),
                3 => Def::TypeTag("tag".into(), id),
                _ => Def::Qualifier(Kind::Restrict, id),
            };
            id = self.types.add(def);
        }
        id
    }

    fn proto(&mut self) -> Id {
        let params = (0..self.random.below(4))
            .map(|_| {
                if self.random.percent(30) {
                    self.pointer()
                } else {
                    *self.random.pick(&self.scalars)
                }
            })
            .collect();
        let result = if self.random.percent(40) {
            0
        } else {
            *self.random.pick(&self.scalars)
        };
        self.types.add(Def::Proto(result, params))
    }

    fn function_pointer(&mut self) -> Id {
        let proto = self.proto();
        self.types.add(Def::Ptr(proto))
    }

    fn pointer(&mut self) -> Id {
        let to = match self.random.below(6) {
            0 => 0,
            1 => return self.function_pointer(),
            2 => {
                let name = format!("{}_fwd", self.random.pick(&NAMES));
                self.types.add(Def::Fwd(name, self.random.percent(30)))
            }
            3 if !self.composites.is_empty() => *self.random.pick(&self.composites),
            _ => *self.random.pick(&self.scalars),
        };
        let to = if self.random.percent(30) {
            self.chain(to)
        } else {
            to
        };
        self.types.add(Def::Ptr(to))
    }

    fn scalar(&mut self) -> Id {
        match self.random.below(10) {
            0 | 1 => self.pointer(),
            2 => self.enumeration(false),
            3 => {
                let id = *self.random.pick(&self.scalars);
                self.chain(id)
            }
            _ => *self.random.pick(&self.scalars),
        }
    }

    fn array(&mut self, depth: usize) -> Id {
        let mut element = if self.random.percent(25) && !self.composites.is_empty() {
            *self.random.pick(&self.composites)
        } else if self.random.percent(10) && depth < 2 {
            self.composite(String::new(), depth + 1)
        } else {
            self.scalar()
        };
        for _ in 0..*self.random.pick(&[1, 1, 1, 2, 2, 3]) {
            let count = if self.random.percent(4) {
                0
            } else {
                self.random.within(1, 4)
            };
            element = self.types.add(Def::Array(element, count as u32));
            if self.random.percent(8) {
                element = self.chain(element);
            }
        }
        element
    }

    fn member_name(&mut self) -> String {
        self.members += 1;
        let suffix = if self.random.percent(3) { "___m" } else { "" };
        format!("m{}{suffix}", self.members)
    }

    fn composite(&mut self, name: String, depth: usize) -> Id {
        let union = self.random.percent(20);
        let packed = !self.traits.natural && self.random.percent(10);
        let count = if self.random.percent(3) {
            0
        } else {
            self.random.within(1, 6)
        };
        let mut members = Vec::new();
        for number in 0..count {
            self.member(&mut members, depth, number + 1 == count);
        }
        self.types.add(Def::Composite(Composite {
            union,
            packed,
            name,
            size: 0,
            members,
        }))
    }

    fn member(&mut self, members: &mut Vec<Member>, depth: usize, last: bool) {
        let named = |maker: &mut Self, ty| Member {
            name: maker.member_name(),
            ty,
            offset: 0,
            bits: None,
        };
        let member = match self.random.below(100) {
            0..35 => {
                let ty = self.scalar();
                named(self, ty)
            }
            35..50 => {
                for _ in 0..self.random.within(1, 3) {
                    let bitfield = self.bitfield();
                    members.push(bitfield);
                }
                return;
            }
            50..65 => {
                let ty = self.array(depth);
                named(self, ty)
            }
            65..75 if !self.composites.is_empty() => {
                let id = *self.random.pick(&self.composites);
                let ty = if self.random.percent(20) {
                    self.chain(id)
                } else {
                    id
                };
                named(self, ty)
            }
            75..88 if depth < 3 => {
                let ty = self.composite(String::new(), depth + 1);
                let ty = if self.random.percent(8) {
                    self.chain(ty)
                } else {
                    ty
                };
                Member {
                    name: String::new(),
                    ty,
                    offset: 0,
                    bits: None,
                }
            }
            88..93 if depth < 3 => {
                let ty = self.composite(String::new(), depth + 1);
                named(self, ty)
            }
            _ if last => {
                let element = *self.random.pick(&self.scalars);
                let ty = self.types.add(Def::Array(element, 0));
                named(self, ty)
            }
            _ => {
                let ty = self.function_pointer();
                named(self, ty)
            }
        };
        members.push(member);
    }

    fn bitfield(&mut self) -> Member {
        let ty = match self.random.below(4) {
            0 if !self.enums.is_empty() => *self.random.pick(&self.enums),
            1 => *self.random.pick(&[6, 7, 8]) + 1,
            _ => *self.random.pick(&[0, 1, 2, 3, 4, 5, 11]) + 1,
        };
        let width = self.types.size(ty).map_or(8, |(size, _)| size * 8);
        Member {
            name: if self.random.percent(6) {
                String::new()
            } else {
                self.member_name()
            },
            ty,
            offset: 0,
            bits: Some(self.random.within(1, width as usize) as u8),
        }
    }
}

/// A target made of local types: most are changed somehow. Ids may be others, too.
pub fn target(random: &mut Random, local: &Types, traits: Traits) -> Types {
    loop {
        let mut changer = Changer {
            random,
            types: local.clone(),
            traits,
            new_names: 0,
        };
        changer.all(local.0.len());
        let mut types = changer.types;
        types.lay_out();
        if too_large(&types) {
            continue;
        }
        if random.percent(60) {
            let mut order: Vec<Id> = (0..types.0.len()).collect();
            for at in (2..order.len()).rev() {
                order.swap(at, random.within(1, at));
            }
            types = types.reordered(&order).0;
        }
        return types;
    }
}

struct Changer<'r> {
    random: &'r mut Random,
    types: Types,
    traits: Traits,
    new_names: usize,
}

impl Changer<'_> {
    fn all(&mut self, count: usize) {
        // How much changes differs from case to case, so that some relocations find what they look for.
        let strength = *self.random.pick(&[0, 10, 30, 60, 90]);
        for id in 1..count {
            match &self.types.0[id] {
                Def::Composite(it) => {
                    let named = !it.name.is_empty();
                    if self.random.percent(strength) {
                        for _ in 0..self.random.within(1, 3) {
                            self.change_composite(id);
                        }
                    }
                    // Bits of types that are each other's duplicates can't be mirrored one by one.
                    for _ in 0..2 {
                        if named && !self.traits.natural && self.random.percent(20) {
                            self.duplicate(id);
                        }
                    }
                    if named && self.random.percent(strength / 6) {
                        self.change_identity(id);
                    }
                }
                Def::Enumeration(_) if self.random.percent(strength) => self.change_enum(id),
                Def::Typedef(..) | Def::Proto(..) | Def::Ptr(_) | Def::Array(..)
                    if self.random.percent(strength / 6) =>
                {
                    self.change_reference(id);
                }
                Def::Int { .. } if !self.traits.natural && self.random.percent(strength / 20) => {
                    self.change_int(id);
                }
                _ => {}
            }
        }
    }

    fn new_name(&mut self) -> String {
        self.new_names += 1;
        format!("n{}", self.new_names)
    }

    /// A composite that may be held by value: only those made before, so that no type holds itself.
    fn earlier_composite(&mut self, before: Id) -> Option<Id> {
        let all: Vec<Id> = (1..before)
            .filter(|id| self.types.composite(*id).is_some())
            .collect();
        (!all.is_empty()).then(|| *self.random.pick(&all))
    }

    fn change_composite(&mut self, id: Id) {
        let Some(it) = self.types.composite(id) else {
            return;
        };
        let mut it = it.clone();
        let count = it.members.len();
        match self.random.below(13) {
            0 if count > 0 => {
                let at = self.random.below(count);
                it.members[at].name = self.new_name();
            }
            1 if count > 0 => {
                it.members.remove(self.random.below(count));
            }
            2 if self.random.percent(10) => {
                // Pushes what follows beyond what a load can reach.
                let ty = self.random.within(2, 6);
                let count = self.random.within(4000, 20_000) as u32;
                let ty = self.types.add(Def::Array(ty, count));
                let name = self.new_name();
                it.members.insert(
                    self.random.below(count as usize) % (it.members.len() + 1),
                    Member {
                        name,
                        ty,
                        offset: 0,
                        bits: None,
                    },
                );
            }
            2 | 3 => {
                for _ in 0..self.random.within(1, 3) {
                    let at = self.random.within(0, it.members.len());
                    let ty = self.random.within(1, 14);
                    let bits = self
                        .random
                        .percent(15)
                        .then(|| self.random.within(1, 7) as u8);
                    let name = self.new_name();
                    it.members.insert(
                        at,
                        Member {
                            name,
                            ty,
                            offset: 0,
                            bits,
                        },
                    );
                }
            }
            4 if count > 1 => {
                let (a, b) = (self.random.below(count), self.random.below(count));
                it.members.swap(a, b);
            }
            5 | 6 if count > 0 => {
                let at = self.random.below(count);
                let ty = self.change_type(it.members[at].ty, id);
                it.members[at].ty = ty;
                self.fix_bits(&mut it.members[at]);
            }
            7 if count > 0 => {
                let from = self.random.below(count);
                let to = self.random.within(from + 1, count);
                let inner: Vec<Member> = it.members.drain(from..to).collect();
                let union = self.random.percent(30);
                let ty = self.types.add(Def::Composite(Composite {
                    union,
                    packed: it.packed,
                    name: String::new(),
                    size: 0,
                    members: inner,
                }));
                it.members.insert(
                    from,
                    Member {
                        name: String::new(),
                        ty,
                        offset: 0,
                        bits: None,
                    },
                );
            }
            8 => {
                let anonymous = (0..count).find(|at| it.members[*at].name.is_empty());
                if let Some(at) = anonymous {
                    let inner = self.types.strip(it.members[at].ty);
                    if let Some(inner) = self.types.composite(inner).cloned() {
                        it.members.splice(at..=at, inner.members);
                    }
                }
            }
            9 if count > 0 => {
                let at = self.random.below(count);
                let ty = self.types.strip(it.members[at].ty);
                let member = &mut it.members[at];
                let width = match &self.types.0[ty] {
                    Def::Int { size, .. } if *size <= 8 => size * 8,
                    Def::Enumeration(it) => it.size * 8,
                    _ => 0,
                };
                if member.bits.is_some() && self.random.percent(50) {
                    member.bits = None;
                } else if width > 0 {
                    member.bits = Some(self.random.within(1, width as usize) as u8);
                }
            }
            10 if !self.traits.natural => it.packed = !it.packed,
            11 if self.random.percent(40) => it.union = !it.union,
            _ => {}
        }
        self.types.0[id] = Def::Composite(it);
    }

    /// A bitfield must be of a type with a size to load it by, and within it.
    fn fix_bits(&mut self, member: &mut Member) {
        let width = match &self.types.0[self.types.strip(member.ty)] {
            Def::Int { size, .. } if *size <= 8 => size * 8,
            Def::Enumeration(it) => it.size * 8,
            _ => 0,
        };
        member.bits = member
            .bits
            .filter(|_| width > 0)
            .map(|bits| u32::from(bits).min(width) as u8);
    }

    fn change_type(&mut self, ty: Id, owner: Id) -> Id {
        match self.types.0[ty].clone() {
            Def::Array(element, count) => match self.random.below(6) {
                0 => self
                    .types
                    .add(Def::Array(element, self.random.below(6) as u32)),
                1 => element,
                2 => {
                    let outer = self.random.within(1, 3) as u32;
                    self.types.add(Def::Array(ty, outer))
                }
                3 => {
                    let element = self.change_type(element, owner);
                    self.types.add(Def::Array(element, count))
                }
                _ if self.traits.flattened => self.flatten(ty),
                _ => self.types.add(Def::Array(element, count + 1)),
            },
            Def::Typedef(_, to) | Def::Qualifier(_, to) if self.random.percent(50) => to,
            // Another width.
            Def::Int { .. } if self.random.percent(50) => self.random.within(1, 14),
            _ => match self.random.below(9) {
                0 => self.types.add(Def::Ptr(ty)),
                1 => self
                    .types
                    .add(Def::Array(ty, self.random.within(1, 3) as u32)),
                2 => self.types.add(Def::Qualifier(Kind::Const, ty)),
                3 => self.types.add(Def::Typedef("changed_t".into(), ty)),
                4 => self.earlier_composite(owner).unwrap_or(ty),
                _ => self.random.within(1, 17),
            },
        }
    }

    /// An array's dimensions as one; or one as several.
    fn flatten(&mut self, ty: Id) -> Id {
        let mut counts = Vec::new();
        let mut inner = self.types.strip(ty);
        while let Def::Array(element, count) = self.types.0[inner] {
            counts.push(count);
            inner = self.types.strip(element);
        }
        let all = counts.iter().product::<u32>();
        if counts.len() > 1 {
            return self.types.add(Def::Array(inner, all));
        }
        let Some(part) = (2..all).find(|part| all.is_multiple_of(*part)) else {
            return ty;
        };
        let row = self.types.add(Def::Array(inner, part));
        self.types.add(Def::Array(row, all / part))
    }

    /// A second type of the same name, or of another flavor of it.
    fn duplicate(&mut self, id: Id) {
        let mut def = self.types.0[id].clone();
        if let Def::Composite(it) = &mut def
            && self.random.percent(40)
        {
            it.name += *self.random.pick(&SUFFIXES);
        }
        // Appended, it may hold everything there is by value but itself.
        let copy = self.types.add(def);
        for _ in 0..*self.random.pick(&[0, 1, 1, 2]) {
            self.change_composite(copy);
        }
        if self.random.percent(10) {
            let Some(it) = self.types.composite(copy).cloned() else {
                return;
            };
            self.types.0[copy] = Def::Fwd(it.name, it.union);
        }
    }

    /// The type is another one now, or none.
    fn change_identity(&mut self, id: Id) {
        let Some(mut it) = self.types.composite(id).cloned() else {
            return;
        };
        match self.random.below(6) {
            0 => it.name += *self.random.pick(&SUFFIXES),
            1 => it.name = self.new_name(),
            2 => {
                let name = std::mem::take(&mut it.name);
                self.types.add(Def::Typedef(name, id));
            }
            3 => {
                self.types.0[id] = Def::Fwd(it.name, it.union);
                return;
            }
            4 => it.name = it.name.split("___").next().unwrap_or("").to_owned(),
            _ => it.union = !it.union,
        }
        self.types.0[id] = Def::Composite(it);
    }

    fn change_enum(&mut self, id: Id) {
        let Def::Enumeration(it) = &self.types.0[id] else {
            return;
        };
        let mut it = it.clone();
        for _ in 0..self.random.within(1, 2) {
            let count = it.values.len();
            match self.random.below(9) {
                0 if count > 0 => {
                    it.values.remove(self.random.below(count));
                }
                1 | 2 if count > 0 => {
                    let at = self.random.below(count);
                    it.values[at].1 = self.random.below(1000) as u64;
                    if !it.signed && it.size == 4 && self.traits.large_enumerators {
                        it.values[at].1 |= 0x8000_0000;
                    }
                }
                3 if count > 1 => {
                    let at = self.random.below(count - 1);
                    it.values.swap(at, at + 1);
                }
                4 => {
                    // ENUM to ENUM64 and back, where the values fit.
                    let fits = it.values.iter().all(|(_, value)| {
                        if it.signed {
                            i32::try_from(value.cast_signed()).is_ok()
                        } else {
                            *value < 0x8000_0000
                        }
                    });
                    if !it.wide || fits {
                        it.wide = !it.wide;
                        it.size = if it.wide { 8 } else { 4 };
                    }
                }
                5 => it.name += "___f2",
                6 if count > 0 => {
                    let at = self.random.below(count);
                    it.values[at].0 += "___w";
                }
                7 => {
                    let copy = Enumeration {
                        values: it.values.iter().skip(1).cloned().collect(),
                        ..it.clone()
                    };
                    self.types.add(Def::Enumeration(copy));
                }
                _ => {
                    let name = self.new_name();
                    it.values.push((name, self.random.below(50) as u64));
                }
            }
        }
        self.types.0[id] = Def::Enumeration(it);
    }

    fn change_reference(&mut self, id: Id) {
        let scalar = self.random.within(1, 17);
        match &mut self.types.0[id] {
            Def::Typedef(name, to) => {
                if self.random.percent(50) {
                    name.push_str("___td");
                } else {
                    *to = scalar;
                }
            }
            Def::Proto(_, params) => params.push(scalar),
            Def::Ptr(to) => *to = scalar,
            Def::Array(_, count) => *count = self.random.below(5) as u32,
            _ => {}
        }
    }

    fn change_int(&mut self, id: Id) {
        if let Def::Int {
            name,
            size,
            encoding,
            bits,
            ..
        } = &mut self.types.0[id]
        {
            match self.random.below(3) {
                // A name a pointer's size is told by, among others.
                0 if *size == 8 || *size == 4 => {
                    *size = 12 - *size;
                    *bits = (*size * 8) as u8;
                }
                1 => *encoding ^= 1,
                _ => name.push_str("___i"),
            }
        }
    }
}
