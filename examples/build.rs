//! Builds BTF and encodes it.
//!
//! `cargo run --example build > session.btf`

use std::io::Write;

use btfkit::Bits;
use btfkit::graph::{GraphBuilder, IntEncoding, Kind, NewMember};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut builder = GraphBuilder::new();
    let int = builder.int("int", 4, IntEncoding::SIGNED)?;
    let members = [
        NewMember::new("id", int),
        NewMember::new("port", int).at(Bits(32)),
    ];
    builder.composite(Kind::Struct, "session", 8, &members)?;
    let bytes = builder.freeze()?.encode()?;

    std::io::stdout().write_all(&bytes)?;
    Ok(())
}
