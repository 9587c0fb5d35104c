//! Files in: read if they are small, mapped if they are big.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use btfkit::debuginfo::Search;
use btfkit::graph::Btf;
use btfkit::pipeline::{LoadOptions, Loaded, TargetFile, load, load_path};
use btfkit::relocate::{KERNEL_LABEL, Role};
use bytes::Bytes;

use crate::failure::Failure;
use crate::progress::Progress;
use crate::style::Style;

/// Files of at least this many bytes are mapped. Smaller ones are read: that is as fast, and a file that
/// somebody cuts meanwhile does no harm.
const MAPPED: u64 = 16 << 20;

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
    let mut bytes = Vec::new();
    if path == Path::new(STDIN) {
        io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok(bytes.into());
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
        return mapped(&file);
    }
    file.read_to_end(&mut bytes)?;
    Ok(bytes.into())
}

/// Maps a file into memory: the one place in this repository with unsafe code.
#[allow(unsafe_code, reason = "memory that is a file can't be had without")]
fn mapped(file: &File) -> io::Result<Bytes> {
    // SAFETY: The mapping is private and read-only, so that nothing in this process changes it. Another process
    // that writes the file may change bytes under the library's eyes. The library takes every byte for hostile,
    // and has no unsafe code that rests on what it read before: it may report an error or other types. One that
    // truncates the file ends this process by SIGBUS. Small files, which editors rewrite in place, are read.
    let map = unsafe { memmap2::MmapOptions::new().map_copy_read_only(file)? };
    Ok(Bytes::from_owner(map))
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
    let loaded = loaded.map_err(|error| Failure::at(path, error))?;
    let missing = loaded.missing.iter();
    style.incomplete(missing.map(|missing| format!("{}: {missing}", path.display())));
    Ok(loaded)
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

    /// The target for the library.
    pub fn read(&self) -> Result<TargetFile, Failure> {
        let mut target = if self.file == Path::new(STDIN) {
            TargetFile::user(&self.label, read(&self.file)?)
        } else {
            // Better now than after the work.
            File::open(&self.file).map_err(|error| Failure::at(&self.file, error))?;
            TargetFile::user(&self.label, self.file.as_path())
        };
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

/// Reads targets, each of which must have a label of its own.
pub fn targets(arguments: &[TargetArgument]) -> Result<Vec<TargetFile>, Failure> {
    for (number, argument) in arguments.iter().enumerate() {
        let same = |other: &&TargetArgument| other.label == argument.label;
        if let Some(other) = arguments[..number].iter().find(same) {
            return Err(Failure::Usage(format!(
                "{} and {} are both called {:?}; give them labels: --target v1={} --target v2={}",
                other.file.display(),
                argument.file.display(),
                argument.label,
                other.file.display(),
                argument.file.display(),
            )));
        }
    }
    arguments.iter().map(TargetArgument::read).collect()
}
