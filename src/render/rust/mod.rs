//! Types as Rust: bindings of a program's types or the kernel's, for probes in Rust.
//!
//! [`bindings`](bindings()) writes a module that needs `core` alone. rustc accepts it in the editions 2021 and 2024, and
//! every structure in it has the size and offsets that the graph specifies.
//!
//! * **Names.** A name that Rust can't write has its [spelling in C](crate::query::c_spelling). Of several types with one
//!   name, the first has it, and the others have flavors: `foo___2`. Structures and typedefs share their names. Keywords
//!   are raw identifiers (`r#type`), `self` is `self_`, and names of Rust's own types are reserved.
//! * **Types without a name** have that of their typedef, or of the structure and field that they are in
//!   (`task_struct__anon0`). A field without a name is called `anon0`.
//! * **Layout.** Structures are `repr(C)`, and `packed` where offsets or sizes need it. Gaps that rustc wouldn't leave are
//!   fields called `__pad0`. A structure whose fields overlap is a union of parts.
//! * **Bitfields** are bytes (`_bitfield_0`), with a method for each that returns its value.
//! * **Enumerations** are newtypes with constants, so that every value is valid.
//! * **Pointers** of programs with addresses of four bytes are `u32`, since rustc's machine may have others.
//! * **Limits of Rust.** A type that Rust can't write is an array of bytes of its size. A field that can't be written is
//!   left out, and its bytes are padding. Each is listed in [`Bindings::notes`].

mod bindings;
mod bitfield;
mod enumeration;
mod ident;
mod naming;
mod note;
mod options;
mod record;
mod scalar;
mod ty;
mod writer;

pub use crate::render::fields::Lost;
pub use bindings::{Bindings, bindings};
pub use note::{Note, NoteKind};
pub use options::RustOptions;
