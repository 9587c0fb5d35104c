//! Files out: a file is replaced as a whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use btfkit::encode;
use btfkit::graph::Btf;

use crate::failure::Failure;

/// Returns whether a path means standard output.
pub fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}

/// Writes a file: first a temporary file in the same folder, which is then renamed. `-` is standard output.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if is_stdout(path) {
        let mut out = io::stdout().lock();
        return out
            .write_all(bytes)
            .and_then(|()| out.flush())
            .map_err(Failure::stdout);
    }
    replace(path, |file| file.write_all(bytes)).map_err(|error| Failure::at(path, error))
}

/// Writes two files as [`write`] does, both or none: the second exists before the first is renamed.
pub fn write_both(path: &Path, bytes: &[u8], beside: &Path, more: &[u8]) -> Result<(), Failure> {
    let mut at = path;
    let done = replace(path, |file| {
        file.write_all(bytes)?;
        replace(beside, |file| file.write_all(more)).inspect_err(|_| at = beside)
    });
    done.map_err(|error| Failure::at(at, error))
}

/// Writes a graph as [`write`] does, without another copy of it in memory.
pub fn write_graph(path: &Path, graph: &Btf) -> Result<(), Failure> {
    let options = encode::EncodeOptions::default();
    if is_stdout(path) {
        let mut out = KeepsError::new(io::stdout().lock());
        return match encode::encode_to(graph, &options, &mut out) {
            Ok(()) => out.flush().map_err(Failure::stdout),
            Err(error) => Err(out.error.map_or_else(|| error.into(), Failure::stdout)),
        };
    }
    let mut encode_error = None;
    let done = replace(path, |file| {
        let mut out = KeepsError::new(file);
        encode::encode_to(graph, &options, &mut out).map_err(|error| {
            encode_error = Some(error);
            out.error
                .unwrap_or_else(|| io::Error::other("it can't be encoded"))
        })
    });
    done.map_err(|error| match encode_error {
        Some(error) => Failure::at(path, error),
        None => Failure::at(path, error),
    })
}

/// A writer that keeps its last error.
struct KeepsError<W> {
    to: W,
    error: Option<io::Error>,
}

impl<W> KeepsError<W> {
    const fn new(to: W) -> Self {
        Self { to, error: None }
    }
}

impl<W: Write> Write for KeepsError<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to.write(bytes).inspect_err(|error| {
            self.error = Some(error.kind().into());
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

fn replace(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    // A device or a pipe, such as /dev/null, can't be replaced.
    let about = fs::metadata(path);
    if about.as_ref().is_ok_and(|about| !about.is_file()) {
        return File::options()
            .write(true)
            .open(path)
            .and_then(|mut file| fill(&mut file));
    }
    // A symbolic link stays: the file that it leads to is replaced.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let (temporary, mut file) = temporary_file(&path)?;
    let done = fill(&mut file).and_then(|()| {
        if let Ok(about) = about {
            file.set_permissions(about.permissions())?;
        }
        // The file must not be renamed before its bytes are on the disk.
        file.sync_data()?;
        drop(file);
        fs::rename(&temporary, &path)
    });
    if done.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    done
}

/// Creates a temporary file in the same folder, so that renaming it is atomic.
fn temporary_file(path: &Path) -> io::Result<(PathBuf, File)> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path has no file name"))?;
    for number in 0..100 {
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}-{number}.tmp", std::process::id()));
        let temporary = path.with_file_name(hidden);
        match File::options()
            .write(true)
            .create_new(true)
            .open(&temporary)
        {
            Ok(file) => return Ok((temporary, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(
        io::ErrorKind::AlreadyExists,
        "the folder already has a hundred temporary files for it",
    ))
}
