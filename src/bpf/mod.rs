//! A BPF program: its instructions, functions, CO-RE relocations and source lines, wherever they come from.
//!
//! [`BpfObject::program`](crate::elf::BpfObject::program) returns the [`Program`] of an ELF file; a loader that has
//! its own can fill in the fields. [`relocate::resolve`](crate::relocate::resolve) and
//! [`relocate::apply`](crate::relocate::apply) work on it. This is the only place where an instruction is decoded
//! ([`Insn`]) and where the function or the line of an instruction is looked up ([`CodeSection`]).

mod flow;
mod insn;
mod program;
mod rewrite;

pub(crate) use flow::reachable;
pub(crate) use insn::{Class, opcode};
pub use insn::{Insn, POISON};
pub use program::{CodeSection, Function, Program};
pub use rewrite::Rewrite;
