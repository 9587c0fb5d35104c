//! Versions of the kernel.

use std::fmt;
use std::str::FromStr;

use crate::error::{Context, Error, ErrorKind, Place, Result};

/// A version of the Linux kernel, as far as its BTF check depends on it: `6.18`, without the number of the fix.
///
/// ```
/// use btfkit::verify::KernelVersion;
/// let version: KernelVersion = "6.1.0-18-cloud-amd64".parse()?;
/// assert_eq!(version, KernelVersion::new(6, 1));
/// assert!(version < KernelVersion::LATEST);
/// # Ok::<(), btfkit::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct KernelVersion {
    major: u32,
    minor: u32,
}

/// The file in which the kernel shows its release.
const RELEASE: &str = "/proc/sys/kernel/osrelease";

impl KernelVersion {
    /// The oldest version whose rules are known.
    pub const OLDEST: Self = Self::new(5, 2);
    /// The newest version whose rules are known. Later versions are taken for this one.
    pub const LATEST: Self = Self::new(7, 2);

    /// Returns the version with these numbers.
    #[must_use]
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    /// Returns the first number: 6 in 6.18.
    #[must_use]
    pub const fn major(self) -> u32 {
        self.major
    }

    /// Returns the second number: 18 in 6.18.
    #[must_use]
    pub const fn minor(self) -> u32 {
        self.minor
    }

    /// Returns the version of the running kernel.
    ///
    /// # Errors
    /// `Io` where the kernel doesn't show its release in `/proc`; `Unsupported` where it isn't Linux' way of numbers.
    pub fn running() -> Result<Self> {
        let place = || Place::File(RELEASE.into());
        let release = std::fs::read_to_string(RELEASE)
            .map_err(Error::from)
            .within(place)?;
        release.trim().parse::<Self>().within(place)
    }
}

impl FromStr for KernelVersion {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || {
            Error::new(
                ErrorKind::Usage,
                format!("{text:?} is no version of the kernel; write 6.1, for example"),
            )
        };
        let digits = text.strip_prefix('v').unwrap_or(text);
        let mut parts = digits.splitn(3, '.');
        let major = parts.next().and_then(|part| part.parse().ok());
        let minor = parts.next().and_then(|part| {
            let end = part.find(|c: char| !c.is_ascii_digit());
            part.get(..end.unwrap_or(part.len()))?.parse().ok()
        });
        match (major, minor) {
            (Some(major), Some(minor)) => Ok(Self { major, minor }),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for KernelVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_distributions_write_them() {
        for (text, expected) in [
            ("5.2", (5, 2)),
            ("v6.6", (6, 6)),
            ("6.18.44-fc-v669", (6, 18)),
            ("6.12-rc3", (6, 12)),
        ] {
            let version: KernelVersion = text.parse().unwrap();
            assert_eq!((version.major(), version.minor()), expected, "{text}");
        }
        for text in ["", "6", "six.one", "6.", "6.x", "-6.1"] {
            assert!(text.parse::<KernelVersion>().is_err(), "{text}");
        }
    }
}
