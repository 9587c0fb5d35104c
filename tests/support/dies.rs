//! A tree of DIEs written by hand, with its abbreviations.

use btfkit::dwarf::Sections;
use std::collections::HashMap;

use crate::support::entries;

pub const COMPILE_UNIT: u16 = 0x11;
pub const BASE_TYPE: u16 = 0x24;
pub const STRUCTURE_TYPE: u16 = 0x13;
pub const MEMBER: u16 = 0x0d;
pub const TYPEDEF: u16 = 0x16;
pub const UNION_TYPE: u16 = 0x17;
pub const POINTER_TYPE: u16 = 0x0f;
pub const ARRAY_TYPE: u16 = 0x01;
pub const SUBRANGE_TYPE: u16 = 0x21;
pub const STRING_TYPE: u16 = 0x12;
pub const SET_TYPE: u16 = 0x20;
pub const SUBROUTINE_TYPE: u16 = 0x15;
pub const ENUMERATION_TYPE: u16 = 0x04;
pub const NAMESPACE: u16 = 0x39;
pub const FORMAL_PARAMETER: u16 = 0x05;
pub const TEMPLATE_TYPE: u16 = 0x2f;
pub const INHERITANCE: u16 = 0x1c;
pub const IMPORTED_MODULE: u16 = 0x3a;

pub const NAME: u16 = 0x03;
pub const ORDERING: u16 = 0x09;
pub const BYTE_SIZE: u16 = 0x0b;
pub const BIT_SIZE: u16 = 0x0d;
pub const LANGUAGE: u16 = 0x13;
pub const IMPORT: u16 = 0x18;
pub const UPPER_BOUND: u16 = 0x2f;
pub const BIT_STRIDE: u16 = 0x2e;
pub const COUNT: u16 = 0x37;
pub const LOCATION: u16 = 0x38;
pub const DECLARATION: u16 = 0x3c;
pub const ENCODING: u16 = 0x3e;
pub const TYPE: u16 = 0x49;
pub const DATA_LOCATION: u16 = 0x50;
pub const BYTE_STRIDE: u16 = 0x51;
pub const ENDIANITY: u16 = 0x65;
pub const DATA_BIT_OFFSET: u16 = 0x6b;
pub const ALIGNMENT: u16 = 0x88;
pub const EXPORT_SYMBOLS: u16 = 0x89;
pub const BIAS: u16 = 0x2305;

