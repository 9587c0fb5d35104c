//! One case of the differential test: local types, a target, a program, and relocations in it.

use btfkit::graph::{CoreRelo, Ext, GraphBuilder, Records, SectionRecords};
use btfkit::{Endian, TypeId};

use crate::elf::{self, Code};
use crate::generate::{self, Traits};
use crate::random::Random;
use crate::types::{Def, Id, Types};

/// A CO-RE relocation.
#[derive(Clone, Debug)]
pub struct Record {
    /// The code section, by its number in [`Case::codes`].
    pub section: usize,
    /// The instruction's byte in it.
    pub at: u32,
    pub root: u32,
    pub access: String,
    pub kind: u32,
}

#[derive(Clone, Debug)]
pub struct Case {
    pub traits: Traits,
    pub local: Types,
    pub target: Types,
    pub codes: Vec<Code>,
    pub records: Vec<Record>,
    pub endian: Endian,
}

pub const TYPE_ID_TARGET: u32 = 7;
pub const TYPE_MATCHES: u32 = 12;

impl Case {
    /// The case of a seed.
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let random = &mut random;
        let endian = match random.percent(8) {
            true => Endian::Big,
            false => Endian::Little,
        };
        let traits = Traits {
            flattened: random.percent(15),
            large_enumerators: random.percent(10),
            natural: endian == Endian::Big,
        };
        let local = generate::local(random, traits);
        let target = generate::target(random, &local, traits);
        let mut case = Self {
            traits,
            local,
            target,
            codes: Vec::new(),
            records: Vec::new(),
            endian,
        };
        case.program(random);
        case
    }

    /// The object file with some of the case's records.
    pub fn object(&self, records: &[Record]) -> Vec<u8> {
        self.object_with(&self.local, records)
    }

    /// The object file with other local types.
    pub fn object_with(&self, local: &Types, records: &[Record]) -> Vec<u8> {
        let mut builder = GraphBuilder::new();
        builder.set_endian(self.endian);
        local.build_into(&mut builder).unwrap();
        let mut relos = Records::empty(16);
        let mut last = None;
        for record in records {
            if last != Some(record.section) {
                last = Some(record.section);
                relos.sections.push(SectionRecords {
                    section: builder.intern(&self.codes[record.section].name).unwrap(),
                    records: Vec::new(),
                    tails: Default::default(),
                });
            }
            let relo = CoreRelo {
                insn_off: record.at,
                type_id: TypeId::new(record.root),
                access: builder.intern(&record.access).unwrap(),
                kind: record.kind,
            };
            relos.sections.last_mut().unwrap().records.push(relo);
        }
        let graph = builder.freeze().unwrap();
        let btf = btfkit::encode::encode(&graph).unwrap();
        let mut ext = empty_ext(&graph, self.endian);
        if relos.sections.is_empty() {
            relos = Records::empty(0);
        }
        ext.relos = Some(relos);
        let ext = btfkit::encode::encode_ext(&ext).unwrap();
        elf::object(&self.codes, &btf, &ext, self.endian)
    }

    /// The target's BTF.
    pub fn target_btf(&self) -> Vec<u8> {
        self.btf_of(&self.target)
    }

    /// The BTF of types of the target.
    pub fn btf_of(&self, types: &Types) -> Vec<u8> {
        btfkit::encode::encode(&types.build(self.endian).unwrap()).unwrap()
    }

    fn program(&mut self, random: &mut Random) {
        let mut names = vec!["socket"];
        if random.percent(40) {
            names.push("xdp");
        }
        let has_text = random.percent(60);
        if has_text {
            names.push(".text");
        }
        let mut number = 0;
        let mut text_functions = Vec::new();
        if has_text {
            text_functions = (0..random.within(1, 3))
                .map(|number| format!("sub{number}"))
                .collect();
        }
        let mut sections = Vec::new();
        for name in names {
            let section = self.codes.len();
            let mut code = Code {
                name: name.into(),
                code: Vec::new(),
                functions: Vec::new(),
                calls: Vec::new(),
            };
            let count = if name == ".text" {
                text_functions.len()
            } else {
                random.within(1, 2)
            };
            let mut records = Vec::new();
            for at in 0..count {
                if random.percent(12) {
                    // Code of nobody: what a linker leaves of a function it dropped.
                    for _ in 0..random.within(1, 3) {
                        self.instruction(random, section, &mut code, &mut records, true);
                    }
                }
                let start = code.code.len() as u64;
                if name != ".text" && at == 0 {
                    for function in &text_functions {
                        if name == "socket" || random.percent(50) {
                            code.calls.push((code.code.len() as u64, function.clone()));
                            code.code.extend(insn(0x85, 0x10, 0, -1));
                        }
                    }
                }
                for _ in 0..random.within(0, 5) {
                    self.instruction(random, section, &mut code, &mut records, false);
                }
                code.code.extend(insn(0xb7, 0, 0, 0));
                code.code.extend(insn(0x95, 0, 0, 0));
                let function = if name == ".text" {
                    text_functions[at].clone()
                } else {
                    number += 1;
                    format!("prog{number}")
                };
                code.functions
                    .push((function, start, code.code.len() as u64 - start));
            }
            if random.percent(1) && !records.is_empty() {
                let at = random.below(records.len());
                let record: &mut Record = &mut records[at];
                record.root = record.root.min(self.local.0.len() as u32 - 1);
                record.at = match random.below(3) {
                    0 => record.at + 4,
                    1 => code.code.len() as u32 + 8,
                    _ => code.code.len() as u32,
                };
            }
            if random.percent(3) && records.len() > 1 {
                let (a, b) = (random.below(records.len()), random.below(records.len()));
                records.swap(a, b);
            }
            if random.percent(2) && !records.is_empty() {
                let again = records[random.below(records.len())].clone();
                records.push(again);
            }
            // A poisoned call would be no call any more, and its function gone from the program.
            records.retain(|record| !code.calls.iter().any(|(at, _)| *at == u64::from(record.at)));
            self.codes.push(code);
            sections.push(records);
        }
        if random.percent(50) {
            sections.reverse();
        }
        self.records = sections.into_iter().flatten().collect();
    }

    /// Appends an instruction and, mostly, a relocation of it.
    fn instruction(
        &mut self,
        random: &mut Random,
        section: usize,
        code: &mut Code,
        records: &mut Vec<Record>,
        dropped: bool,
    ) {
        let at = code.code.len() as u32;
        if random.percent(10) {
            code.code
                .extend(insn(0xb7, random.below(10) as u8, 0, random.bits() as i32));
            return;
        }
        let weights = [30, 8, 10, 7, 7, 7, 4, 5, 5, 6, 5, 8, 8];
        let mut draw = random.below(weights.iter().sum());
        let mut kind = 0;
        while draw >= weights[kind] {
            draw -= weights[kind];
            kind += 1;
        }
        let mut kind = kind as u32;
        if kind == TYPE_MATCHES && self.traits.flattened {
            kind = 0;
        }
        let (root, access) = match kind {
            0..6 => self.field(random),
            10 | 11 => self.enumerator(random),
            _ => (self.any_type(random), "0".to_owned()),
        };
        let (value, size) = local_value(&self.local, root, &access, kind, self.endian);
        // In one case all enumerators are wide or none: libbpf reads a large one in one way or the other.
        let wide_enumerators = match self.traits.large_enumerators {
            true => self.local.0.len().is_multiple_of(2),
            false => random.percent(60),
        };
        encode_instruction(random, code, kind, value, size, wide_enumerators);
        let access = match random.below(200) {
            0 => spoil(random, &access),
            _ => access,
        };
        let root = match random.below(400) {
            0 => 0,
            // btfkit refuses this when it reads the object, so it must not be in code that is ignored.
            1 if !dropped => self.local.0.len() as u32 + 3,
            _ => root as u32,
        };
        if random.one_in(400) {
            kind = 13 + random.below(3) as u32;
        }
        let at = if random.one_in(300) { at + 8 } else { at };
        records.push(Record {
            section,
            at,
            root,
            access,
            kind,
        });
    }

    fn any_type(&self, random: &mut Random) -> Id {
        for _ in 0..20 {
            let id = random.within(1, self.local.0.len() - 1);
            let named = !self.local.0[id].name().is_empty();
            let likely = match &self.local.0[id] {
                Def::Composite(_) => 100,
                Def::Enumeration(_) | Def::Typedef(..) | Def::Fwd(..) => 60,
                _ => 10,
            };
            if random.percent(likely) && (named || random.one_in(30)) {
                return id;
            }
        }
        1
    }

    fn enumerator(&self, random: &mut Random) -> (Id, String) {
        let enums: Vec<Id> = (1..self.local.0.len())
            .filter(|id| {
                let is_enum = |id| matches!(self.local.0[id], Def::Enumeration(_));
                is_enum(*id) && !self.local.0[*id].name().is_empty()
                    || matches!(self.local.0[*id], Def::Typedef(..))
                        && is_enum(self.local.strip(*id))
            })
            .collect();
        if enums.is_empty() || random.one_in(60) {
            return (self.any_type(random), "0".into());
        }
        let id = *random.pick(&enums);
        let Def::Enumeration(it) = &self.local.0[self.local.strip(id)] else {
            return (id, "0".into());
        };
        let count = it.values.len();
        let index = if random.one_in(60) || count == 0 {
            count
        } else {
            random.below(count)
        };
        (id, index.to_string())
    }

    /// A walk into a composite.
    fn field(&self, random: &mut Random) -> (Id, String) {
        let mut root = 0;
        for _ in 0..30 {
            root = self.any_type(random);
            let composite = self.local.composite(self.local.strip(root));
            if composite.is_some_and(|it| !it.members.is_empty()) {
                break;
            }
            if random.one_in(40) {
                break;
            }
        }
        let mut steps = vec![if random.one_in(25) {
            random.within(1, 3)
        } else {
            0
        }];
        let mut ty = self.local.strip(root);
        let mut by_name = false;
        loop {
            match &self.local.0[ty] {
                Def::Composite(it) if !it.members.is_empty() => {
                    if steps.len() > 1 && by_name && random.percent(15) {
                        break;
                    }
                    let index = random.below(it.members.len());
                    let member = &it.members[index];
                    if member.name.is_empty()
                        && self.local.composite(self.local.strip(member.ty)).is_none()
                    {
                        // Padding: C can't name it.
                        if random.percent(90) {
                            if it.members.iter().all(|member| member.name.is_empty()) {
                                break;
                            }
                            continue;
                        }
                    }
                    by_name = !member.name.is_empty();
                    steps.push(if random.one_in(300) {
                        it.members.len()
                    } else {
                        index
                    });
                    if steps.last() == Some(&it.members.len()) {
                        break;
                    }
                    ty = self.local.strip(member.ty);
                }
                Def::Array(element, count) => {
                    if random.percent(25) {
                        break;
                    }
                    by_name = true;
                    let index = match count {
                        0 => random.below(3),
                        _ if random.one_in(60) => *count as usize,
                        _ => random.below(*count as usize),
                    };
                    steps.push(index);
                    ty = self.local.strip(*element);
                }
                _ => {
                    if random.one_in(150) {
                        steps.push(0);
                    }
                    break;
                }
            }
            if steps.len() > 20 {
                break;
            }
        }
        let steps: Vec<String> = steps.iter().map(usize::to_string).collect();
        (root, steps.join(":"))
    }
}

