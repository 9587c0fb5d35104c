//! The parser of `.BTF.ext`: functions, source lines and CO-RE relocations of each instruction.

use bytes::{Bytes, BytesMut};

use crate::error::{Error, Place, Result};
use crate::graph::{Btf, CoreRelo, Ext, Records, SectionRecords};
use crate::id::StrId;
use crate::limits::Limits;
use crate::target::Endian;
use crate::wire::{
    ExtHeader, Extent, Preamble, Record, SECTION_HEADER_LEN, SectionHeader, WORD_LEN, malformed,
    word,
};

/// Parses a `.BTF.ext` section whose types and strings are those of `btf`.
///
/// # Errors
/// `Malformed` with the byte if the input breaks the format or refers to a type or string that `btf` doesn't
/// have; `Unsupported` for a newer version; `Limit` beyond [`Limits::ext_records`].
pub fn parse_ext(data: impl Into<Bytes>, btf: &Btf, limits: &Limits) -> Result<Ext> {
    let bytes = data.into();
    let data = &bytes[..];
    let preamble = Preamble::read(data, ExtHeader::LEN)?;
    let header = ExtHeader::read(data, preamble);
    let reader = Reader {
        data,
        endian: preamble.endian,
        header_len: preamble.header_len,
        btf,
        limits,
    };
    let tail = data.get(header.len() as usize..preamble.header_len as usize);
    Ok(Ext {
        endian: preamble.endian,
        funcs: reader.records(ExtHeader::FUNC_INFO_OFF, header.func_info)?,
        lines: reader.records(ExtHeader::LINE_INFO_OFF, header.line_info)?,
        relos: match header.core_relo {
            Some(extent) => Some(reader.records::<CoreRelo>(ExtHeader::CORE_RELO_OFF, extent)?),
            None => None,
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
    /// Reads the records of one kind. `field` is the byte offset of their [`Extent`] in the header.
    fn records<T: Record>(&self, field: usize, extent: Extent) -> Result<Records<T>> {
        let Extent { off, len } = extent;
        if len == 0 {
            return Ok(Records::empty(0));
        }
        if !off.is_multiple_of(4) {
            return Err(self.wrong::<T>(field, "its offset is not a multiple of 4"));
        }
        let start = self.header_len as usize + off as usize;
        let end = start + len as usize;
        if end > self.data.len() {
            return Err(self.wrong::<T>(field, "it ends after the section"));
        }
        let least = T::WORDS * WORD_LEN;
        let record_size = word(self.data, start, self.endian);
        let Some(record_size) = record_size.filter(|_| len >= 4) else {
            return Err(self.wrong::<T>(start, "the record size is cut off"));
        };
        if (record_size as usize) < least || record_size % 4 != 0 {
            return Err(self.wrong::<T>(
                start,
                format!(
                    "the record size is {record_size}, but has to be a multiple of 4 from {least} on"
                ),
            ));
        }
        let mut records = Records::empty(record_size);
        let (mut at, mut total) = (start + WORD_LEN, 0u64);
        while at < end {
            let section = self.section::<T>(at, end, record_size as usize)?;
            total += section.records.len() as u64;
            if total > u64::from(self.limits.ext_records) {
                return Err(Error::limit(
                    "there are more records than Limits::ext_records",
                ));
            }
            at += SECTION_HEADER_LEN + section.records.len() * record_size as usize;
            records.sections.push(section);
        }
        Ok(records)
    }

    /// Reads the records of one kind about one code section, from byte `at` on.
    fn section<T: Record>(
        &self,
        at: usize,
        end: usize,
        record_size: usize,
    ) -> Result<SectionRecords<T>> {
        let body_start = at + SECTION_HEADER_LEN;
        let header = SectionHeader::read(self.data, at, self.endian);
        let Some(SectionHeader { name, count }) = header.filter(|_| body_start <= end) else {
            return Err(self.wrong::<T>(at, "a section's header is cut off"));
        };
        if count == 0 {
            return Err(self.wrong::<T>(at, "a section has no records"));
        }
        if name >= self.btf.end_str() {
            return Err(self.wrong::<T>(
                at,
                "the offset of a section's name is outside of the string section",
            ));
        }
        let body = (count as usize)
            .checked_mul(record_size)
            .filter(|len| *len <= end - body_start)
            .and_then(|len| self.data.get(body_start..body_start + len));
        let Some(body) = body else {
            return Err(self.wrong::<T>(
                at,
                format!("{count} records are more than fit the bytes left"),
            ));
        };
        let mut section = SectionRecords {
            section: StrId::new(name),
            records: Vec::with_capacity(count as usize),
            tails: Bytes::new(),
        };
        let mut tails = BytesMut::new();
        for (number, bytes) in body.chunks_exact(record_size).enumerate() {
            let (record, tail) = self.record(bytes, body_start + number * record_size)?;
            section.records.push(record);
            tails.extend_from_slice(tail);
        }
        section.tails = tails.freeze();
        Ok(section)
    }

    /// Reads the record at byte `at`, and returns it with the bytes behind its known fields.
    fn record<'b, T: Record>(&self, bytes: &'b [u8], at: usize) -> Result<(T, &'b [u8])> {
        let mut words = [0u32; 4];
        let (known, tail) = bytes
            .split_at_checked(T::WORDS * WORD_LEN)
            .unwrap_or((bytes, &[]));
        for (word, bytes) in words.iter_mut().zip(known.as_chunks::<WORD_LEN>().0) {
            *word = self.endian.u32(*bytes);
        }
        let record = T::from_words(words);
        if let Some(id) = record.type_id().filter(|id| id.get() >= self.btf.end_id()) {
            return Err(self.wrong::<T>(
                at,
                format!("a record refers to type {id}, which the BTF doesn't have"),
            ));
        }
        let mut strings = record.strings().into_iter();
        if let Some(string) = strings.find(|id| id.get() >= self.btf.end_str()) {
            return Err(self.wrong::<T>(
                at,
                format!(
                    "a record refers to the string at {:#x}, which the BTF doesn't have",
                    string.get()
                ),
            ));
        }
        Ok((record, tail))
    }

    /// Returns a `Malformed` error about byte `at`, in the records of this kind.
    #[cold]
    fn wrong<T: Record>(
        &self,
        at: usize,
        message: impl Into<std::borrow::Cow<'static, str>>,
    ) -> Error {
        malformed(at, message).within(Place::Section(T::NAME.into()))
    }
}
