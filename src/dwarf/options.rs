//! The options of a conversion.

use std::num::NonZeroUsize;

use crate::limits::Limits;

/// The options of [`convert()`](super::convert()). By default every type of the program is converted, without
/// functions, variables, and typedefs of templates that nothing refers to.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ConvertOptions {
    /// The names of the structures, unions, enumerations, typedefs and base types to convert, with all they refer to.
    /// If empty, all types are converted. Every definition of a root in the program is converted, and the types they
    /// refer to are those of a conversion of all types.
    pub roots: Vec<String>,
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
    /// The number of threads; with `None` that of the machine. The result doesn't depend on it.
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
        self.roots.push(name.into());
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