/// A `.BTF.ext` without records: `Ext` can't be made from parts outside of the crate.
pub fn empty_ext(graph: &btfkit::graph::Btf, endian: Endian) -> Ext {
    let word = |value: u32| match endian {
        Endian::Little => value.to_le_bytes(),
        Endian::Big => value.to_be_bytes(),
    };
    let mut bytes = match endian {
        Endian::Little => vec![0x9f, 0xeb, 1, 0],
        Endian::Big => vec![0xeb, 0x9f, 1, 0],
    };
    bytes.extend(word(32));
    bytes.resize(32, 0);
    btfkit::parse::parse_ext(bytes, graph, &btfkit::Limits::default()).unwrap()
}

/// An accessor with something wrong about it. The last four libbpf reads as numbers nonetheless.
fn spoil(random: &mut Random, access: &str) -> String {
    match random.below(10) {
        0 => String::new(),
        1 => format!("{access}:"),
        2 => format!(":{access}"),
        3 => access.replacen(':', "::", 1),
        4 => format!("{access}x"),
        5 => "1".into(),
        6 => format!("{access}:99999"),
        7 => format!("{access}:0:0:0"),
        8 => vec!["0"; 65].join(":"),
        _ => "a:b".into(),
    }
}

fn insn(code: u8, registers: u8, off: i16, imm: i32) -> [u8; 8] {
    let [a, b] = off.to_le_bytes();
    let [c, d, e, f] = imm.to_le_bytes();
    [code, registers, a, b, c, d, e, f]
}