/// The value of an attribute.
#[derive(Clone)]
pub enum Value {
    Number(u32),
    Text(&'static str),
    /// The DIE with this mark.
    To(&'static str),
    Flag,
    Expression(&'static [u8]),
    /// An offset in a `.debug_str` that isn't there.
    NameBeyond,
}

/// A DIE.
#[derive(Clone)]
pub struct Die {
    tag: u16,
    mark: &'static str,
    attributes: Vec<(u16, Value)>,
    children: Vec<Die>,
}

impl Die {
    pub fn new(tag: u16) -> Self {
        Self {
            tag,
            mark: "",
            attributes: Vec::new(),
            children: Vec::new(),
        }
    }

    /// What other DIEs call it.
    pub fn mark(mut self, mark: &'static str) -> Self {
        self.mark = mark;
        self
    }

    pub fn with(mut self, attribute: u16, value: Value) -> Self {
        self.attributes.push((attribute, value));
        self
    }

    pub fn number(self, attribute: u16, value: u32) -> Self {
        self.with(attribute, Value::Number(value))
    }

    pub fn name(self, name: &'static str) -> Self {
        self.with(NAME, Value::Text(name))
    }

    pub fn to(self, mark: &'static str) -> Self {
        self.with(TYPE, Value::To(mark))
    }

    pub fn children(mut self, children: impl IntoIterator<Item = Die>) -> Self {
        self.children.extend(children);
        self
    }
}

/// A base type that is marked by its name.
pub fn base(name: &'static str, size: u32, encoding: u32) -> Die {
    Die::new(BASE_TYPE)
        .mark(name)
        .name(name)
        .number(BYTE_SIZE, size)
        .number(ENCODING, encoding)
}

/// A structure of members: name, mark of the type, offset.
pub fn structure(
    name: &'static str,
    size: u32,
    members: &[(&'static str, &'static str, u32)],
) -> Die {
    let members = members
        .iter()
        .map(|(name, ty, offset)| Die::new(MEMBER).name(name).to(ty).number(LOCATION, *offset));
    Die::new(STRUCTURE_TYPE)
        .name(name)
        .number(BYTE_SIZE, size)
        .children(members)
}

/// An array of one dimension.
pub fn array(mark: &'static str, element: &'static str, count: u32) -> Die {
    Die::new(ARRAY_TYPE)
        .mark(mark)
        .to(element)
        .children([Die::new(SUBRANGE_TYPE).number(COUNT, count)])
}

#[derive(Default)]
struct Writer {
    abbrevs: Vec<u8>,
    codes: u32,
    entries: Vec<u8>,
    marks: HashMap<&'static str, u32>,
    /// Where references stand, and what they lead to.
    references: Vec<(usize, &'static str)>,
}

fn uleb(out: &mut Vec<u8>, mut value: u32) {
    while value > 0x7f {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

impl Writer {
    /// The bytes of a unit before its first DIE.
    const HEADER: u32 = 11;

    fn die(&mut self, die: &Die) {
        self.codes += 1;
        let here = Self::HEADER + u32::try_from(self.entries.len()).unwrap();
        self.marks.insert(die.mark, here);
        uleb(&mut self.entries, self.codes);
        uleb(&mut self.abbrevs, self.codes);
        uleb(&mut self.abbrevs, die.tag.into());
        self.abbrevs.push(u8::from(!die.children.is_empty()));
        for (attribute, value) in &die.attributes {
            uleb(&mut self.abbrevs, (*attribute).into());
            let form = match value {
                Value::Number(number) => {
                    self.entries.extend(number.to_le_bytes());
                    0x06
                }
                Value::Text(text) => {
                    self.entries.extend(text.as_bytes());
                    self.entries.push(0);
                    0x08
                }
                Value::To(mark) => {
                    self.references.push((self.entries.len(), mark));
                    self.entries.extend([0; 4]);
                    0x13
                }
                Value::Flag => 0x19,
                Value::Expression(bytes) => {
                    self.entries.push(bytes.len().try_into().unwrap());
                    self.entries.extend(*bytes);
                    0x18
                }
                Value::NameBeyond => {
                    self.entries.extend([0x10, 0, 0, 0]);
                    0x0e
                }
            };
            self.abbrevs.push(form);
        }
        self.abbrevs.extend([0, 0]);
        if !die.children.is_empty() {
            die.children.iter().for_each(|child| self.die(child));
            self.entries.push(0);
        }
    }
}

/// A unit of DWARF 4 of these types, with its abbreviations, which start at `abbrevs` in the section.
pub fn unit_of(
    language: u32,
    types: impl IntoIterator<Item = Die>,
    abbrevs: u32,
) -> (Vec<u8>, Vec<u8>) {
    let mut writer = Writer::default();
    let unit = Die::new(COMPILE_UNIT)
        .name("unit.c")
        .number(LANGUAGE, language)
        .children(types);
    writer.die(&unit);
    writer.abbrevs.push(0);
    for (at, mark) in &writer.references {
        let to = writer.marks[mark];
        writer.entries[*at..at + 4].copy_from_slice(&to.to_le_bytes());
    }
    let length = u32::try_from(writer.entries.len() + 7).unwrap();
    let mut info = length.to_le_bytes().to_vec();
    info.extend([4, 0]);
    info.extend(abbrevs.to_le_bytes());
    info.push(8);
    info.extend(&writer.entries);
    (info, writer.abbrevs)
}

/// A little-endian 64-bit program of one unit of C++ with these types.
pub fn cxx_program(types: impl IntoIterator<Item = Die>) -> Sections {
    cxx_units([types.into_iter().collect()])
}

/// A little-endian 64-bit program of units of C++, each with its types.
pub fn cxx_units(units: impl IntoIterator<Item = Vec<Die>>) -> Sections {
    let (mut info, mut abbrev) = (Vec::new(), Vec::new());
    for types in units {
        let at = u32::try_from(abbrev.len()).unwrap();
        let (unit, abbrevs) = unit_of(0x04, types, at);
        info.extend(unit);
        abbrev.extend(abbrevs);
    }
    entries::sections(info, abbrev)
}

/// A little-endian 64-bit program of one unit of C with these types.
pub fn program(types: impl IntoIterator<Item = Die>) -> Sections {
    program_in(0x0c, types)
}

/// The same in another language.
pub fn program_in(language: u32, types: impl IntoIterator<Item = Die>) -> Sections {
    let (info, abbrev) = unit_of(language, types, 0);
    entries::sections(info, abbrev)
}
