//! A target of a job: a label, a role, and the types or the file that contains them.

use std::borrow::Cow;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use bytes::Bytes;

use crate::error::{Error, ErrorKind, Place, Result};
use crate::graph::Btf;
use crate::relocate::{KERNEL_LABEL, Role};

/// The folder in which the running kernel shows its own BTF and that of its modules.
const KERNEL_FOLDER: &str = "/sys/kernel/btf";

/// The file in which the running kernel shows its own BTF.
pub(super) const KERNEL_FILE: &str = "/sys/kernel/btf/vmlinux";

/// Returns whether a path is in the folder in which the running kernel shows BTF.
pub(super) fn is_kernel_path(path: &Path) -> bool {
    path.starts_with(KERNEL_FOLDER)
}

/// A target to relocate against.
///
/// ```
/// use btfkit::pipeline::TargetFile;
/// use btfkit::relocate::Role;
///
/// let program = TargetFile::from_path("/usr/bin/server").function("handle_request");
/// assert_eq!((&*program.label, program.role), ("server", Role::User));
/// let kernel = TargetFile::from_path("/sys/kernel/btf/vmlinux");
/// assert_eq!((&*kernel.label, kernel.role), ("kernel", Role::Kernel));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TargetFile {
    /// The name of the target in the report, and the flavor suffix that selects it: `struct file___app` is the
    /// `struct file` of the target labelled `app`.
    pub label: String,
    /// Whether the target is the kernel or a user program.
    pub role: Role,
    /// The target's types.
    pub types: Types,
    /// The kernel's modules: split BTF over `types`.
    pub modules: Vec<Types>,
    /// The same program's further files, such as libraries. They are searched in order for types that the files before
    /// them don't have.
    pub further: Vec<Types>,
    /// The function of the program that the object is attached to. If the program has several types of one name,
    /// the ones defined in the function's compile unit are preferred. It needs the program's DWARF.
    pub function: Option<String>,
}

/// Types, or a file that contains some.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Types {
    /// Types.
    Graph(Btf),
    /// The bytes of a file, in any format that [`load`](super::load()) takes.
    File(Bytes),
    /// The path of a file, in any format that [`load_path`](super::load_path) takes. Its debug information may be in
    /// other files.
    Path(PathBuf),
}

impl TargetFile {
    fn new(label: String, role: Role, types: Types) -> Self {
        Self {
            label,
            role,
            types,
            modules: Vec::new(),
            further: Vec::new(),
            function: None,
        }
    }

    /// Returns a user program with the given label.
    #[must_use]
    pub fn user(label: impl Into<String>, types: impl Into<Types>) -> Self {
        Self::new(label.into(), Role::User, types.into())
    }

    /// Returns the kernel, labelled `kernel`.
    #[must_use]
    pub fn kernel(types: impl Into<Types>) -> Self {
        Self::new(KERNEL_LABEL.to_owned(), Role::Kernel, types.into())
    }

    /// Returns the target that a file is: the kernel if the file is in `/sys/kernel/btf`, otherwise a user program
    /// labelled by its file name without extension. The file is opened when the job runs.
    #[must_use]
    pub fn from_path(path: impl Into<PathBuf>) -> Self {
        LabelledPath {
            label: None,
            path: path.into(),
        }
        .into()
    }

    /// Parses `[LABEL=]FILE` as [`LabelledPath`] does, and checks that the file can be opened. The label also tells the
    /// role: `kernel` is the kernel.
    ///
    /// ```no_run
    /// use btfkit::pipeline::TargetFile;
    /// let targets = [
    ///     TargetFile::open("app=/usr/bin/server")?,
    ///     TargetFile::open("/sys/kernel/btf/vmlinux")?,
    /// ];
    /// # Ok::<(), btfkit::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Usage` if there is no file name; `Io`, with the file, if it can't be opened.
    pub fn open(argument: &str) -> Result<Self> {
        argument.parse::<LabelledPath>()?.open()
    }

    /// Adds a kernel module, whose BTF is split from the target's.
    #[must_use]
    pub fn module(mut self, types: impl Into<Types>) -> Self {
        self.modules.push(types.into());
        self
    }

    /// Adds a further file of the program, such as a library.
    #[must_use]
    pub fn further(mut self, types: impl Into<Types>) -> Self {
        self.further.push(types.into());
        self
    }

    /// Sets the function of the program that the object is attached to.
    #[must_use]
    pub fn function(mut self, name: impl Into<String>) -> Self {
        self.function = Some(name.into());
        self
    }
}

/// The path of a file, and the label given to it.
///
/// It is parsed from `[LABEL=]FILE`. A label contains no `/`, so that a path may contain `=`.
///
/// ```
/// use btfkit::pipeline::LabelledPath;
/// let app: LabelledPath = "app=/opt/server-2.1".parse()?;
/// assert_eq!(app.label(), "app");
/// let server: LabelledPath = "./server.debug".parse()?;
/// assert_eq!(server.label(), "server");
/// # Ok::<(), btfkit::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelledPath {
    /// The given label; `None` if the label is to be derived from the path.
    pub label: Option<String>,
    /// The path of the file.
    pub path: PathBuf,
}

impl LabelledPath {
    /// Returns the given label, or the one derived from the path: `kernel` for a file in `/sys/kernel/btf`, and
    /// otherwise the file name without extension.
    #[must_use]
    pub fn label(&self) -> Cow<'_, str> {
        match &self.label {
            Some(label) => label.into(),
            None if is_kernel_path(&self.path) => KERNEL_LABEL.into(),
            None => {
                let stem = self.path.file_stem();
                stem.unwrap_or(self.path.as_os_str()).to_string_lossy()
            }
        }
    }

    /// Returns the target that the file is, after checking that it can be opened.
    ///
    /// # Errors
    /// `Io`, with the file.
    pub fn open(self) -> Result<TargetFile> {
        File::open(&self.path).map_err(|error| {
            Error::from(error).within(Place::File(self.path.display().to_string()))
        })?;
        Ok(self.into())
    }

    /// Returns the role of the target: the kernel if it is labelled `kernel` or is in `/sys/kernel/btf`, and
    /// otherwise a user program.
    #[must_use]
    pub fn role(&self) -> Role {
        if self.label() == KERNEL_LABEL || is_kernel_path(&self.path) {
            Role::Kernel
        } else {
            Role::User
        }
    }
}

impl FromStr for LabelledPath {
    type Err = Error;

    fn from_str(argument: &str) -> Result<Self> {
        let (label, path) = match argument.split_once('=') {
            Some((label, path)) if !label.contains('/') => (Some(label), path),
            _ => (None, argument),
        };
        if path.is_empty() {
            return Err(Error::new(
                ErrorKind::Usage,
                "the file name is missing: write [LABEL=]FILE",
            ));
        }
        Ok(Self {
            label: label.filter(|label| !label.is_empty()).map(str::to_owned),
            path: path.into(),
        })
    }
}

impl From<LabelledPath> for TargetFile {
    fn from(labelled: LabelledPath) -> Self {
        let (label, role) = (labelled.label().into_owned(), labelled.role());
        Self::new(label, role, labelled.path.into())
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

impl From<&'static [u8]> for Types {
    fn from(bytes: &'static [u8]) -> Self {
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
