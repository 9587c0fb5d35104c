//! The top storey: the conversion as a whole.
//!
//! [`convert()`] runs a [`job`]: it finds the units ([`sources`]), distributes them to [`threads`], reads them one by
//! one, or all as one if they refer to each other ([`linked`]), and hands the distinct types on to be emitted.
//! [`function`] finds the units that define a function, whose types are [`preferred`], and
//! [`beside`] a function of a unit. That units refer to each other is an [`outcome`].

mod beside;
mod convert;
mod function;
mod function_units;
mod job;
mod linked;
mod outcome;
mod preferred;
mod source_bases;
mod sources;
mod threads;

pub use convert::convert;
