//! DIEs of the usual shape, read at fixed offsets instead of attribute by attribute.
//!
//! Nine of ten DIEs are members, enumerators and references to types, and nearly all of those have a name, a type and
//! one number at fixed offsets. Their other attributes are skipped in one move.

use crate::dwarf::read::cursor::Cursor;
use crate::dwarf::read::entry::Entry;
use crate::dwarf::read::form::{Class, Form};
use crate::dwarf::read::slot::Slot;
use crate::dwarf::read::step::Step;
use crate::error::Result;
use crate::target::Endian;

/// The offsets of the three values of a DIE, in bytes from the start of its attributes; or from the end of its name,
/// if that is a string in place before all other attributes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fast {
    /// Whether the name is a string in place.
    inline_name: bool,
    /// The size of all values in bytes, without the name in place and the number behind.
    size: u8,
    /// The name, if it is an offset into `.debug_str`.
    name: Option<u8>,
    /// The type, if it is a reference of 4 bytes within the unit.
    ty: Option<u8>,
    /// Whether the DIE is a declaration.
    declaration: bool,
    /// The attribute that the number belongs to.
    slot: Option<Slot>,
    number: Number,
}

#[derive(Clone, Copy, Debug)]
enum Number {
    /// A number in the abbreviation.
    Constant(u64),
    /// A number at an offset, and its size: 1, 2, 4 or 8 bytes.
    At(u8, u8),
    /// An unsigned LEB128 number behind all other values.
    Unsigned,
    /// A signed LEB128 number behind all other values.
    Signed,
}

/// The values of a DIE of the usual shape.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FastEntry {
    /// The class and value of the name.
    pub name: (Class, u64),
    /// The offset of the type in the unit.
    pub ty: Option<u32>,
    pub declaration: bool,
    pub slot: Option<Slot>,
    pub number: u64,
    pub signed: bool,
}

impl Fast {
    /// Returns the offsets of the values of a DIE of this kind with these steps, or `None` if its shape is not the usual one.
    pub fn new(entry: Entry, steps: &[Step]) -> Option<Self> {
        let mut fast = Self {
            inline_name: false,
            size: 0,
            name: None,
            ty: None,
            declaration: false,
            slot: None,
            number: Number::Constant(0),
        };
        let mut ended = false;
        for (index, step) in steps.iter().enumerate() {
            let at = fast.size;
            let step = *step;
            if ended && !matches!(step, Step::Keep(..)) {
                return None;
            }
            match step {
                Step::Over(bytes) => fast.size = at.checked_add(u8::try_from(bytes).ok()?)?,
                Step::Read(Slot::Name, Form::String) if index == 0 => fast.inline_name = true,
                Step::Read(Slot::Name, Form::Strp(false)) => {
                    fast.name = Some(at);
                    fast.size = at.checked_add(4)?;
                }
                Step::Read(Slot::Type, Form::UnitRef(4)) => {
                    fast.ty = Some(at);
                    fast.size = at.checked_add(4)?;
                }
                Step::Read(slot, form) => {
                    fast.number = match form {
                        Form::Data(size) => {
                            fast.size = at.checked_add(size)?;
                            Number::At(at, size)
                        }
                        Form::Udata => Number::Unsigned,
                        Form::Sdata => Number::Signed,
                        _ => return None,
                    };
                    ended = matches!(fast.number, Number::Unsigned | Number::Signed);
                    fast.take(entry, slot)?;
                }
                Step::Keep(Slot::Declaration, value) => fast.declaration = value != 0,
                Step::Keep(slot, value) => {
                    fast.number = Number::Constant(value);
                    fast.take(entry, slot)?;
                }
                Step::Skip(_) => return None,
            }
        }
        Some(fast)
    }

    /// Notes the attribute of the number. Returns `None` if there is one already, or if it is not the usual one of such
    /// DIEs: the size of a subrange is no number of elements.
    fn take(&mut self, entry: Entry, slot: Slot) -> Option<()> {
        let is_usual = match entry {
            Entry::Member => slot == Slot::MemberLocation,
            Entry::Enumerator => slot == Slot::ConstValue,
            Entry::Subrange => matches!(slot, Slot::UpperBound | Slot::Count),
            _ => slot == Slot::ByteSize,
        };
        (is_usual && self.slot.replace(slot).is_none()).then_some(())
    }

    /// Reads a DIE. The cursor is moved from the end of the abbreviation code to the end of the DIE.
    #[inline]
    pub fn read(&self, cursor: &mut Cursor<'_>) -> Result<FastEntry> {
        let mut name = (Class::Absent, 0);
        if self.inline_name {
            name = (Class::String, cursor.position() as u64);
            cursor.skip_string()?;
        }
        let values = cursor.rest();
        let Some(values) = values.get(..usize::from(self.size)) else {
            return Err(cursor.malformed("the data ends in the middle of a value"));
        };
        cursor.advance(usize::from(self.size));
        let endian = cursor.endian();
        if let Some(at) = self.name {
            name = (Class::Str, word(values, at, endian).into());
        }
        let (number, signed) = match self.number {
            Number::Constant(value) => (value, true),
            Number::At(at, 1) => (
                values.get(usize::from(at)).copied().unwrap_or(0).into(),
                false,
            ),
            Number::At(at, size) => (wider(values, at, size, endian), false),
            Number::Unsigned => (cursor.uleb()?, false),
            Number::Signed => (cursor.sleb()?, true),
        };
        Ok(FastEntry {
            name,
            ty: self.ty.map(|at| word(values, at, endian)),
            declaration: self.declaration,
            slot: self.slot,
            number,
            signed,
        })
    }
}

#[inline]
fn word(values: &[u8], at: u8, endian: Endian) -> u32 {
    let bytes = values
        .get(usize::from(at)..)
        .and_then(|rest| rest.first_chunk());
    bytes.map_or(0, |bytes| endian.u32(*bytes))
}

fn wider(values: &[u8], at: u8, size: u8, endian: Endian) -> u64 {
    let mut cursor = Cursor::new(values, endian, 0);
    cursor.seek(at.into());
    cursor.unsigned(size).unwrap_or(0)
}
