//! Files out: a file is replaced whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use btfkit::encode;
use btfkit::graph::Btf;

use crate::failure::Failure;

/// Whether the output is standard output.
pub fn is_stdout(path: &Path) -> bool {
    path == Path::new("-")
}

/// Writes the whole output: to a temporary file beside it, which then takes its name. `-` is standard output.
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

/// Writes two files in the same way, both or none: the second is there when the first takes its name.
pub fn write_both(path: &Path, bytes: &[u8], beside: &Path, more: &[u8]) -> Result<(), Failure> {
    let mut at = path;
    let done = replace(path, |file| {
        file.write_all(bytes)?;
        replace(beside, |file| file.write_all(more)).inspect_err(|_| at = beside)
    });
    done.map_err(|error| Failure::at(at, error))
}

/// Writes a graph in the same way, without another copy of it in memory.
pub fn write_graph(path: &Path, graph: &Btf) -> Result<(), Failure> {
    let options = encode::EncodeOptions::default();
    if is_stdout(path) {
        let mut out = Noted::new(io::stdout().lock());
        return match encode::encode_to(graph, &options, &mut out) {
            Ok(()) => out.flush().map_err(Failure::stdout),
            Err(error) => Err(out.error.map_or_else(|| error.into(), Failure::stdout)),
        };
    }
    let mut wrong = None;
    let done = replace(path, |file| {
        let mut out = Noted::new(file);
        encode::encode_to(graph, &options, &mut out).map_err(|error| {
            wrong = Some(error);
            out.error
                .unwrap_or_else(|| io::Error::other("it can't be encoded"))
        })
    });
    done.map_err(|error| match wrong {
        Some(wrong) => Failure::at(path, wrong),
        None => Failure::at(path, error),
    })
}

/// A writer whose last error can be asked for.
struct Noted<W> {
    to: W,
    error: Option<io::Error>,
}

impl<W> Noted<W> {
    const fn new(to: W) -> Self {
        Self { to, error: None }
    }
}

impl<W: Write> Write for Noted<W> {
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
    // What isn't a file, such as /dev/null or a pipe, can't be replaced.
    let about = fs::metadata(path);
    if about.as_ref().is_ok_and(|about| !about.is_file()) {
        return File::options()
            .write(true)
            .open(path)
            .and_then(|mut file| fill(&mut file));
    }
    // A link stays a link: what it leads to is replaced.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let (temporary, mut file) = beside(&path)?;
    let done = fill(&mut file).and_then(|()| {
        if let Ok(about) = about {
            file.set_permissions(about.permissions())?;
        }
        // The name must not lead to bytes that aren't on the disk yet.
        file.sync_data()?;
        drop(file);
        fs::rename(&temporary, &path)
    });
    if done.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    done
}

/// A new file in the same folder, so that it can take the other's name.
fn beside(path: &Path) -> io::Result<(PathBuf, File)> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it is no file's name"))?;
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
        "a hundred temporary files are beside it already",
    ))
}
