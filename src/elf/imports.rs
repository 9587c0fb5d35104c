//! Functions that a program imports: the libraries that have them, and the stubs that call them.

use std::collections::HashMap;

use bytes::Bytes;
use object::Endianness;
use object::elf;
use object::read::elf::{Dyn, FileHeader, Rel, Rela};

use crate::elf::file::Elf;
use crate::elf::symbol_tables::{RawSymbol, Version, Versions};
use crate::graph::Name;
use crate::target::{Endian, PointerWidth};

/// A function that the program calls and another file defines.
#[derive(Clone, Debug)]
pub struct ImportedFunction {
    name: Bytes,
    version: Option<Version>,
    stubs: Vec<u64>,
}

impl ImportedFunction {
    /// Returns the name, without a version.
    #[must_use]
    pub fn name(&self) -> Name<'_> {
        Name::new(&self.name)
    }

    /// Returns the version that is asked for.
    #[must_use]
    pub fn version(&self) -> Option<Name<'_>> {
        self.version
            .as_ref()
            .map(|version| Name::new(&version.name))
    }

    /// Returns the library that defines the function, if its symbol has a version. Otherwise it is one of
    /// [`FunctionTable::libraries`](super::FunctionTable::libraries).
    #[must_use]
    pub fn library(&self) -> Option<Name<'_>> {
        let library = self.version.as_ref()?.library.as_ref()?;
        Some(Name::new(library))
    }

    /// Returns the addresses of the stubs in the procedure linkage table (PLT) through which this program calls the
    /// function. A uprobe there sees the calls of this program's file only. Stubs are found in programs for x86-64 and
    /// AArch64.
    #[must_use]
    pub fn stubs(&self) -> &[u64] {
        &self.stubs
    }
}

/// The reader of imports.
pub(super) struct Imports;

impl Imports {
    /// Reads the imported functions among the dynamic symbols, sorted by name and version.
    pub fn read(elf: &Elf, dynamic: &[RawSymbol], versions: &Versions) -> Vec<ImportedFunction> {
        let undefined = dynamic.iter().filter(|symbol| symbol.section == 0);
        let called = slots(elf);
        let mut by_symbol: HashMap<u32, Vec<u64>> = HashMap::new();
        for (address, slot) in stubs(elf) {
            if let Some(symbol) = called.get(&slot) {
                by_symbol.entry(*symbol).or_default().push(address);
            }
        }
        let mut imports = Vec::new();
        for symbol in undefined {
            let stubs = by_symbol.remove(&symbol.index).unwrap_or_default();
            // A symbol without a type is a function if it is called.
            if elf::SymbolType(symbol.kind) == elf::STT_NOTYPE && stubs.is_empty() {
                continue;
            }
            imports.push(ImportedFunction {
                name: symbol.name.clone(),
                version: versions
                    .of(symbol.index)
                    .map(|(version, _)| version.clone()),
                stubs,
            });
        }
        imports.sort_by(|a, b| {
            let version = |import: &ImportedFunction| {
                import.version.as_ref().map(|version| version.name.clone())
            };
            (&a.name, version(a)).cmp(&(&b.name, version(b)))
        });
        imports
    }
}

/// Returns the addresses of the slots that the loader fills with addresses of symbols, and the symbols' numbers.
fn slots(elf: &Elf) -> HashMap<u64, u32> {
    let read = match elf.width {
        PointerWidth::Eight => read_slots::<elf::FileHeader64<Endianness>>(&elf.bytes),
        PointerWidth::Four => read_slots::<elf::FileHeader32<Endianness>>(&elf.bytes),
    };
    // Without them no stub is named.
    read.unwrap_or_default()
}

fn read_slots<H: FileHeader<Endian = Endianness>>(
    data: &[u8],
) -> object::read::Result<HashMap<u64, u32>> {
    use object::read::elf::SectionHeader as _;

    let header = H::parse(data)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, data)?;
    let mut slots = HashMap::new();
    for section in sections.iter() {
        // Only relocations that the loader applies are loaded.
        if !section.sh_flags(endian).contains(elf::SHF_ALLOC) {
            continue;
        }
        if let Some((records, _)) = section.rela(endian, data)? {
            for record in records {
                let symbol = record.r_sym(endian, false);
                if symbol != 0 {
                    slots.insert(record.r_offset(endian).into(), symbol);
                }
            }
        }
        if let Some((records, _)) = section.rel(endian, data)? {
            for record in records {
                let symbol = record.r_sym(endian);
                if symbol != 0 {
                    slots.insert(record.r_offset(endian).into(), symbol);
                }
            }
        }
    }
    Ok(slots)
}

