//! The top storey: the conversion as a whole.
//!
//! [`convert()`] runs a [`job`]: finds the units ([`sources`]), distributes them to [`threads`], reads all their types,
//! only those that [`roots`] need, or all units as one if they refer to each other ([`linked`]); and hands the distinct
//! types on to be emitted.

mod convert;
mod function;
mod job;
mod linked;
mod roots;
mod sources;
mod threads;

pub use convert::convert;
