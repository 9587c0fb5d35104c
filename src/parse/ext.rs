//! `.BTF.ext`: what is known about each instruction.

use bytes::{Bytes, BytesMut};

use crate::error::{Error, Place, Result};
use crate::graph::{Btf, CoreRelo, Ext, NEW_HEADER, OLD_HEADER, Record, Records, SectionRecords};
use crate::id::StrId;
use crate::limits::Limits;
use crate::parse::header::{preamble, wrong};
use crate::parse::word;
use crate::target::Endian;

/// Parses a `.BTF.ext` section whose types and strings are those of `btf`.
///
/// # Errors
/// `Malformed` with the byte where the input breaks the format or names a type or string that `btf`
/// doesn't have; `Unsupported` for a newer version; `Limit` beyond [`Limits::ext_records`].
pub fn parse_ext(data: &[u8], btf: &Btf, limits: &Limits) -> Result<Ext> {
    let (endian, header_len) = preamble(data, OLD_HEADER)?;
    let reader = Reader {
        data,
        endian,
        header_len,
        btf,
        limits,
    };
    let known = if header_len >= NEW_HEADER {
        NEW_HEADER
    } else {
        OLD_HEADER
    };
    let tail = data.get(known as usize..header_len as usize);
    Ok(Ext {
        endian,
        funcs: reader.records(8)?,
        lines: reader.records(16)?,
        relos: if header_len >= NEW_HEADER {
            Some(reader.records::<CoreRelo>(24)?)
        } else {
            None
        },
        header_tail: Bytes::copy_from_slice(tail.unwrap_or_default()),
    })
}

struct Reader<'a> {
    data: &'a [u8],
    endian: Endian,
    header_len: u32,
    btf: &'a Btf,
    limits: &'a Limits,
}

impl Reader<'_> {
    fn word(&self, at: usize) -> Option<u32> {
        word(self.data, at, self.endian)
    }

    /// The records of the part whose offset and length stand at `field` of the header.
    fn records<T: Record>(&self, field: usize) -> Result<Records<T>> {
        let offset = self.word(field).unwrap_or(0);
        let len = self.word(field + 4).unwrap_or(0);
        if len == 0 {
            return Ok(Records::empty(0));
        }
        if !offset.is_multiple_of(4) {
            return Err(self.wrong::<T>(field, "its offset is no multiple of 4"));
        }
        let start = self.header_len as usize + offset as usize;
        let end = start + len as usize;
        if end > self.data.len() {
            return Err(self.wrong::<T>(field, "it ends after the section"));
        }
        let least = T::WORDS * 4;
        let Some(record_size) = self.word(start).filter(|_| len >= 4) else {
            return Err(self.wrong::<T>(start, "the record size is cut off"));
        };
        if (record_size as usize) < least || record_size % 4 != 0 {
            return Err(self.wrong::<T>(
                start,
                format!("a record size of {record_size} can't be: {least} is the least"),
            ));
        }
        let mut records = Records::empty(record_size);
        let (mut at, mut total) = (start + 4, 0u64);
        while at < end {
            let section = self.section::<T>(at, end, record_size as usize)?;
            total += section.records.len() as u64;
            if total > u64::from(self.limits.ext_records) {
                return Err(Error::limit(
                    "there are more records than Limits::ext_records",
                ));
            }
            at += 8 + section.records.len() * record_size as usize;
            records.sections.push(section);
        }
        Ok(records)
    }

    fn section<T: Record>(
        &self,
        at: usize,
        end: usize,
        record_size: usize,
    ) -> Result<SectionRecords<T>> {
        let (Some(name), Some(count), true) = (self.word(at), self.word(at + 4), at + 8 <= end)
        else {
            return Err(self.wrong::<T>(at, "a section's header is cut off"));
        };
        if count == 0 {
            return Err(self.wrong::<T>(at, "a section has no records"));
        }
        if name >= self.btf.end_str() {
            return Err(self.wrong::<T>(at, "a section's name is no string of the BTF"));
        }
        let body = (count as usize)
            .checked_mul(record_size)
            .filter(|len| *len <= end - (at + 8))
            .and_then(|len| self.data.get(at + 8..at + 8 + len));
        let Some(body) = body else {
            return Err(self.wrong::<T>(at, format!("{count} records don't fit what is left")));
        };
        let mut section = SectionRecords {
            section: StrId::new(name),
            records: Vec::with_capacity(count as usize),
            tails: Bytes::new(),
        };
        let mut tails = BytesMut::new();
        for (number, bytes) in body.chunks_exact(record_size).enumerate() {
            let (record, tail) = self.record(bytes, at + 8 + number * record_size)?;
            section.records.push(record);
            tails.extend_from_slice(tail);
        }
        section.tails = tails.freeze();
        Ok(section)
    }

    fn record<'b, T: Record>(&self, bytes: &'b [u8], at: usize) -> Result<(T, &'b [u8])> {
        let mut words = [0u32; 4];
        let (known, tail) = bytes.split_at_checked(T::WORDS * 4).unwrap_or((bytes, &[]));
        for (word, bytes) in words.iter_mut().zip(known.as_chunks::<4>().0) {
            *word = self.endian.u32(*bytes);
        }
        let record = T::from_words(words);
        if let Some(id) = record.type_id().filter(|id| id.get() >= self.btf.end_id()) {
            return Err(self.wrong::<T>(at, format!("a record names type {id}, which isn't there")));
        }
        let mut strings = record.strings().into_iter();
        if let Some(string) = strings.find(|id| id.get() >= self.btf.end_str()) {
            return Err(self.wrong::<T>(
                at,
                format!(
                    "a record names the string at {:#x}, which isn't there",
                    string.get()
                ),
            ));
        }
        Ok((record, tail))
    }

    #[cold]
    fn wrong<T: Record>(
        &self,
        at: usize,
        message: impl Into<std::borrow::Cow<'static, str>>,
    ) -> Error {
        wrong(at as u64, message).within(Place::Section(T::NAME.into()))
    }
}
