//! Finds a structure by name.
//!
//! `cargo run --example struct_by_name -- FILE STRUCT`, for example `/sys/kernel/btf/vmlinux task_struct`

use btfkit::Btf;
use btfkit::graph::Kind;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (file, name) = arguments
        .next()
        .zip(arguments.next())
        .ok_or("FILE STRUCT")?;

    let btf = Btf::open(file)?;
    let ty = btf.find(Kind::Struct, &name).ok_or("not found")?;
    println!("{ty} has {} bytes", ty.size()?);
    Ok(())
}
