//! BPF object files, written by hand: a section for each program, `.text`, calls between them, and the BTF.

use btfkit::Endian;

/// A section of code and the functions in it.
#[derive(Clone, Debug)]
pub struct Code {
    pub name: String,
    /// Instructions in the host's byte order.
    pub code: Vec<u8>,
    /// Name, start and size in bytes.
    pub functions: Vec<(String, u64, u64)>,
    /// Calls: the instruction's byte, and the function's name.
    pub calls: Vec<(u64, String)>,
}

struct Section {
    name: String,
    kind: u32,
    flags: u64,
    data: Vec<u8>,
    link: u32,
    info: u32,
    entry: u64,
    align: u64,
}

struct Writer {
    endian: Endian,
    out: Vec<u8>,
}

impl Writer {
    fn u16(&mut self, value: u16) {
        self.out.extend(match self.endian {
            Endian::Little => value.to_le_bytes(),
            Endian::Big => value.to_be_bytes(),
        });
    }
    fn u32(&mut self, value: u32) {
        self.out.extend(match self.endian {
            Endian::Little => value.to_le_bytes(),
            Endian::Big => value.to_be_bytes(),
        });
    }
    fn u64(&mut self, value: u64) {
        self.out.extend(match self.endian {
            Endian::Little => value.to_le_bytes(),
            Endian::Big => value.to_be_bytes(),
        });
    }
}

/// An object with this code and BTF.
pub fn object(codes: &[Code], btf: &[u8], btf_ext: &[u8], endian: Endian) -> Vec<u8> {
    let writer = || Writer {
        endian,
        out: Vec::new(),
    };
    let plain = |name: &str, data: Vec<u8>| Section {
        name: name.into(),
        kind: 1,
        flags: 0,
        data,
        link: 0,
        info: 0,
        entry: 0,
        align: 1,
    };
    let mut sections = Vec::new();
    let first_code = 1;
    for code in codes {
        let mut data = code.code.clone();
        crate::ours::to_host(&mut data, endian);
        sections.push(Section {
            flags: 6,
            align: 8,
            ..plain(&code.name, data)
        });
    }
    sections.push(Section {
        flags: 3,
        ..plain("license", b"GPL\0".to_vec())
    });
    sections.push(plain(".BTF", btf.to_vec()));
    sections.push(plain(".BTF.ext", btf_ext.to_vec()));

    // Symbols: all functions are global.
    let mut names = vec![0u8];
    let mut symbols = writer();
    symbols.out.resize(24, 0);
    let mut numbers = Vec::new();
    for (number, code) in codes.iter().enumerate() {
        for (name, start, size) in &code.functions {
            numbers.push(name.as_str());
            symbols.u32(names.len() as u32);
            symbols.out.extend([0x12, 0]);
            symbols.u16((first_code + number) as u16);
            symbols.u64(*start);
            symbols.u64(*size);
            names.extend(name.as_bytes());
            names.push(0);
        }
    }
    let symtab = sections.len() as u32 + 1;
    sections.push(Section {
        kind: 2,
        link: symtab + 1,
        info: 1,
        entry: 24,
        align: 8,
        ..plain(".symtab", symbols.out)
    });
    sections.push(Section {
        kind: 3,
        ..plain(".strtab", names)
    });
    for (number, code) in codes.iter().enumerate() {
        if code.calls.is_empty() {
            continue;
        }
        let mut relocations = writer();
        for (at, function) in &code.calls {
            let symbol = numbers.iter().position(|name| name == function).unwrap() + 1;
            relocations.u64(*at);
            // R_BPF_64_32
            relocations.u64((symbol as u64) << 32 | 10);
        }
        sections.push(Section {
            kind: 9,
            link: symtab,
            info: (first_code + number) as u32,
            entry: 16,
            align: 8,
            flags: 0x40,
            ..plain(&format!(".rel{}", code.name), relocations.out)
        });
    }
    let mut headers = vec![0u8];
    let mut name_offsets = Vec::new();
    sections.push(plain(".shstrtab", Vec::new()));
    for section in &sections {
        name_offsets.push(headers.len() as u32);
        headers.extend(section.name.as_bytes());
        headers.push(0);
    }
    sections.last_mut().unwrap().data = headers;
    sections.last_mut().unwrap().kind = 3;

    let mut body = Vec::new();
    let mut offsets = Vec::new();
    for section in &sections {
        body.resize(body.len().next_multiple_of(8), 0);
        offsets.push(64 + body.len() as u64);
        body.extend(&section.data);
    }
    body.resize(body.len().next_multiple_of(8), 0);

    let mut out = writer();
    let order = match endian {
        Endian::Little => 1,
        Endian::Big => 2,
    };
    out.out.extend(b"\x7fELF");
    out.out.extend([2, order, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    out.u16(1);
    out.u16(247);
    out.u32(1);
    out.u64(0);
    out.u64(0);
    out.u64(64 + body.len() as u64);
    out.u32(0);
    out.u16(64);
    out.u16(0);
    out.u16(0);
    out.u16(64);
    out.u16(sections.len() as u16 + 1);
    out.u16(sections.len() as u16);
    out.out.extend(&body);
    out.out.resize(out.out.len() + 64, 0);
    for ((section, name), offset) in sections.iter().zip(&name_offsets).zip(&offsets) {
        out.u32(*name);
        out.u32(section.kind);
        out.u64(section.flags);
        out.u64(0);
        out.u64(*offset);
        out.u64(section.data.len() as u64);
        out.u32(section.link);
        out.u32(section.info);
        out.u64(section.align);
        out.u64(section.entry);
    }
    out.out
}
