//! The `.BTF.ext` records of several objects, by section.

use std::collections::HashMap;

use crate::error::{Error, ErrorKind, Result};
use crate::graph::{CoreRelo, Ext, FuncInfo, LineInfo, Records, SectionRecords};
use crate::id::StrId;

/// A `.BTF.ext` to which records are added.
pub(super) struct JoinedExt {
    /// The byte order and header, without records.
    empty: Ext,
    funcs: Joined<FuncInfo>,
    lines: Joined<LineInfo>,
    relos: Option<Joined<CoreRelo>>,
}

impl JoinedExt {
    /// Returns a `.BTF.ext` with the records of one object.
    pub fn new(first: Ext) -> Result<Self> {
        let mut joined = Self {
            funcs: Joined::default(),
            lines: Joined::default(),
            relos: None,
            empty: Ext {
                header_tail: first.header_tail.clone(),
                ..Ext::new(first.endian)
            },
        };
        joined.add(first)?;
        Ok(joined)
    }

    /// Adds the records of another object.
    ///
    /// # Errors
    /// `Unsupported` if they have another size.
    pub fn add(&mut self, ext: Ext) -> Result<()> {
        self.funcs.add(ext.funcs)?;
        self.lines.add(ext.lines)?;
        if let Some(relos) = ext.relos {
            self.relos.get_or_insert_default().add(relos)?;
        }
        Ok(())
    }

    /// Returns the joined `.BTF.ext`.
    pub fn finish(self) -> Ext {
        Ext {
            funcs: self.funcs.finish(),
            lines: self.lines.finish(),
            relos: self.relos.map(Joined::finish),
            ..self.empty
        }
    }
}

/// The records of one kind.
struct Joined<T> {
    record_size: u32,
    /// The index of each section in `sections`, by name.
    indices: HashMap<StrId, usize>,
    sections: Vec<(StrId, Vec<T>, Vec<u8>)>,
}

impl<T> Default for Joined<T> {
    fn default() -> Self {
        Self {
            record_size: 0,
            indices: HashMap::new(),
            sections: Vec::new(),
        }
    }
}

impl<T> Joined<T> {
    fn add(&mut self, more: Records<T>) -> Result<()> {
        if self.sections.is_empty() {
            self.record_size = self.record_size.max(more.record_size);
        }
        if !more.is_empty() && self.record_size != more.record_size {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "the objects' .BTF.ext records have different sizes",
            ));
        }
        for section in more.sections {
            // Readers refuse a section without records.
            if section.records.is_empty() {
                continue;
            }
            let name = section.section;
            let index = *self.indices.entry(name).or_insert(self.sections.len());
            match self.sections.get_mut(index) {
                None => self
                    .sections
                    .push((name, section.records, section.tails.into())),
                Some((_, records, tails)) => {
                    records.extend(section.records);
                    tails.extend_from_slice(&section.tails);
                }
            }
        }
        Ok(())
    }

    fn finish(self) -> Records<T> {
        let sections = self.sections.into_iter();
        Records {
            record_size: self.record_size,
            sections: sections
                .map(|(section, records, tails)| SectionRecords {
                    section,
                    records,
                    tails: tails.into(),
                })
                .collect(),
        }
    }
}
