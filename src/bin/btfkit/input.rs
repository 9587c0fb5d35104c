//! Files in: read if they are small, mapped if they are big.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use btfkit::debuginfo::Search;
use btfkit::graph::Btf;
use btfkit::pipeline::{LoadOptions, Loaded, TargetFile, Types, load, load_path};
use btfkit::relocate::{KERNEL_LABEL, Role};
use btfkit::{Error, ErrorKind};
use bytes::Bytes;
use mmap_io::MemoryMappedFile;

use crate::failure::Failure;
use crate::progress::Progress;
use crate::style::Style;

/// Files of at least this many bytes are mapped. Smaller ones are read: that is as fast, and a file that
/// somebody cuts meanwhile does no harm.
const MAPPED: u64 = 16 << 20;

/// The most bytes that are read of what can't be mapped.
const MOST_PIPED: u64 = 4 << 30;

/// Where the running kernel shows its own types; its modules' are beside.
const KERNEL_TYPES: &str = "/sys/kernel/btf/vmlinux";

/// What standard input is called.
const STDIN: &str = "-";

/// Where debug information is looked for that is not in the file itself.
#[derive(clap::Args, Clone, Debug)]
pub struct DebugRoots {
    /// Look for debug files under this folder, too, before /usr/lib/debug: DIR/.build-id/xx/yyyy.debug and
    /// DIR/FOLDER/OF/PROGRAM
    #[arg(long, value_name = "DIR")]
    debug_root: Vec<PathBuf>,

    /// Take a file's DWARF even if it has BTF
    #[arg(long)]
    pub dwarf: bool,
}

impl DebugRoots {
    /// What to search.
    pub fn search(&self) -> Search {
        Search::new()
            .roots_first(self.debug_root.iter().cloned())
            .read_with(try_read)
    }

    /// How to load types.
    pub fn load_options(&self) -> LoadOptions {
        let mut options = LoadOptions::default();
        options.search = Some(self.search());
        options.dwarf = self.dwarf;
        options
    }
}

/// Further names for types.
#[derive(clap::Args, Clone, Debug)]
pub struct Aliases {
    /// Give a type a further name, that a BPF program in C can write: app_Foo='ns::Foo<int>'
    #[arg(long, value_name = "NAME=TYPE", value_parser = alias)]
    pub alias: Vec<(String, String)>,
}

fn alias(argument: &str) -> Result<(String, String), String> {
    match argument.split_once('=') {
        Some((alias, name)) if !alias.is_empty() && !name.is_empty() => {
            Ok((alias.to_owned(), name.to_owned()))
        }
        _ => Err("say NAME=TYPE, such as app_Foo='ns::Foo<int>'".to_owned()),
    }
}

/// The bytes of a file; of standard input where it is called `-`.
pub fn read(path: &Path) -> Result<Bytes, Failure> {
    try_read(path).map_err(|error| Failure::at(path, error))
}

fn try_read(path: &Path) -> io::Result<Bytes> {
    if path == Path::new(STDIN) {
        if std::fs::metadata("/dev/stdin").is_ok_and(|about| is_endless(&about)) {
            return Err(endless());
        }
        return read_bounded(io::stdin().lock());
    }
    let mut file = File::open(path)?;
    let about = file.metadata()?;
    if about.is_dir() {
        return Err(io::Error::new(
            io::ErrorKind::IsADirectory,
            "it is a folder",
        ));
    }
    // Files of the kernel's own say little of their size.
    if about.is_file()
        && about.len() >= MAPPED
        && !path.starts_with("/sys")
        && !path.starts_with("/proc")
    {
        let map = MemoryMappedFile::open_ro(path).map_err(io::Error::other)?;
        return Ok(Bytes::from_owner(Mapped(map)));
    }
    if is_endless(&about) {
        return Err(endless());
    }
    read_bounded(&mut file)
}

/// Whether a file is a device other than a terminal and /dev/null.
fn is_endless(about: &Metadata) -> bool {
    let kind = about.file_type();
    let (major, minor) = (about.rdev() >> 8 & 0xfff, about.rdev() & 0xff);
    let ends = (major, minor) == (1, 3) || matches!(major, 4 | 5 | 136..=143);
    kind.is_block_device() || (kind.is_char_device() && !ends)
}

