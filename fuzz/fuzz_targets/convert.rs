//! Arbitrary debug sections are converted: no panic, no hang, bounded memory, and the same result on one
//! thread and on two.
#![no_main]

use std::num::NonZeroUsize;

use btfkit::dwarf::{ConvertOptions, Sections, convert};
use btfkit::elf::debug_sections;
use btfkit::{Endian, Limits, PointerWidth};
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;

/// Bounds that let a run stay small.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.type_bytes = 1 << 22;
    limits.string_bytes = 1 << 22;
    limits.types = 1 << 16;
    limits.section_bytes = 1 << 22;
    limits
}

/// An ELF file, or a byte of flags and the sections one after the other: `.debug_abbrev` (its length first),
/// `.debug_str` (likewise), and `.debug_info`.
fn sections(data: &[u8]) -> Option<Sections> {
    let file = Bytes::copy_from_slice(data);
    if data.starts_with(b"\x7fELF") {
        return debug_sections(file.clone(), &limits()).ok();
    }
    let (&[flags, abbrev, str], _) = data.split_first_chunk::<3>()?;
    let endian = if flags & 1 == 0 {
        Endian::Little
    } else {
        Endian::Big
    };
    let mut sections = Sections::new(endian, PointerWidth::Eight);
    let abbrev = 3 + usize::from(abbrev);
    let str = abbrev + usize::from(str);
    if str > file.len() {
        return None;
    }
    sections.abbrev = file.slice(3..abbrev);
    sections.str = file.slice(abbrev..str);
    sections.info = file.slice(str..);
    if flags & 2 != 0 {
        sections.types = sections.info.clone();
    }
    Some(sections)
}

fuzz_target!(|data: &[u8]| {
    let Some(sections) = sections(data) else {
        return;
    };
    let mut options = ConvertOptions::default()
        .functions(data.len() % 2 == 0)
        .variables(data.len() % 3 == 0);
    options.limits = limits();
    options.threads = NonZeroUsize::new(1);
    let one = convert(&sections, &options);
    options.threads = NonZeroUsize::new(2);
    let two = convert(&sections, &options);
    match (one, two) {
        (Ok(one), Ok(two)) => {
            assert_eq!(one.degraded, two.degraded);
            let encode = |graph| btfkit::encode::encode(graph).ok();
            assert_eq!(encode(&one.graph), encode(&two.graph));
            for ty in one.graph.types() {
                let _ = one.origin(&sections, ty.id());
            }
        }
        (Err(one), Err(two)) => assert_eq!(one.kind(), two.kind()),
        (one, two) => panic!("{one:?} on one thread, {two:?} on two"),
    }
});
