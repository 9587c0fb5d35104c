//! The command line.

use clap::{Parser, Subcommand};

use crate::commands::{
    check, convert, dedup, diff, distill, dump, explain, function, header, layout, list, merge,
    min, offset, rebase, relocate, sanitize, show, split, verify,
};
use crate::style::Color;

/// BTF for user programs: convert, merge, and relocate BPF objects.
///
/// FILE is raw BTF, an ELF file with .BTF or with DWARF, or /sys/kernel/btf/*; or one of these compressed by gzip, xz
/// or zstd. Its format is detected. If an ELF file has both, .BTF is preferred to DWARF. DWARF may be in other files:
/// debug files found by build ID or .gnu_debuglink, files that dwz shared, .dwo and .dwp files.
#[derive(Parser, Debug)]
#[command(name = "btfkit", version, arg_required_else_help = true)]
#[command(
    after_help = "Exit status: 0 done, 1 the input is bad or a check failed, 2 wrong usage.\n\
                        `btfkit help COMMAND` shows an example of each command."
)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,

    /// Print nothing but errors and the requested output
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
    Layout(layout::Arguments),
    List(list::Arguments),
    Show(show::Arguments),
    Function(function::Arguments),
    Diff(diff::Arguments),
    Dump(dump::Arguments),
    Header(header::Arguments),
    Verify(verify::Arguments),
    Sanitize(sanitize::Arguments),
}
