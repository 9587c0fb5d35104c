//! DWARF → graph: the types of a program, each once.
//!
//! [`convert`] takes the [`Sections`] of a program, which
//! [`elf::find_debug_sections`](crate::elf::find_debug_sections) finds in its file and in those that belong to it,
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
//! | structure, class, union | STRUCT, UNION; the name is qualified (`ns::Foo<int>`) but for C |
//! | base class | a member without a name, so that its fields are found in the derived class; virtual ones are left out |
//! | reference | PTR |
//! | static member | left out |
//! | variant part (Rust) | a UNION without a name with a member for each variant, and the tag, `__tag`, beside it |
//! | enumeration | ENUM up to 4 bytes, ENUM64 above; signed where a value is negative |
//! | array | an ARRAY for each dimension, indexed by `int` |
//! | `_Atomic` | the type itself |
//! | base type | INT or FLOAT; `complex` is an ARRAY of two FLOATs, decimal numbers an INT, other sizes an ARRAY of bytes |
//! | function | FUNC and FUNC_PROTO, if it has code of its own |
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
pub use options::Options;
pub use origin::Origin;
pub use report::{Conversion, Degraded, Reason};
pub use sections::{MemorySection, Sections};

pub(crate) use split::{Skeleton, dwo_ids, only_skeletons, skeletons};
