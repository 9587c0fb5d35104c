//! BPF programs made by hand: instructions as bytes, relocations as records, no ELF file around them.

use btfkit::bpf::{CodeSection, Function, Program};
use btfkit::graph::{Btf, CoreRelo, GraphBuilder};
use btfkit::relocate::{Applied, Resolution, ResolveOptions, Target, apply, resolve};
use btfkit::{Endian, Result, StrId, TypeId};

/// Bytes of one instruction.
pub const INSN: usize = 8;

/// Opcodes, as "BPF Instruction Set Architecture" has them.
pub mod op {
    pub const MOV64_IMM: u8 = 0xb7;
    pub const MOV64_REG: u8 = 0xbf;
    pub const MOV32_IMM: u8 = 0xb4;
    pub const ADD64_IMM: u8 = 0x07;
    pub const LDIMM64: u8 = 0x18;
    pub const LDX_MEM: u8 = 0x61;
    pub const LDX_MEMSX: u8 = 0x81;
    pub const ST_MEM: u8 = 0x62;
    pub const STX_MEM: u8 = 0x63;
    pub const CALL: u8 = 0x85;
    pub const EXIT: u8 = 0x95;

    /// The same load or store of another width in bytes.
    pub fn sized(code: u8, width: u32) -> u8 {
        let bits = match width {
            1 => 0x10,
            2 => 0x08,
            4 => 0x00,
            8 => 0x18,
            _ => panic!("no instruction loads {width} bytes"),
        };
        code & !0x18 | bits
    }
}

/// One instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Insn {
    pub code: u8,
    pub dst: u8,
    pub src: u8,
    pub off: i16,
    pub imm: i32,
}

/// What a poisoned instruction looks like: a call of helper 0xbad2310.
pub const POISONED: Insn = Insn {
    code: op::CALL,
    dst: 0,
    src: 0,
    off: 0,
    imm: 0x0bad_2310,
};

impl Insn {
    /// An instruction without source register.
    pub const fn new(code: u8, dst: u8, off: i16, imm: i32) -> Self {
        Self {
            code,
            dst,
            src: 0,
            off,
            imm,
        }
    }

    /// A load of `width` bytes at `off` of what register 2 points to.
    pub fn load(width: u32, off: i16) -> Self {
        Self {
            code: op::sized(op::LDX_MEM, width),
            dst: 1,
            src: 2,
            off,
            imm: 0,
        }
    }

    /// `r1 = imm`, sign-extended.
    pub const fn mov(imm: i32) -> Self {
        Self::new(op::MOV64_IMM, 1, 0, imm)
    }

    /// `r1 = value`: two slots.
    pub const fn wide(value: u64) -> [Self; 2] {
        let [low, high] = [value as u32, (value >> 32) as u32];
        [
            Self::new(op::LDIMM64, 1, 0, low.cast_signed()),
            Self::new(0, 0, 0, high.cast_signed()),
        ]
    }

    pub fn bytes(self, endian: Endian) -> [u8; INSN] {
        let (registers, off, imm) = match endian {
            Endian::Little => (
                self.src << 4 | self.dst,
                self.off.to_le_bytes(),
                self.imm.to_le_bytes(),
            ),
            Endian::Big => (
                self.dst << 4 | self.src,
                self.off.to_be_bytes(),
                self.imm.to_be_bytes(),
            ),
        };
        let ([a, b], [c, d, e, f]) = (off, imm);
        [self.code, registers, a, b, c, d, e, f]
    }

    pub fn read(bytes: &[u8], endian: Endian) -> Self {
        let &[code, registers, a, b, c, d, e, f] = bytes else {
            panic!("an instruction has 8 bytes");
        };
        let (low, high) = (registers & 15, registers >> 4);
        match endian {
            Endian::Little => Self {
                code,
                dst: low,
                src: high,
                off: i16::from_le_bytes([a, b]),
                imm: i32::from_le_bytes([c, d, e, f]),
            },
            Endian::Big => Self {
                code,
                dst: high,
                src: low,
                off: i16::from_be_bytes([a, b]),
                imm: i32::from_be_bytes([c, d, e, f]),
            },
        }
    }
}

