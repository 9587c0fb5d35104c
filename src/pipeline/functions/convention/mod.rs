//! Calling conventions: where parameters are when nothing but their types says so.

mod aarch64;
mod go;
mod locate;
mod located;
mod rust;
mod x86_64;

pub(super) use locate::locate;
pub(super) use located::{Convention, Located};
