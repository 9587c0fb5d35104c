//! Shows what a typedef stands for, step by step.
//!
//! `cargo run --example typedef_chain -- FILE TYPEDEF`, for example `/sys/kernel/btf/vmlinux size_t`

use btfkit::Btf;
use btfkit::graph::Kind;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (file, name) = arguments
        .next()
        .zip(arguments.next())
        .ok_or("FILE TYPEDEF")?;

    let btf = Btf::open(file)?;
    for ty in btf.find(Kind::Typedef, &name).ok_or("not found")?.chain() {
        println!("{ty}");
    }
    Ok(())
}
