//! The header and the sections. (`btf_parse_hdr`, `btf_check_sec_info`, `btf_parse_str_sec`.)

use crate::target::Endian;
use crate::verify::check::Check;
use crate::verify::finding::{E2BIG, EINVAL, ENOTSUPP};
use crate::verify::input::MAX_NAME_OFFSET;
use crate::verify::rule::Rule;
use crate::wire::BtfHeader;

/// The most bytes that the kernel takes (`BTF_MAX_SIZE`).
const MAX_SIZE: usize = 16 << 20;
/// The magic number (`BTF_MAGIC`).
const MAGIC: u16 = 0xeb9f;
/// The end of the field with the header's length.
const LENGTH_END: usize = 8;
/// The length of an entry of the layout section.
const LAYOUT_ENTRY: u32 = 4;

/// The sections of an input, as byte ranges of the data.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Sections<'d> {
    pub types: &'d [u8],
    pub strings: &'d [u8],
}

/// A section by the header's words: an offset behind the header, and a length.
#[derive(Clone, Copy)]
struct Extent {
    offset: u32,
    len: u32,
}

/// Checks the header and where the sections are. Returns the sections if they can be checked.
pub(super) fn sections<'d>(check: &mut Check<'_>, data: &'d [u8]) -> Option<Sections<'d>> {
    if data.len() > MAX_SIZE && check.options.base.is_none() {
        check.fail_bare(Rule::InputSize, "", E2BIG);
        return None;
    }
    let fields = fields(check, data)?;
    let endian = check.options.endian;
    let at = |offset: usize| word(&fields, offset, endian);
    let header_len = at(LENGTH_END - 4);
    let extent = |offset: usize| Extent {
        offset: at(offset),
        len: at(offset + 4),
    };
    let types = extent(BtfHeader::TYPE_OFF);
    let strings = extent(BtfHeader::STR_OFF);
    let layout = extent(BtfHeader::LAYOUT_OFF);
    let knows_layout = check.options.features.layout && header_len >= BtfHeader::LEN_WITH_LAYOUT;
    let mut all = vec![types, strings];
    if knows_layout && layout.len > 0 {
        all.push(layout);
    }
    let rest = data.get(header_len as usize..)?;
    if !places(check, &mut all, rest.len()) {
        return None;
    }
    let of = |extent: Extent| {
        let start = extent.offset as usize;
        rest.get(start..start.saturating_add(extent.len as usize))
    };
    let sections = Sections {
        types: of(types)?,
        strings: of(strings)?,
    };
    let end = strings.offset as usize + strings.len as usize;
    if !knows_layout && end != rest.len() {
        check.fail_bare(
            Rule::StringsPlace,
            "String section is not at the end",
            EINVAL,
        );
    }
    string_section(check, sections.strings);
    if knows_layout && layout.len > 0 {
        layout_section(check, layout);
    }
    if !types.offset.is_multiple_of(4) {
        check.fail_bare(Rule::TypesPlace, "Unaligned type_off", EINVAL);
    }
    if types.len == 0 && check.options.base.is_none() {
        check.fail_bare(Rule::NoTypes, "No type found", EINVAL);
    }
    Some(sections)
}

