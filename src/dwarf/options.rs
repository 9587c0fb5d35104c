//! What to convert, and how.

use std::num::NonZeroUsize;

use crate::limits::Limits;

/// What [`convert`](super::convert) is asked for. The default is every type of the program, no functions
/// and no variables.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ConvertOptions {
    /// Names of structures, unions, enumerations, typedefs and base types; these and what they refer to are converted.
    /// All types where empty. Every definition that a root has in the program is there; a named type that is only
    /// pointed to is the one of the first unit that defines it.
    pub roots: Vec<String>,
    /// Whether a type whose name is a root's but for a flavor suffix (`task___v2`) is a root too, as it is to a
    /// CO-RE relocation.
    pub flavors: bool,
    /// Whether a root that the program doesn't have is no error.
    pub allow_missing_roots: bool,
    /// Whether to convert functions, as FUNC and FUNC_PROTO with the names of the parameters.
    pub functions: bool,
    /// Whether to convert global variables, as VAR and DATASEC.
    pub variables: bool,
    /// A function of the program whose unit's types are told apart, in [`Conversion::preferred`]: where the program
    /// gives several types one name, the function means its own unit's. With the names of what is around it, where
    /// the language has that (`ns::function`).
    ///
    /// [`Conversion::preferred`]: super::Conversion::preferred
    pub function: Option<String>,
    /// How many threads to use; as many as the machine has where `None`. The result is the same.
    pub threads: Option<NonZeroUsize>,
    /// Bounds on what the input may ask for.
    pub limits: Limits,
}

impl ConvertOptions {
    /// The default options.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for a type by name; more than one call adds up.
    #[must_use]
    pub fn root(mut self, name: impl Into<String>) -> Self {
        self.roots.push(name.into());
        self
    }

    /// Asks for functions.
    #[must_use]
    pub const fn functions(mut self, yes: bool) -> Self {
        self.functions = yes;
        self
    }

    /// Asks for global variables.
    #[must_use]
    pub const fn variables(mut self, yes: bool) -> Self {
        self.variables = yes;
        self
    }

    /// Sets the number of threads.
    #[must_use]
    pub const fn threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = Some(threads);
        self
    }
}
