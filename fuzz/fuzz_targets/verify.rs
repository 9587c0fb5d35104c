//! Any bytes get a verdict; what parses and is sanitised gets a good one, and the names lead back.
#![no_main]

mod common;

use btfkit::encode::encode;
use btfkit::parse::parse_with;
use btfkit::verify::{KernelVersion, NameTable, SanitizeOptions, VerifyOptions, sanitize, verify};
use common::{halves, parsing};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&version, data)) = data.split_first() else {
        return;
    };
    let versions = [(5, 2), (5, 10), (5, 15), (6, 1), (6, 6), (6, 18), (7, 2)];
    let (major, minor) = versions[usize::from(version) % versions.len()];
    let version = KernelVersion::new(major, minor);
    let options = VerifyOptions::new(version).findings(100);
    let report = verify(data, &options);
    assert_eq!(report.is_ok(), report.to_string() == "ok");
    assert!(report.findings.len() <= 100);
    let Ok(graph) = parse_with(data.to_vec(), &parsing()) else {
        split(data, &options);
        return;
    };
    let Ok(sanitized) = sanitize(&graph, &SanitizeOptions::new(version)) else {
        return;
    };
    let options = options.endian(graph.endian());
    assert!(verify(&encode(&sanitized.graph).unwrap(), &options).is_ok());
    let names = sanitized.names.to_string();
    assert_eq!(names.parse::<NameTable>().unwrap(), sanitized.names);
    let restored = sanitized.names.restore(&sanitized.graph).unwrap();
    assert_eq!(restored.len(), sanitized.graph.len());
    // What is acceptable stays as it is.
    if report.is_ok() {
        assert!(sanitized.lost.is_empty() && sanitized.names.is_empty());
    }
});

/// A base, and what is split from it.
fn split(data: &[u8], options: &VerifyOptions) {
    let Some((base, split)) = halves(data) else {
        return;
    };
    if let Ok(base) = parse_with(base.to_vec(), &parsing()) {
        let _ = verify(split, &options.clone().base(&base)).to_string();
    }
}
