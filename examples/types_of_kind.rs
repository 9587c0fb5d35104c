//! Lists all types of a kind: here, the functions.
//!
//! `cargo run --example types_of_kind -- FILE`

use btfkit::Btf;
use btfkit::graph::Kind;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args().nth(1).ok_or("FILE")?;

    for function in Btf::open(file)?.types_of(Kind::Func) {
        println!("{function};");
    }
    Ok(())
}
