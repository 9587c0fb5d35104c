//! An object's programs as a loader shows them: each with the functions it calls behind it, and without
//! what a loader fills in, which are the distances of calls and the numbers of maps.

use std::collections::BTreeMap;

use btfkit::elf::BpfObject;
use object::{Object, ObjectSection, ObjectSymbol, RelocationTarget, SymbolKind};

use crate::libbpf::Program;
use crate::ours;

const CALL: u8 = 0x85;
const LDIMM64: u8 = 0x18;

/// A section's number and a byte in it.
type Place = (usize, u64);

struct Code {
    /// Functions by where they start: name, end, and whether others can't call it.
    functions: BTreeMap<Place, (String, u64, bool)>,
    bytes: BTreeMap<usize, Vec<u8>>,
    calls: BTreeMap<Place, Place>,
    /// Instructions that a loader fills in.
    filled: Vec<Place>,
}

/// The programs of an object, in the order of the file.
pub fn programs(file: &[u8]) -> Result<Vec<Program>, String> {
    let code = Code::read(file)?;
    let mut programs = Vec::new();
    for (at, (name, _, is_program)) in &code.functions {
        if *is_program {
            let mut order = Vec::new();
            code.append(*at, &mut order);
            let mut bytes = Vec::new();
            for place in order {
                bytes.extend(code.function(place));
            }
            programs.push(Program {
                name: name.clone(),
                code: bytes,
            });
        }
    }
    Ok(programs)
}

/// What libbpf made of an object, without what it filled in.
pub fn blanked(mut programs: Vec<Program>, file: &[u8]) -> Result<Vec<Program>, String> {
    let code = Code::read(file)?;
    for program in &mut programs {
        let found = code
            .functions
            .iter()
            .find(|(_, (name, ..))| *name == program.name);
        let mut order = Vec::new();
        if let Some((at, _)) = found {
            code.append(*at, &mut order);
        }
        let mut start = 0;
        for place in order {
            let end = start + code.function(place).len();
            if let Some(bytes) = program.code.get_mut(start..end) {
                code.blank(place, bytes);
            }
            start = end;
        }
    }
    programs.sort_by_key(|program| {
        let found = code
            .functions
            .iter()
            .find(|(_, (name, ..))| *name == program.name);
        found.map(|(at, _)| *at)
    });
    Ok(programs)
}

impl Code {
    fn read(file: &[u8]) -> Result<Self, String> {
        let text = |error: object::Error| error.to_string();
        let elf = object::File::parse(file).map_err(text)?;
        let endian = BpfObject::parse(file.to_vec())
            .map_err(|error| error.to_string())?
            .endian();
        let mut code = Self {
            functions: BTreeMap::new(),
            bytes: BTreeMap::new(),
            calls: BTreeMap::new(),
            filled: Vec::new(),
        };
        let mut is_text = BTreeMap::new();
        for section in elf.sections() {
            if section.kind() != object::SectionKind::Text {
                continue;
            }
            let index = section.index().0;
            let mut bytes = section.data().map_err(text)?.to_vec();
            ours::to_host(&mut bytes, endian);
            is_text.insert(index, section.name() == Ok(".text"));
            let mut moved = BTreeMap::new();
            for (at, relocation) in section.relocations() {
                if let RelocationTarget::Symbol(symbol) = relocation.target() {
                    let symbol = elf.symbol_by_index(symbol).map_err(text)?;
                    let section = symbol.section_index().map_or(0, |section| section.0);
                    moved.insert(at, (section, symbol.address()));
                }
            }
            for (number, insn) in bytes.chunks_exact(8).enumerate() {
                let at = number as u64 * 8;
                let imm = i64::from(i32::from_le_bytes(insn[4..8].try_into().unwrap()));
                let target = moved.get(&at).copied();
                if insn[0] == CALL && insn[1] >> 4 == 1 {
                    let (section, start) = target.unwrap_or((index, at));
                    let place = (section, start.wrapping_add_signed((imm + 1) * 8));
                    code.calls.insert((index, at), place);
                    code.filled.push((index, at));
                } else if target.is_some() {
                    code.filled.push((index, at));
                }
            }
            code.bytes.insert(index, bytes);
        }
        for symbol in elf.symbols() {
            let section = symbol.section_index().map_or(0, |section| section.0);
            if let Some(is_text) = is_text.get(&section)
                && symbol.kind() == SymbolKind::Text
            {
                let name = symbol.name().map_err(text)?.to_owned();
                let end = symbol.address() + symbol.size();
                code.functions
                    .insert((section, symbol.address()), (name, end, !is_text));
            }
        }
        Ok(code)
    }

    /// A function and those it calls, each once, in the order in which a loader comes to them.
    fn append(&self, at: Place, order: &mut Vec<Place>) {
        order.push(at);
        let Some((_, end, _)) = self.functions.get(&at) else {
            return;
        };
        for (_, target) in self.calls.range(at..(at.0, *end)) {
            if !order.contains(target) {
                self.append(*target, order);
            }
        }
    }

    fn function(&self, at: Place) -> Vec<u8> {
        let end = self.functions.get(&at).map_or(at.1, |(_, end, _)| *end);
        let bytes = self
            .bytes
            .get(&at.0)
            .and_then(|bytes| bytes.get(at.1 as usize..end as usize));
        let mut bytes = bytes.unwrap_or_default().to_vec();
        self.blank(at, &mut bytes);
        bytes
    }

    /// Empties what a loader fills in, in a function's code.
    fn blank(&self, at: Place, code: &mut [u8]) {
        for (section, place) in &self.filled {
            let Some(offset) = place.checked_sub(at.1).filter(|_| *section == at.0) else {
                continue;
            };
            let Some(rest) = code
                .get_mut(offset as usize..)
                .filter(|rest| rest.len() >= 8)
            else {
                continue;
            };
            rest[1] &= 0x0f;
            rest[4..8].fill(0);
            if rest[0] == LDIMM64 && rest.len() >= 16 {
                rest[12..16].fill(0);
            }
        }
    }
}
