//! `btfkit convert`: DWARF to BTF.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use btfkit::dwarf;
use btfkit::pipeline::Source;

use crate::failure::Failure;
use crate::input::{is_elf, types};
use crate::output;
use crate::shared::{Aliases, Loading};
use crate::style::Style;

/// Convert a program's DWARF to BTF
///
/// A type that BTF can't represent becomes the nearest type of the same size, and is listed on standard error. With
/// --base, only the types that the base doesn't have are written.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  \
    btfkit convert ./server --root session --root config -o server.btf")]
pub struct Arguments {
    /// The program, or its debug file
    program: Option<PathBuf>,

    /// Convert only the types of these names, and those that they refer to
    #[arg(long, value_name = "NAME", num_args = 1..)]
    root: Vec<String>,

    /// Convert functions as well
    #[arg(long)]
    functions: bool,

    /// Refuse debug information that contradicts itself, can't be read or is incomplete, instead of listing where
    #[arg(long)]
    strict: bool,

    /// Convert global variables as well
    #[arg(long)]
    variables: bool,

    /// Convert all typedefs of templates, such as std::vector<int>::value_type, even those that nothing refers to
    #[arg(long, conflicts_with = "root")]
    all_typedefs: bool,

    /// The number of threads; by default, the number of processors
    #[arg(long, short, value_name = "N")]
    jobs: Option<NonZeroUsize>,

    #[command(flatten)]
    aliases: Aliases,

    #[command(flatten)]
    loading: Loading,

    /// File for the BTF; - is standard output
    #[arg(long, short, value_name = "OUT.btf")]
    output: PathBuf,
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    let (program, roots) = arguments.program()?;
    let mut conversion = dwarf::ConvertOptions::new()
        .functions(arguments.functions)
        .variables(arguments.variables)
        .all_typedefs(arguments.all_typedefs);
    if !roots.is_empty() {
        let names = arguments.aliases.alias.iter().map(|(_, name)| name.clone());
        conversion.roots = dwarf::Roots::Named(roots.iter().cloned().chain(names).collect());
    }
    conversion.threads = arguments.jobs;
    let options = arguments.loading.options(style)?;
    let options = options.dwarf(true).conversion(conversion);

    let loaded = types(&program, &options, style)?;
    if loaded.source != Source::Dwarf {
        return Err(Failure::Refused(format!(
            "{}: it is BTF already: there is nothing to convert",
            program.display()
        )));
    }
    for degraded in &loaded.degraded {
        style.note(&format!("{}: {degraded}", program.display()));
    }
    if arguments.strict
        && let Some(missing) = loaded.missing.first()
    {
        return Err(Failure::Refused(format!(
            "{}: {missing}: its types are missing (--strict): without --strict, all other types are converted",
            program.display()
        )));
    }
    let contradictions = loaded.degraded.iter();
    let contradictions = contradictions.filter(|degraded| degraded.reason.is_contradiction());
    match contradictions.count() {
        0 => {}
        count if arguments.strict => {
            return Err(Failure::Refused(format!(
                "{}: {} about layouts that may be wrong or types that are missing (--strict): without \
                 --strict, all other types are converted",
                program.display(),
                match count {
                    1 => "1 note above is".to_owned(),
                    _ => format!("{count} notes above are"),
                }
            )));
        }
        count => style.note(&format!(
            "{}: {count} of these notes {} about layouts that may be wrong or types that are missing; --strict refuses them",
            program.display(),
            if count == 1 { "is" } else { "are" }
        )),
    }
    if loaded.unused_typedefs > 0 {
        style.note(&format!(
            "{}: {} typedefs of templates that nothing refers to were left out; --all-typedefs keeps them",
            program.display(),
            loaded.unused_typedefs
        ));
    }
    let aliases = arguments.aliases.alias.iter();
    let graph = loaded
        .graph
        .with_short_names(&roots)
        .map_err(|error| Failure::at(&program, error))?
        .with_aliases(aliases.map(|(alias, name)| (alias.as_str(), name.as_str())))
        .map_err(|error| Failure::at(&program, error))?;
    output::write_graph(&arguments.output, &graph)
}

impl Arguments {
    /// Returns the program and the roots. A program that comes after the roots was parsed as one of them.
    fn program(&self) -> Result<(PathBuf, Vec<String>), Failure> {
        let mut roots = self.root.clone();
        if let Some(program) = &self.program {
            return Ok((program.clone(), roots));
        }
        match roots.pop_if(|last| is_elf(last.as_ref())) {
            Some(program) => Ok((program.into(), roots)),
            None => Err(Failure::Usage(
                "which program? Write `btfkit convert PROGRAM -o OUT.btf`".to_owned(),
            )),
        }
    }
}
