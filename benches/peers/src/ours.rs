//! btfkit, as far as relocating goes: bytes in, a relocated object and a report out.

use btfkit::pipeline::{self, RelocateOptions, RelocatedObject, TargetFile};
use btfkit::{Endian, Error};

/// Relocates an object against one target.
pub fn relocate(
    object: impl Into<bytes::Bytes>,
    target: TargetFile,
) -> Result<RelocatedObject, Error> {
    pipeline::relocate(object, &[target], &RelocateOptions::default())
}

/// Turns instructions to the host's byte order, in which libbpf shows them, or back.
pub fn to_host(code: &mut [u8], endian: Endian) {
    if endian.is_host() {
        return;
    }
    for insn in code.chunks_exact_mut(8) {
        insn[1] = insn[1].rotate_left(4);
        insn[2..4].reverse();
        insn[4..8].reverse();
    }
}
