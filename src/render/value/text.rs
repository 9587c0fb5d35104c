//! Strings and characters as C writes them.

use std::fmt::{self, Write};

/// Writes bytes as the inside of a C literal with this quote. UTF-8 that can be printed stays; other bytes become
/// escapes, octal ones with three digits, so that a digit may follow.
pub(super) fn escaped(bytes: &[u8], quote: char, out: &mut impl Write) -> fmt::Result {
    for chunk in bytes.utf8_chunks() {
        // What stays is written at once.
        let mut plain = chunk.valid();
        while let Some(at) = plain.find(|c: char| needs_escape(c, quote)) {
            let (before, rest) = plain.split_at_checked(at).unwrap_or((plain, ""));
            out.write_str(before)?;
            let mut rest = rest.chars();
            if let Some(special) = rest.next() {
                escape(special, out)?;
            }
            plain = rest.as_str();
        }
        out.write_str(plain)?;
        for byte in chunk.invalid() {
            write!(out, "\\{byte:03o}")?;
        }
    }
    Ok(())
}

fn needs_escape(c: char, quote: char) -> bool {
    c == quote || c == '\\' || c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

fn escape(c: char, out: &mut impl Write) -> fmt::Result {
    match c {
        '\n' => out.write_str("\\n"),
        '\t' => out.write_str("\\t"),
        '\r' => out.write_str("\\r"),
        '\u{7}' => out.write_str("\\a"),
        '\u{8}' => out.write_str("\\b"),
        '\u{c}' => out.write_str("\\f"),
        '\u{b}' => out.write_str("\\v"),
        '"' | '\'' | '\\' => write!(out, "\\{c}"),
        other => {
            let mut utf8 = [0; 4];
            for byte in other.encode_utf8(&mut utf8).bytes() {
                write!(out, "\\{byte:03o}")?;
            }
            Ok(())
        }
    }
}

/// Writes bytes as the inside of a JSON string. Bytes that are not UTF-8 become U+FFFD.
pub(super) fn json_escaped(bytes: &[u8], out: &mut impl Write) -> fmt::Result {
    for chunk in bytes.utf8_chunks() {
        let mut plain = chunk.valid();
        while let Some(at) = plain.find(|c: char| c < ' ' || c == '"' || c == '\\') {
            let (before, rest) = plain.split_at_checked(at).unwrap_or((plain, ""));
            out.write_str(before)?;
            let mut rest = rest.chars();
            match rest.next() {
                Some('\n') => out.write_str("\\n")?,
                Some('\t') => out.write_str("\\t")?,
                Some('\r') => out.write_str("\\r")?,
                Some(special @ ('"' | '\\')) => write!(out, "\\{special}")?,
                Some(special) => write!(out, "\\u{:04x}", u32::from(special))?,
                None => {}
            }
            plain = rest.as_str();
        }
        out.write_str(plain)?;
        if !chunk.invalid().is_empty() {
            out.write_str("\u{fffd}")?;
        }
    }
    Ok(())
}
