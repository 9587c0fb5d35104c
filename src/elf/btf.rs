//! Reads the BTF of any ELF file: a BPF object, a program, a kernel or one of its modules.

use bytes::Bytes;

use crate::elf::bpf::BTF;
use crate::elf::file::Elf;
use crate::error::{Context, Error, ErrorKind, Place, Result};
use crate::graph::Btf;
use crate::limits::Limits;
use crate::parse;

/// The name of the section with the distilled base of a module's split BTF.
const BTF_BASE: &str = ".BTF.base";

/// Options for reading the BTF of an ELF file.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct BtfOptions {
    /// The base of split BTF: for a kernel module, the kernel's types. Ignored if the file has a base of its own in
    /// `.BTF.base`: the file's ids continue from that one's.
    pub base: Option<Btf>,
    /// Bounds on the input.
    pub limits: Limits,
}

impl BtfOptions {
    /// Returns the default options.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the base of split BTF.
    #[must_use]
    pub fn base(mut self, base: Btf) -> Self {
        self.base = Some(base);
        self
    }

    /// Sets the bounds on the input.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

/// Returns whether an ELF file has a `.BTF`.
pub(crate) fn has_btf(elf: &Elf) -> bool {
    elf.find(BTF).is_some()
}

/// Reads the types in an ELF file's `.BTF`; `.BTF.base` is their base if the file has one.
///
/// ```no_run
/// let graph = btfkit::elf::btf_of(std::fs::read("probe.bpf.o")?)?;
/// # Ok::<(), btfkit::Error>(())
/// ```
///
/// # Errors
/// `NoBtf` if there is no `.BTF`; `Malformed`, with section and byte, if the file is not an ELF file or breaks a
/// format; `Unsupported`; `Limit`.
pub fn btf_of(bytes: impl Into<Bytes>) -> Result<Btf> {
    btf_of_with(bytes, &BtfOptions::default())
}

/// Reads the types as [`btf_of`] does, with a base and bounds.
///
/// # Errors
/// As [`btf_of`].
pub fn btf_of_with(bytes: impl Into<Bytes>, options: &BtfOptions) -> Result<Btf> {
    btf_in(&Elf::parse(bytes.into())?, options)
}

/// Reads the types of an ELF file whose headers were read.
///
/// # Errors
/// As [`btf_of`].
pub(crate) fn btf_in(elf: &Elf, options: &BtfOptions) -> Result<Btf> {
    let Some(types) = elf.find(BTF) else {
        return Err(Error::new(ErrorKind::NoBtf, "there is no .BTF section"));
    };
    let mut parse_options = parse::ParseOptions {
        base: options.base.clone(),
        pointer_width: Some(elf.width),
        limits: options.limits.clone(),
    };
    if let Some(base) = elf.find(BTF_BASE) {
        let data = elf.data(base, &options.limits)?;
        let own = parse::ParseOptions {
            base: None,
            ..parse_options.clone()
        };
        let base = parse::parse_with(data, &own).within(|| Place::Section(BTF_BASE.into()))?;
        parse_options.base = Some(base);
    }
    let data = elf.data(types, &options.limits)?;
    parse::parse_with(data, &parse_options).within(|| Place::Section(BTF.into()))
}
