//! Files in: small ones are read, large ones are mapped.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use btfkit::dwarf::Roots;
use btfkit::elf::BpfObject;
use btfkit::pipeline::{LabelledPath, LoadOptions, Loaded, TargetFile, Targets, load, load_path};
use btfkit::{Error, ErrorKind};
use bytes::Bytes;

use crate::failure::Failure;
use crate::progress::Progress;
use crate::style::Style;

/// The size in bytes from which on a file is mapped. Smaller files are read: that is as fast, and a file that is
/// truncated meanwhile does no harm.
const MAPPED: u64 = 16 << 20;

/// The most bytes that are read of what can't be mapped.
const MOST_PIPED: u64 = 1 << 30;

/// The name of standard input.
const STDIN: &str = "-";

/// Returns the bytes of a file, or of standard input if it is named `-`.
pub fn read(path: &Path) -> Result<Bytes, Failure> {
    file_bytes(path).map_err(|error| Failure::at(path, error))
}

/// Returns the bytes of several files.
pub fn read_all(paths: &[PathBuf]) -> Result<Vec<Bytes>, Failure> {
    paths.iter().map(|path| read(path)).collect()
}

/// Reads or maps a file.
pub fn file_bytes(path: &Path) -> io::Result<Bytes> {
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
    // Files of the kernel's own don't tell their size.
    if about.is_file()
        && about.len() >= MAPPED
        && !path.starts_with("/sys")
        && !path.starts_with("/proc")
    {
        return mapped(&file);
    }
    if is_endless(&about) {
        return Err(endless());
    }
    read_bounded(&mut file)
}

/// Returns whether a file is a device other than a terminal and /dev/null.
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
            "it has more than 1 GiB; only a file on disk may have more",
        ));
    }
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

/// Loads the types of a file, and notes which files of its debug information are missing.
pub fn types(path: &Path, options: &LoadOptions, style: Style) -> Result<Loaded, Failure> {
    let _progress = Progress::start(format!("reading the types of {}", path.display()), style);
    let loaded = if path == Path::new(STDIN) {
        load(read(path)?, options)
    } else {
        load_path(path, options)
    };
    let loaded = loaded.map_err(|error| with_nearest(path, error, options))?;
    let notes = loaded.notes.iter();
    style.incomplete(notes.map(|note| format!("{}: {note}", path.display())));
    let missing = loaded.missing.iter();
    style.incomplete(missing.map(|missing| format!("{}: {missing}", path.display())));
    Ok(loaded)
}

/// Returns whether a file can be read twice, or isn't there: it is no pipe and no device.
fn is_on_disk(path: &Path) -> bool {
    std::fs::metadata(path).map_or(true, |about| about.is_file() || about.is_dir())
}

/// Returns the target that a file is. A file that can't be opened is an error now, before the work starts.
pub fn target(file: &LabelledPath) -> Result<TargetFile, Failure> {
    if file.path == Path::new(STDIN) || !is_on_disk(&file.path) {
        let mut target = TargetFile::from(file.clone());
        target.types = read(&file.path)?.into();
        return Ok(target);
    }
    Ok(file.clone().open()?)
}

/// Returns the failure of loading types; if a name isn't there, with the nearest names that are.
pub fn with_nearest(path: &Path, error: Error, options: &LoadOptions) -> Failure {
    let roots = options.conversion.roots.names();
    let is_read_once = path == Path::new(STDIN) || !is_on_disk(path);
    if error.kind() != ErrorKind::NotFound || roots.is_empty() || is_read_once {
        return Failure::at(path, error);
    }
    let mut all = options.clone();
    all.conversion.roots = Roots::All;
    all.conversion.function = None;
    all.conversion.all_typedefs = true;
    let Ok(all) = load_path(path, &all) else {
        return Failure::at(path, error);
    };
    let missing = roots.iter().filter(|root| {
        let found = all.graph.named_or_spelled(root);
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

/// Returns the targets that files are. Files that can't be opened are an error now, before the work starts.
pub fn targets(files: &[LabelledPath]) -> Result<Targets, Failure> {
    Targets::of_files(files, |file| Ok(target(file)?.types))
}

/// Returns the first two files with the same label.
pub fn same_label(files: &[LabelledPath]) -> Option<(&LabelledPath, &LabelledPath)> {
    files.iter().enumerate().find_map(|(number, file)| {
        let mut before = files[..number].iter();
        let same = before.find(|other| other.label() == file.label())?;
        Some((same, file))
    })
}

/// Returns whether a file is a BPF object.
pub fn is_bpf_object(file: &Path) -> bool {
    elf_header(file).is_some_and(BpfObject::is_one)
}

/// Returns whether a file is an ELF file.
pub fn is_elf(file: &Path) -> bool {
    elf_header(file).is_some()
}

/// Returns the first bytes of an ELF file, up to its machine.
fn elf_header(file: &Path) -> Option<[u8; 20]> {
    let mut header = [0; 20];
    File::open(file).ok()?.read_exact(&mut header).ok()?;
    header.starts_with(b"\x7fELF").then_some(header)
}
