//! The units that have a function, and the types that it therefore prefers.

/// The units that have a function, in order. If two units have code of one name, there are several of each.
#[derive(Debug, Default)]
pub(super) struct FunctionUnits {
    /// The numbers of the units with the source of the function.
    pub sources: Vec<u32>,
    /// The numbers of the units with its code, if these are others: with link-time optimisation the code is in units of
    /// the linker's own.
    pub codes: Vec<u32>,
}

/// The preferred types, the best first: a name that one level has makes those of later levels count for nothing. A type
/// is the number of its list, and the index there.
pub(super) type Preferred = Vec<Vec<(u32, u32)>>;
