//! Makes a new file of a BPF object: instructions are patched, consumed CO-RE records removed, all else stays.
//!
//! Every section keeps its offset. `.BTF.ext` shrinks in place: records move up, the length of the CO-RE records
//! and the section's size are reduced, and the bytes that become free are zeroed. The relocations of `.BTF.ext`
//! itself (`.rel.BTF.ext`, which clang writes for each record) are moved or removed along with their records.

use std::ops::Range;

use crate::bpf::{CodeSection, Rewrite};
use crate::elf::bpf::{BTF_EXT, BpfObject};
use crate::elf::file::{COMPRESSED, REL, RELA, Section, malformed};
use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::target::Endian;
use crate::wire::{ExtHeader, Preamble, SECTION_HEADER_LEN, SectionHeader, WORD_LEN, word};

/// The byte offsets of the fields of `Elf64_Shdr`.
mod header {
    pub const FLAGS: u64 = 8;
    pub const OFFSET: u64 = 24;
    pub const SIZE: u64 = 32;
}

/// A new file in the making: a copy of the object, and the changes made so far.
#[derive(Clone, Debug)]
pub struct Rewriter<'o> {
    object: &'o BpfObject,
    out: Vec<u8>,
    /// For each section with CO-RE records, whether each record is consumed. Empty until one is.
    consumed: Vec<Vec<bool>>,
}

/// A range of bytes that moves to another offset of its section.
struct Move {
    from: Range<usize>,
    to: usize,
}

impl<'o> Rewriter<'o> {
    pub(super) fn new(object: &'o BpfObject) -> Result<Self> {
        disjoint(object)?;
        Ok(Self {
            object,
            out: object.bytes().to_vec(),
            consumed: Vec::new(),
        })
    }

    /// Returns the instructions of a section of the new file, to be changed. `index` is the section's index in the
    /// file ([`CodeSection::index`]); `None` if that is not a section of instructions.
    pub fn code_mut(&mut self, index: u32) -> Option<&mut [u8]> {
        let range = self.code_range(index)?;
        self.out.get_mut(range)
    }

    /// Like [`Self::code_mut`], but shared.
    pub fn code(&self, index: u32) -> Option<&[u8]> {
        let range = self.code_range(index)?;
        self.out.get(range)
    }

    fn code_range(&self, index: u32) -> Option<Range<usize>> {
        let elf = &self.object.elf;
        self.object.code_at(index)?;
        elf.range(elf.sections.get(index as usize)?)
    }

    /// Removes a CO-RE record from the new file. `section` is the index of its section in
    /// [`Ext::relos`](crate::graph::Ext::relos), `record` its own index there.
    ///
    /// # Errors
    /// `Usage` if there is no such record.
    pub fn consume(&mut self, section: usize, record: usize) -> Result<()> {
        if self.consumed.is_empty() {
            let relos = self.object.ext().and_then(|ext| ext.relos.as_ref());
            let sections = relos.map(|relos| &relos.sections[..]).unwrap_or_default();
            let none =
                |section: &crate::graph::SectionRecords<_>| vec![false; section.records.len()];
            self.consumed = sections.iter().map(none).collect();
        }
        let records = self.consumed.get_mut(section);
        match records.and_then(|records| records.get_mut(record)) {
            Some(consumed) => {
                *consumed = true;
                Ok(())
            }
            None => Err(Error::new(
                ErrorKind::Usage,
                format!("there is no CO-RE record {record} in section {section} of .BTF.ext"),
            )),
        }
    }

    /// Returns the new file.
    ///
    /// # Errors
    /// `Malformed` if the relocations of `.BTF.ext` can't be read.
    pub fn finish(mut self) -> Result<Vec<u8>> {
        if self.consumed.iter().flatten().any(|consumed| *consumed)
            && let Some(section) = self.object.elf.find(BTF_EXT)
        {
            self.shrink(section).within(|| section.place())?;
        }
        Ok(self.out)
    }

    /// Removes the consumed records from `.BTF.ext`.
    fn shrink(&mut self, section: &Section) -> Result<()> {
        let elf = &self.object.elf;
        let old = elf.data(section, &self.object.limits)?;
        let mut new = old.to_vec();
        let (moves, size) = compact(&mut new, elf.endian, &self.consumed)?;
        let header = elf.header_at(section);
        let range = elf
            .range(section)
            .ok_or_else(|| malformed(0, ".BTF.ext lies outside of the file"))?;
        if section.flags & COMPRESSED == 0 {
            put(&mut self.out, range.start, &new);
        } else {
            // The decompressed section doesn't fit where the compressed one was, and loaders don't read compressed
            // BTF: it is appended to the file, uncompressed.
            put(&mut self.out, range.start, &vec![0; range.len()]);
            self.out.resize(self.out.len().next_multiple_of(8), 0);
            let start = self.out.len() as u64;
            self.out.extend_from_slice(&new);
            self.put_u64(header + header::FLAGS, section.flags & !COMPRESSED);
            self.put_u64(header + header::OFFSET, start);
        }
        self.put_u64(header + header::SIZE, size as u64);
        for relocations in &elf.sections {
            if matches!(relocations.kind, REL | RELA) && relocations.info == section.index {
                self.follow(relocations, &moves, new.len())
                    .within(|| relocations.place())?;
            }
        }
        Ok(())
    }