/// Instructions of a section, decoded.
pub fn decode(code: &[u8], endian: Endian) -> Vec<Insn> {
    code.chunks(INSN)
        .map(|bytes| Insn::read(bytes, endian))
        .collect()
}

/// A program in the making: a graph and relocations of instructions.
#[derive(Clone, Debug)]
pub struct Source {
    pub builder: GraphBuilder,
    pub endian: Endian,
    pub code: Vec<u8>,
    pub relos: Vec<CoreRelo>,
}

impl Source {
    /// The object's own types so far, in a byte order.
    pub fn new(builder: GraphBuilder, endian: Endian) -> Self {
        Self {
            builder,
            endian,
            code: Vec::new(),
            relos: Vec::new(),
        }
    }

    /// Appends instructions; the first gets a relocation.
    pub fn ask(&mut self, kind: u32, root: TypeId, access: &str, insns: &[Insn]) {
        let relo = CoreRelo {
            insn_off: u32::try_from(self.code.len()).unwrap(),
            type_id: root,
            access: self.builder.intern(access).unwrap(),
            kind,
        };
        self.relos.push(relo);
        self.add(insns);
    }

    /// Appends instructions.
    pub fn add(&mut self, insns: &[Insn]) {
        for insn in insns {
            self.code.extend_from_slice(&insn.bytes(self.endian));
        }
    }

    pub fn finish(self) -> Object {
        Object {
            graph: self.builder.freeze().unwrap(),
            endian: self.endian,
            code: self.code,
            relos: self.relos,
        }
    }
}

/// What relocating a program in memory came to.
#[derive(Debug)]
pub struct Relocated {
    pub code: Vec<Vec<u8>>,
    pub resolution: Resolution,
    pub applied: Vec<Applied>,
}

/// Resolves and applies every relocation of a program.
pub fn relocate(
    program: &Program<'_>,
    targets: &[Target],
    options: &ResolveOptions,
) -> Result<Relocated> {
    let resolution = resolve(program, targets, options)?;
    let mut code = program.code();
    let applied = apply(program, &resolution, &mut code)?.applied;
    Ok(Relocated {
        code,
        resolution,
        applied,
    })
}

/// An object with one function in one section.
#[derive(Clone, Debug)]
pub struct Object {
    pub graph: Btf,
    pub endian: Endian,
    pub code: Vec<u8>,
    pub relos: Vec<CoreRelo>,
}

impl Object {
    pub fn program(&self) -> Program<'_> {
        let whole = Function {
            name: "probe".into(),
            start: 0,
            size: self.code.len() as u64,
        };
        let section = CodeSection {
            name: "uprobe".into(),
            code: &self.code,
            functions: vec![whole].into(),
            relos: &self.relos,
            ..CodeSection::default()
        };
        Program {
            graph: &self.graph,
            endian: self.endian,
            sections: vec![section],
        }
    }

    pub fn relocate(&self, targets: &[Target]) -> Result<Relocated> {
        relocate(&self.program(), targets, &ResolveOptions::default())
    }

    /// The object with its relocations done, and the records left that are not.
    pub fn rewritten(&self, targets: &[Target], options: &ResolveOptions) -> Result<Self> {
        let done = relocate(&self.program(), targets, options)?;
        let fixups = &done.resolution.fixups;
        let left = fixups.iter().filter(|fixup| !fixup.is_consumed());
        Ok(Self {
            code: done.code.concat(),
            relos: left.map(|fixup| fixup.relo).collect(),
            ..self.clone()
        })
    }

    pub fn insns(&self) -> Vec<Insn> {
        decode(&self.code, self.endian)
    }
}

/// The string of an accessor: `0:1:2`.
pub fn access(steps: &[u32]) -> String {
    let steps: Vec<String> = steps.iter().map(u32::to_string).collect();
    steps.join(":")
}

/// Nothing to name.
pub const ANONYMOUS: StrId = StrId::EMPTY;
