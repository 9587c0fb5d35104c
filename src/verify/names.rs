//! Which names the kernel takes. (`btf_name_valid_identifier` and `btf_name_valid_section`.)

use crate::verify::features::KernelFeatures;

/// What is wrong with a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NameFault {
    /// There is no name.
    Missing,
    /// A byte that names don't have, at this offset.
    Byte(u8, u32),
    /// More bytes than the kernel's longest name has.
    TooLong,
}

/// Returns whether a byte is a letter for the kernel, whose character table is that of ISO 8859-1.
const fn is_letter(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | 0xc0..=0xd6 | 0xd8..=0xf6 | 0xf8..=0xff)
}

/// Returns whether a byte is printable for the kernel.
const fn is_printable(byte: u8) -> bool {
    matches!(byte, 0x20..=0x7e | 0xa0..=0xff)
}

/// Checks the name of a type, member, enumerator, function or parameter. `dots` are allowed in every name since 6.5, in
/// the names of variables and sections always.
pub(super) fn identifier(
    name: &[u8],
    features: &KernelFeatures,
    dots: bool,
) -> Result<(), NameFault> {
    let dots = dots || features.dotted_names;
    check(name, features, |byte, first| {
        is_letter(byte)
            || byte == b'_'
            || (byte == b'.' && dots)
            || (!first && byte.is_ascii_digit())
    })
}

/// Checks the name of a data section.
pub(super) fn section(name: &[u8], features: &KernelFeatures) -> Result<(), NameFault> {
    if features.printable_sections {
        check(name, features, |byte, _| is_printable(byte))
    } else {
        identifier(name, features, true)
    }
}

fn check(
    name: &[u8],
    features: &KernelFeatures,
    is_good: impl Fn(u8, bool) -> bool,
) -> Result<(), NameFault> {
    if name.is_empty() {
        return Err(NameFault::Missing);
    }
    let most = features.name_len as usize;
    let wrong = (0u32..)
        .zip(name.iter().take(most))
        .find(|&(at, &byte)| !is_good(byte, at == 0));
    match wrong {
        Some((at, &byte)) => Err(NameFault::Byte(byte, at)),
        None if name.len() > most => Err(NameFault::TooLong),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::kernel::KernelVersion;

    #[test]
    fn names_follow_the_version() {
        let new = KernelFeatures::of(KernelVersion::new(6, 18));
        let old = KernelFeatures::of(KernelVersion::new(5, 10));
        for name in ["a", "_0", "A_b9"] {
            assert_eq!(identifier(name.as_bytes(), &new, false), Ok(()));
            assert_eq!(identifier(name.as_bytes(), &old, false), Ok(()));
        }
        assert_eq!(identifier(b"a.b", &new, false), Ok(()));
        assert_eq!(
            identifier(b"a.b", &old, false),
            Err(NameFault::Byte(b'.', 1))
        );
        assert_eq!(identifier(b"a.b", &old, true), Ok(()));
        assert_eq!(identifier(b"9a", &new, false), Err(NameFault::Byte(b'9', 0)));
        assert_eq!(identifier(b"", &new, false), Err(NameFault::Missing));
        assert_eq!(
            identifier(b"std::a", &new, false),
            Err(NameFault::Byte(b':', 3))
        );
        // ISO 8859-1: a capital E with an accent, but no sign of multiplication.
        assert_eq!(identifier(b"\xc9", &new, false), Ok(()));
        assert_eq!(
            identifier(b"\xd7", &new, false),
            Err(NameFault::Byte(0xd7, 0))
        );
        assert_eq!(identifier(&[b'a'; 512], &new, false), Ok(()));
        assert_eq!(
            identifier(&[b'a'; 513], &new, false),
            Err(NameFault::TooLong)
        );
        assert_eq!(
            identifier(&[b'a'; 129], &old, false),
            Err(NameFault::TooLong)
        );
        assert_eq!(section(b"?.struct ops", &new), Ok(()));
        assert!(section(b"?.struct ops", &old).is_err());
    }
}
