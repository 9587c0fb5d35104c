//! `.BTF.ext` → bytes.

use crate::error::{Error, ErrorKind, Result};
use crate::graph::{Ext, MAGIC, NEW_HEADER, OLD_HEADER, Record, Records};
use crate::target::Endian;

/// Encodes a `.BTF.ext` section: functions, lines and relocations one after the other.
///
/// # Errors
/// `Usage` where a section's tails don't fit the record size; `Overflow` beyond 4 GiB.
pub fn encode_ext(ext: &Ext) -> Result<Vec<u8>> {
    let endian = ext.endian;
    let mut body = Vec::new();
    let mut fields = Vec::new();
    part(&ext.funcs, endian, &mut body, &mut fields)?;
    part(&ext.lines, endian, &mut body, &mut fields)?;
    if let Some(relos) = &ext.relos {
        part(relos, endian, &mut body, &mut fields)?;
    }
    let known = if ext.relos.is_some() {
        NEW_HEADER
    } else {
        OLD_HEADER
    };
    let header_len = length(known as usize + ext.header_tail.len())?;
    length(header_len as usize + body.len())?;

    let mut out = Vec::with_capacity(header_len as usize + body.len());
    out.extend_from_slice(&endian.bytes16(MAGIC));
    out.extend_from_slice(&[1, 0]);
    for word in [header_len].into_iter().chain(fields) {
        out.extend_from_slice(&endian.bytes32(word));
    }
    out.extend_from_slice(&ext.header_tail);
    out.append(&mut body);
    Ok(out)
}

/// Appends the records of one kind, and their offset and length to the header's fields.
fn part<T: Record>(
    records: &Records<T>,
    endian: Endian,
    body: &mut Vec<u8>,
    fields: &mut Vec<u32>,
) -> Result<()> {
    let start = body.len();
    if records.record_size > 0 {
        let tail_size = (records.record_size as usize)
            .checked_sub(T::WORDS * 4)
            .ok_or_else(|| Error::new(ErrorKind::Usage, "the record size is too small"))?;
        body.extend_from_slice(&endian.bytes32(records.record_size));
        for section in &records.sections {
            if section.tails.len() != tail_size * section.records.len() {
                return Err(Error::new(
                    ErrorKind::Usage,
                    "a section's tails don't fit its record size",
                ));
            }
            body.extend_from_slice(&endian.bytes32(section.section.get()));
            body.extend_from_slice(&endian.bytes32(length(section.records.len())?));
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
    fields.push(length(start)?);
    fields.push(length(body.len() - start)?);
    Ok(())
}

fn length(len: usize) -> Result<u32> {
    u32::try_from(len).map_err(|_| Error::new(ErrorKind::Overflow, "the section is beyond 4 GiB"))
}
