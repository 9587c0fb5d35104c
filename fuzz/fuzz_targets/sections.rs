//! The debug information of arbitrary programs, and of arbitrary sections without a file around them.
#![no_main]

mod common;

use std::num::NonZeroUsize;

use btfkit::dwarf::{ConvertOptions, Roots, Sections, convert};
use btfkit::elf::debug_sections;
use btfkit::{Endian, PointerWidth};
use bytes::Bytes;
use common::{graphs::look, limits, round_trip};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&how, data)) = data.split_first() else {
        return;
    };
    if how & 1 == 0 {
        let Ok(sections) = debug_sections(Bytes::copy_from_slice(data), &limits()) else {
            return;
        };
        run(&sections, how);
        return;
    }
    let width = if how & 2 == 0 {
        PointerWidth::Eight
    } else {
        PointerWidth::Four
    };
    let endian = if how & 4 == 0 {
        Endian::Little
    } else {
        Endian::Big
    };
    let mut sections = Sections::new(endian, width);
    let mut rest = Bytes::copy_from_slice(data);
    // Each section but the last is as long as its first two bytes say.
    for section in [
        &mut sections.abbrev,
        &mut sections.str,
        &mut sections.line_str,
        &mut sections.str_offsets,
        &mut sections.addr,
        &mut sections.line,
        &mut sections.types,
    ] {
        if rest.len() < 2 {
            return;
        }
        let len = usize::from(u16::from_le_bytes([rest[0], rest[1]]));
        let _ = rest.split_to(2);
        *section = rest.split_to(len.min(rest.len()));
    }
    sections.info = rest;
    run(&sections, how);
});

fn run(sections: &Sections, how: u8) {
    let mut options = ConvertOptions::new()
        .functions(how & 16 != 0)
        .variables(how & 32 != 0)
        .threads(NonZeroUsize::MIN);
    options.limits = limits();
    if how & 64 != 0 {
        options.roots = Roots::Named(["data", "session", "a"].map(str::to_owned).to_vec());
        options.allow_missing_roots = true;
    }
    if let Ok(done) = convert(sections, &options) {
        look(&done.graph);
        round_trip(&done.graph);
        let again = convert(sections, &options).expect("as before");
        assert!(again.graph.is_same(&done.graph) || again.graph.len() == done.graph.len());
    }
}
