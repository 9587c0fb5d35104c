//! The encoder of `.BTF.ext`.

use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Ext, Records};
use crate::target::Endian;
use crate::wire::{ExtHeader, Extent, Preamble, Record, SectionHeader, WORD_LEN};

/// Encodes a `.BTF.ext` section: functions, lines and relocations one after the other.
///
/// # Errors
/// `Usage` if a section's tails don't fit the record size; `Overflow` beyond 4 GiB.
pub fn encode_ext(ext: &Ext) -> Result<Vec<u8>> {
    let endian = ext.endian;
    let mut body = Vec::new();
    let header = ExtHeader {
        func_info: write_records(&ext.funcs, endian, &mut body)?,
        line_info: write_records(&ext.lines, endian, &mut body)?,
        core_relo: match &ext.relos {
            Some(relos) => Some(write_records(relos, endian, &mut body)?),
            None => None,
        },
    };
    let header_len = length(header.len() as usize + ext.header_tail.len())?;
    length(header_len as usize + body.len())?;

    let mut out = Vec::with_capacity(header_len as usize + body.len());
    Preamble { endian, header_len }.write(&mut out);
    header.write(endian, &mut out);
    out.extend_from_slice(&ext.header_tail);
    out.append(&mut body);
    Ok(out)
}

/// Appends the records of one kind to `body`, and returns where they are in it.
fn write_records<T: Record>(
    records: &Records<T>,
    endian: Endian,
    body: &mut Vec<u8>,
) -> Result<Extent> {
    let start = body.len();
    if records.record_size > 0 {
        let tail_size = (records.record_size as usize)
            .checked_sub(T::WORDS * WORD_LEN)
            .ok_or_else(|| Error::new(ErrorKind::Usage, "the record size is too small"))?;
        body.extend_from_slice(&endian.bytes32(records.record_size));
        for section in &records.sections {
            if section.tails.len() != tail_size * section.records.len() {
                return Err(Error::new(
                    ErrorKind::Usage,
                    "a section's tails don't fit its record size",
                ));
            }
            let header = SectionHeader {
                name: section.section.get(),
                count: length(section.records.len())?,
            };
            header.write(endian, body);
            let mut tails = section.tails.chunks_exact(tail_size.max(1));
            for record in &section.records {
                for word in record.to_words().iter().take(T::WORDS) {
                    body.extend_from_slice(&endian.bytes32(*word));
                }
                body.extend_from_slice(tails.next().unwrap_or_default());
            }
        }
    } else if !records.is_empty() {
        return Err(Error::new(ErrorKind::Usage, "the record size is too small"));
    }
    Ok(Extent {
        off: length(start)?,
        len: length(body.len() - start)?,
    })
}

fn length(len: usize) -> Result<u32> {
    u32::try_from(len).map_err(|_| Error::new(ErrorKind::Overflow, "the section is beyond 4 GiB"))
}
