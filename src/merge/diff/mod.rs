//! The differences between two graphs: types added, removed and changed, field by field.
//!
//! Types are matched by name and name space. A type has changed if its own size, fields, values or spelling of the types
//! it refers to have changed. The change of a named type that it points to is reported once, for that type. Changes of
//! unnamed types are reported where these occur.

mod change;
mod compare;
mod contents;
mod display;
mod field;
mod named;
mod spell;

pub use change::{Change, Diff, ValueChange};
pub use compare::{compare, diff};
pub use display::title;
pub use field::{DiffField, FieldChange};
pub(super) use named::{Space, space, type_with_fields};
pub(super) use spell::resolved;
