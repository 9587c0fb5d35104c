//! The facts that are read about a function.

use crate::query::function_name::Matches;

/// The functions that were found.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// By unit and DIE.
    pub functions: Vec<FunctionFacts>,
    /// By unit and DIE.
    pub copies: Vec<CopyFacts>,
    /// The units that can't be read.
    pub unreadable: u64,
}

/// The code that a DIE describes, if any.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Standing {
    /// It has the addresses of code.
    Code,
    /// It describes a function whose code is in copies of its own (`DW_AT_inline`), or nowhere.
    Abstract,
    /// It only declares a function.
    Declared,
}

/// The language of a unit, as far as it decides how parameters are passed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LanguageFacts {
    /// C, C++ and what is called like them.
    C,
    Go,
    Rust,
    Other,
}

/// A function as a unit describes it.
#[derive(Clone, Debug)]
pub(crate) struct FunctionFacts {
    /// The key that tells it from functions of the same name: equal for the descriptions of one function in several units.
    pub identity: String,
    /// The number of its unit.
    pub unit: u32,
    pub standing: Standing,
    /// The name with those of namespaces and classes.
    pub name: String,
    pub linkage_name: Option<Vec<u8>>,
    pub unit_name: String,
    pub language: LanguageFacts,
    pub declared_at: Option<Line>,
    /// The address of the first instruction.
    pub entry: Option<u64>,
    /// The first addresses of its pieces, and those behind the last.
    pub ranges: Vec<(u64, u64)>,
    /// The names that were asked for and that it has. Empty if it was found by its address.
    pub matches: Matches,
    pub is_external: bool,
    /// Whether the unit was compiled with optimisation, as far as the DIE tells.
    pub is_optimised: bool,
    /// Whether it doesn't obey the usual calling convention (`DW_CC_nocall`).
    pub has_own_convention: bool,
    pub is_variadic: bool,
    pub parameters: Vec<ParameterFacts>,
    /// The type of the result; `None` for none.
    pub result: Option<TypeFacts>,
    /// The results of a function of Go.
    pub results: Vec<ParameterFacts>,
}

/// An inlined copy of a function.
#[derive(Clone, Debug)]
pub(crate) struct CopyFacts {
    /// That of the function.
    pub identity: String,
    pub unit: u32,
    pub entry: Option<u64>,
    pub ranges: Vec<(u64, u64)>,
    /// The function that the source calls it from: its linkage name, or its name.
    pub caller: Vec<u8>,
    /// The function whose code the copy is in, if that is another one: the caller is inlined, too.
    pub within: Option<Vec<u8>>,
    pub called_at: Option<Line>,
}

/// A line of a source file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Line {
    pub file: String,
    pub line: u64,
}

/// A parameter.
#[derive(Clone, Debug)]
pub(crate) struct ParameterFacts {
    pub name: String,
    pub ty: TypeFacts,
    /// Where it is when the function is entered.
    pub location: LocationFacts,
}

/// Where a value is when a function is entered, as far as DWARF says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum LocationFacts {
    /// There is no location.
    Absent,
    /// The location holds from some instruction on, or for the whole function once its frame is set up: it says nothing
    /// about the entry.
    NotAtEntry,
    /// The value is in pieces, one after the other.
    Pieces(Vec<(PieceFacts, Option<u64>)>),
    /// The location is beyond this reader.
    Complex,
}

/// A piece of a value. Registers have DWARF's numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PieceFacts {
    Register(u16),
    /// Memory: bytes from the canonical frame address.
    Frame(i64),
    /// Memory: bytes from the address in a register.
    Memory(u16, i64),
    /// A known value.
    Constant(i64),
    /// The piece was optimised away.
    Nothing,
}

/// A type, as far as calling conventions and people need it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct TypeFacts {
    /// The type as its language writes it.
    pub text: String,
    /// In bytes.
    pub size: Option<u64>,
    /// The scalars that it consists of, by offset; `None` if they are not known.
    pub leaves: Option<Vec<Leaf>>,
    /// Whether it is a structure, union, class or array.
    pub is_aggregate: bool,
    /// Whether it contains an array of other than one element.
    pub has_array: bool,
    /// Whether C++ passes the address of a copy instead of the value.
    pub by_address: bool,
}

/// A scalar in a type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Leaf {
    pub offset: u64,
    pub size: u64,
    pub kind: LeafKind,
}

/// The kind of a scalar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LeafKind {
    Integer,
    Float,
    /// `long double` of x86, ten bytes in sixteen.
    Extended,
    Vector,
}
