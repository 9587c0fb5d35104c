//! Properties that a DIE leaves to another one.

use crate::dwarf::collect::nodes::Ref;

/// A property that a DIE leaves to another one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Deferred {
    /// The node's name, type and linkage are those of a declaration (`DW_AT_specification`).
    Declared { node: u32, by: Ref },
    /// The DIE is the code of a function that is described elsewhere (`DW_AT_abstract_origin`).
    Code { of: Ref },
    /// The node's name must be prefixed with the qualified name of the type that the unnamed declaration `stub` refers
    /// to, or that of the template `stub` with its arguments.
    Inside { node: u32, stub: u32 },
}
