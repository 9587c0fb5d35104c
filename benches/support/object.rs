//! A BPF object file around code made by hand: what clang would write, less what no loader asks for.

use btfkit::encode::{encode, encode_ext};
use btfkit::graph::{Btf, CoreRelo, Ext, Records, SectionRecords};
use btfkit::{Endian, StrId};

const NULL: u32 = 0;
const PROGBITS: u32 = 1;
const SYMTAB: u32 = 2;
const STRTAB: u32 = 3;
const WRITE: u64 = 1;
const ALLOC_EXEC: u64 = 6;
const HEADER: usize = 64;

/// The object: one section of code with one function `probe` in it, a licence, types and relocations.
/// `section` is the code section's name, and must be among the graph's strings.
pub fn object(
    endian: Endian,
    graph: &Btf,
    section: StrId,
    code: &[u8],
    relos: &[CoreRelo],
) -> Vec<u8> {
    let mut ext = Ext::new(endian);
    let records = SectionRecords {
        section,
        records: relos.to_vec(),
        tails: Vec::new().into(),
    };
    ext.relos = Some(Records {
        record_size: 16,
        sections: vec![records],
    });
    let name = graph.string(section).to_string();
    let mut elf = Elf {
        endian,
        names: vec![0],
        file: vec![0; HEADER],
        headers: Vec::new(),
    };
    elf.section("", NULL, 0, &[], (0, 0, 0));
    let (strings, function) = (b"\0probe\0", 1);
    elf.section(".strtab", STRTAB, 0, strings, (0, 0, 0));
    let mut symbols = vec![0; 24];
    symbols.extend_from_slice(&elf.word(function));
    // A global function in section 3.
    symbols.extend_from_slice(&[0x12, 0]);
    symbols.extend_from_slice(&elf.half(3));
    symbols.extend_from_slice(&elf.long(0));
    symbols.extend_from_slice(&elf.long(code.len() as u64));
    elf.section(".symtab", SYMTAB, 0, &symbols, (1, 1, 24));
    elf.section(&name, PROGBITS, ALLOC_EXEC, code, (0, 0, 0));
    elf.section("license", PROGBITS, WRITE | 2, b"Dual MIT/GPL\0", (0, 0, 0));
    elf.section(".BTF", PROGBITS, 0, &encode(graph).unwrap(), (0, 0, 0));
    elf.section(
        ".BTF.ext",
        PROGBITS,
        0,
        &encode_ext(&ext).unwrap(),
        (0, 0, 0),
    );
    elf.finish()
}

/// A section header: `Elf64_Shdr`, less address and alignment.
struct Section {
    name: u32,
    kind: u32,
    flags: u64,
    offset: u64,
    size: u64,
    link: u32,
    info: u32,
    entry: u64,
}

struct Elf {
    endian: Endian,
    names: Vec<u8>,
    file: Vec<u8>,
    headers: Vec<Section>,
}

impl Elf {
    fn half(&self, value: u16) -> [u8; 2] {
        if self.endian == Endian::Big {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    }

    fn word(&self, value: u32) -> [u8; 4] {
        if self.endian == Endian::Big {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    }

    fn long(&self, value: u64) -> [u8; 8] {
        if self.endian == Endian::Big {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        }
    }

    fn section(&mut self, name: &str, kind: u32, flags: u64, data: &[u8], tail: (u32, u32, u64)) {
        let name_at = u32::try_from(self.names.len()).unwrap();
        self.names.extend_from_slice(name.as_bytes());
        self.names.push(0);
        self.file.resize(self.file.len().next_multiple_of(8), 0);
        let (offset, size) = (self.file.len() as u64, data.len() as u64);
        self.file.extend_from_slice(data);
        let (link, info, entry) = tail;
        self.headers.push(Section {
            name: name_at,
            kind,
            flags,
            offset,
            size,
            link,
            info,
            entry,
        });
    }

    fn finish(mut self) -> Vec<u8> {
        let names = std::mem::take(&mut self.names);
        let name_at = u32::try_from(names.len()).unwrap();
        let with_own = [&names[..], b".shstrtab\0"].concat();
        self.section("", STRTAB, 0, &with_own, (0, 0, 0));
        if let Some(last) = self.headers.last_mut() {
            last.name = name_at;
        }
        self.file.resize(self.file.len().next_multiple_of(8), 0);
        let table = self.file.len() as u64;
        let count = u16::try_from(self.headers.len()).unwrap();
        let headers = std::mem::take(&mut self.headers);
        for Section {
            name,
            kind,
            flags,
            offset,
            size,
            link,
            info,
            entry,
        } in headers
        {
            let align = if kind == NULL { 0 } else { 8 };
            let words = [self.word(name), self.word(kind)].concat();
            let longs = [flags, 0, offset, size]
                .map(|value| self.long(value))
                .concat();
            let ends = [self.word(link), self.word(info)].concat();
            let last = [align, entry].map(|value| self.long(value)).concat();
            self.file.extend([words, longs, ends, last].concat());
        }
        let data = if self.endian == Endian::Big { 2 } else { 1 };
        let mut header = vec![0x7f, b'E', b'L', b'F', 2, data, 1, 0];
        header.resize(16, 0);
        // ET_REL, EM_BPF.
        header.extend([self.half(1), self.half(247)].concat());
        header.extend(self.word(1));
        header.extend([0, 0, table].map(|value| self.long(value)).concat());
        header.extend(self.word(0));
        header.extend(
            [64, 0, 0, 64, count, count - 1]
                .map(|value| self.half(value))
                .concat(),
        );
        self.file[..HEADER].copy_from_slice(&header);
        self.file
    }
}
