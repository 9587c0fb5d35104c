//! `btfkit convert`: DWARF to BTF.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use btfkit::dwarf;
use btfkit::pipeline::Source;

use crate::failure::Failure;
use crate::input::{Aliases, DebugRoots, base, is_elf, types};
use crate::output;
use crate::style::Style;

/// Convert a program's DWARF to BTF
///
/// What BTF can't say becomes the nearest type of the same size, and is listed on standard error.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  \
    btfkit convert ./server --root session --root config -o server.btf")]
pub struct Arguments {
    /// The program, or its debug file
    program: Option<PathBuf>,

    /// Only types of these names, and what they refer to
    #[arg(long, value_name = "NAME", num_args = 1..)]
    root: Vec<String>,

    /// Write split BTF over the types of this file: only what it doesn't have
    ///
    /// Where that is split itself, name its own base before it: --base vmlinux --base module.btf
    #[arg(long, value_name = "FILE")]
    base: Vec<PathBuf>,

    /// Convert functions, too
    #[arg(long)]
    functions: bool,

    /// Convert global variables, too
    #[arg(long)]
    variables: bool,

    /// How many threads to use; as many as there are processors by default
    #[arg(long, short, value_name = "N")]
    jobs: Option<NonZeroUsize>,

    #[command(flatten)]
    aliases: Aliases,

    #[command(flatten)]
    debug: DebugRoots,

    /// Where to write the BTF; - is standard output
    #[arg(long, short, value_name = "OUT.btf")]
    output: PathBuf,
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    let (program, roots) = arguments.program()?;
    let mut options = arguments.debug.load_options();
    options.base = base(&arguments.base, &options, style)?;
    options.dwarf = true;
    let mut conversion = dwarf::ConvertOptions::new()
        .functions(arguments.functions)
        .variables(arguments.variables);
    conversion.roots = roots;
    if !conversion.roots.is_empty() {
        let names = arguments.aliases.alias.iter().map(|(_, name)| name.clone());
        conversion.roots.extend(names);
    }
    conversion.threads = arguments.jobs;
    options.conversion = conversion;

    let loaded = types(&program, &options, style)?;
    if loaded.source != Source::Dwarf {
        return Err(Failure::Refused(format!(
            "{}: it is BTF already, there is nothing to convert",
            program.display()
        )));
    }
    for degraded in &loaded.degraded {
        style.note(&format!("{}: {degraded}", program.display()));
    }
    let aliases = arguments.aliases.alias.iter();
    let graph = loaded
        .graph
        .with_aliases(aliases.map(|(alias, name)| (alias.as_str(), name.as_str())))
        .map_err(|error| Failure::at(&program, error))?;
    output::write_graph(&arguments.output, &graph)
}

impl Arguments {
    /// The program and the roots. A program that stands after the roots was taken for one of them.
    fn program(&self) -> Result<(PathBuf, Vec<String>), Failure> {
        let mut roots = self.root.clone();
        if let Some(program) = &self.program {
            return Ok((program.clone(), roots));
        }
        match roots.pop_if(|last| is_elf(last.as_ref())) {
            Some(program) => Ok((program.into(), roots)),
            None => Err(Failure::Usage(
                "which program? Say `btfkit convert PROGRAM -o OUT.btf`".to_owned(),
            )),
        }
    }
}