/// Returns the fields that the kernel knows, those behind the header's end being 0.
fn fields(check: &mut Check<'_>, data: &[u8]) -> Option<[u8; BtfHeader::LEN_WITH_LAYOUT as usize]> {
    let endian = check.options.endian;
    let known = check.options.features.header_len();
    if data.len() < LENGTH_END {
        check.fail_bare(Rule::HeaderLength, "hdr_len not found", EINVAL);
        return None;
    }
    let header_len = word(data, LENGTH_END - 4, endian) as usize;
    let Some(header) = data.get(..header_len) else {
        // In the other byte order the length is a huge one, which the kernel notices before the magic number.
        let is_swapped = data.starts_with(&endian.bytes16(MAGIC.swap_bytes()));
        let rule = if is_swapped {
            Rule::Magic
        } else {
            Rule::HeaderLength
        };
        check.fail_bare(rule, "btf_header not found", EINVAL);
        return None;
    };
    if header
        .get(known..)
        .is_some_and(|tail| tail.iter().any(|&byte| byte != 0))
    {
        check.fail_bare(Rule::HeaderTail, "Unsupported btf_header", E2BIG);
    }
    let mut fields = [0; BtfHeader::LEN_WITH_LAYOUT as usize];
    for (field, &byte) in fields.iter_mut().zip(header.iter().take(known)) {
        *field = byte;
    }
    let [first, second, version, flags, ..] = fields;
    if endian.u16([first, second]) != MAGIC {
        check.fail_bare(Rule::Magic, "Invalid magic", EINVAL);
        return None;
    }
    if version != 1 {
        check.fail_bare(Rule::Version, "Unsupported version", ENOTSUPP);
        return None;
    }
    if flags != 0 {
        check.fail_bare(Rule::Flags, "Unsupported flags", ENOTSUPP);
    }
    let copied_len = word(&fields, LENGTH_END - 4, endian) as usize;
    if data.len() == copied_len && check.options.base.is_none() {
        check.fail_bare(Rule::NoData, "No data", EINVAL);
        return None;
    }
    Some(fields)
}

/// Checks that the sections fill the data behind the header, without gaps.
fn places(check: &mut Check<'_>, all: &mut [Extent], rest: usize) -> bool {
    // The kernel subtracts in 32 bits and takes the sign.
    all.sort_by(|a, b| {
        let less = |a: u32, b: u32| a.wrapping_sub(b).cast_signed().cmp(&0);
        less(a.offset, b.offset).then_with(|| less(a.len, b.len))
    });
    let rest = u32::try_from(rest).unwrap_or(u32::MAX);
    let mut total = 0u32;
    for section in all {
        let fault = if rest < section.offset {
            (Rule::SectionOffset, "Invalid section offset")
        } else if total < section.offset {
            (Rule::SectionGap, "Unsupported section found")
        } else if total > section.offset {
            (Rule::SectionOverlap, "Section overlap found")
        } else if rest - total < section.len {
            (Rule::SectionLength, "Total section length too long")
        } else {
            total += section.len;
            continue;
        };
        check.fail_bare(fault.0, fault.1, EINVAL);
        return false;
    }
    if rest != total {
        check.fail_bare(Rule::SectionGap, "Unsupported section found", EINVAL);
        return false;
    }
    true
}

fn string_section(check: &mut Check<'_>, strings: &[u8]) {
    let split = check.options.base.is_some();
    if strings.is_empty() && split {
        return;
    }
    let too_long = strings.len() > MAX_NAME_OFFSET as usize + 1;
    let starts_wrong = !split && strings.first() != Some(&0);
    if too_long || strings.last() != Some(&0) || starts_wrong {
        check.fail_bare(Rule::Strings, "Invalid string section", EINVAL);
    }
}

/// Checks the layout section. (`btf_parse_layout_sec`, since 7.1.)
fn layout_section(check: &mut Check<'_>, layout: Extent) {
    let message = if !layout.offset.is_multiple_of(4) {
        "Unaligned layout_off"
    } else if layout.len < LAYOUT_ENTRY {
        "Layout section is too small"
    } else if !layout.len.is_multiple_of(LAYOUT_ENTRY) {
        "layout_len is not multiple of 4"
    } else {
        return;
    };
    check.fail_bare(Rule::LayoutSection, message, EINVAL);
}

/// Returns the 32-bit word at a byte; 0 beyond the end.
fn word(data: &[u8], at: usize, endian: Endian) -> u32 {
    let bytes = data.get(at..).and_then(|rest| rest.first_chunk::<4>());
    bytes.map_or(0, |bytes| endian.u32(*bytes))
}
