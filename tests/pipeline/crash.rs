//! Inputs that crash or stall a naive reader: `testdata/crash`, one file each.

use btfkit::pipeline::{LoadOptions, RelocateOptions, TargetFile, load, relocate};

use crate::inputs::{SERVERS, testdata};

/// Loads the file's types, and takes it as an object: each must return, with a result or an error.
#[test]
fn every_file_returns() {
    let folder = crate::support::testdata("crash");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("README.md") {
            continue;
        }
        files += 1;
        let bytes = std::fs::read(&path).unwrap();
        let loaded = load(bytes.clone(), &LoadOptions::default());
        println!("{}: {:?}", path.display(), loaded.err());
        let target = TargetFile::user("app", testdata(SERVERS[0]));
        let relocated = relocate(bytes, &[target], &RelocateOptions::default());
        println!("  as an object: {:?}", relocated.err());
    }
    assert!(files >= 3, "{files} files");
}