/// An instruction that holds the local value of a relocation; sometimes another, or one that can't.
fn encode_instruction(
    random: &mut Random,
    code: &mut Code,
    kind: u32,
    mut value: u64,
    size: u32,
    wide_enumerators: bool,
) {
    if random.percent(2) {
        value = match random.below(3) {
            0 => value.wrapping_add(1),
            1 => value ^ 0x8000_0000,
            _ => random.bits(),
        };
    }
    let registers = (random.below(10) << 4 | random.below(10)) as u8;
    let noise = random.bits() as i32;
    if random.one_in(150) {
        let odd = match random.below(4) {
            // Jumps.
            0 => [0x05, 0x15, 0x1d, 0x06][random.below(4)],
            // No immediate operand.
            1 => [0xbf, 0x0f, 0x0c][random.below(3)],
            // Old loads: of packets.
            2 => [0x20, 0x40, 0x30][random.below(3)],
            _ => [0x00, 0x08][random.below(2)],
        };
        code.code
            .extend(insn(odd, registers, value as i16, value as i32));
        return;
    }
    let memory = match kind {
        0 => value <= 0x7fff && random.percent(75),
        _ => random.percent(2),
    };
    if memory {
        let size = if random.percent(4) {
            1 << random.below(4)
        } else {
            size
        };
        let width = match size {
            1 => 0x10,
            2 => 0x08,
            4 => 0x00,
            8 => 0x18,
            _ => [0x10, 0x08, 0x00, 0x18][random.below(4)],
        };
        let mode = match random.below(30) {
            0 => 0x80,
            1 => 0xc0,
            _ => 0x60,
        };
        let class = *random.pick(&[1, 1, 1, 1, 2, 3]);
        code.code
            .extend(insn(mode | width | class, registers, value as i16, noise));
        return;
    }
    let wide = if kind == 11 {
        wide_enumerators
    } else {
        random.percent(20)
    };
    if wide {
        let (mut first, mut second) = (registers & 0x0f, [0u8, 0]);
        let mut off = 0;
        if random.one_in(80) {
            match random.below(3) {
                0 => first |= 0x10,
                1 => off = 8,
                _ => second = [random.below(2) as u8, random.below(3) as u8],
            }
        }
        code.code.extend(insn(0x18, first, off, value as i32));
        code.code
            .extend(insn(second[0], second[1], 0, (value >> 32) as i32));
        return;
    }
    let op = *random.pick(&[0xb7, 0xb7, 0xb7, 0xb4, 0x07, 0x67, 0x77, 0x04]);
    code.code.extend(insn(
        op,
        registers & 0x0f,
        (noise >> 16) as i16,
        value as i32,
    ));
}

