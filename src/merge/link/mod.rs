//! A static linker's work on BTF: the types and `.BTF.ext` of several BPF objects become those of one.
//!
//! A linker puts sections of one name behind each other and knows at which offset each object's part starts. With these
//! offsets, data sections are joined, records about instructions are moved, declarations of variables and functions are
//! replaced by their definitions in other objects, and the instructions that contain type ids (`bpf_core_type_id_local`)
//! are listed: [`LocalId::patch`] writes the new id.

mod join;
mod link_types;
mod local;
mod object_types;
mod records;

pub use link_types::{LinkedTypes, link_types};
pub use local::LocalId;
pub use object_types::ObjectTypes;
