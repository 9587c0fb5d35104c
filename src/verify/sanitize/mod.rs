//! BTF that a kernel accepts, made of any: kinds that it doesn't know are replaced as libbpf replaces them, names become
//! identifiers, and what its check refuses is repaired.
//!
//! The check itself says what to repair, in rounds, so that what it accepts stays as it is. Ids stay.
//!
//! | to find | look in |
//! |---|---|
//! | what takes the place of a kind | `replace` |
//! | what becomes of each rule's findings | `repair`, `members` |
//! | names, and back | `rename`, `name_table` ([`NameTable`]) |
//! | the records while they change | `draft` |

mod draft;
mod loss;
mod members;
mod name_table;
mod rename;
mod repair;
mod replace;
mod rounds;

pub use loss::Loss;
pub use name_table::NameTable;
pub use rounds::{SanitizeOptions, Sanitized, sanitize};
