//! Builds BTF and encodes it.
//!
//! `cargo run --example build > session.btf`

use std::io::Write;

use btfkit::Bits;
use btfkit::graph::{GraphBuilder, IntEncoding};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut builder = GraphBuilder::new();
    let int = builder.int("int", 4, IntEncoding::SIGNED)?;
    builder.structure(
        "session",
        8,
        [("id", int, Bits(0)), ("port", int, Bits(32))],
    )?;

    std::io::stdout().write_all(&builder.freeze()?.encode()?)?;
    Ok(())
}
