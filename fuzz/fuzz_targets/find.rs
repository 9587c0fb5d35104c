//! A program that says where its debug information is, and a fetcher that answers anything.
#![no_main]

mod common;

use std::sync::Mutex;

use btfkit::dwarf::{ConvertOptions, convert};
use btfkit::debuginfo::{Search, find_debug_sections};
use bytes::Bytes;
use common::{graphs::look, limits};
use libfuzzer_sys::fuzz_target;

// How many files are fetched at the most, each with its length before it; the program is what is left.
fuzz_target!(|data: &[u8]| {
    let mut rest = Bytes::copy_from_slice(data);
    let mut files = Vec::new();
    while files.len() < 4 && rest.len() > 3 && rest[0] == 1 {
        let len = usize::from(u16::from_le_bytes([rest[1], rest[2]]));
        let _ = rest.split_to(3);
        files.push(rest.split_to(len.min(rest.len())));
    }
    let files = Mutex::new(files);
    let search = Search::new()
        .without_roots()
        .fetch_with(move |_| Ok(files.lock().expect("one thread").pop()));
    let Ok(found) = find_debug_sections(rest, None, &search, &limits()) else {
        return;
    };
    let mut options = ConvertOptions::new().functions(true).variables(true);
    options.limits = limits();
    options.threads = std::num::NonZeroUsize::new(1);
    if let Ok(done) = convert(&found.sections, &options) {
        look(&done.graph);
        for ty in done.graph.types() {
            let _ = done.origin(&found.sections, ty.id());
        }
    }
});