fn endless() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        "it is a device, which may have no end",
    )
}

/// Reads a file, a pipe or standard input to its end, which may not come.
fn read_bounded(from: impl Read) -> io::Result<Bytes> {
    let mut bytes = Vec::new();
    from.take(MOST_PIPED + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_PIPED {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it has more than 4 GiB; a file on disk may have as much as it likes",
        ));
    }
    Ok(bytes.into())
}

/// A mapped file.
struct Mapped(MemoryMappedFile);

impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        let all = self.0.as_slice_bytes(0, self.0.len());
        all.unwrap_or_default()
    }
}

/// The types of a file. A module's, as the kernel shows them, go on from the kernel's own.
pub fn types(path: &Path, options: &LoadOptions, style: Style) -> Result<Loaded, Failure> {
    let kernel = Path::new(KERNEL_TYPES);
    if options.base.is_none() && is_the_kernels(path) && path != kernel {
        let mut options = options.clone();
        options.base = Some(types(kernel, &LoadOptions::default(), style)?.graph);
        return types(path, &options, style);
    }
    let mut options = options.clone();
    let search = || Search::new().read_with(try_read);
    options.search = Some(options.search.unwrap_or_else(search));
    let _progress = Progress::start(format!("reading the types of {}", path.display()), style);
    let loaded = if path == Path::new(STDIN) {
        load(read(path)?, &options)
    } else {
        load_path(path, &options)
    };
    let loaded = loaded.map_err(|error| with_nearest(path, error, &options))?;
    style.incomplete(
        loaded
            .notes
            .iter()
            .map(|note| format!("{}: {note}", path.display())),
    );
    let missing = loaded.missing.iter();
    style.incomplete(missing.map(|missing| format!("{}: {missing}", path.display())));
    Ok(loaded)
}

/// An error about a file's types; if a name isn't there, with the nearest names that are.
pub fn with_nearest(path: &Path, error: Error, options: &LoadOptions) -> Failure {
    let roots = options.conversion.roots.clone();
    if error.kind() != ErrorKind::NotFound || roots.is_empty() || path == Path::new(STDIN) {
        return Failure::at(path, error);
    }
    let mut options = options.clone();
    options.conversion.roots.clear();
    options.conversion.function = None;
    let Ok(all) = load_path(path, &options) else {
        return Failure::at(path, error);
    };
    let missing = roots.iter().filter(|root| {
        let found = all.graph.named_or_spelled(root.as_bytes());
        found.is_ok_and(|found| found.is_empty())
    });
    let near: Vec<_> = missing
        .flat_map(|root| all.graph.nearest_names(root))
        .collect();
    if near.is_empty() {
        return Failure::at(path, error);
    }
    Failure::Refused(format!(
        "{}: {error}; the nearest: {}",
        path.display(),
        near.join(", ")
    ))
}

/// What split BTF goes on from: each file from the one before, the first from none. `None` without any.
pub fn base(
    paths: &[PathBuf],
    options: &LoadOptions,
    style: Style,
) -> Result<Option<Btf>, Failure> {
    let mut options = options.clone();
    options.base = None;
    for path in paths {
        options.base = Some(types(path, &options, style)?.graph);
    }
    Ok(options.base)
}

/// As [`base`], where there must be one.
pub fn required_base(
    paths: &[PathBuf],
    options: &LoadOptions,
    style: Style,
) -> Result<Btf, Failure> {
    base(paths, options, style)?.ok_or_else(|| Failure::Usage("--base is missing".to_owned()))
}

/// `[LABEL=]FILE`: a target on the command line.
#[derive(Clone, Debug)]
pub struct TargetArgument {
    pub label: String,
    pub file: PathBuf,
    /// Whether the argument said the label.
    pub labelled: bool,
}

