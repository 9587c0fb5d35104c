//! Lists the members of a structure with their offsets and types.
//!
//! `cargo run --example members -- FILE STRUCT`, for example `/sys/kernel/btf/vmlinux list_head`

use btfkit::Btf;
use btfkit::graph::Kind;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (file, name) = arguments
        .next()
        .zip(arguments.next())
        .ok_or("FILE STRUCT")?;

    let btf = Btf::open(file)?;
    for member in btf.find(Kind::Struct, &name).ok_or("not found")?.members() {
        println!(
            "{:>6} {} : {}",
            member.offset.bytes(),
            member.name(),
            member.ty()
        );
    }
    Ok(())
}
