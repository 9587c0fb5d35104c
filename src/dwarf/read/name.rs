//! Names as offsets into sections, not as copies.

use crate::dwarf::read::index;
use crate::dwarf::sections::Sections;
use crate::graph::Name;

/// The place of a name: 20 bits for the file, 4 for the section, 40 for the offset. 0 is no name.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct NameRef(u64);

/// The sections that contain names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum NameSection {
    Info = 1,
    Types,
    Str,
    LineStr,
    /// No section: the name is composed from others, such as `ns::Foo`.
    Composed,
}

impl NameRef {
    /// No name.
    pub const NONE: Self = Self(0);

    /// Returns the name at an offset of a section of a file.
    pub const fn new(file: u32, section: NameSection, offset: u64) -> Self {
        let offset = if offset >> 40 == 0 {
            offset
        } else {
            // An offset beyond every section is an empty name.
            (1 << 40) - 1
        };
        Self((file as u64) << 44 | (section as u64) << 40 | offset)
    }

    #[inline]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Returns a number that identifies the name: equal numbers imply equal bytes, not vice versa. Returns `None` for
    /// names in place, since each DIE has one of its own.
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

    /// Returns whether the name is composed from others.
    const fn is_composed(self) -> bool {
        self.section() == NameSection::Composed as u64
    }

    const fn section(self) -> u64 {
        (self.0 >> 40) & 0xf
    }

    const fn offset(self) -> u64 {
        self.0 & ((1 << 40) - 1)
    }
}

/// Names composed from others, which no section has. Each ends with a NUL.
#[derive(Default, Debug)]
pub(crate) struct Composed {
    bytes: Vec<u8>,
}

impl Composed {
    /// Removes all names.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Returns the length of all names together, in bytes.
    pub const fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Adds a name.
    pub fn push(&mut self, name: &[u8]) -> NameRef {
        let start = self.bytes.len() as u64;
        self.bytes.extend_from_slice(name);
        self.bytes.push(0);
        NameRef::new(0, NameSection::Composed, start)
    }
}

/// The files that contain names: the program, then the alternate file, then the files of split units.
#[derive(Debug)]
pub(crate) struct Files<'a> {
    pub files: Vec<&'a Sections>,
    /// The size of each file's `.debug_str` and `.debug_line_str` up to the end of the last whole string.
    whole: Vec<(u64, u64)>,
}

impl<'a> Files<'a> {
    /// Finds the last whole string of each section once.
    pub fn new(files: Vec<&'a Sections>) -> Self {
        let len = |section: &[u8]| memchr::memrchr(0, section).map_or(0, |last| last as u64 + 1);
        let sizes = files.iter();
        let whole = sizes.map(|file| (len(&file.str), len(&file.line_str)));
        let whole = whole.collect();
        Self { files, whole }
    }

    /// Returns the bytes from the start of a name to the end of its section.
    #[inline]
    pub fn tail<'n>(&self, name: NameRef, composed: &'n Composed) -> &'n [u8]
    where
        'a: 'n,
    {
        // Nearly all names are in the program's `.debug_str`.
        if name.0 >> 40 == NameSection::Str as u64 {
            let names = self.files.first().map_or(&[][..], |file| &file.str);
            return names.get(index(name.offset())..).unwrap_or_default();
        }
        let section: &'n [u8] = match name.section() {
            5 => &composed.bytes,
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

    /// Returns whether an address is in the program's memory, or the program's memory is not known.
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

    /// Returns the size of a file's `.debug_str` up to the end of its last whole string.
    pub fn str_len(&self, file: u32) -> u64 {
        self.whole.get(file as usize).map_or(0, |whole| whole.0)
    }

    /// Returns the size of a file's `.debug_line_str` up to the end of its last whole string.
    pub fn line_str_len(&self, file: u32) -> u64 {
        self.whole.get(file as usize).map_or(0, |whole| whole.1)
    }

    /// Returns a name's bytes.
    pub fn bytes<'n>(&self, name: NameRef, composed: &'n Composed) -> &'n [u8]
    where
        'a: 'n,
    {
        Name::new(self.tail(name, composed)).as_bytes()
    }

    /// Composes `scope::name`, or `scope::nameless` if there is no name. Without a scope, the name remains.
    pub fn qualified(
        &self,
        scope: NameRef,
        name: NameRef,
        nameless: &[u8],
        composed: &mut Composed,
    ) -> NameRef {
        let text = match (scope.is_none(), name.is_none()) {
            (true, true) => return composed.push(nameless),
            (true, false) => return name,
            (false, true) => [self.bytes(scope, composed), b"::", nameless].concat(),
            (false, false) => {
                let name = self.bytes(name, composed);
                [self.bytes(scope, composed), b"::", name].concat()
            }
        };
        composed.push(&text)
    }

    /// Returns a name that outlives `from`: a composed one is copied to `to`.
    pub fn keep(&self, name: NameRef, from: &Composed, to: &mut Composed) -> NameRef {
        if name.is_composed() {
            to.push(self.bytes(name, from))
        } else {
            name
        }
    }
}
