//! `Btf` from files: any file with types, the running kernel, its modules.

use std::path::Path;

use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::graph::Btf;
use crate::parse::ParseOptions;
use crate::pipeline::load::load_path;
use crate::pipeline::options::LoadOptions;

/// The folder in which the kernel shows its types and those of its modules.
const KERNEL: &str = "/sys/kernel/btf";

impl Btf {
    /// Reads the types of a file: raw BTF, an ELF file with BTF or DWARF, or one of these compressed.
    ///
    /// The contents of the file tell its format. [`load_path`](crate::pipeline::load_path) does the same with options, and
    /// reports what could not be converted.
    ///
    /// ```
    /// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/layouts/server1.gcc-dwarf5");
    /// let btf = btfkit::Btf::open(path)?;
    /// assert_eq!(btf.size_of_named("session")?.0, 336);
    /// # Ok::<(), btfkit::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Io` where the file can't be read; as [`load_path`](crate::pipeline::load_path).
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        load_path(path, &LoadOptions::default())
            .map(|loaded| loaded.graph)
            .within(|| Place::File(path.display().to_string()))
    }

    /// Reads the types of the running kernel, from `/sys/kernel/btf/vmlinux`.
    ///
    /// ```no_run
    /// use btfkit::graph::Kind;
    /// let kernel = btfkit::Btf::kernel()?;
    /// println!("{:?}", kernel.find(Kind::Struct, "task_struct"));
    /// # Ok::<(), btfkit::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Io` where the kernel was built without BTF (`CONFIG_DEBUG_INFO_BTF`); as [`Self::parse`].
    pub fn kernel() -> Result<Self> {
        sysfs("vmlinux", &ParseOptions::new())
    }

    /// Reads the types of a module of the running kernel as split BTF, whose [base](Self::base) is the kernel's.
    ///
    /// ```no_run
    /// let module = btfkit::Btf::kernel_module("nf_tables")?;
    /// println!("{} types of its own", module.own_len());
    /// # Ok::<(), btfkit::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Usage` where `name` is not a module's name; `Io` where no such module is loaded, or it has no BTF; as
    /// [`Self::parse`].
    pub fn kernel_module(name: impl AsRef<str>) -> Result<Self> {
        let name = name.as_ref();
        if name.is_empty() || name.starts_with('.') || name.contains('/') {
            return Err(Error::new(
                ErrorKind::Usage,
                format!("{name:?} is not the name of a kernel module"),
            ));
        }
        sysfs(name, &ParseOptions::new().base(Self::kernel()?))
    }
}

/// Reads a file of the kernel's folder.
fn sysfs(name: &str, options: &ParseOptions) -> Result<Btf> {
    let path = Path::new(KERNEL).join(name);
    std::fs::read(&path)
        .map_err(Error::from)
        .and_then(|bytes| Btf::parse_with(bytes, options))
        .within(|| Place::File(path.display().to_string()))
}
