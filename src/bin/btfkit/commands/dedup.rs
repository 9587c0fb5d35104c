//! `btfkit dedup`: removes duplicates from one file's types.

use std::path::{Path, PathBuf};

use btfkit::elf::BpfObject;
use btfkit::encode::{encode, encode_ext};
use btfkit::graph::Btf;
use btfkit::merge::{Deduped, MergeOptions, dedup};

use crate::failure::Failure;
use crate::input::{read, types};
use crate::output;
use crate::progress::Progress;
use crate::shared::Loading;
use crate::style::Style;

/// Remove duplicate types
///
/// The result is raw BTF. The ids of types change. With --ext, the .BTF.ext of a BPF object is written with the new ids.
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  \
    btfkit dedup linked.bpf.o --ext linked.bpf.o -o types.btf")]
pub struct Arguments {
    /// The types
    file: PathBuf,

    /// A BPF object with FILE's types: its .BTF.ext is written to OUT.ext
    #[arg(long, value_name = "OBJ")]
    ext: Option<PathBuf>,

    #[command(flatten)]
    loading: Loading,

    /// File for the BTF; - is standard output
    #[arg(long, short, value_name = "OUT")]
    output: PathBuf,
}

pub fn run(arguments: &Arguments, style: Style) -> Result<(), Failure> {
    if arguments.ext.is_some() && output::is_stdout(&arguments.output) {
        return Err(Failure::Usage(
            "--ext writes a second file: give a file name to -o".to_owned(),
        ));
    }
    let options = arguments.loading.options(style)?;
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
    // Equal bytes, whichever file they are in.
    let bytes = |graph: &Btf| encode(graph).map_err(|error| Failure::at(path, error));
    if bytes(object.graph())? != bytes(graph)? {
        return Err(Failure::Refused(format!(
            "{}: its types are not those of the file to deduplicate",
            path.display()
        )));
    }
    Ok((path.to_owned(), object))
}

fn ext(path: &Path, object: &BpfObject, done: &Deduped) -> Result<Vec<u8>, Failure> {
    let Some(ext) = object.ext() else {
        return Err(Failure::Refused(format!(
            "{}: it has no .BTF.ext",
            path.display()
        )));
    };
    ext.remap(&done.types, &done.strings)
        .and_then(|ext| encode_ext(&ext))
        .map_err(|error| Failure::at(path, error))
}
