//! The bounds on hostile input, each with its default and the reason for it.

/// Bounds on what an input may ask for. The defaults accept every real file.
///
/// ```
/// let limits = btfkit::Limits::new().types(10_000).vlen(1_000);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of one input's type section. Default 1 GiB: a type id is a 32-bit number, and the largest
    /// kernel's section has 4 MB.
    pub type_bytes: u32,
    /// Bytes of one input's string section. Default 1 GiB, for the same reason.
    pub string_bytes: u32,
    /// Types in one graph. Default 16 million; the kernel itself takes one million (`BTF_MAX_TYPE`).
    pub types: u32,
    /// Records of one kind in a `.BTF.ext`. Default 16 million; each takes at least 8 bytes of input.
    pub ext_records: u32,
    /// Links in one chain of references (typedefs, qualifiers, arrays of arrays). Default 256: the kernel
    /// stops at 32. A circle must be stopped somewhere.
    pub chain: u32,
    /// Levels of nesting in a walk over nested types (anonymous members, DIEs). Default 512.
    pub depth: u32,
    /// Bytes of one section after decompression. Default 4 GiB: the largest real `.debug_info` has 2 GiB.
    pub section_bytes: u64,
    /// The ratio of the decompressed to the compressed size of a section or file. Default 32: the debug sections of real
    /// programs reach 10. The first 64 MiB are free.
    pub inflation: u32,
    /// Files that the debug information of one program may be in: with `-gsplit-dwarf`, as many as it has object
    /// files. Default 65,536: the largest browsers have 40,000. Candidate files that turn
    /// out not to match count against [`Limits::section_bytes`] in total.
    pub files: u32,
    /// Abbreviations of one unit, and their attributes. Default one million: the largest of real programs have
    /// some thousands.
    pub abbreviations: u32,
    /// Types and members that are held at once while DWARF is converted: those of one unit, or of all that refer
    /// to each other. Default 128 million, each of which takes some 50 bytes; a whole kernel has 13 million.
    pub entries: u32,
    /// Members, enumerators or parameters of one type. Default 16 million, BTF's own (`BTF_MAX_VLEN`).
    pub vlen: u32,
    /// Bytes of a text that is written of types, such as a C header. Default 256 MiB: a kernel's header has 3 MiB.
    pub text_bytes: u32,
}

impl Limits {
    /// Returns the defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the bound [`type_bytes`](field@Self::type_bytes).
    #[must_use]
    pub const fn type_bytes(mut self, type_bytes: u32) -> Self {
        self.type_bytes = type_bytes;
        self
    }

    /// Sets the bound [`string_bytes`](field@Self::string_bytes).
    #[must_use]
    pub const fn string_bytes(mut self, string_bytes: u32) -> Self {
        self.string_bytes = string_bytes;
        self
    }

    /// Sets the bound [`types`](field@Self::types).
    #[must_use]
    pub const fn types(mut self, types: u32) -> Self {
        self.types = types;
        self
    }

    /// Sets the bound [`ext_records`](field@Self::ext_records).
    #[must_use]
    pub const fn ext_records(mut self, ext_records: u32) -> Self {
        self.ext_records = ext_records;
        self
    }

    /// Sets the bound [`chain`](field@Self::chain).
    #[must_use]
    pub const fn chain(mut self, chain: u32) -> Self {
        self.chain = chain;
        self
    }

    /// Sets the bound [`depth`](field@Self::depth).
    #[must_use]
    pub const fn depth(mut self, depth: u32) -> Self {
        self.depth = depth;
        self
    }

    /// Sets the bound [`section_bytes`](field@Self::section_bytes).
    #[must_use]
    pub const fn section_bytes(mut self, section_bytes: u64) -> Self {
        self.section_bytes = section_bytes;
        self
    }

    /// Sets the bound [`inflation`](field@Self::inflation).
    #[must_use]
    pub const fn inflation(mut self, inflation: u32) -> Self {
        self.inflation = inflation;
        self
    }

    /// Sets the bound [`files`](field@Self::files).
    #[must_use]
    pub const fn files(mut self, files: u32) -> Self {
        self.files = files;
        self
    }

    /// Sets the bound [`abbreviations`](field@Self::abbreviations).
    #[must_use]
    pub const fn abbreviations(mut self, abbreviations: u32) -> Self {
        self.abbreviations = abbreviations;
        self
    }

    /// Sets the bound [`entries`](field@Self::entries).
    #[must_use]
    pub const fn entries(mut self, entries: u32) -> Self {
        self.entries = entries;
        self
    }

    /// Sets the bound [`text_bytes`](field@Self::text_bytes).
    #[must_use]
    pub const fn text_bytes(mut self, text_bytes: u32) -> Self {
        self.text_bytes = text_bytes;
        self
    }

    /// Sets the bound [`vlen`](field@Self::vlen).
    #[must_use]
    pub const fn vlen(mut self, vlen: u32) -> Self {
        self.vlen = vlen;
        self
    }

    /// The default of [`Limits::chain`], and the bound of look-ups in an existing graph.
    pub(crate) const CHAIN: u32 = 256;

    /// Returns the number of bytes that this many compressed ones may decompress to.
    pub(crate) fn inflated(&self, compressed: usize) -> u64 {
        const FREE: u64 = 64 << 20;
        (compressed as u64)
            .saturating_mul(u64::from(self.inflation))
            .max(FREE)
            .min(self.section_bytes)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            type_bytes: 1 << 30,
            string_bytes: 1 << 30,
            types: 1 << 24,
            ext_records: 1 << 24,
            chain: Self::CHAIN,
            depth: 512,
            section_bytes: 1 << 32,
            inflation: 32,
            files: 1 << 16,
            abbreviations: 1 << 20,
            entries: 1 << 27,
            vlen: 0xff_ffff,
            text_bytes: 1 << 28,
        }
    }
}
