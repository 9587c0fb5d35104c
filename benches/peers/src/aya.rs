//! aya-obj, as far as relocating goes.

use aya_obj::Object;
use aya_obj::btf::Btf;
use object::Endianness;

/// Relocates an object; answers the code of each function, by name.
pub fn relocate(object: &[u8], target: &[u8]) -> Result<Vec<(String, Vec<u8>)>, String> {
    let mut parsed = Object::parse(object).map_err(|error| error.to_string())?;
    let target = parse(target)?;
    parsed
        .relocate_btf(&target)
        .map_err(|error| format!("{error:?}"))?;
    Ok(parsed
        .functions
        .values()
        .map(|function| {
            let code = function.instructions.iter().flat_map(|insn| {
                let [a, b] = insn.off.to_le_bytes();
                let [c, d, e, f] = insn.imm.to_le_bytes();
                let registers = insn.src_reg() << 4 | insn.dst_reg();
                [insn.code, registers, a, b, c, d, e, f]
            });
            (function.name.clone(), code.collect())
        })
        .collect())
}

/// Parses raw BTF of this machine's byte order.
pub fn parse(bytes: &[u8]) -> Result<Btf, String> {
    Btf::parse(bytes, Endianness::default()).map_err(|error| error.to_string())
}
