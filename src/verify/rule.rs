//! The rules of the kernel's check.

/// A rule of the kernel's BTF check.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Rule {
    /// Broken where the BTF has more than 16 MiB.
    InputSize,
    /// Broken where the header is cut off.
    HeaderLength,
    /// Broken where the header has fields that the kernel doesn't know.
    HeaderTail,
    /// Broken where the magic number is missing, or in the other byte order.
    Magic,
    /// Broken where the version is not 1.
    Version,
    /// Broken where the header has flags.
    Flags,
    /// Broken where there is nothing behind the header.
    NoData,
    /// Broken where a section starts behind the end of the data.
    SectionOffset,
    /// Broken where bytes of the data belong to no section.
    SectionGap,
    /// Broken where two sections overlap.
    SectionOverlap,
    /// Broken where a section ends behind the end of the data.
    SectionLength,
    /// Broken where the string section is not the last.
    StringsPlace,
    /// Broken where the string section is empty, too long, or doesn't start and end with a NUL.
    Strings,
    /// Broken where the layout section is not aligned, or not made of whole entries.
    LayoutSection,
    /// Broken where the type section's offset is no multiple of 4.
    TypesPlace,
    /// Broken where there is no type.
    NoTypes,
    /// Broken where the type section ends inside a record.
    RecordLength,
    /// Broken where the info word has bits that the kernel doesn't know.
    InfoBits,
    /// Broken where the kernel doesn't know the kind.
    Kind,
    /// Broken where the name is outside of the string section.
    NameOffset,
    /// Broken where the kernel doesn't take the name.
    Name,
    /// Broken where a kind without elements has a number of elements.
    Vlen,
    /// Broken where the kind flag is set, and the kernel gives it no meaning here.
    KindFlag,
    /// Broken where the type refers to a type that doesn't exist or can't stand here.
    TypeId,
    /// Broken where the integer's bits are more than 128 or than its size.
    IntBits,
    /// Broken where the integer's encoding is unknown.
    IntEncoding,
    /// Broken where the forward declaration has a type.
    FwdType,
    /// Broken where the array has a size of its own.
    ArraySize,
    /// Broken where the array's elements have no size, or are bits.
    ArrayElement,
    /// Broken where the array's index is no ordinary integer.
    ArrayIndex,
    /// Broken where the array has 4 GiB or more.
    ArrayOverflow,
    /// Broken where the kernel doesn't take the member's name.
    MemberName,
    /// Broken where the member's type doesn't exist or has no size.
    MemberType,
    /// Broken where a member of a union doesn't start at 0.
    MemberOffset,
    /// Broken where the member starts before the one in front of it.
    MemberOrder,
    /// Broken where the member starts behind the end.
    MemberStart,
    /// Broken where the member ends behind the end.
    MemberEnd,
    /// Broken where the member doesn't start at a byte, or a floating-point number not at its alignment.
    MemberAlignment,
    /// Broken where the bitfield is wider than its type, or its type can't be one.
    MemberBits,
    /// Broken where the enumeration's size is none that the kernel takes.
    EnumSize,
    /// Broken where the kernel doesn't take the enumerator's name.
    EnumeratorName,
    /// Broken where the function is neither static nor global.
    FuncLinkage,
    /// Broken where the function's type is no prototype, or the prototype's parameters have no names.
    FuncProto,
    /// Broken where the variable is neither static nor global.
    VarLinkage,
    /// Broken where the data section has no size, or its variables have more.
    DatasecSize,
    /// Broken where an entry of the data section is no variable with a size, overlaps another, or leaves the section.
    DatasecEntry,
    /// Broken where the floating-point number has none of 2, 4, 8, 12 and 16 bytes.
    FloatSize,
    /// Broken where the tag has no text.
    TagValue,
    /// Broken where the tag's component doesn't exist.
    TagComponent,
    /// Broken where the prototype's result has no size.
    Result,
    /// Broken where the parameter's type has no size, or the kernel doesn't take its name.
    Argument,
    /// Broken where the type is nested more than 32 deep.
    Depth,
    /// Broken where the type contains itself.
    Loop,
    /// Broken where the type stands for no type with a known size.
    Unresolved,
    /// Broken where more than 32 typedefs, qualifiers and tags stand for one type.
    ChainLength,
    /// Broken where a type tag comes behind a qualifier or typedef.
    TagOrder,
    /// Broken where a field that the kernel manages (a lock, list, tree or counter) has a wrong place or type.
    SpecialField,
}

