//! Why a command failed, for people: the file, the place, and what to do next.

use std::fmt;
use std::io;
use std::path::Path;

use btfkit::{Error, ErrorKind};

/// Why a command failed.
#[derive(Debug)]
pub enum Failure {
    /// The input is bad, or the answer is no: exit status 1.
    Input {
        /// The file or target it is about; may be empty.
        file: String,
        /// What the library says.
        error: Error,
    },
    /// The answer is no: exit status 1.
    Refused(String),
    /// The arguments don't fit together: exit status 2.
    Usage(String),
    /// Whoever reads the output has gone. That is no failure.
    ClosedPipe,
}

impl Failure {
    /// The library's error about a file.
    pub fn at(file: &Path, error: impl Into<Error>) -> Self {
        Self::Input {
            file: file.display().to_string(),
            error: error.into(),
        }
    }

    /// What a failed write to standard output means.
    pub fn stdout(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::ClosedPipe;
        }
        Self::Input {
            file: "standard output".to_owned(),
            error: error.into(),
        }
    }

    /// The command's exit status.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Input { .. } | Self::Refused(_) => 1,
            Self::Usage(_) => 2,
            Self::ClosedPipe => 0,
        }
    }

    /// What to do next, where that can be told from the kind of error.
    pub fn hint(&self) -> Option<&'static str> {
        let Self::Input { error, .. } = self else {
            return None;
        };
        match error.kind() {
            ErrorKind::NoDebugInfo => Some("compile the program with -g, or name its debug file"),
            ErrorKind::Stripped => Some(
                "name the file from before it was stripped, or its debug file; or a folder of debug files: --debug-root DIR",
            ),
            ErrorKind::Ambiguous => Some(
                "where targets share a name, a flavor says which one is meant: struct NAME___LABEL; where units of one program do, --function NAME",
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
            Self::Input { file, error } => write!(f, "{file}: {error}"),
            Self::Refused(message) | Self::Usage(message) => f.write_str(message),
            Self::ClosedPipe => f.write_str("nobody reads the output"),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Input {
            file: String::new(),
            error,
        }
    }
}