impl TargetArgument {
    /// Reads the argument. Without a label, the file's stem is the label.
    pub fn parse(argument: &str) -> Result<Self, String> {
        let (label, file) = match argument.split_once('=') {
            // A file's name may have a `=` in it; a label has no `/`.
            Some((label, file)) if !label.contains('/') => (label.to_owned(), file),
            _ => (String::new(), argument),
        };
        if file.is_empty() {
            return Err("a target is [LABEL=]FILE, and there is no file".to_owned());
        }
        let file = PathBuf::from(file);
        let labelled = !label.is_empty();
        let label = if labelled {
            label
        } else if is_the_kernels(&file) {
            KERNEL_LABEL.to_owned()
        } else {
            let stem = file.file_stem().unwrap_or(file.as_os_str());
            stem.to_string_lossy().into_owned()
        };
        Ok(Self {
            label,
            file,
            labelled,
        })
    }

    /// What the target is: the kernel, if it is called so or lies where the kernel shows its types.
    pub fn role(&self) -> Role {
        if self.label == KERNEL_LABEL || is_the_kernels(&self.file) {
            Role::Kernel
        } else {
            Role::User
        }
    }

    /// The types for the library.
    fn types(&self) -> Result<Types, Failure> {
        if self.file == Path::new(STDIN) {
            return Ok(read(&self.file)?.into());
        }
        // Better now than after the work.
        File::open(&self.file).map_err(|error| Failure::at(&self.file, error))?;
        Ok(self.file.as_path().into())
    }

    /// The target for the library.
    pub fn read(&self) -> Result<TargetFile, Failure> {
        let mut target = TargetFile::user(&self.label, self.types()?);
        target.role = self.role();
        Ok(target)
    }
}

/// Whether a file is an ELF file for the BPF machine, of either byte order.
pub fn is_bpf_object(file: &Path) -> bool {
    elf_start(file).is_some_and(|start| matches!(start[18..], [247, 0] | [0, 247]))
}

/// Whether a file is an ELF file.
pub fn is_elf(file: &Path) -> bool {
    elf_start(file).is_some()
}

fn elf_start(file: &Path) -> Option<[u8; 20]> {
    let mut start = [0; 20];
    File::open(file).ok()?.read_exact(&mut start).ok()?;
    start.starts_with(b"\x7fELF").then_some(start)
}

fn is_the_kernels(file: &Path) -> bool {
    file.starts_with("/sys/kernel/btf")
}

/// Reads targets. A second one with the label of an earlier one is a further file of that program; files that have the
/// same label only because their names are alike are refused.
pub fn targets(arguments: &[TargetArgument]) -> Result<Vec<TargetFile>, Failure> {
    let mut targets: Vec<TargetFile> = Vec::new();
    for (number, argument) in arguments.iter().enumerate() {
        let same = |other: &&TargetArgument| other.label == argument.label;
        let Some(other) = arguments[..number].iter().find(same) else {
            targets.push(argument.read()?);
            continue;
        };
        if !argument.labelled || !other.labelled || argument.role() == Role::Kernel {
            return Err(Failure::Usage(format!(
                "{} and {} are both called {:?}; give them labels: --target v1={} --target v2={}",
                other.file.display(),
                argument.file.display(),
                argument.label,
                other.file.display(),
                argument.file.display(),
            )));
        }
        let program = targets.iter_mut().find(|t| t.label == argument.label);
        if let Some(program) = program {
            program.further.push(argument.types()?);
        }
    }
    Ok(targets)
}

/// `[LABEL=]NAME`: the function that is probed.
#[derive(clap::Args, Clone, Debug)]
pub struct Function {
    /// The function the object is attached to, in the first program or the one of this label: of types with one
    /// name, those of the function's unit are meant
    #[arg(long, value_name = "[LABEL=]NAME")]
    function: Option<String>,
}

impl Function {
    /// Tells a program which of its functions is meant.
    pub fn give(&self, targets: &mut [TargetFile]) -> Result<(), Failure> {
        let Some(function) = &self.function else {
            return Ok(());
        };
        let mut programs = targets
            .iter_mut()
            .filter(|target| target.role == Role::User);
        let (program, name) = match function.split_once('=') {
            Some((label, name)) => (programs.find(|target| target.label == label), name),
            None => (programs.next(), function.as_str()),
        };
        let Some(program) = program else {
            return Err(Failure::Usage(format!(
                "no program among the targets for --function {function}"
            )));
        };
        program.function = Some(name.to_owned());
        Ok(())
    }
}
