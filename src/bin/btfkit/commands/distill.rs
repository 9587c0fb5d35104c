//! `btfkit distill`: split BTF that outlives its base.

use std::path::PathBuf;

use btfkit::encode::encode;
use btfkit::merge::distill;

use crate::failure::Failure;
use crate::input::{DebugRoots, base, types};
use crate::output;
use crate::style::Style;

/// Give split BTF a small base of its own
///
/// OUT.base says of the base's types that FILE uses just enough to find them again in another build of the base:
/// it is what a kernel module has in .BTF.base. `btfkit rebase` puts the two over a base again.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  \
    btfkit distill module.btf --base vmlinux -o module.distilled.btf")]
pub struct Arguments {
    /// The split BTF
    file: PathBuf,

    /// What it is split from
    ///
    /// Where that is split itself, name its own base before it: --base vmlinux --base module.btf
    #[arg(long, value_name = "FILE", required = true)]
    base: Vec<PathBuf>,

    #[command(flatten)]
    debug: DebugRoots,

    /// Where to write the split BTF; its new base goes to OUT.base
    #[arg(long, short, value_name = "OUT")]
    output: PathBuf,
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    if output::is_stdout(&arguments.output) {
        return Err(Failure::Usage(
            "two files are written: name a file after -o".to_owned(),
        ));
    }
    let mut options = arguments.debug.load_options();
    options.base = base(&arguments.base, &options, style)?;
    let graph = types(&arguments.file, &options, style)?.graph;
    let at = |error| Failure::at(&arguments.file, error);
    let done = distill(&graph).map_err(at)?;
    let base = encode(&done.base).map_err(at)?;
    let split = encode(&done.graph).map_err(at)?;
    let mut beside = arguments.output.clone().into_os_string();
    beside.push(".base");
    output::write_both(&arguments.output, &split, beside.as_ref(), &base)?;
    let (base, own) = (done.base.len(), done.graph.own_len());
    style.note(&format!("{own} types over {base} of the base"));
    Ok(())
}
