//! The command line.

use clap::{Parser, Subcommand, ValueEnum};

use crate::commands::{
    check, convert, dedup, diff, distill, dump, explain, merge, min, offset, rebase, relocate,
    split,
};

/// BTF for user programs: convert, merge, and relocate BPF objects.
///
/// FILE may be raw BTF, an ELF file with .BTF or with DWARF, or /sys/kernel/btf/*, and any of these compressed by
/// gzip, xz or zstd; what it is, is detected. Of an ELF file, .BTF is taken rather than DWARF. DWARF may be in other
/// files: debug files found by build id or .gnu_debuglink, what dwz shared, .dwo and .dwp files.
#[derive(Parser, Debug)]
#[command(name = "btfkit", version, arg_required_else_help = true)]
#[command(
    after_help = "Exit status: 0 done, 1 the answer is no or the input is bad, 2 wrong usage.\n\
                        `btfkit help COMMAND` shows an example of each command."
)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,

    /// Say nothing but errors and what was asked for
    #[arg(long, global = true)]
    pub quiet: bool,

    /// When to use colors
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

#[derive(Subcommand, Debug)]
pub enum Command {
    Relocate(relocate::Arguments),
    Convert(convert::Arguments),
    Merge(merge::Arguments),
    Dedup(dedup::Arguments),
    Split(split::Arguments),
    Distill(distill::Arguments),
    Rebase(rebase::Arguments),
    Min(min::Arguments),
    Check(check::Arguments),
    Explain(explain::Arguments),
    Offset(offset::Arguments),
    Diff(diff::Arguments),
    Dump(dump::Arguments),
}

/// When to use colors.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}
