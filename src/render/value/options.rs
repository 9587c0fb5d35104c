//! The options of values.

/// How to write a value.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ValueOptions {
    /// The format. Default [`ValueFormat::C`].
    pub format: ValueFormat,
    /// Whether each member and element is on a line of its own. Default no: the value is one line.
    pub lines: bool,
    /// The format of a floating-point number of 16 bytes. Default `None`: the x87's if the lowest byte comes first and
    /// the type isn't called `float128`, else IEEE's binary128.
    pub long_double: Option<LongDouble>,
    /// The most bytes to write. Default 16 MiB.
    pub output: u64,
}

/// A format of values.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ValueFormat {
    /// C's designated initialisers.
    C,
    /// JSON.
    Json,
}

/// A format of floating-point numbers of 16 bytes, which BTF doesn't tell.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum LongDouble {
    /// The x87's 80 bits: `long double` on x86.
    X87,
    /// IEEE's binary128: `__float128` on x86, `long double` on AArch64, s390x and RISC-V.
    Binary128,
}

impl Default for ValueOptions {
    fn default() -> Self {
        Self {
            format: ValueFormat::C,
            lines: false,
            long_double: None,
            output: 16 << 20,
        }
    }
}

impl ValueOptions {
    /// Returns the defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the format.
    #[must_use]
    pub const fn format(mut self, format: ValueFormat) -> Self {
        self.format = format;
        self
    }

    /// Sets whether each member and element is on a line of its own.
    #[must_use]
    pub const fn lines(mut self, yes: bool) -> Self {
        self.lines = yes;
        self
    }

    /// Sets the format of a floating-point number of 16 bytes.
    #[must_use]
    pub const fn long_double(mut self, format: LongDouble) -> Self {
        self.long_double = Some(format);
        self
    }

    /// Sets the most bytes to write.
    #[must_use]
    pub const fn output(mut self, bytes: u64) -> Self {
        self.output = bytes;
        self
    }
}
