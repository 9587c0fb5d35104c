//! DWARF → graph: the types of a program, each once.
//!
//! [`convert`] takes the [`Sections`] of a program, which
//! [`debuginfo::find_debug_sections`](crate::debuginfo::find_debug_sections) finds in its file and in those that belong to it,
//! and answers a [`Conversion`]: the graph, what BTF could not say, and where each type was declared.
//!
//! # How it works
//!
//! A program has as many copies of a type as it has units that include its header: the Linux kernel has
//! 940,000 structures, of which 8,000 differ. So the work is to recognise copies, and memory follows what is
//! different.
//!
//! 1. **Collect** (`unit::collect`). One pass over a unit's entries finds its types. Abbreviations are compiled
//!    into plans, so that most entries are read at fixed places and all else is gone over in one move. There
//!    is no tree; a unit's types are flat arrays whose memory serves the next unit.
//! 2. **Keys** (`unit::keys`). Every type gets a 128-bit key of its content. References to named structures,
//!    unions and enumerations enter by name only, which cuts cycles and makes the key the same whether a unit
//!    defines the type behind a pointer or only declares it.
//! 3. **Intern** (`unit::intern`). A type whose key is known costs a look-up. Only new ones are copied, into a
//!    table each thread has for itself. Units remember the numbers of the types they have, nothing else.
//! 4. **Merge** (`whole::merge`). The threads' tables become one. Where a type comes first is the first unit
//!    and entry that has it, whichever thread read it, and all that follows goes by that order.
//! 5. **Bind** (`whole::bind`). What a name means is clear where the program has one definition of it. Where
//!    it has several, types that refer to it are split until each means the same in all of its units.
//! 6. **Emit** (`whole::emit`). Named types first, all else from the inside out, each record once.
//!
//! Units that refer to each other (link-time optimisation, type units, what dwz makes) are taken for one
//! (`linked`).
//!
//! # What becomes of what
//!
//! | DWARF | BTF |
//! |---|---|
//! | structure, class, union | STRUCT, UNION; the name is qualified (`ns::Foo<int>`) but for C. Members stand in the order of their places |
//! | base class of C++ | a member without a name, so that its fields are found in the derived class; virtual ones are left out, since only the object knows where they are |
//! | table of virtual functions | the member that the compiler declares (`_vptr.Foo`) |
//! | reference | PTR |
//! | `nullptr`'s type | PTR to `void` |
//! | pointer to a member | what it is made of (Itanium C++ ABI): `long`, and for functions a structure of `ptr` and `adj` |
//! | static member | left out |
//! | nested type, enumeration of either sort, type of an anonymous namespace | as others; the names of what is around go before its own: `ns::Outer::Inner`, `(anonymous namespace)::Foo` |
//! | structure, tuple, slice, `&str`, `&dyn` of Rust | STRUCT with the fields the compiler says: `__0`, `data_ptr` and `length`, `pointer` and `vtable` |
//! | variant part (Rust) | a UNION without a name with a member for each variant, and the tag, `__tag`, beside it: where it is in a niche, at the place of the field |
//! | slice, string, interface, map, channel of Go | what the runtime has: STRUCT of `array`, `len` and `cap`; of `str` and `len`; of `tab` and `data`; PTR to the runtime's STRUCT |
//! | function value of Go | PTR to PTR to FUNC_PROTO: it points to a closure, which starts with the code's address |
//! | embedded field of Go | a member with the type's name |
//! | enumeration | ENUM up to 4 bytes, ENUM64 above; signed where a value is negative |
//! | array | an ARRAY for each dimension, indexed by `int` |
//! | `_Atomic` | the type itself |
//! | base type | INT or FLOAT; `complex` is an ARRAY of two FLOATs, decimal numbers an INT, other sizes an ARRAY of bytes |
//! | function | FUNC and FUNC_PROTO, if it has code, its own or another's that is the same |
//! | `btf_type_tag`, `btf_decl_tag` (clang) | TYPE_TAG, DECL_TAG |
//!
//! A typedef of Go may refer to itself (`type F func(F)`), and so may its TYPEDEF.
//!
//! # How a BPF program names a type
//!
//! Names stay as the language has them. C can't write `ns::Foo<int>` or `*main.Foo`, so types are also found by how
//! C spells their names ([`c_spelling`](crate::query::c_spelling)): `struct ns__Foo_int_`, `struct ptr_main_Foo`. A type
//! that has the name itself goes first. Where C spells two names alike, the look-up is refused, and an alias
//! ([`with_aliases`](crate::graph::Btf::with_aliases), `--alias`) tells which is meant. Where several
//! units have types of one name, [`ConvertOptions::function`] tells.
//!
//! What is lost on the way is listed in [`Conversion::degraded`] with a [`Reason`].

mod base;
mod convert;
mod function;
mod key;
mod language;
mod linked;
mod names;
mod options;
mod origin;
mod read;
mod report;
mod roots;
mod sections;
mod sources;
mod split;
mod threads;
mod unit;
mod whole;

pub use convert::convert;
pub use options::ConvertOptions;
pub use origin::Origin;
pub use report::{Conversion, Degraded, Reason};
pub use sections::{FunctionSymbols, MemorySection, Sections};

pub(crate) use split::{Skeleton, dwo_ids, only_skeletons, skeletons};
