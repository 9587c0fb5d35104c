//! Abbreviations (DWARF 5, section 7.5.3), compiled into plans.
//!
//! An abbreviation lists the attributes of a DIE and their forms. Most DIEs have one of a few dozen abbreviations, so
//! each abbreviation is compiled once into steps: values to read, and runs of bytes to skip in one move.

use gimli::constants as dw;

use crate::dwarf::read::cursor::Cursor;
use crate::dwarf::read::entry::Entry;
use crate::dwarf::read::fast::Fast;
use crate::dwarf::read::form::{Encoding, Form};
use crate::dwarf::read::slot::Slot;
use crate::dwarf::read::step::Step;
use crate::error::{Error, Place, Result};
use crate::target::Endian;

/// A compiled abbreviation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    code: u64,
    pub entry: Entry,
    pub has_children: bool,
    pub fast: Option<Fast>,
    start: u32,
    end: u32,
}

/// The abbreviations of a unit.
#[derive(Debug)]
pub(crate) struct Abbrevs {
    /// Sorted by code. Compilers number them from 1, so that the code is the index plus one.
    plans: Vec<Plan>,
    steps: Vec<Step>,
    encoding: Encoding,
    /// The number of the file, and the offset of the table in its `.debug_abbrev`.
    place: (u32, u64),
    /// Whether a DIE of a type may refer to another unit.
    pub links: bool,
    functions: bool,
    variables: bool,
}

impl Abbrevs {
    /// Returns an empty table. `functions` and `variables` tell whether their DIEs are read.
    pub const fn new(functions: bool, variables: bool) -> Self {
        Self {
            functions,
            variables,
            plans: Vec::new(),
            steps: Vec::new(),
            encoding: Encoding {
                version: 0,
                address_size: 0,
                wide: false,
            },
            place: (0, u64::MAX),
            links: false,
        }
    }

    pub const fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Reads the table at `place` (the number of a file, and an offset in its `.debug_abbrev`), unless it is the one
    /// that was read last: units of one object file often share theirs. Returns the number of bytes read.
    ///
    /// # Errors
    /// `Malformed` if the table can't be read; `Limit` if it has more than `most` abbreviations and attributes.
    pub fn read(
        &mut self,
        section: &[u8],
        place: (u32, u64),
        encoding: Encoding,
        endian: Endian,
        most: u32,
    ) -> Result<u64> {
        if self.has_table(place, encoding) {
            return Ok(0);
        }
        self.place = (0, u64::MAX);
        self.encoding = encoding;
        self.plans.clear();
        self.steps.clear();
        self.links = false;
        let mut cursor = Cursor::new(section, endian, 0);
        cursor.seek(super::index(place.1));
        loop {
            let code = cursor.uleb()?;
            if code == 0 {
                break;
            }
            let plan = self.plan(&mut cursor, code)?;
            self.plans.push(plan);
            if self.plans.len() + self.steps.len() > most as usize {
                let message =
                    "a unit has more abbreviations and attributes than Limits::abbreviations";
                return Err(Error::limit(message).within(Place::Byte(cursor.offset())));
            }
        }
        let in_order = |plans: &[Plan]| plans.is_sorted_by_key(|plan| plan.code);
        if !in_order(&self.plans) {
            self.plans.sort_by_key(|plan| plan.code);
        }
        self.place = place;
        Ok((cursor.position() as u64).saturating_sub(place.1))
    }

    /// Returns whether the table at `place` is the one that was read last.
    pub fn has_table(&self, place: (u32, u64), encoding: Encoding) -> bool {
        self.place == place && self.encoding == encoding
    }

    /// Reads only the abbreviation with this code, if it is within the `table`. The others that precede it are read and
    /// forgotten.
    ///
    /// # Errors
    /// `Malformed` if an abbreviation can't be read, or if the code is not found.
    pub fn read_one(
        &mut self,
        table: &[u8],
        encoding: Encoding,
        endian: Endian,
        code: u64,
    ) -> Result<Plan> {
        self.place = (0, u64::MAX);
        self.encoding = encoding;
        self.plans.clear();
        let mut cursor = Cursor::new(table, endian, 0);
        loop {
            self.steps.clear();
            let here = cursor.uleb()?;
            if here == 0 {
                return Err(no_code(&cursor, code));
            }
            let plan = self.plan(&mut cursor, here)?;
            if here == code {
                return Ok(plan);
            }
        }
    }

