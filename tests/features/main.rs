//! Inputs that need a feature which is off are errors that name the feature.
//!
//! `cargo test --no-default-features --test features` has cases; with all features there are none.

use btfkit::pipeline::{LoadOptions, load};

/// Loading the bytes must be refused, with this feature in the message.
#[allow(dead_code, reason = "with all features nothing is refused")]
fn refused(bytes: Vec<u8>, feature: &str) {
    let error = load(bytes, &LoadOptions::default()).unwrap_err();
    assert_eq!(error.kind(), btfkit::ErrorKind::Unsupported, "{error}");
    let named = format!("`{feature}`");
    assert!(error.to_string().contains(&named), "{error}");
}

#[cfg(not(feature = "zlib"))]
#[test]
fn gzip() {
    refused(vec![0x1f, 0x8b, 8, 0], "zlib");
}

#[cfg(not(feature = "zstd"))]
#[test]
fn zstd() {
    refused(vec![0x28, 0xb5, 0x2f, 0xfd], "zstd");
}

#[cfg(not(feature = "xz"))]
#[test]
fn xz() {
    refused(b"\xfd7zXZ\0".to_vec(), "xz");
}

#[cfg(not(feature = "dwarf"))]
#[test]
fn dwarf() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/tutorial/");
    refused(
        std::fs::read(format!("{folder}prog_a.gcc-dwarf5")).unwrap(),
        "dwarf",
    );
}
