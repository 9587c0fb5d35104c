//! `btfkit dedup`: one file's types, each once.

use std::path::{Path, PathBuf};

use btfkit::elf::BpfObject;
use btfkit::encode::{encode, encode_ext};
use btfkit::graph::Btf;
use btfkit::merge::{Deduped, MergeOptions, dedup};

use crate::failure::Failure;
use crate::input::{DebugRoots, base, read, types};
use crate::output;
use crate::progress::Progress;
use crate::style::Style;

/// Make types that are the same one
///
/// The result is raw BTF. The ids of types change; with --ext, what a BPF object says about its code is written,
/// too, with the new ids.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  \
    btfkit dedup linked.bpf.o --ext linked.bpf.o -o types.btf")]
pub struct Arguments {
    /// The types
    file: PathBuf,

    /// A BPF object with FILE's types: its .BTF.ext goes to OUT.ext
    #[arg(long, value_name = "OBJ")]
    ext: Option<PathBuf>,

    /// What split BTF goes on from: for a kernel module, the kernel
    ///
    /// Where that is split itself, name its own base before it: --base vmlinux --base module.btf
    #[arg(long, value_name = "FILE")]
    base: Vec<PathBuf>,

    #[command(flatten)]
    debug: DebugRoots,

    /// Where to write the BTF; - is standard output
    #[arg(long, short, value_name = "OUT")]
    output: PathBuf,
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    if arguments.ext.is_some() && output::is_stdout(&arguments.output) {
        return Err(Failure::Usage(
            "--ext writes a second file: name a file after -o".to_owned(),
        ));
    }
    let mut options = arguments.debug.load_options();
    options.base = base(&arguments.base, &options, style)?;
    let graph = types(&arguments.file, &options, style)?.graph;
    let object = arguments
        .ext
        .as_ref()
        .map(|path| object(path, &graph))
        .transpose()?;
    let before = graph.own_len();
    let progress = Progress::start("deduplicating".to_owned(), style);
    let done = dedup(graph, &MergeOptions::default())
        .map_err(|error| Failure::at(&arguments.file, error))?;
    drop(progress);
    let bytes = encode(&done.graph).map_err(|error| Failure::at(&arguments.file, error))?;
    let ext = object
        .map(|(path, object)| ext(&path, &object, &done))
        .transpose()?;
    match ext {
        None => output::write(&arguments.output, &bytes)?,
        Some(ext) => {
            let mut beside = arguments.output.clone().into_os_string();
            beside.push(".ext");
            output::write_both(&arguments.output, &bytes, beside.as_ref(), &ext)?;
        }
    }
    style.note(&format!("{before} types became {}", done.graph.own_len()));
    Ok(())
}

fn object(path: &Path, graph: &Btf) -> Result<(PathBuf, BpfObject), Failure> {
    let object = BpfObject::parse(read(path)?).map_err(|error| Failure::at(path, error))?;
    // The same bytes, whatever file they are in.
    let bytes = |graph: &Btf| encode(graph).map_err(|error| Failure::at(path, error));
    if bytes(object.graph())? != bytes(graph)? {
        return Err(Failure::Refused(format!(
            "{}: its types are others than those to deduplicate",
            path.display()
        )));
    }
    Ok((path.to_owned(), object))
}

fn ext(path: &Path, object: &BpfObject, done: &Deduped) -> Result<Vec<u8>, Failure> {
    let Some(ext) = object.ext() else {
        return Err(Failure::Refused(format!(
            "{}: there is no .BTF.ext",
            path.display()
        )));
    };
    ext.remap(&done.types, &done.strings)
        .and_then(|ext| encode_ext(&ext))
        .map_err(|error| Failure::at(path, error))
}