    /// Moves the relocations of `.BTF.ext` along with the records they are about, or removes them.
    fn follow(&mut self, section: &Section, moves: &[Move], size: usize) -> Result<()> {
        let elf = &self.object.elf;
        let Some(old) = elf.raw(section)? else {
            return Ok(());
        };
        let entry_size = if section.kind == RELA { 24 } else { 16 };
        if old.len() % entry_size != 0 {
            return Err(malformed(
                old.len() as u64,
                format!("the last relocation has less than its {entry_size} bytes"),
            ));
        }
        let mut new = Vec::with_capacity(old.len());
        for (number, entry) in old.chunks_exact(entry_size).enumerate() {
            let Some((offset, rest)) = entry.split_first_chunk::<8>() else {
                continue;
            };
            let at = usize::try_from(get_u64(*offset, elf.endian)).unwrap_or(usize::MAX);
            if at >= size {
                return Err(malformed(
                    (number * entry_size) as u64,
                    format!("relocates byte {at:#x}, beyond the end of .BTF.ext at {size:#x}"),
                ));
            }
            let after = moves.partition_point(|run| run.from.end <= at);
            if let Some(run) = moves.get(after).filter(|run| run.from.contains(&at)) {
                let at = (run.to + (at - run.from.start)) as u64;
                new.extend_from_slice(&u64_bytes(at, elf.endian));
                new.extend_from_slice(rest);
            }
        }
        let left = new.len() as u64;
        new.resize(old.len(), 0);
        if let Some(range) = elf.range(section) {
            put(&mut self.out, range.start, &new);
        }
        self.put_u64(elf.header_at(section) + header::SIZE, left);
        Ok(())
    }

    fn put_u64(&mut self, at: u64, value: u64) {
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        put(&mut self.out, at, &u64_bytes(value, self.object.elf.endian));
    }
}

impl Rewrite for Rewriter<'_> {
    fn section_code(&self, _: usize, section: &CodeSection<'_>) -> &[u8] {
        self.code(section.index).unwrap_or_default()
    }

    fn section_code_mut(&mut self, _: usize, section: &CodeSection<'_>) -> &mut [u8] {
        self.code_mut(section.index).unwrap_or_default()
    }

    fn consume(&mut self, number: usize, record: usize) -> Result<()> {
        Rewriter::consume(self, number, record)
    }
}

/// Removes the consumed records from a `.BTF.ext`, whose buffer keeps its length. Returns where the remaining bytes
/// went, in order, and how many bytes the section needs now.
fn compact(data: &mut [u8], endian: Endian, consumed: &[Vec<bool>]) -> Result<(Vec<Move>, usize)> {
    let cut_off = || malformed(0, "the CO-RE records are not where the header puts them");
    let preamble = Preamble::read(data, ExtHeader::LEN_WITH_CORE_RELO)?;
    let extent = ExtHeader::read(data, preamble)
        .core_relo
        .ok_or_else(cut_off)?;
    let header_len = preamble.header_len as usize;
    let start = header_len.saturating_add(extent.off as usize);
    let end = start.saturating_add(extent.len as usize);
    let record_size = word(data, start, endian).ok_or_else(cut_off)? as usize;

    let mut moves = vec![Move {
        from: 0..start,
        to: 0,
    }];
    let mut counts = Vec::new();
    // The record size stays in front of the records, unless all are removed.
    let (mut read, mut write) = (start + WORD_LEN, start + WORD_LEN);
    for records in consumed {
        let kept = records.iter().filter(|consumed| !**consumed).count();
        if kept > 0 {
            counts.push((write + SectionHeader::COUNT_OFFSET, kept));
            moves.push(Move {
                from: read..read + SECTION_HEADER_LEN,
                to: write,
            });
            write += SECTION_HEADER_LEN;
        }
        read += SECTION_HEADER_LEN;
        for consumed in records {
            if !consumed {
                moves.push(Move {
                    from: read..read + record_size,
                    to: write,
                });
                write += record_size;
            }
            read += record_size;
        }
    }
    if read != end || end > data.len() {
        return Err(cut_off());
    }
    if write == start + WORD_LEN {
        // Without records there is no record size either: libbpf refuses one.
        write = start;
    }
    for run in &moves {
        data.copy_within(run.from.clone(), run.to);
    }
    for (at, count) in counts {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        put(data, at, &endian.bytes32(count));
    }
    if let Some(free) = data.get_mut(write..end) {
        free.fill(0);
    }
    let len = u32::try_from(write - start).unwrap_or(u32::MAX);
    put(data, ExtHeader::CORE_RELO_LEN, &endian.bytes32(len));
    if end < data.len() {
        let from = end..data.len();
        moves.push(Move {
            to: from.start,
            from,
        });
        return Ok((moves, data.len()));
    }
    // libbpf refuses a section that consists of its header alone.
    Ok((moves, write.max(header_len + WORD_LEN).min(data.len())))
}

