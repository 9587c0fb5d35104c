//! The programs of `testdata/packaging`: one source, every way in which debug information is stored.

use std::collections::{BTreeMap, BTreeSet};

use btfkit::debuginfo::Search;
use btfkit::dwarf::ConvertOptions;
use btfkit::pipeline::{LoadOptions, Loaded, load_path};

use super::testdata;

/// Options that search only where the program points to, not under `/usr/lib/debug`.
pub fn options() -> LoadOptions {
    let mut options = LoadOptions::default();
    options.search = Some(Search::new().without_roots());
    options.conversion = ConvertOptions::new().functions(true).variables(true);
    options
}

/// The types of a program of `testdata/packaging`, of which no file may be missing.
pub fn loaded(name: &str, options: &LoadOptions) -> Loaded {
    let path = testdata("packaging").join(name);
    let loaded = load_path(&path, options).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(loaded.missing.is_empty(), "{name}: {:?}", loaded.missing);
    loaded
}

/// The names that two programs [spell](super::spelled::spelled) differently.
pub fn differences(a: &BTreeMap<String, String>, b: &BTreeMap<String, String>) -> Vec<String> {
    let keys: BTreeSet<_> = a.keys().chain(b.keys()).collect();
    let differing = keys.into_iter().filter(|key| a.get(*key) != b.get(*key));
    differing
        .map(|key| format!("{key}: {:?} and {:?}", a.get(key), b.get(key)))
        .collect()
}
