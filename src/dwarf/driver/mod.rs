//! The top storey: the conversion as a whole.
//!
//! [`convert()`] runs a [`job`]: it finds the units ([`sources`]), distributes them to [`threads`], reads them one by
//! one, or all as one if they refer to each other ([`linked`]), and hands the distinct types on to be emitted.
//! [`function`] finds the units that define a function. That units refer to each other is an [`outcome`].

mod convert;
mod function;
mod job;
mod linked;
mod outcome;
mod sources;
mod threads;

pub use convert::convert;