    /// Compiles the abbreviation whose code was just read.
    fn plan(&mut self, cursor: &mut Cursor<'_>, code: u64) -> Result<Plan> {
        let tag = cursor.uleb()?;
        let entry = Entry::from_tag(tag);
        let has_children = cursor.u8()? != 0;
        let start = len(&self.steps);
        let mut over = 0u32;
        loop {
            let attribute = cursor.uleb()?;
            let number = cursor.uleb()?;
            if attribute == 0 && number == 0 {
                break;
            }
            let Some(form) = Form::from_number(number, self.encoding) else {
                return Err(cursor.malformed(format!("no attribute has the form {number:#x}")));
            };
            let constant = if number == u64::from(dw::DW_FORM_implicit_const.0) {
                cursor.sleb()?
            } else {
                1
            };
            // Without functions, nothing is read of a function's own DIE; its children are read.
            let is_read = self.functions || entry != Entry::Function;
            let slot = Slot::from_attribute(attribute).filter(|&slot| is_read && entry.reads(slot));
            self.links |= matches!(
                form,
                Form::InfoRef(_) | Form::Signature | Form::AltRef(_) | Form::Indirect
            ) && slot.is_some_and(Slot::links)
                && self.reads(entry);
            match (slot, form, form.fixed_size()) {
                (None, _, Some(size)) => {
                    over = over.saturating_add(size);
                    continue;
                }
                (Some(slot), Form::Constant, _) => {
                    self.steps.push(Step::Keep(slot, constant));
                    continue;
                }
                _ if over > 0 => self.steps.push(Step::Over(std::mem::take(&mut over))),
                _ => {}
            }
            self.steps.push(match slot {
                Some(slot) => Step::Read(slot, form),
                None => Step::Skip(form),
            });
        }
        if over > 0 {
            self.steps.push(Step::Over(over));
        }
        Ok(Plan {
            code,
            entry,
            has_children,
            fast: Fast::new(entry, self.steps.get(start as usize..).unwrap_or_default()),
            start,
            end: len(&self.steps),
        })
    }

    /// Returns whether DIEs of this kind are read at all.
    const fn reads(&self, entry: Entry) -> bool {
        match entry {
            Entry::Function | Entry::Parameter => self.functions,
            Entry::Variable => self.variables,
            _ => true,
        }
    }

    /// Returns the plan of the abbreviation with this code.
    #[inline]
    pub fn get(&self, code: u64) -> Option<&Plan> {
        match self.plans.get(super::index(code.wrapping_sub(1))) {
            Some(plan) if plan.code == code => Some(plan),
            _ => self.search(code),
        }
    }

    /// Returns the plan of the abbreviation with this code, which was read at the cursor.
    ///
    /// # Errors
    /// `Malformed` if there is none.
    #[inline]
    pub fn require(&self, code: u64, cursor: &Cursor<'_>) -> Result<&Plan> {
        self.get(code).ok_or_else(|| no_code(cursor, code))
    }

    fn search(&self, code: u64) -> Option<&Plan> {
        let place = self.plans.binary_search_by_key(&code, |plan| plan.code);
        self.plans.get(place.ok()?)
    }

    /// Returns the steps of a plan.
    #[inline]
    pub fn steps(&self, plan: &Plan) -> &[Step] {
        self.steps
            .get(plan.start as usize..plan.end as usize)
            .unwrap_or_default()
    }
}

#[cold]
fn no_code(cursor: &Cursor<'_>, code: u64) -> Error {
    cursor.malformed(format!("no abbreviation has the code {code}"))
}

fn len(steps: &[Step]) -> u32 {
    // Each step takes at least two bytes of input, so that a section of 8 GiB would be needed to cut this.
    u32::try_from(steps.len()).unwrap_or(u32::MAX)
}