impl Rule {
    /// All rules.
    pub const ALL: &'static [Self] = &[
        Self::InputSize,
        Self::HeaderLength,
        Self::HeaderTail,
        Self::Magic,
        Self::Version,
        Self::Flags,
        Self::NoData,
        Self::SectionOffset,
        Self::SectionGap,
        Self::SectionOverlap,
        Self::SectionLength,
        Self::StringsPlace,
        Self::Strings,
        Self::LayoutSection,
        Self::TypesPlace,
        Self::NoTypes,
        Self::RecordLength,
        Self::InfoBits,
        Self::Kind,
        Self::NameOffset,
        Self::Name,
        Self::Vlen,
        Self::KindFlag,
        Self::TypeId,
        Self::IntBits,
        Self::IntEncoding,
        Self::FwdType,
        Self::ArraySize,
        Self::ArrayElement,
        Self::ArrayIndex,
        Self::ArrayOverflow,
        Self::MemberName,
        Self::MemberType,
        Self::MemberOffset,
        Self::MemberOrder,
        Self::MemberStart,
        Self::MemberEnd,
        Self::MemberAlignment,
        Self::MemberBits,
        Self::EnumSize,
        Self::EnumeratorName,
        Self::FuncLinkage,
        Self::FuncProto,
        Self::VarLinkage,
        Self::DatasecSize,
        Self::DatasecEntry,
        Self::FloatSize,
        Self::TagValue,
        Self::TagComponent,
        Self::Result,
        Self::Argument,
        Self::Depth,
        Self::Loop,
        Self::Unresolved,
        Self::ChainLength,
        Self::TagOrder,
        Self::SpecialField,
    ];

    /// Returns the rule's name for scripts: `member-order`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.texts().0
    }

    /// Returns what is wrong where the rule is broken.
    #[must_use]
    pub const fn what(self) -> &'static str {
        self.texts().1
    }

    /// Returns what to do about it.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        self.texts().2
    }

    const fn texts(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::InputSize => (
                "input-size",
                "the BTF has more than 16 MiB",
                "convert with --root, or split it",
            ),
            Self::HeaderLength => (
                "header-length",
                "the header is cut off",
                "the file is truncated: make it again",
            ),
            Self::HeaderTail => (
                "header-tail",
                "the header has fields that the kernel doesn't know",
                "run btfkit sanitize for this kernel",
            ),
            Self::Magic => (
                "magic",
                "the magic number is missing, or in the other byte order",
                "check that the file is BTF for this machine",
            ),
            Self::Version => ("version", "the version is not 1", "make the BTF again"),
            Self::Flags => (
                "flags",
                "the header has flags",
                "set the header's flags to 0",
            ),
            Self::NoData => (
                "no-data",
                "there is nothing behind the header",
                "the file is empty: make it again",
            ),
            Self::SectionOffset => (
                "section-offset",
                "a section starts behind the end of the data",
                "the file is truncated: make it again",
            ),
            Self::SectionGap => (
                "section-gap",
                "bytes of the data belong to no section",
                "encode the BTF again: btfkit merge FILE -o OUT",
            ),
            Self::SectionOverlap => (
                "section-overlap",
                "two sections overlap",
                "encode the BTF again: btfkit merge FILE -o OUT",
            ),
            Self::SectionLength => (
                "section-length",
                "a section ends behind the end of the data",
                "the file is truncated: make it again",
            ),
            Self::StringsPlace => (
                "strings-place",
                "the string section is not the last",
                "encode the BTF again: btfkit merge FILE -o OUT",
            ),
            Self::Strings => (
                "strings",
                "the string section is empty, too long, or doesn't start and end with a NUL",
                "make the BTF again",
            ),
            Self::LayoutSection => (
                "layout-section",
                "the layout section is not aligned, or not made of whole entries",
                "run btfkit sanitize for this kernel",
            ),
            Self::TypesPlace => (
                "types-place",
                "the type section's offset is no multiple of 4",
                "encode the BTF again: btfkit merge FILE -o OUT",
            ),
            Self::NoTypes => (
                "no-types",
                "there is no type",
                "convert a file that has types",
            ),
            Self::RecordLength => (
                "record-length",
                "the type section ends inside a record",
                "the file is truncated: make it again",
            ),
            Self::InfoBits => (
                "info-bits",
                "the info word has bits that the kernel doesn't know",
                "run btfkit sanitize for this kernel",
            ),
            Self::Kind => (
                "kind",
                "the kernel doesn't know the kind",
                "run btfkit sanitize for this kernel",
            ),
            Self::NameOffset => (
                "name-offset",
                "the name is outside of the string section",
                "make the BTF again",
            ),
            Self::Name => (
                "name",
                "the kernel doesn't take the name",
                "run btfkit sanitize, which makes names that it takes",
            ),
            Self::Vlen => (
                "vlen",
                "a kind without elements has a number of elements",
                "run btfkit sanitize for this kernel",
            ),
            Self::KindFlag => (
                "kind-flag",
                "the kind flag is set, and the kernel gives it no meaning here",
                "run btfkit sanitize for this kernel",
            ),
            Self::TypeId => (
                "type-id",
                "the type refers to a type that doesn't exist or can't stand here",
                "refer to another type",
            ),
            Self::IntBits => (
                "int-bits",
                "the integer's bits are more than 128 or than its size",
                "give it 1 to 16 bytes",
            ),
            Self::IntEncoding => (
                "int-encoding",
                "the integer's encoding is unknown",
                "use one of signed, char and bool",
            ),
            Self::FwdType => (
                "fwd-type",
                "the forward declaration has a type",
                "set the record's third word to 0",
            ),
            Self::ArraySize => (
                "array-size",
                "the array has a size of its own",
                "set the record's third word to 0",
            ),
            Self::ArrayElement => (
                "array-element",
                "the array's elements have no size, or are bits",
                "use an element type with a size",
            ),
            Self::ArrayIndex => (
                "array-index",
                "the array's index is no ordinary integer",
                "use an integer of 1, 2, 4, 8 or 16 bytes",
            ),
            Self::ArrayOverflow => (
                "array-overflow",
                "the array has 4 GiB or more",
                "make the array smaller",
            ),
            Self::MemberName => (
                "member-name",
                "the kernel doesn't take the member's name",
                "run btfkit sanitize, which makes names that it takes",
            ),
            Self::MemberType => (
                "member-type",
                "the member's type doesn't exist or has no size",
                "use a type with a size",
            ),
            Self::MemberOffset => (
                "member-offset",
                "a member of a union doesn't start at 0",
                "set its offset to 0",
            ),
            Self::MemberOrder => (
                "member-order",
                "the member starts before the one in front of it",
                "sort the members by offset",
            ),
            Self::MemberStart => (
                "member-start",
                "the member starts behind the end",
                "correct the offset or the size",
            ),
            Self::MemberEnd => (
                "member-end",
                "the member ends behind the end",
                "correct the offset or the size",
            ),
            Self::MemberAlignment => (
                "member-alignment",
                "the member doesn't start at a byte, or a floating-point number not at its alignment",
                "run btfkit sanitize for this kernel",
            ),
            Self::MemberBits => (
                "member-bits",
                "the bitfield is wider than its type, or its type can't be one",
                "correct its width or its type",
            ),
            Self::EnumSize => (
                "enum-size",
                "the enumeration's size is none that the kernel takes",
                "run btfkit sanitize for this kernel",
            ),
            Self::EnumeratorName => (
                "enumerator-name",
                "the kernel doesn't take the enumerator's name",
                "run btfkit sanitize, which makes names that it takes",
            ),
            Self::FuncLinkage => (
                "func-linkage",
                "the function is neither static nor global",
                "run btfkit sanitize for this kernel",
            ),
            Self::FuncProto => (
                "func-proto",
                "the function's type is no prototype, or the prototype's parameters have no names",
                "name the parameters",
            ),
            Self::VarLinkage => (
                "var-linkage",
                "the variable is neither static nor global",
                "run btfkit sanitize for this kernel",
            ),
            Self::DatasecSize => (
                "datasec-size",
                "the data section has no size, or its variables have more",
                "set the section's size; the loader of a BPF object does so from its ELF sections",
            ),
            Self::DatasecEntry => (
                "datasec-entry",
                "an entry of the data section is no variable with a size, overlaps another, or leaves the section",
                "sort the entries by offset, and correct offsets and sizes",
            ),
            Self::FloatSize => (
                "float-size",
                "the floating-point number has none of 2, 4, 8, 12 and 16 bytes",
                "run btfkit sanitize for this kernel",
            ),
            Self::TagValue => (
                "tag-value",
                "the tag has no text",
                "give it a text, or drop it",
            ),
            Self::TagComponent => (
                "tag-component",
                "the tag's component doesn't exist",
                "correct the component's number",
            ),
            Self::Result => (
                "result",
                "the prototype's result has no size",
                "use a type with a size, or void",
            ),
            Self::Argument => (
                "argument",
                "the parameter's type has no size, or the kernel doesn't take its name",
                "run btfkit sanitize for this kernel",
            ),
            Self::Depth => (
                "depth",
                "the type is nested more than 32 deep",
                "shorten the chain of types",
            ),
            Self::Loop => (
                "loop",
                "the type contains itself",
                "break the circle by a pointer",
            ),
            Self::Unresolved => (
                "unresolved",
                "the type stands for no type with a known size",
                "refer to another type",
            ),
            Self::ChainLength => (
                "chain-length",
                "more than 32 typedefs, qualifiers and tags stand for one type",
                "shorten the chain of types",
            ),
            Self::TagOrder => (
                "tag-order",
                "a type tag comes behind a qualifier or typedef",
                "put the tags first, or drop them",
            ),
            Self::SpecialField => (
                "special-field",
                "a field that the kernel manages (a lock, list, tree or counter) has a wrong place or type",
                "correct the structure, or give it another name",
            ),
        }
    }
}
