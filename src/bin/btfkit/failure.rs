//! Why a command failed: the file, the location in it, and what to do next.

use std::fmt;
use std::io;
use std::path::Path;

use btfkit::{Error, ErrorKind, Place};

/// Why a command failed.
#[derive(Debug)]
pub enum Failure {
    /// The library refused an input: exit status 1.
    Input {
        /// The file or target that the error is about; empty if the error names it.
        file: String,
        /// The library's error.
        error: Error,
    },
    /// The command itself refused the input, or a check failed: exit status 1.
    Refused(String),
    /// The arguments contradict each other or are incomplete: exit status 2.
    Usage(String),
    /// The reader of the output has closed it. That is no failure.
    ClosedPipe,
}

impl Failure {
    /// Returns an error about a file.
    pub fn at(file: &Path, error: impl Into<Error>) -> Self {
        Self::Input {
            file: file.display().to_string(),
            error: error.into(),
        }
    }

    /// Returns the failure that an error of writing to standard output is.
    pub fn stdout(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::ClosedPipe;
        }
        Self::Input {
            file: "standard output".to_owned(),
            error: error.into(),
        }
    }

    /// Returns the command's exit status.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Input { .. } | Self::Refused(_) => 1,
            Self::Usage(_) => 2,
            Self::ClosedPipe => 0,
        }
    }

    /// Returns what to do next, if the kind of error tells.
    pub fn hint(&self) -> Option<&'static str> {
        let Self::Input { error, .. } = self else {
            return None;
        };
        match error.kind() {
            ErrorKind::NoDebugInfo => Some("compile the program with -g, or give its debug file"),
            ErrorKind::Stripped => Some(
                "give the file from before it was stripped, or its debug file; or a folder of debug files: --debug-root DIR",
            ),
            ErrorKind::Ambiguous => Some(
                "if targets share a name, a flavor selects one of them: struct NAME___LABEL; if compile units do, --function NAME",
            ),
            ErrorKind::Malformed
            | ErrorKind::Unsupported
            | ErrorKind::Limit
            | ErrorKind::NoBtf
            | ErrorKind::NotFound
            | ErrorKind::Instruction
            | ErrorKind::Overflow
            | ErrorKind::Usage
            | ErrorKind::Io => None,
            _ => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input { file, error } if file.is_empty() => error.fmt(f),
            Self::Input { file, error } => {
                write!(f, "{file}: ")?;
                // The file's name says more than its number.
                let places = error.places().iter();
                for place in places.skip_while(|place| matches!(place, Place::Input(_))) {
                    write!(f, "{place}: ")?;
                }
                f.write_str(error.message())
            }
            Self::Refused(message) | Self::Usage(message) => f.write_str(message),
            Self::ClosedPipe => f.write_str("the output was closed"),
        }
    }
}

/// Returns the operating system's error inside a library's error.
pub fn into_io(error: Error) -> io::Error {
    let source = std::error::Error::source(&error);
    let kind = source.and_then(|source| source.downcast_ref::<io::Error>());
    kind.map_or(io::ErrorKind::Other, io::Error::kind).into()
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        if error.kind() == ErrorKind::Usage && error.places().is_empty() {
            return Self::Usage(error.to_string());
        }
        Self::Input {
            file: String::new(),
            error,
        }
    }
}
