//! `btfkit distill`: split BTF that outlives its base.

use std::path::PathBuf;

use btfkit::encode::encode;
use btfkit::merge::distill;

use crate::failure::Failure;
use crate::input::types;
use crate::output;
use crate::shared::Loading;
use crate::style::Style;

/// Give split BTF a small base of its own
///
/// OUT.base contains just enough of the base's types that FILE uses to find them again in another build of the base: it
/// is what a kernel module has in .BTF.base. `btfkit rebase` puts the two over a base again.
#[derive(clap::Args, Debug)]
#[command(group(clap::ArgGroup::new("required").args(["base"]).required(true)))]
#[command(after_help = "Example:\n  \
    btfkit distill module.btf --base vmlinux -o module.distilled.btf")]
pub struct Arguments {
    /// The split BTF
    file: PathBuf,

    #[command(flatten)]
    loading: Loading,

    /// File for the split BTF; its new base goes to OUT.base
    #[arg(long, short, value_name = "OUT")]
    output: PathBuf,
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    if output::is_stdout(&arguments.output) {
        return Err(Failure::Usage(
            "two files are written: give a file name to -o".to_owned(),
        ));
    }
    let options = arguments.loading.options(style)?;
    let graph = types(&arguments.file, &options, style)?.graph;
    let at = |error| Failure::at(&arguments.file, error);
    let done = distill(&graph).map_err(at)?;
    let base = encode(&done.base).map_err(at)?;
    let split = encode(&done.graph).map_err(at)?;
    let mut beside = arguments.output.clone().into_os_string();
    beside.push(".base");
    output::write_both(&arguments.output, &split, beside.as_ref(), &base)?;
    let (base, own) = (done.base.len(), done.graph.own_len());
    style.note(&format!(
        "{own} types over {base} types of the distilled base"
    ));
    Ok(())
}
