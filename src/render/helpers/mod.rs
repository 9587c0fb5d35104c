//! `btfkit.bpf.h`: macros by which a BPF program reads the memory of a user program.

/// The text of `btfkit.bpf.h`, for a probe to include after the program's [header](fn@crate::render::c::header).
///
/// It needs libbpf's `bpf_helpers.h` and `bpf_core_read.h`, and clang. The macros read fields, bitfields, C strings, and the
/// strings and vectors of C++, Rust and Go. The comments in the text describe each of them.
pub const BPF_HELPERS: &str = include_str!("btfkit.bpf.h");
