//! The options of jobs: for loading types, and for relocating.

#[cfg(feature = "dwarf")]
use crate::debuginfo::Search;
#[cfg(feature = "dwarf")]
use crate::dwarf;
use crate::graph::Btf;
use crate::limits::Limits;
use crate::relocate;

/// Options for loading types.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct LoadOptions {
    /// The base of split BTF: for a kernel module, the kernel's BTF. Self-contained BTF is parsed as such even if a
    /// base is given. Types converted from DWARF become split BTF over the base.
    pub base: Option<Btf>,
    /// Whether an ELF file's DWARF is converted even if the file has BTF.
    pub dwarf: bool,
    #[cfg(feature = "dwarf")]
    /// How DWARF is converted. The limits are taken from [`LoadOptions::limits`].
    pub conversion: dwarf::ConvertOptions,
    #[cfg(feature = "dwarf")]
    /// The places searched for debug information that is not in the file itself. `None` means no other file for
    /// [`load`](super::load()), and [`Search::new`] for [`load_path`](super::load_path).
    pub search: Option<Search>,
    /// Further names for types of targets, as in [`RelocateOptions::aliases`].
    pub(super) aliases: Vec<(String, String)>,
    /// Bounds on the input.
    pub limits: Limits,
}

impl LoadOptions {
    /// Returns whether a function chooses among types of one name.
    pub(super) fn has_function(&self) -> bool {
        #[cfg(feature = "dwarf")]
        return self.conversion.function.is_some();
        #[cfg(not(feature = "dwarf"))]
        return false;
    }

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

    /// Sets whether DWARF is converted even if the file has BTF.
    #[must_use]
    pub const fn dwarf(mut self, yes: bool) -> Self {
        self.dwarf = yes;
        self
    }

    #[cfg(feature = "dwarf")]
    /// Sets how DWARF is converted.
    #[must_use]
    pub fn conversion(mut self, conversion: dwarf::ConvertOptions) -> Self {
        self.conversion = conversion;
        self
    }

    #[cfg(feature = "dwarf")]
    /// Sets the places searched for debug information in other files.
    #[must_use]
    pub fn search(mut self, search: Search) -> Self {
        self.search = Some(search);
        self
    }

    /// Sets the bounds on the input.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Adds types to convert. Returns `false` if all types are converted anyway.
    pub(super) fn add_roots(&mut self, names: Vec<String>) -> bool {
        #[cfg(feature = "dwarf")]
        {
            match &mut self.conversion.roots {
                dwarf::Roots::All => false,
                dwarf::Roots::Named(roots) => {
                    roots.extend(names);
                    true
                }
            }
        }
        #[cfg(not(feature = "dwarf"))]
        {
            let _ = names;
            false
        }
    }

    /// Sets the function whose unit's types are [preferred](super::Loaded::preferred).
    pub(super) fn set_function(&mut self, function: Option<String>) {
        #[cfg(feature = "dwarf")]
        {
            self.conversion.function = function;
        }
        #[cfg(not(feature = "dwarf"))]
        let _ = function;
    }
}

/// Options for relocating.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RelocateOptions {
    /// Whether only the relocations against user programs are applied. The others stay in the object, for its
    /// loader to apply.
    pub partial: bool,
    /// Whether an object is refused if one of its relocations has no match, or if more than one target has a type
    /// ([`check_strict`](super::check_strict)).
    pub strict: bool,
    /// Whether a target's DWARF is converted even if the target has BTF.
    pub dwarf: bool,
    #[cfg(feature = "dwarf")]
    /// The places searched for debug information that is not in the targets' own files, as in
    /// [`LoadOptions::search`].
    pub search: Option<Search>,
    /// Further names for types of the targets, which a BPF program in C can write: the new name, and the type's own
    /// name or its C spelling. `("app_Foo", "ns::Foo<int>")` makes `struct app_Foo` mean that type in every target
    /// that has it.
    pub aliases: Vec<(String, String)>,
    /// The BPF programs to relocate, as [`ResolveOptions::programs`](relocate::ResolveOptions::programs).
    pub programs: Vec<String>,
    /// The BPF programs to leave to the loader, as [`ResolveOptions::skip`](relocate::ResolveOptions::skip).
    pub skip: Vec<String>,
    /// Bounds on the inputs.
    pub limits: Limits,
}

impl RelocateOptions {
    /// Returns the options of the relocation engine.
    pub(super) fn engine(&self) -> relocate::ResolveOptions {
        let mut engine = relocate::ResolveOptions::new().partial(self.partial);
        engine.programs.clone_from(&self.programs);
        engine.skip.clone_from(&self.skip);
        engine
    }

    /// Returns the default options.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets whether only the relocations against user programs are applied.
    #[must_use]
    pub const fn partial(mut self, yes: bool) -> Self {
        self.partial = yes;
        self
    }

    /// Sets whether relocations without a match and ambiguous types are refused.
    #[must_use]
    pub const fn strict(mut self, yes: bool) -> Self {
        self.strict = yes;
        self
    }

    /// Sets whether a target's DWARF is converted even if the target has BTF.
    #[must_use]
    pub const fn dwarf(mut self, yes: bool) -> Self {
        self.dwarf = yes;
        self
    }

    #[cfg(feature = "dwarf")]
    /// Sets the places searched for debug information in other files.
    #[must_use]
    pub fn search(mut self, search: Search) -> Self {
        self.search = Some(search);
        self
    }

    /// Adds a further name for a type of the targets.
    #[must_use]
    pub fn alias(mut self, alias: impl Into<String>, name: impl Into<String>) -> Self {
        self.aliases.push((alias.into(), name.into()));
        self
    }

    /// Adds a BPF program to relocate, by the name of its function.
    #[must_use]
    pub fn program(mut self, name: impl Into<String>) -> Self {
        self.programs.push(name.into());
        self
    }

    /// Adds a BPF program to leave to the loader, by the name of its function.
    #[must_use]
    pub fn skip(mut self, name: impl Into<String>) -> Self {
        self.skip.push(name.into());
        self
    }

    /// Sets the bounds on the inputs.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}
