//! The CO-RE relocation engine: computes the values that a BPF object's instructions need, from the types of
//! several targets at once, and patches them in.
//!
//! A *relocation* names a root type of the object's own BTF, a path from there, and what to compute about the field
//! at its end. The value comes from one *target*: the kernel, or a user program. Two steps: [`resolve`] computes
//! every value and changes nothing, [`apply`] patches a copy of the program.
//!
//! | step | file |
//! |---|---|
//! | The accessor (`0:1:2`) is followed through the object's own types | `accessor` |
//! | The target of the root type is chosen, with its candidates | `choice`, `target` |
//! | Each candidate is searched for the field, type or enumerator | `candidate`, `compat`, `type_match` |
//! | **The relocation's value is computed** | `value` |
//! | Candidates are pruned, the fix-up is decided | `resolve`, `fixup` |
//! | The instruction is patched | `apply`, `patch` |
//! | Programs of user space and their contexts are told apart | `context` |
//! | The report is written | `report`, `line`, `c_text` |
//!
//! Which target a root type belongs to is decided once for the object, so that two fields can't come from
//! two layouts:
//!
//! 1. A flavor suffix that is a target's label picks it: `struct file___app`. `___kernel` always means the
//!    kernel.
//! 2. Otherwise the first target in order that has a candidate is taken: a type of the same kind and
//!    essential name. If a later target has candidates, too, the type is *ambiguous* and the report lists it.
//!
//! Inside a target the rules are libbpf's (`relo_core.c`), except for these:
//!
//! * An unsigned 32-bit enumerator of 2³¹ and more keeps its value; libbpf takes it for a negative number and
//!   refuses the object.
//! * A root type's candidates are pruned by all its relocations before any is computed. The result
//!   is the same for all that libbpf accepts, unless candidates differ only in a field's size, which libbpf doesn't
//!   compare: the width of a load follows a candidate that is left in the end, not the first that fitted.
//! * An accessor consists of numbers below 2³¹ with colons between them, and its field starts within 2³² bits.
//!   libbpf accepts blanks and signs, too, and lets the numbers wrap around.
//! * Shifts follow the target's byte order, not this machine's.
//! * An array whose dimensions were flattened into one still matches one that has them.
//! * An enumeration in a field matches one of another language that C spells like that, or that has it as an alias.
//! * An integer with fewer bits than its storage is a bitfield of that width. As in libbpf, one that doesn't start with
//!   its storage is no match.
//! * Programs of sections `?…`, which loaders leave out by default, are resolved as far as possible; libbpf leaves
//!   them alone. A relocation that doesn't resolve is left to the loader.
//! * TYPE_ID_TARGET of a type in a user program is poisoned: the id means nothing to the kernel.

mod accessor;
mod apply;
mod c_text;
mod candidate;
mod choice;
mod compat;
mod context;
mod fixup;
mod kind;
mod line;
mod local;
mod options;
mod patch;
mod report;
mod report_text;
mod resolve;
mod step_budget;
mod target;
mod type_match;
mod value;

pub use apply::{Patched, apply};
pub use candidate::Mismatch;
pub use choice::TargetChoice;
pub(crate) use context::is_context;
pub use fixup::{Action, Applied, Fixup};
pub use kind::RelocationKind;
pub(crate) use kind::Subject;
pub use line::SourceLine;
pub(crate) use line::source_line_of;
pub(crate) use local::local_path;
pub use options::ResolveOptions;
pub use report::{Ambiguity, Outcome, Record, Rejected, Report, ReportTarget};
pub(crate) use resolve::resolve_with;
pub use resolve::{Resolution, resolve};
pub use target::{Candidate, KERNEL_LABEL, Role, Target};
pub(crate) use target::{check_labels, graph_of};
