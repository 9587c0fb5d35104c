//! Finds a field by its path.
//!
//! `cargo run --example field_path -- FILE STRUCT PATH`, for example `./server session 'hops[2].port'`

use btfkit::Btf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, name, path] = &arguments[..] else {
        return Err("FILE STRUCT PATH".into());
    };

    let btf = Btf::open(file)?;
    let field = btf.field(name, path)?;
    println!(
        "byte {}: {}, {} bytes",
        field.offset.bytes(),
        field.ty,
        field.size
    );
    Ok(())
}
