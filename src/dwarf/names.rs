//! Names where they stand: an offset into a section, not a copy.

use crate::dwarf::read::index;
use crate::dwarf::sections::Sections;
use crate::graph::Name;

/// Where a name stands: 20 bits for the file, 4 for the section, 40 for the offset. 0 is no name.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct NameRef(u64);

/// The sections that names stand in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum NameSection {
    Info = 1,
    Types,
    Str,
    LineStr,
    /// A name that stands in no section because it is made from others, such as `ns::Foo`.
    Made,
}

impl NameRef {
    /// No name.
    pub const NONE: Self = Self(0);

    pub const fn new(file: u32, section: NameSection, offset: u64) -> Self {
        let offset = if offset >> 40 == 0 {
            offset
        } else {
            // Beyond every section: an empty name.
            (1 << 40) - 1
        };
        Self((file as u64) << 44 | (section as u64) << 40 | offset)
    }

    #[inline]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// The name as a number that no other name of the same bytes need have, but only names of the same bytes
    /// do; `None` for names in place, of which there are as many as entries.
    #[inline]
    pub const fn number(self) -> Option<u64> {
        const STR: u64 = NameSection::Str as u64;
        const LINE_STR: u64 = NameSection::LineStr as u64;
        match self.section() {
            STR | LINE_STR => Some(self.0),
            _ if self.0 == 0 => Some(0),
            _ => None,
        }
    }

    /// The offset into the made names, if it is one of them.
    pub fn made(self) -> Option<u64> {
        (self.section() == NameSection::Made as u64).then_some(self.offset())
    }

    const fn section(self) -> u64 {
        (self.0 >> 40) & 0xf
    }

    const fn offset(self) -> u64 {
        self.0 & ((1 << 40) - 1)
    }
}

/// The files that names stand in: the program, then the alternate file, then the split ones.
#[derive(Debug)]
pub(crate) struct Files<'a> {
    pub files: Vec<&'a Sections>,
}

impl<'a> Files<'a> {
    /// The bytes from the start of a name on, to the end of the section.
    #[inline]
    pub fn tail<'n>(&self, name: NameRef, made: &'n [u8]) -> &'n [u8]
    where
        'a: 'n,
    {
        // Nearly all names.
        if name.0 >> 40 == NameSection::Str as u64 {
            let names = self.files.first().map_or(&[][..], |file| &file.str);
            return names.get(index(name.offset())..).unwrap_or_default();
        }
        let section: &'n [u8] = match name.section() {
            5 => made,
            section => {
                let file = self.files.get(index(name.0 >> 44));
                match (file, section) {
                    (Some(file), 3) => &file.str,
                    (Some(file), 1) => &file.info,
                    (Some(file), 4) => &file.line_str,
                    (Some(file), 2) => &file.types,
                    _ => &[],
                }
            }
        };
        section.get(index(name.offset())..).unwrap_or_default()
    }

    /// Returns whether an address is one of the program's. It may be where the program's memory is not known.
    pub fn is_in_memory(&self, address: u64) -> bool {
        let memory = self.files.first().map_or(&[][..], |file| &file.memory);
        let mut sections = memory.iter();
        memory.is_empty()
            || sections.any(|section| {
                address
                    .checked_sub(section.address)
                    .is_some_and(|offset| offset < section.size)
            })
    }

    /// Returns whether the program's symbol tables have all of its functions.
    pub fn has_all_symbols(&self) -> bool {
        self.files
            .first()
            .is_some_and(|program| program.symbols.is_complete())
    }

    /// Returns whether the program's symbol tables have a function of this name.
    pub fn has_function_symbol(&self, name: &[u8]) -> bool {
        let program = self.files.first();
        program.is_some_and(|program| !program.symbols.addresses(name).is_empty())
    }

    /// Returns how many bytes the `.debug_str` of a file has up to the end of its last whole string.
    pub fn str_len(&self, file: u32) -> u64 {
        let file = self.files.get(file as usize);
        let last = file.and_then(|file| memchr::memrchr(0, &file.str));
        last.map_or(0, |last| last as u64 + 1)
    }

    /// A name's bytes.
    pub fn bytes<'n>(&self, name: NameRef, made: &'n [u8]) -> &'n [u8]
    where
        'a: 'n,
    {
        Name::new(self.tail(name, made)).as_bytes()
    }
}