/// Refuses an object in which a range that may be written to overlaps another part of the file.
fn disjoint(object: &BpfObject) -> Result<()> {
    let elf = &object.elf;
    let ext = elf.find(BTF_EXT).map(|section| section.index);
    let count = elf.sections.len() as u64;
    let (table, header_size) = elf.headers;
    let whole = |at: u64, size: u64| at..at.saturating_add(size);
    // Each range of bytes, whether it may be written to, and its place in errors.
    let mut ranges = vec![
        (whole(0, 64), true, Place::Section("the ELF header".into())),
        (
            whole(table, header_size.saturating_mul(count)),
            true,
            Place::Section("the section header table".into()),
        ),
    ];
    for section in &elf.sections {
        let written = Some(section.index) == ext
            || matches!(section.kind, REL | RELA) && Some(section.info) == ext
            || object.code_at(section.index).is_some();
        if section.size > 0 && elf.raw(section).is_ok_and(|raw| raw.is_some()) {
            ranges.push((
                whole(section.offset, section.size),
                written,
                section.place(),
            ));
        }
    }
    ranges.sort_by_key(|(range, ..)| range.start);
    let (mut end, mut end_of_written) = (0, 0);
    for (range, written, place) in ranges {
        if range.start < end_of_written || (written && range.start < end) {
            return Err(malformed(
                range.start,
                "it overlaps another part of the file, so neither can be rewritten",
            )
            .within(place));
        }
        end = end.max(range.end);
        if written {
            end_of_written = end_of_written.max(range.end);
        }
    }
    Ok(())
}

/// Writes bytes at an offset, if they fit.
fn put(out: &mut [u8], at: usize, bytes: &[u8]) {
    let end = at.saturating_add(bytes.len());
    if let Some(slot) = out.get_mut(at..end) {
        slot.copy_from_slice(bytes);
    }
}

fn get_u64(bytes: [u8; 8], endian: Endian) -> u64 {
    match endian {
        Endian::Little => u64::from_le_bytes(bytes),
        Endian::Big => u64::from_be_bytes(bytes),
    }
}

fn u64_bytes(value: u64, endian: Endian) -> [u8; 8] {
    match endian {
        Endian::Little => value.to_le_bytes(),
        Endian::Big => value.to_be_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A `.BTF.ext` with CO-RE records only, two in the one section, and what is behind it.
    fn ext(behind: &[u8]) -> Vec<u8> {
        let words: [u32; 19] = [
            0x1_eb9f, 32, 0, 0, 0, 0, 0, 44, // header
            16, 7, 2, // record size, section, count
            8, 1, 2, 3, // a record
            16, 1, 2, 3, // another
        ];
        let bytes = words.iter().flat_map(|word| word.to_le_bytes());
        bytes.chain(behind.iter().copied()).collect()
    }

    #[test]
    fn a_section_never_shrinks_to_its_header_alone() -> Result<()> {
        let mut data = ext(&[]);
        let (moves, size) = compact(&mut data, Endian::Little, &[vec![true, true]])?;
        assert_eq!((moves.len(), size, data.len()), (1, 36, 76));
        assert_eq!(data[..28], ext(&[])[..28]);
        assert!(data[28..].iter().all(|byte| *byte == 0));
        Ok(())
    }

    #[test]
    fn what_stands_behind_the_records_stays_where_it_is() -> Result<()> {
        let mut data = ext(b"tail");
        let (moves, size) = compact(&mut data, Endian::Little, &[vec![true, false]])?;
        assert_eq!((size, &data[76..]), (80, &b"tail"[..]));
        // The record that stays moved up by 16; the tail did not.
        let to = |at: usize| {
            moves
                .iter()
                .find(|run| run.from.contains(&at))
                .map(|run| run.to)
        };
        assert_eq!((to(44), to(60), to(76)), (None, Some(44), Some(76)));
        assert_eq!(data[44..60], ext(&[])[60..76]);
        assert_eq!(
            data[28..44],
            [28u32, 16, 7, 1].map(u32::to_le_bytes).concat()
        );
        assert!(data[60..76].iter().all(|byte| *byte == 0));
        Ok(())
    }

    #[test]
    fn consumed_records_that_are_not_there_are_an_error() {
        for consumed in [
            &[vec![true]][..],
            &[vec![true; 3]],
            &[vec![true; 2], vec![true]],
        ] {
            assert!(compact(&mut ext(&[]), Endian::Little, consumed).is_err());
        }
    }
}
