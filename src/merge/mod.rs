//! Merging graphs: append, deduplicate, split, distil, minimise, compare.
//!
//! [`merge`] appends graphs one after the other and lets types that are the same become one. [`dedup`] does
//! the second half for a single graph. [`distill`] and [`rebase`] are about bases, [`diff`] and
//! [`Merged::collisions`] about what doesn't fit together, and a [`Minimiser`] keeps what is asked for.
//!
//! # When two types are the same
//!
//! Two types are the same if they say the same of themselves (kind, name, size, names and places of members,
//! values …) and the types they refer to are the same, one by one. Types refer to each other in circles,
//! so this says itself what it is to define; what is meant is the *largest* relation of which it holds. Two
//! types are different only if there is a finite path from them to something that says something else.
//! A forward declaration is the same as the complete type of its tag if all complete types of that tag are
//! the same; that, too, is decided together with everything else. So the order of types has no say, and a
//! second pass finds nothing: the result is a fixed point.
//!
//! # How they are found
//!
//! Start with everything that could be the same in one class, and split classes until no reason is left.
//!
//! ```text
//! unit 1                              unit 2
//! [1] STRUCT list { next: [2] }       [4] STRUCT list { next: [5] }
//! [2] PTR → [1]                       [5] PTR → [4]
//! [3] PTR → [7]  (FWD task)           [6] PTR → [8]  (STRUCT task { all: [4] })
//! ```
//!
//! 1. **Hash.** Each type gets a hash of its own words. Six times over it gets a new one, of its own words and
//!    of the last hashes of what it refers to. Forward declarations whose complete types all have one hash
//!    take that hash: `[7]` takes `[8]`'s. Types with equal hashes make the first classes:
//!    `{1 4} {2 5} {3 6} {8}`, and `[7]` follows `[8]` without being in its class. In the merge of two
//!    kernels of 220,000 types this is right for all but a few hundred.
//! 2. **Split.** In each class all must refer, slot by slot, to types of equal class. Those that don't
//!    are split off, which can be a reason for others. If there were a second, different
//!    `struct task`, its class would be split from `{8}`, `[7]` would be left to itself, and `[3]` would
//!    leave `{3 6}`. Passes over all classes find such types; graphs built to make passes many are finished by
//!    Hopcroft's way of minimising automata, which costs `m log n` at worst.
//! 3. **Prove.** The last pass compares each type with the first of its class word by word, so that no hash
//!    decides anything.
//! 4. **Compact.** The first type of each class stays, the records move together, and ids are rewritten. A
//!    graph that nobody else holds is compacted in its own memory.
//!
//! Variables and data sections stay apart unless [`MergeOptions::sections`] asks otherwise. Types of a base are
//! never changed: what equals one of them becomes a reference to it, and a forward declaration that the base
//! has and doesn't complete stays one.
//!
//! # What differs from libbpf
//!
//! On kernels' BTF the number of types of each kind is libbpf's. The differences that are meant: arrays that
//! a compiler emits twice are compared with their element types (libbpf merges
//! `struct { int x[4]; unsigned y[4]; }` into one with two arrays of `int`); cycles of pointers and
//! qualifiers alone are merged (libbpf refuses the BTF); a declaration with several complete types stays a
//! declaration (libbpf lets a structure that refers to it become whichever it meets first); distilled
//! forward declarations find structures with bitfields and unions again.

mod canonical;
mod collision;
mod compact;
mod dedup;
mod diff;
mod distill;
mod forwards;
mod link;
mod merger;
mod minimiser;
mod mixer;
mod nodes;
mod options;
mod partition;
mod prefer;
mod refine;

pub use collision::{Collision, Policy};
pub use dedup::{Deduped, dedup};
pub use diff::{Change, Diff, DiffField, FieldChange, ValueChange, compare, diff, title};
pub use distill::{Distilled, Rebased, distill, rebase};
pub use link::{LinkedTypes, LocalId, ObjectTypes, link_types};
pub use merger::{Input, Merged, Merger, Origins, merge};
pub use minimiser::{Minimiser, Need};
pub use options::MergeOptions;
