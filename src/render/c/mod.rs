//! Types as C: a header for a probe, from a program's types or the kernel's.
//!
//! [`header`](header()) writes one. It compiles with gcc, clang and `clang -target bpf`, as C11 and later, and every
//! structure in it has the size and offsets that the graph says.
//!
//! * **Names.** A name that C can't write has its [spelling](crate::query::c_spelling), by which relocation finds it:
//!   `struct ns__Foo_int_`. Of several types with one name, the first has it, and the others have flavors: `foo___2`.
//!   Fields and enumerators are spelled in the same way.
//! * **Base classes.** The fields of a member without a name are fields of the structure itself.
//! * **Layout.** `packed` is written where offsets or sizes need it. Other gaps that a compiler wouldn't leave are members
//!   called `__pad0`, or bitfields without a name. Fields that overlap are members of a union without a name.
//! * **Limits of C.** A type that C can't write is an array of bytes of its size. A field that can't be written is left
//!   out, and its bytes are padding. Each is listed in [`Header::notes`] and has a comment in the text.
//! * **Closure.** With [`HeaderOptions::name`], the header has those types, and what they contain by value. Types behind
//!   pointers are only declared, unless they are named too.

mod base;
mod declaration;
mod enumeration;
mod header;
mod note;
mod options;
mod record;
mod writer;

pub use crate::render::fields::Lost;
pub use header::{Header, header};
pub use note::{Note, NoteKind};
pub use options::HeaderOptions;
