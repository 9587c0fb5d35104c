//! Identifiers of Rust.

use std::borrow::Cow;

/// Keywords of the editions up to 2024 that can be raw identifiers.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// Words that no identifier can be.
const NEVER: &[&str] = &["Self", "_", "crate", "self", "super"];

/// The names that the text needs for Rust's own types.
const OWN: &[&str] = &[
    "Option", "bool", "char", "f128", "f16", "f32", "f64", "i128", "i16", "i32", "i64", "i8",
    "isize", "str", "u128", "u16", "u32", "u64", "u8", "usize",
];

/// Returns the names that no type may have.
pub(super) fn reserved() -> impl Iterator<Item = &'static str> {
    NEVER.iter().chain(OWN).copied()
}

/// Returns a name that an identifier can be: `self_` for `self`.
pub(super) fn possible(name: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    if NEVER.iter().any(|word| word.as_bytes() == &*name) {
        return Cow::Owned([&name, b"_".as_slice()].concat());
    }
    name
}

/// Returns a name as it is written: raw if it is a keyword.
pub(super) fn written(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name);
    if KEYWORDS.contains(&&*text) {
        return format!("r#{text}");
    }
    text.into_owned()
}