/// What the compiler would have put into the instruction, and how many bytes it would load. A guess will
/// do: where it is wrong, both sides must refuse.
fn local_value(types: &Types, root: Id, access: &str, kind: u32, endian: Endian) -> (u64, u32) {
    let steps: Vec<usize> = access
        .split(':')
        .filter_map(|step| step.parse().ok())
        .collect();
    let size_of = |id: Id| types.size(id).map_or(0, |(size, _)| size);
    match kind {
        0..6 => field_value(types, root, &steps, kind, endian),
        6 => (root as u64, 0),
        7 => (root as u64, 0),
        8 | 10 | 12 => (1, 0),
        9 => (size_of(root), 0),
        11 => match &types.0[types.strip(root)] {
            Def::Enumeration(it) => (it.values.get(steps[0]).map_or(0, |(_, value)| *value), 0),
            _ => (0, 0),
        },
        _ => (0, 0),
    }
}

fn field_value(types: &Types, root: Id, steps: &[usize], kind: u32, endian: Endian) -> (u64, u32) {
    let size_of = |id: Id| types.size(id).map_or(0, |(size, _)| size);
    let mut ty = types.strip(root);
    let mut bit = steps[0] as u64 * size_of(ty) * 8;
    let mut bits = None;
    for step in &steps[1..] {
        bits = None;
        match &types.0[ty] {
            Def::Composite(it) => {
                let Some(member) = it.members.get(*step) else {
                    return (0, 0);
                };
                bit += u64::from(member.offset);
                bits = member.bits;
                ty = types.strip(member.ty);
            }
            Def::Array(element, _) => {
                ty = types.strip(*element);
                bit += *step as u64 * size_of(ty) * 8;
            }
            _ => return (0, 0),
        }
    }
    let mut innermost = ty;
    while let Def::Array(element, _) = types.0[innermost] {
        innermost = types.strip(element);
    }
    let (mut size, mut offset) = (size_of(ty), bit / 8);
    let width = bits.map_or(size * 8, u64::from);
    if bits.is_some() && size > 0 {
        offset = bit / 8 / size * size;
        while size < 8 && bit + width > (offset + size) * 8 {
            size *= 2;
            offset = bit / 8 / size * size;
        }
    }
    let signed = match &types.0[ty] {
        Def::Int { encoding, .. } => encoding & 1 != 0,
        Def::Enumeration(it) => it.signed,
        _ => false,
    };
    let start = bit.wrapping_sub(offset * 8);
    let value = match kind {
        0 => offset,
        1 => size,
        2 => 1,
        3 => u64::from(signed),
        // libbpf counts in 32 bits.
        4 => u64::from(match endian {
            Endian::Little => 64u32.wrapping_sub(start as u32).wrapping_sub(width as u32),
            Endian::Big => 8u32
                .wrapping_sub(size as u32)
                .wrapping_mul(8)
                .wrapping_add(start as u32),
        }),
        _ => u64::from(64u32.wrapping_sub(width as u32)),
    };
    (value, size_of(innermost) as u32)
}
