//! DWARF → graph.

mod base;
mod convert;
mod key;
mod language;
mod linked;
mod names;
mod options;
mod read;
mod report;
mod sections;
mod unit;
mod whole;

pub use convert::convert;
pub use options::Options;
pub use report::{Conversion, Degraded, Reason};
pub use sections::Sections;
