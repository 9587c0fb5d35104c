//! Opens the BTF of the running kernel and of its loaded modules.
//!
//! `cargo run --example kernel -- [MODULE…]`

use btfkit::Btf;

fn main() -> btfkit::Result<()> {
    let kernel = Btf::kernel()?;
    println!("vmlinux: {} types", kernel.len());
    for name in std::env::args().skip(1) {
        let module = Btf::kernel_module(&name)?;
        println!("{name}: {} types of its own", module.own_len());
    }
    Ok(())
}
