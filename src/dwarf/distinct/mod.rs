//! The third storey: the distinct types of the program.
//!
//! Each type of a unit gets a [key](keys) of its content; [`intern`] copies the types whose key is new into a
//! [`table`], and [`join`] makes one table of those of all threads. [`wanted`] tells which types are asked for;
//! [`shadowed`] resolves references in units that give one name to several types.

pub(super) mod intern;
pub(super) mod join;
pub(super) mod key;
pub(super) mod keys;
pub(super) mod shadowed;
pub(super) mod table;
pub(super) mod wanted;
