//! ELF files: BPF objects and programs in, rewritten objects out.
