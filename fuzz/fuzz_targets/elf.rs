//! ELF files: BPF objects read, and written without some of their records.
#![no_main]

mod common;

use btfkit::elf::{BpfObject, BtfOptions, btf_of_with};
use btfkit::merge;
use btfkit::pipeline::{LinkInput, LoadOptions, link_objects, load};
use common::{graphs::look, limits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut options = BtfOptions::default();
    options.limits = limits();
    if let Ok(graph) = btf_of_with(data.to_vec(), &options) {
        look(&graph);
    }
    let mut options = LoadOptions::default();
    options.limits = limits();
    let _ = load(data.to_vec(), &options);
    if let Ok(object) = BpfObject::parse_with(data.to_vec(), &limits()) {
        rewrite(&object);
        linked(&object);
    }
});

/// Linked with itself: one size, and instructions that hold ids of types that are there.
fn linked(object: &BpfObject) {
    let mut options = merge::MergeOptions::default();
    options.limits = limits();
    let units = ["one", "two"].map(|label| LinkInput::new(label, object.clone()));
    let Ok(linked) = link_objects(&units, &options) else {
        return;
    };
    look(&linked.graph);
    for part in &linked.parts {
        for (code, before) in part.code.iter().zip(object.code_sections()) {
            assert_eq!(code.code.len(), before.code.len());
        }
    }
    if let Some(ext) = &linked.ext {
        assert!(btfkit::encode::encode_ext(ext).is_ok());
    }
}

fn rewrite(object: &BpfObject) {
    let Ok(rewriter) = object.rewrite() else {
        return;
    };
    let same = rewriter.finish().expect("nothing was asked for");
    assert_eq!(same, object.bytes()[..]);
    let relos = object.ext().and_then(|ext| ext.relos.as_ref());
    let Some(relos) = relos.filter(|relos| relos.len() < 1000) else {
        return;
    };
    let mut rewriter = object.rewrite().expect("as before");
    for (section, records) in relos.sections.iter().enumerate() {
        // Every other record.
        for record in (0..records.records.len()).step_by(2) {
            if rewriter.consume(section, record).is_err() {
                return;
            }
        }
    }
    for section in object.code_sections() {
        if let Some(code) = rewriter.code_mut(section.index) {
            code.iter_mut().for_each(|byte| *byte ^= 1);
        }
    }
    let Ok(bytes) = rewriter.finish() else {
        return;
    };
    assert_eq!(bytes.len(), object.bytes().len());
    let again = BpfObject::parse_with(bytes, &limits()).expect("what was written is read");
    let left = again
        .ext()
        .and_then(|ext| ext.relos.as_ref())
        .map_or(0, |relos| relos.len());
    let kept: usize = relos
        .sections
        .iter()
        .map(|section| section.records.len() / 2)
        .sum();
    assert_eq!(left, kept);
}
