//! Files in: small ones are read, large ones are mapped.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use btfkit::pipeline::{LabelledPath, LoadOptions, Loaded, TargetFile, Targets, load, load_path};
use bytes::Bytes;

use crate::failure::Failure;
use crate::progress::Progress;
use crate::style::Style;

/// The size in bytes from which on a file is mapped. Smaller files are read: that is as fast, and a file that is
/// truncated meanwhile does no harm.
const MAPPED: u64 = 16 << 20;

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
    // Files of the kernel's own don't tell their size.
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

/// Loads the types of a file, and notes which files of its debug information are missing.
pub fn types(path: &Path, options: &LoadOptions, style: Style) -> Result<Loaded, Failure> {
    let _progress = Progress::start(format!("reading the types of {}", path.display()), style);
    let loaded = if path == Path::new(STDIN) {
        load(read(path)?, options)
    } else {
        load_path(path, options)
    };
    let loaded = loaded.map_err(|error| Failure::at(path, error))?;
    let missing = loaded.missing.iter();
    style.incomplete(missing.map(|missing| format!("{}: {missing}", path.display())));
    Ok(loaded)
}

/// Returns the target that a file is. A file that can't be opened is an error now, before the work starts.
pub fn target(file: &LabelledPath) -> Result<TargetFile, Failure> {
    if file.path == Path::new(STDIN) {
        let mut target = TargetFile::from(file.clone());
        target.types = read(&file.path)?.into();
        return Ok(target);
    }
    Ok(file.clone().open()?)
}

/// Returns the targets that files are. Each must have its own label.
pub fn targets(files: &[LabelledPath]) -> Result<Targets, Failure> {
    if let Some((first, second)) = same_label(files) {
        let (first_path, second_path) = (first.path.display(), second.path.display());
        return Err(Failure::Usage(format!(
            "{first_path} and {second_path} are both called {:?}; give them labels: --target v1={first_path} --target v2={second_path}",
            first.label(),
        )));
    }
    let mut targets = Targets::new();
    for file in files {
        targets.add(target(file)?)?;
    }
    Ok(targets)
}

/// Returns the first two files with the same label.
pub fn same_label(files: &[LabelledPath]) -> Option<(&LabelledPath, &LabelledPath)> {
    files.iter().enumerate().find_map(|(number, file)| {
        let mut before = files[..number].iter();
        let same = before.find(|other| other.label() == file.label())?;
        Some((same, file))
    })
}

/// Returns whether a file is an ELF file for the BPF machine, of either byte order.
pub fn is_bpf_object(file: &Path) -> bool {
    elf_header(file).is_some_and(|header| matches!(header[18..], [247, 0] | [0, 247]))
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
