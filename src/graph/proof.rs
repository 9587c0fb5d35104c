//! The scan that checks a graph's records, so that look-ups can't fail later.

use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::graph::edges;
use crate::graph::format::Layout;
use crate::graph::info::{Info, NARROW_INFO, WIDE_VLEN};
use crate::graph::kind::{HEAD, Word};
use crate::id::TypeId;
use crate::limits::Limits;

/// Checks that every string ends, and that strings without a base start with the empty one.
pub(super) fn check_strings(strings: &[u8], first: u32, limits: &Limits) -> Result<()> {
    if strings.len() > limits.string_bytes as usize
        || u32::try_from(strings.len())
            .ok()
            .and_then(|len| first.checked_add(len))
            .is_none()
    {
        return Err(Error::limit(
            "the string section is larger than Limits::string_bytes",
        ));
    }
    if first == 0 && strings.first() != Some(&0) {
        return Err(Error::malformed(
            "the string section doesn't start with the empty string, as that of self-contained BTF does; split BTF needs its base",
        ));
    }
    if strings.last().is_some_and(|&last| last != 0) {
        return Err(Error::malformed(
            "the string section's last string has no end",
        ));
    }
    Ok(())
}

/// The bounds that records are checked against.
pub(super) struct Proof<'a> {
    /// The id of the first record.
    pub first_id: u32,
    /// The end of the string offsets.
    pub end_str: u32,
    /// The sizes of unknown kinds.
    pub layout: Option<&'a Layout>,
    pub limits: &'a Limits,
}

impl Proof<'_> {
    /// Finds every record's start and checks every id and string offset. Returns the starts, and whether an info word
    /// uses the bits that were added in 2025.
    ///
    /// The first pass keeps only the largest id and string offset. If one is too large, a second pass finds the
    /// first record with such a word.
    pub fn scan(&self, words: &[Word]) -> Result<(Vec<u32>, bool)> {
        // A record has at least three words; kernels' average just under seven.
        let mut offsets = Vec::with_capacity(words.len() / 6 + 1);
        let mut at = 0usize;
        let mut most = edges::Most::default();
        let most_types = self.limits.types as usize;
        while let Some(rest) = words.get(at..).filter(|rest| !rest.is_empty()) {
            let size = match most.take(rest, self.limits.vlen) {
                Some(size) => size,
                None => self
                    .odd_record(words, at, &mut most)
                    .within(|| Place::Type(self.id(offsets.len())))?,
            };
            if offsets.len() >= most_types {
                return Err(Error::limit("there are more types than Limits::types"));
            }
            offsets.push(u32::try_from(at).unwrap_or(u32::MAX));
            at += size;
        }
        offsets.push(u32::try_from(at).unwrap_or(u32::MAX));
        let count = u32::try_from(offsets.len() - 1).unwrap_or(u32::MAX);
        let Some(end_id) = self.first_id.checked_add(count) else {
            return Err(Error::limit("type ids go beyond 32 bits"));
        };
        if most.id >= end_id || most.string >= self.end_str {
            return Err(self.culprit(words, &offsets, end_id));
        }
        Ok((offsets, most.info & !NARROW_INFO != 0))
    }

    fn id(&self, index: usize) -> TypeId {
        TypeId::new(
            self.first_id
                .saturating_add(u32::try_from(index).unwrap_or(u32::MAX)),
        )
    }

    /// Returns the length of a record of an unknown kind, or the error in a malformed one.
    #[cold]
    fn odd_record(&self, words: &[Word], at: usize, most: &mut edges::Most) -> Result<usize> {
        let size = self.record_words(words, at)?;
        let Some(record) = words.get(at..at + size) else {
            return Err(
                Error::malformed("the record goes beyond the end of the type section")
                    .within(Place::Byte(at as u64 * 4)),
            );
        };
        most.take_unknown(record);
        Ok(size)
    }

    /// Returns the length in words of the record at `at`, by its info word.
    fn record_words(&self, words: &[Word], at: usize) -> Result<usize> {
        let Some(info) = words.get(at + 1) else {
            return Err(Error::new(ErrorKind::Malformed, "the record is cut off")
                .within(Place::Byte(at as u64 * 4)));
        };
        let info = Info::from_word(u32::from_ne_bytes(*info));
        let vlen = info.vlen() as usize;
        if let Some(shape) = info.kind().shape() {
            if shape.elem == 0 {
                return Ok(HEAD + shape.extra as usize);
            }
            if info.vlen() > self.limits.vlen.min(WIDE_VLEN) {
                return Err(Error::limit("there are more elements than Limits::vlen"));
            }
            return Ok(HEAD + shape.extra as usize + vlen * shape.elem as usize);
        }
        self.unknown_words(info, at)
    }

    #[cold]
    fn unknown_words(&self, info: Info, at: usize) -> Result<usize> {
        let number = info.kind().number();
        let place = Place::Byte(at as u64 * 4);
        if number == 0 {
            return Err(Error::malformed("the record has kind 0, which is `void`").within(place));
        }
        let Some(entry) = self
            .layout
            .and_then(|layout| layout.entries.get(number as usize))
        else {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("kind {number} is unknown and no layout section gives its size"),
            )
            .within(place));
        };
        if entry.info_size % 4 != 0 || entry.elem_size % 4 != 0 {
            return Err(Error::malformed(format!(
                "the layout section gives kind {number} a size that is not a multiple of 4"
            ))
            .within(place));
        }
        Ok(HEAD
            + usize::from(entry.info_size / 4)
            + info.vlen() as usize * usize::from(entry.elem_size / 4))
    }

    #[cold]
    fn culprit(&self, words: &[Word], offsets: &[u32], end_id: u32) -> Error {
        for (index, pair) in offsets.windows(2).enumerate() {
            let &[start, end] = pair else { continue };
            let Some(record) = words.get(start as usize..end as usize) else {
                continue;
            };
            let mut most = edges::Most::default();
            if most.take(record, u32::MAX).is_none() {
                most.take_unknown(record);
            }
            let message = if most.id >= end_id {
                format!(
                    "refers to type {}, but the last id is {}",
                    most.id,
                    end_id - 1
                )
            } else if most.string >= self.end_str {
                format!(
                    "has a name at string offset {:#x}, but the strings end at {:#x}",
                    most.string, self.end_str
                )
            } else {
                continue;
            };
            return Error::malformed(message)
                .within(Place::Byte(u64::from(start) * 4))
                .within(Place::Type(self.id(index)));
        }
        Error::malformed("a type id or string offset is out of bounds")
    }
}
