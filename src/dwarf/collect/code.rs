//! The code of functions.

use crate::dwarf::collect::nodes::Ref;
use crate::dwarf::read::Class;
use crate::dwarf::read::name::NameRef;

/// The code of a function.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Code {
    /// The offset of the DIE from the start of the unit.
    pub die: u32,
    /// The DIE that describes the function, if that is another one (`DW_AT_abstract_origin`).
    pub origin: Ref,
    /// The first address, if the code is in one piece.
    pub low: Option<u64>,
    /// The address behind the last.
    pub high: u64,
    /// The class and value of the list of its pieces.
    pub ranges: Option<(Class, u64)>,
    /// The function's name in the symbol table, if it differs.
    pub linkage_name: NameRef,
}

/// The bases that the lists of pieces in a unit count from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnitCode {
    pub low: u64,
    pub addr_base: u64,
    pub rnglists_base: u64,
}

impl UnitCode {
    pub const NONE: Self = Self {
        low: 0,
        addr_base: 0,
        rnglists_base: 0,
    };
}
