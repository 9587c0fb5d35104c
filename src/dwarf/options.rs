//! The options of a conversion.

use std::num::NonZeroUsize;

use crate::limits::Limits;

/// The types of a program to convert.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Roots {
    /// All types.
    #[default]
    All,
    /// The structures, unions, enumerations, typedefs and base types of these names, with all they refer to. No name
    /// means no type.
    Named(Vec<String>),
}

impl Roots {
    /// Returns whether all types are converted.
    #[must_use]
    pub const fn is_all(&self) -> bool {
        matches!(self, Self::All)
    }

    /// Returns the names; none if all types are converted.
    #[must_use]
    pub fn names(&self) -> &[String] {
        match self {
            Self::All => &[],
            Self::Named(names) => names,
        }
    }

    /// Adds a name. If all types were converted, only those of this name are now.
    pub fn add(&mut self, name: impl Into<String>) {
        match self {
            Self::All => *self = Self::Named(vec![name.into()]),
            Self::Named(names) => names.push(name.into()),
        }
    }
}

/// The options of [`convert()`](super::convert()). By default every type of the program is converted, without
/// functions, variables, and typedefs of templates that nothing refers to.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ConvertOptions {
    /// The types to convert. Every definition of a root in the program is converted, and the types they refer to are
    /// those of a conversion of all types.
    pub roots: Roots,
    /// Whether a type whose name is a root's with a flavor suffix (`task___v2`) is a root too, as it is to a CO-RE
    /// relocation.
    pub flavors: bool,
    /// Whether roots that the program doesn't have are ignored. Otherwise they are an error.
    pub allow_missing_roots: bool,
    /// Whether to convert functions, as FUNC and FUNC_PROTO with the names of the parameters.
    pub functions: bool,
    /// Whether to convert global variables, as VAR and DATASEC.
    pub variables: bool,
    /// Whether typedefs that belong to a template, such as `std::vector<int>::value_type`, are converted even if nothing
    /// refers to them. Only a conversion without roots leaves them out: a root may be one of them. Large C++ programs have
    /// more of them than of all other types.
    pub all_typedefs: bool,
    /// A (qualified) function name, such as `ns::function`. The types defined in its compile unit are listed in
    /// [`Conversion::preferred`], to break ties between types of one name.
    ///
    /// [`Conversion::preferred`]: super::Conversion::preferred
    pub function: Option<String>,
    /// The number of threads; `None` means that of the machine. The result doesn't depend on it.
    pub threads: Option<NonZeroUsize>,
    /// The bounds on what the input may ask for.
    pub limits: Limits,
}

impl ConvertOptions {
    /// Returns the default options.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a root: a type to convert, by name.
    #[must_use]
    pub fn root(mut self, name: impl Into<String>) -> Self {
        self.roots.add(name);
        self
    }

    /// Sets the types to convert.
    #[must_use]
    pub fn roots(mut self, roots: Roots) -> Self {
        self.roots = roots;
        self
    }

    /// Sets whether a name with a flavor suffix counts as the one without.
    #[must_use]
    pub const fn flavors(mut self, yes: bool) -> Self {
        self.flavors = yes;
        self
    }

    /// Sets whether roots that the program doesn't have are ignored.
    #[must_use]
    pub const fn allow_missing_roots(mut self, yes: bool) -> Self {
        self.allow_missing_roots = yes;
        self
    }

    /// Sets the function whose unit's types are preferred.
    #[must_use]
    pub fn function(mut self, name: impl Into<String>) -> Self {
        self.function = Some(name.into());
        self
    }

    /// Sets the bounds on what the input may ask for.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets whether functions are converted.
    #[must_use]
    pub const fn functions(mut self, yes: bool) -> Self {
        self.functions = yes;
        self
    }

    /// Sets whether global variables are converted.
    #[must_use]
    pub const fn variables(mut self, yes: bool) -> Self {
        self.variables = yes;
        self
    }

    /// Sets whether typedefs that belong to a template are converted even if nothing refers to them.
    #[must_use]
    pub const fn all_typedefs(mut self, yes: bool) -> Self {
        self.all_typedefs = yes;
        self
    }

    /// Sets the number of threads.
    #[must_use]
    pub const fn threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = Some(threads);
        self
    }
}
