//! Merging graphs: appending, deduplicating, splitting, distilling, minimising, comparing and linking.
//!
//! [`merge`](merge()) appends graphs one after the other and merges equal types. [`dedup`](dedup()) does the second half
//! for a single graph. [`distill`](distill()) and [`rebase`] change the base of split BTF. [`diff`](diff()) and
//! [`Merged::collisions`] find types of one name that differ. A [`Minimiser`] keeps only the needed parts of types, and
//! [`link_types`] does a static linker's work.
//!
//! # When two types are equal
//!
//! Two types are equal if their own fields are equal (kind, name, size, names and offsets of members, values …) and the
//! types that they refer to are equal, one by one. Types refer to each other in cycles, so the definition is circular; we
//! mean the coarsest equivalence relation that satisfies it (bisimilarity). Two types differ only if a finite path leads
//! from them to types whose own fields differ. A forward declaration equals the complete type of its tag if all complete
//! types of that tag are equal; that is decided together with everything else. So the result doesn't depend on the order
//! of types, and it is a fixed point: a second pass finds no duplicates.
//!
//! # How equal types are found
//!
//! Start with one class for all types that could be equal, and split classes until no reason is left.
//!
//! ```text
//! unit 1                              unit 2
//! [1] STRUCT list { next: [2] }       [4] STRUCT list { next: [5] }
//! [2] PTR → [1]                       [5] PTR → [4]
//! [3] PTR → [7]  (FWD task)           [6] PTR → [8]  (STRUCT task { all: [4] })
//! ```
//!
//! 1. **Hash.** Each type gets a hash of its own words. Six times it gets a new hash, of its own words and of the last
//!    hashes of the types that it refers to. A forward declaration takes the hash of its complete types if they all have
//!    the same: `[7]` takes that of `[8]`. Types with equal hashes make the first classes:
//!    `{1 4} {2 5} {3 6} {8}`, and `[7]` follows `[8]` without being in its class. For two merged kernels of 220,000
//!    types, only a few hundred types are then in the wrong class.
//! 2. **Split.** In each class, all types must refer, slot by slot, to types of equal class. Types that don't are split
//!    off, which can be a reason to split others. If there were a second, different `struct task`, its class would be
//!    split from `{8}`, `[7]` would get a class of its own, and `[3]` would leave `{3 6}`. Passes over all classes find
//!    such types. Graphs built to need many passes are finished by Hopcroft's minimisation of automata, which costs
//!    `m log n` at worst.
//! 3. **Prove.** The last pass compares each type with the first of its class word by word, so that no result depends on
//!    a hash.
//! 4. **Compact.** The first type of each class stays, the records move together, and type ids are rewritten. A graph
//!    with no other handle is compacted in place.
//!
//! Variables and data sections stay apart unless [`MergeOptions::sections`] is set. Types of a base never change: types
//! that equal one of them are replaced by it, and a forward declaration that the base has but doesn't complete stays.
//!
//! # What differs from libbpf
//!
//! For kernels' BTF, the number of types of each kind is the same as libbpf's. The differences are intended: arrays that a
//! compiler emits twice are compared with their element types (libbpf merges `struct { int x[4]; unsigned y[4]; }` into
//! one with two arrays of `int`); cycles of only pointers and qualifiers are merged (libbpf refuses the BTF); a
//! declaration with several complete types stays a declaration (libbpf merges a structure that refers to it with
//! whichever it finds first); distilled forward declarations match structures with bitfields, and unions.

mod canonical;
mod collision;
mod compact;
mod dedup;
mod diff;
mod distill;
mod forwards;
mod link;
mod merged;
mod merger;
mod minimiser;
mod mixer;
mod nodes;
mod options;
mod partition;
mod prefer;
mod rebase;
mod refine;

pub use collision::Collision;
pub use dedup::{Deduped, dedup};
pub use diff::{Change, Diff, DiffField, FieldChange, ValueChange, compare, diff, title};
pub use distill::{Distilled, distill};
pub use link::{LinkedTypes, LocalId, ObjectTypes, link_types};
pub use merged::{Merged, Origins};
pub use merger::{Input, Merger, merge};
pub use minimiser::{Minimiser, Need};
pub use options::{MergeOptions, Policy};
pub use rebase::{Rebased, rebase};
