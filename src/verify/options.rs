//! Options of the check.

use crate::graph::Btf;
use crate::target::{Endian, PointerWidth};
use crate::verify::features::KernelFeatures;
use crate::verify::kernel::KernelVersion;

/// Options for [`verify`](crate::verify::verify()).
///
/// ```
/// use btfkit::verify::{KernelVersion, VerifyOptions};
/// let options = VerifyOptions::new(KernelVersion::new(5, 15)).findings(10);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VerifyOptions {
    /// What the kernel knows.
    pub features: KernelFeatures,
    /// The graph that split BTF continues. The kernel checks split BTF, which only its modules have, less than other:
    /// the records, but neither sizes nor circles.
    pub base: Option<Btf>,
    /// The kernel's byte order. Default: that of this machine.
    pub endian: Endian,
    /// The width of the kernel's pointers. Default 8 bytes.
    pub pointer_width: PointerWidth,
    /// The most findings that are kept; the rest is counted. Default 10,000.
    pub findings: u32,
}

impl VerifyOptions {
    /// Returns the options for a version of the kernel.
    #[must_use]
    pub fn new(version: KernelVersion) -> Self {
        Self {
            features: KernelFeatures::of(version),
            base: None,
            endian: Endian::HOST,
            pointer_width: PointerWidth::Eight,
            findings: 10_000,
        }
    }

    /// Sets what the kernel knows.
    #[must_use]
    pub fn features(self, features: KernelFeatures) -> Self {
        Self { features, ..self }
    }

    /// Sets the graph that split BTF continues.
    #[must_use]
    pub fn base(self, base: &Btf) -> Self {
        Self {
            base: Some(base.clone()),
            ..self
        }
    }

    /// Sets the kernel's byte order.
    #[must_use]
    pub fn endian(self, endian: Endian) -> Self {
        Self { endian, ..self }
    }

    /// Sets the width of the kernel's pointers.
    #[must_use]
    pub fn pointer_width(self, pointer_width: PointerWidth) -> Self {
        Self {
            pointer_width,
            ..self
        }
    }

    /// Sets the most findings that are kept.
    #[must_use]
    pub fn findings(self, findings: u32) -> Self {
        Self { findings, ..self }
    }
}