/// Returns the stubs of the procedure linkage tables: their addresses, and those of the slots that they jump through.
fn stubs(elf: &Elf) -> Vec<(u64, u64)> {
    let mut found = Vec::new();
    if elf.endian != Endian::Little {
        return found;
    }
    for section in &elf.sections {
        let is_table = matches!(&section.name[..], b".plt" | b".plt.sec" | b".plt.got");
        let Some(bytes) = is_table.then(|| elf.raw(section).ok().flatten()).flatten() else {
            continue;
        };
        let size = if section.name == ".plt.got" { 8 } else { 16 };
        for (number, stub) in (0u64..).zip(bytes.chunks(size)) {
            let at = section
                .address
                .wrapping_add(number.wrapping_mul(size as u64));
            let slot = match elf::Machine(elf.machine) {
                elf::EM_X86_64 => x86_64_slot(stub, at),
                elf::EM_AARCH64 => aarch64_slot(stub, at),
                _ => None,
            };
            found.extend(slot.map(|slot| (at, slot)));
        }
    }
    found
}

/// Returns the address of the slot that a stub jumps through: `jmp *DISPLACEMENT(%rip)`.
fn x86_64_slot(stub: &[u8], at: u64) -> Option<u64> {
    let jump = memchr::memmem::find(stub, &[0xff, 0x25])?;
    let displacement = stub.get(jump.checked_add(2)?..)?.first_chunk::<4>()?;
    let displacement = i64::from(i32::from_le_bytes(*displacement));
    let next = at.wrapping_add(jump as u64).wrapping_add(6);
    Some(next.wrapping_add_signed(displacement))
}

/// Returns the address of the slot that a stub jumps through: `adrp x16, PAGE; ldr x17, [x16, OFFSET]`.
fn aarch64_slot(stub: &[u8], at: u64) -> Option<u64> {
    let mut words = stub
        .chunks_exact(4)
        .filter_map(|word| Some(u32::from_le_bytes(*word.first_chunk()?)));
    let page = words.next()?;
    let load = words.next()?;
    // `bti c` may come first.
    let (page, load, at) = match page {
        0xd503_245f => (load, words.next()?, at.wrapping_add(4)),
        _ => (page, load, at),
    };
    if page & 0x9f00_001f != 0x9000_0010 || load & 0xffc0_03ff != 0xf940_0211 {
        return None;
    }
    let pages = (page >> 29 & 3) | (page >> 5 & 0x7_ffff) << 2;
    // 21 bits with a sign.
    let pages = i64::from((pages << 11).cast_signed() >> 11);
    let base = (at & !0xfff).wrapping_add_signed(pages << 12);
    Some(base.wrapping_add(u64::from(load >> 10 & 0xfff) << 3))
}

/// Reads the names of the libraries that a file is linked with (`DT_NEEDED`).
pub(super) fn libraries(elf: &Elf) -> Vec<Bytes> {
    let read = match elf.width {
        PointerWidth::Eight => read_libraries::<elf::FileHeader64<Endianness>>(&elf.bytes),
        PointerWidth::Four => read_libraries::<elf::FileHeader32<Endianness>>(&elf.bytes),
    };
    read.unwrap_or_default()
}

fn read_libraries<H: FileHeader<Endian = Endianness>>(
    bytes: &Bytes,
) -> object::read::Result<Vec<Bytes>> {
    let data: &[u8] = bytes;
    let header = H::parse(data)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, data)?;
    let Some((entries, link)) = sections.dynamic(endian, data)? else {
        return Ok(Vec::new());
    };
    let strings = sections.strings(endian, data, link)?;
    let mut found = Vec::new();
    for entry in entries {
        if entry.tag(endian) == elf::DT_NEEDED
            && let Ok(name) = entry.string(endian, strings)
        {
            found.push(bytes.slice_ref(name));
        }
    }
    Ok(found)
}
