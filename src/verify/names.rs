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

/// A byte that an identifier may start with.
const FIRST: u8 = 1;
/// A byte that an identifier may go on with.
const REST: u8 = 2;
/// A byte that the kernel can print.
const PRINTED: u8 = 4;

/// What each byte may be. The kernel's table of characters is that of ISO 8859-1.
const BYTES: [u8; 256] = {
    let mut bytes = [0; 256];
    let mut rest: &mut [u8] = &mut bytes;
    let mut byte = 0u8;
    while let Some((class, behind)) = rest.split_first_mut() {
        *class = match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'_' | 0xc0..=0xd6 | 0xd8..=0xf6 | 0xf8..=0xff => {
                FIRST | REST | PRINTED
            }
            b'0'..=b'9' => REST | PRINTED,
            0x20..=0x7e | 0xa0..=0xbf | 0xd7 | 0xf7 => PRINTED,
            0x00..=0x1f | 0x7f..=0x9f => 0,
        };
        rest = behind;
        byte = byte.wrapping_add(1);
    }
    bytes
};

/// Returns the classes of a byte.
#[inline]
fn class(byte: u8) -> u8 {
    // The table has all bytes.
    BYTES.get(usize::from(byte)).copied().unwrap_or(0)
}

/// Returns whether a string that starts here, up to its NUL, is an identifier without dots.
#[inline]
pub(super) fn is_plain(text: &[u8], features: &KernelFeatures) -> bool {
    let Some((&first, rest)) = text.split_first() else {
        return false;
    };
    if class(first) & FIRST == 0 {
        return false;
    }
    let end = rest.iter().position(|&byte| class(byte) & REST == 0);
    end.is_some_and(|end| end < features.name_len as usize && rest.get(end) == Some(&0))
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
        class(byte) & if first { FIRST } else { REST } != 0 || (byte == b'.' && dots)
    })
}

/// Checks the name of a data section.
pub(super) fn section(name: &[u8], features: &KernelFeatures) -> Result<(), NameFault> {
    if features.printable_sections {
        check(name, features, |byte, _| class(byte) & PRINTED != 0)
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

/// The offsets of strings that were found to be identifiers, a bit each. Most names are used several times.
#[derive(Debug, Default)]
pub(super) struct GoodNames(Vec<u64>);

impl GoodNames {
    /// Returns an empty set for a string section of this length.
    pub fn new(bytes: usize) -> Self {
        Self(vec![0; bytes.div_ceil(64)])
    }

    /// Returns whether the string at an offset of the section is an identifier without dots.
    #[inline]
    pub fn has(&mut self, strings: &[u8], at: usize, features: &KernelFeatures) -> bool {
        let bit = 1u64 << (at % 64);
        let Some(bits) = self.0.get_mut(at / 64) else {
            return false;
        };
        if *bits & bit != 0 {
            return true;
        }
        let is_good = strings
            .get(at..)
            .is_some_and(|text| is_plain(text, features));
        if is_good {
            *bits |= bit;
        }
        is_good
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
        assert_eq!(
            identifier(b"9a", &new, false),
            Err(NameFault::Byte(b'9', 0))
        );
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
