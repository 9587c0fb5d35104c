//! Laws that hold for every graph and every relocation, tried on random ones.

#[path = "../support/mod.rs"]
mod support;

mod graphs;
mod machine;
mod relocation;

use btfkit::Endian;
use proptest::prelude::*;

const ENDIANS: [Endian; 2] = [Endian::Little, Endian::Big];

fn config() -> ProptestConfig {
    // A failure worth keeping becomes a test with a name.
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}
