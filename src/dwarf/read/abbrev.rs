//! Abbreviations (DWARF 5, section 7.5.3), compiled into plans.
//!
//! An abbreviation says which attributes an entry has and how they are encoded. Most entries are of the same
//! few dozen abbreviations, so each is compiled once into steps: values to read, and runs of bytes to go over
//! in one move.

use gimli::constants as dw;

use crate::dwarf::read::attrs::{Slot, slot};
use crate::dwarf::read::cursor::Cursor;
use crate::dwarf::read::entry::Entry;
use crate::dwarf::read::fast::Fast;
use crate::dwarf::read::form::{Encoding, Form};
use crate::error::{Error, Place, Result};
use crate::target::Endian;

/// One step through an entry.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// Bytes of values nobody asked for.
    Over(u32),
    /// A value of variable size nobody asked for.
    Skip(Form),
    /// A value to keep.
    Read(Slot, Form),
    /// A value of the abbreviation itself.
    Keep(Slot, u64),
}

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
    /// In the order of the table. Compilers number them from 1, so that the code is the place.
    plans: Vec<Plan>,
    steps: Vec<Step>,
    encoding: Encoding,
    /// The file and the offset of the table.
    place: (u32, u64),
    /// Whether an entry with a type refers to other units.
    pub links: bool,
    functions: bool,
    variables: bool,
}

impl Abbrevs {
    /// An empty table, to read into.
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

    /// Reads the table at a place (a file's number, and an offset in its section), unless this is the one that was
    /// read last: units of one object file often share theirs. Answers how many bytes were read.
    ///
    /// # Errors
    /// `Malformed` where the table is; `Limit` where it has more than `most` abbreviations and attributes.
    pub fn read(
        &mut self,
        section: &[u8],
        place: (u32, u64),
        encoding: Encoding,
        endian: Endian,
        most: u32,
    ) -> Result<u64> {
        if self.place == place && self.encoding == encoding {
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
                let message = "a unit has more abbreviations than Limits::abbreviations";
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
            // Of functions nothing is read unless they are wanted; the entries inside of them are.
            let is_read = self.functions || entry != Entry::Function;
            let slot = slot(attribute).filter(|&slot| is_read && entry.reads(slot));
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
            fast: Fast::new(self.steps.get(start as usize..).unwrap_or_default()),
            start,
            end: len(&self.steps),
        })
    }

    /// Whether entries of this kind are read at all.
    const fn reads(&self, entry: Entry) -> bool {
        match entry {
            Entry::Function | Entry::Parameter => self.functions,
            Entry::Variable => self.variables,
            _ => true,
        }
    }

    /// The plan with this code.
    #[inline]
    pub fn get(&self, code: u64) -> Option<&Plan> {
        match self.plans.get(super::index(code.wrapping_sub(1))) {
            Some(plan) if plan.code == code => Some(plan),
            _ => self.search(code),
        }
    }

    fn search(&self, code: u64) -> Option<&Plan> {
        let place = self.plans.binary_search_by_key(&code, |plan| plan.code);
        self.plans.get(place.ok()?)
    }

    /// The steps of a plan.
    #[inline]
    pub fn steps(&self, plan: &Plan) -> &[Step] {
        self.steps
            .get(plan.start as usize..plan.end as usize)
            .unwrap_or_default()
    }
}

fn len(steps: &[Step]) -> u32 {
    // A step takes two bytes of input at least, and sections are smaller than that.
    u32::try_from(steps.len()).unwrap_or(u32::MAX)
}
