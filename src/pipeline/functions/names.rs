//! How a symbol is displayed.

use crate::elf::demangle::demangle;
use crate::query::function_name::split_part;

/// A symbol's name as its language writes it, with the parameters, if it is mangled; otherwise the symbol.
pub(super) fn display_name(symbol: &[u8]) -> String {
    let (original, suffix) = split_part(symbol);
    match demangle(original) {
        Some(demangled) if suffix.is_empty() => demangled.full,
        Some(demangled) => format!("{} [{}]", demangled.full, text(suffix)),
        None => text(symbol),
    }
}

/// Returns bytes of the input as text.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
