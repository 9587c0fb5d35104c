//! A target of a job: a label, a role, and the types or the file that holds them.

use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::graph::Btf;
use crate::relocate::{KERNEL_LABEL, Role};

/// Something to relocate against.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TargetFile {
    /// What it is called in the report, and the flavor suffix that picks it: `struct file___app` is the one of
    /// the target labelled `app`.
    pub label: String,
    /// What it is.
    pub role: Role,
    /// Its types.
    pub types: Types,
    /// A kernel's modules: split BTF over `types`.
    pub modules: Vec<Types>,
    /// The function that the object is attached to. Where the program has several types of one name, those of the
    /// unit that defines it are meant. Only a program's DWARF says that.
    pub function: Option<String>,
}

/// Types, or a file that holds some.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Types {
    /// Types.
    Graph(Btf),
    /// A file's bytes, of any sort that [`load`](crate::pipeline::load()) takes.
    File(Bytes),
    /// A file, of any sort that [`load_path`](crate::pipeline::load_path) takes: its debug information may be in others.
    Path(PathBuf),
}

impl TargetFile {
    /// A user program, under a label of your choice.
    #[must_use]
    pub fn user(label: impl Into<String>, types: impl Into<Types>) -> Self {
        Self {
            label: label.into(),
            role: Role::User,
            types: types.into(),
            modules: Vec::new(),
            function: None,
        }
    }

    /// The kernel, under the label `kernel`.
    #[must_use]
    pub fn kernel(types: impl Into<Types>) -> Self {
        Self {
            label: KERNEL_LABEL.to_owned(),
            role: Role::Kernel,
            types: types.into(),
            modules: Vec::new(),
            function: None,
        }
    }
}

impl From<Btf> for Types {
    fn from(graph: Btf) -> Self {
        Self::Graph(graph)
    }
}

impl From<Bytes> for Types {
    fn from(bytes: Bytes) -> Self {
        Self::File(bytes)
    }
}

impl From<Vec<u8>> for Types {
    fn from(bytes: Vec<u8>) -> Self {
        Self::File(bytes.into())
    }
}

impl From<PathBuf> for Types {
    fn from(path: PathBuf) -> Self {
        Self::Path(path)
    }
}

impl From<&Path> for Types {
    fn from(path: &Path) -> Self {
        Self::Path(path.to_owned())
    }
}
