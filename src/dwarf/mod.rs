//! DWARF → graph: the types of a program, each once.
//!
//! [`convert()`] takes the [`Sections`] of a program, which
//! [`debuginfo::find_debug_sections`](crate::debuginfo::find_debug_sections) finds in its file and in those that belong
//! to it. It returns a [`Conversion`]: the graph, a list of what BTF can't represent, and the place where each type was
//! declared.
//!
//! # How it works
//!
//! A program has a copy of a type in each unit that includes its header: the Linux kernel has 940,000 structures, of
//! which 8,000 are distinct. So the work is to recognise copies, and memory follows the distinct types.
//!
//! The folders are storeys; each imports only those below it. From the ground up:
//!
//! 1. **Read** (`read`). Abbreviations are compiled into plans, so that most debugging information entries (DIEs) are read
//!    at fixed offsets and all unused attributes are skipped in one move.
//! 2. **Collect** (`collect`). One pass over a unit's DIEs finds its types. There is no tree: a unit's types are flat arrays
//!    whose memory serves the next unit.
//! 3. **Distinct** (`distinct`). Every type gets a 128-bit key of its content (`distinct::keys`). References to named
//!    structures, unions and enumerations enter by name only, which cuts cycles and makes the key the same whether a unit
//!    defines the type behind a pointer or only declares it. A type whose key is known costs a look-up; only new ones are
//!    copied, into a table that each thread has (`distinct::intern`). The tables of the threads are then joined
//!    (`distinct::join`). The place of a type is the first unit and DIE that has it, whichever thread read it, and all that
//!    follows goes by that order.
//! 4. **Emit** (`emit`). A name that has one definition in the program means that one. If it has several, the types that
//!    refer to it are split until each means the same in all of its units (`emit::bind`). If there are roots, the types they
//!    reach are kept (`emit::closure`). Named types are emitted first, all others from the inside out, each record once
//!    (`emit::graph`, `emit::record`).
//! 5. **Driver** (`driver`). It distributes the units to threads, and reads them one by one, or all as one if they refer to
//!    each other (link-time optimisation, type units, dwz).
//!
//! # How DWARF becomes BTF
//!
//! | DWARF | BTF |
//! |---|---|
//! | structure, class, union | STRUCT, UNION; the name is qualified (`ns::Foo<int>`), except in C. Members are in the order of their offsets |
//! | template whose name lacks the arguments (`-gsimple-template-names`) | the name that clang gives it otherwise: `Box<int, 3>` |
//! | C++ base class | an unnamed member, so that its fields are found in the derived class; a virtual base is left out, since only the object knows its offset |
//! | virtual function table | the member that the compiler declares (`_vptr.Foo`) |
//! | C++ reference | PTR |
//! | type of `nullptr` | PTR to `void` |
//! | C++ pointer to member | its representation (Itanium C++ ABI): `long`, and for functions a STRUCT of `ptr` and `adj` |
//! | static member | left out |
//! | nested type, scoped or unscoped enumeration, type of an anonymous namespace | as other types; the names of the enclosing scopes precede its own: `ns::Outer::Inner`, `(anonymous namespace)::Foo` |
//! | structure, tuple, slice, `&str`, `&dyn` of Rust | STRUCT with the fields that the compiler describes: `__0`, `data_ptr` and `length`, `pointer` and `vtable` |
//! | variant part of a Rust enumeration | an unnamed UNION with a member for each variant, and the discriminant, `__tag`, beside it, an ENUM of the variants' names and values; a niche is at the offset of its field, and the variant that is meant by all other values is not in the ENUM |
//! | slice, string, interface, map, channel of Go | what the runtime has: STRUCT of `array`, `len` and `cap`; of `str` and `len`; of `tab` and `data`; PTR to the runtime's STRUCT |
//! | function value of Go | PTR to PTR to FUNC_PROTO: it points to a closure, which starts with the code's address |
//! | embedded field of Go | a member with the type's name |
//! | enumeration | ENUM up to 4 bytes, ENUM64 above; signed if a value is negative |
//! | array | an ARRAY for each dimension, indexed by `int`. A vector of three has room for four. If the elements don't stand end to end: an ARRAY of narrower integers or of padded elements, or else of bytes of the same size |
//! | array that is stored by columns (Fortran, or `DW_AT_ordering`) | the dimensions in C's order: Fortran's `m(j, i)`, counted from 1, is `m[i-1][j-1]` |
//! | array behind a descriptor (`DW_AT_data_location`, Fortran) | an unnamed STRUCT without members: the elements are elsewhere |
//! | subrange with a size of its own (Ada) | an INT or ENUM of that size |
//! | `CHARACTER(7)` of Fortran | an ARRAY of 7 `char` |
//! | type of an unknown tag | bytes of its size, so that nothing behind it moves |
//! | `_Atomic` | the type itself |
//! | base type | INT or FLOAT; `complex` is an ARRAY of two FLOATs, a decimal number an INT, another size an ARRAY of bytes |
//! | function | FUNC and FUNC_PROTO, if it has code, its own or that of an identical function |
//! | typedef that belongs to a template (`std::vector<int>::value_type`) | TYPEDEF, if something refers to it, a root names it, or all are wanted ([`ConvertOptions::all_typedefs`]) |
//! | `btf_type_tag`, `btf_decl_tag` (clang) | TYPE_TAG, DECL_TAG |
//!
//! A typedef of Go may refer to itself (`type F func(F)`), and so may its TYPEDEF.
//!
//! # How a BPF program names a type
//!
//! Names remain as the language has them. C can't write `ns::Foo<int>` or `*main.Foo`, so types are also found by how C
//! spells their names ([`c_spelling`](crate::query::c_spelling)): `struct ns__Foo_int_`, `struct ptr_main_Foo`. A type
//! that has the name itself is preferred. If C spells two names alike, the look-up is refused as ambiguous, and an
//! alias ([`with_aliases`](crate::graph::Btf::with_aliases), `--alias`) names the right one. If several units have
//! types of one name, [`ConvertOptions::function`] selects a unit's.
//!
//! A name may leave out inline namespaces and anonymous ones, as C++ code may: `std::list<int>` finds
//! `std::__cxx11::list<int>`, and `ns::Foo` finds `ns::(anonymous namespace)::Foo`. The whole name comes first. DWARF
//! marks inline namespaces (`DW_AT_export_symbols`, or in strict DWARF 4 an import into the enclosing namespace) and BTF
//! can't, so written BTF has the whole names only; [`with_short_names`](crate::graph::Btf::with_short_names) keeps
//! chosen ones, as `convert --root` does.
//!
//! Losses are listed in [`Conversion::degraded`] with a [`Reason`]. So is what contradicts itself: a member that
//! ends behind its structure, overlaps the next one, or is of a type that is only declared
//! ([`Reason::is_contradiction`]). A unit that can't be read is skipped, and listed as well.

mod collect;
mod distinct;
mod driver;
mod emit;
mod functions;
mod options;
mod origin;
mod read;
mod report;
mod sections;

pub use driver::convert;
pub(crate) use functions::{
    CopyFacts, Facts, FunctionFacts, LanguageFacts, Leaf, LeafKind, Line, LocationFacts,
    PieceFacts, Standing, TypeFacts, find_functions,
};
pub use options::{ConvertOptions, Roots};
pub use origin::Origin;
pub(crate) use read::skeleton::{Skeleton, dwo_ids, only_skeletons, skeletons};
pub use report::{Conversion, Degraded, Reason, TypeLoss};
pub use sections::{FunctionSymbols, LazySection, MemorySection, Sections};
